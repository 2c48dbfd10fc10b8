Feature: Hooks
  Each tag names a hook that fails; all steps would pass.

  @CALC-421 @before_tag
  Scenario: The hook before a tag fails
    Given the display shows 0

  @CALC-422 @before_scenario
  Scenario: The hook before a scenario fails
    Given the display shows 0

  @CALC-423 @before_step
  Scenario: The hook before a step fails
    Given the display shows 0

  @CALC-424 @after_step
  Scenario: The hook after a step fails
    Given the display shows 0

  @CALC-425 @after_scenario
  Scenario: The hook after a scenario fails
    Given the display shows 0

  @CALC-426 @cleanup
  Scenario: All steps pass, and the cleanup fails
    Given the display shows 0

  @CALC-427 @not_today
  Scenario: A hook skips a scenario
    Given the display shows 0
