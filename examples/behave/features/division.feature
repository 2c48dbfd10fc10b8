@REQ_CALC-70
Feature: Division
  Each row of an outline is reported; all of them together are one Test Run.

  Background:
    Given the display shows 0

  @TEST_CALC-79
  Scenario Outline: Divide numbers
    Given I have entered <first> into the calculator
    And I have entered <second> into the calculator
    When I press divide
    Then the result should be <result>

    Examples:
      | first | second | result |
      | 6     | 3      | 2      |
      | 8     | 2      | 4      |
