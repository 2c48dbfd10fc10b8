Feature: Division

  # No key: Xray makes a Test at first, and finds it by path and name from then on.
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
