@REQ_CALC-70
Feature: Addition
  A plain key on a scenario is its Test; on its feature, REQ_ names the requirement.

  Background:
    Given the display shows 0

  @CALC-78
  Scenario: Add two numbers on the display
    Given I have entered 2 into the calculator
    And I have entered 3 into the calculator
    When I press add
    Then the result should be 5
