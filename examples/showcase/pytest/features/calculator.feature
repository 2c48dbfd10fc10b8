Feature: Calculator

  Background:
    Given the display shows 0

  @TEST_CALC-281 @REQ_CALC-301
  Scenario: A scenario passes
    When I add 5
    Then the display shows 5

  @TEST_CALC-282
  Scenario: A step fails
    When I add 5
    Then the display shows 6
    And I add 7

  @TEST_CALC-283
  Scenario: A step is undefined
    When I press the key for percent
    Then the display shows 0

  @TEST_CALC-284
  Scenario: A step skips the scenario
    When I wait for the sun
    Then the display shows 0

  @TEST_CALC-285 @skip
  Scenario: A tag skips the scenario
    When I add 5

  @TEST_CALC-286 @xfail
  Scenario: A scenario fails as expected
    When I add 5
    Then the display shows 6

  @TEST_CALC-287 @no_battery
  Scenario: A fixture fails before a scenario
    When I add 5

  @TEST_CALC-288
  Scenario Outline: All rows of an outline pass
    When I add <number>
    Then the display shows <total>

    Examples:
      | number | total |
      | 1      | 1     |
      | 2      | 2     |

  @TEST_CALC-289
  Scenario Outline: One row of an outline fails
    When I add <number>
    Then the display shows <total>

    Examples:
      | number | total |
      | 1      | 1     |
      | 2      | 3     |

  @TEST_CALC-290 @TEST_CALC-291
  Scenario: A scenario has two keys
    When I add 5
    Then the display shows 5
