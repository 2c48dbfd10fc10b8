@REQ_CALC-70
Feature: The calculator, as git knows it

  @TEST_CALC-78
  Scenario: Add two numbers on the display
    Given I have entered 20 into the calculator
    And I have entered 30 into the calculator
    When I press add
    Then the result should be 50
