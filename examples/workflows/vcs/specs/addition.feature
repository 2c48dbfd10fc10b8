@REQ_CALC-70
Feature: Addition

  # It names its Test, which exists already.
  @TEST_CALC-78 @smoke
  Scenario: Add two numbers
    Given I have entered 2 into the calculator
    And I have entered 3 into the calculator
    When I press add
    Then the result should be 5
