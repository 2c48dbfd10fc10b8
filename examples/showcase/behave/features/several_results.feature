Feature: Several results
  Several results of one Test, and several Tests of one result.

  @CALC-441
  Scenario Outline: All rows of an outline pass
    When I add <number>
    Then the display shows <total>

    Examples:
      | number | total |
      | 1      | 1     |
      | 2      | 2     |

  @CALC-442
  Scenario Outline: One row of an outline fails
    When I add <number>
    Then the display shows <total>

    Examples:
      | number | total |
      | 1      | 1     |
      | 2      | 3     |

  @CALC-443
  Scenario Outline: One row of an outline is skipped
    When I add <number>
    And I wait for the <weather>

    Examples:
      | number | weather |
      | 1      | rain    |
      | 2      | sun     |

  Scenario Outline: Each table of an outline has a key of its own
    When I add <number>
    Then the display shows <total>

    @CALC-444
    Examples:
      | number | total |
      | 1      | 1     |

    @CALC-445
    Examples:
      | number | total |
      | 2      | 3     |

  @CALC-446
  Scenario: Two scenarios have the same key. One passes
    When I add 5

  @CALC-446
  Scenario: The other one fails
    When I add 5
    Then the display shows 6

  @CALC-447 @TEST_CALC-448
  Scenario: A scenario has two keys
    When I add 5
