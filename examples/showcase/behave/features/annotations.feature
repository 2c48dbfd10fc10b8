@REQ_CALC-301
Feature: Annotations
  What steps and hooks can say of their scenario, beyond its tags.

  @CALC-451
  Scenario: A step attaches evidence, and says more
    When I print the display

  @CALC-452
  Scenario: A step tells its own steps
    When I calculate a mean

  @CALC-453
  Scenario: Hooks add evidence and a defect to a failure; its output comes along
    When I divide by 0

  Scenario: A hook knows the key
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
