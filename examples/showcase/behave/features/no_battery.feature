@before_feature
Feature: No battery
  Its scenarios never begin.

  @CALC-431
  Scenario: The hook before the feature fails
    Given the display shows 0
