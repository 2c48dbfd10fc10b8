Feature: Division

  # No key: Xray creates a Test once, and then finds it by path and name.
  @nightly
  Scenario Outline: Divide <first> by <second>
    Given I have entered <first> into the calculator
    And I have entered <second> into the calculator
    When I press divide
    Then the result should be <result>

    Examples:
      | first | second | result |
      | 9     | 3      | 3      |
      | 8     | 2      | 4      |
