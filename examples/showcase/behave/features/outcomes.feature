Feature: Outcomes
  One scenario for each way in which its steps can end.

  Background:
    Given the display shows 0

  @CALC-401
  Scenario: All steps pass
    When I add 5
    Then the display shows 5

  @CALC-402
  Scenario: An assertion fails
    When I add 5
    Then the display shows 6
    And I add 7

  @CALC-403
  Scenario: A step raises an exception
    When I divide by 0
    Then the display shows 0

  @CALC-404
  Scenario: A step is undefined
    When I press a key that is not there
    Then the display shows 0

  @CALC-405
  Scenario: A step is not implemented
    When I press the key for percent
    Then the display shows 0

  @CALC-406
  Scenario: A step after a failure is undefined
    Then the display shows 6
    And I press a key that is not there

  @CALC-407
  Scenario: A step skips the rest of its scenario
    When I wait for the sun
    Then the display shows 0

  @CALC-408 @flaky
  Scenario: A scenario fails, is run again, and passes
    When I add 5 at the second attempt
    Then the display shows 5

  @CALC-409
  Scenario: The only steps are those of the background
