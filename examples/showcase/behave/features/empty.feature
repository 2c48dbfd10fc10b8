Feature: Empty

  @CALC-411
  Scenario: There are no steps at all
