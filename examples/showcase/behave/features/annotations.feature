@REQ_CALC-301
Feature: Annotations
  Data that steps and hooks can add to their scenario.

  @CALC-451
  Scenario: A step attaches evidence and adds other data
    When I print the display

  @CALC-452
  Scenario: A step records steps of its own
    When I calculate a mean

  @CALC-453
  Scenario: Hooks add evidence and a defect to a failure; its output is sent too
    When I divide by 0

  Scenario: A hook returns the key
    When I add 5

  @CALC-455
  Scenario: Steps have a table and a text
    When I add all of
      | number |
      | 2      |
      | 3      |
    Then the paper says
      """
      0
      2
      3
      """
