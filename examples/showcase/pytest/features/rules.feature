Feature: Rules

  Rule: What Gherkin 6 has

    @TEST_CALC-292
    Scenario: A scenario is in a rule
      Given the display shows 0
      Then the display shows 0

    @TEST_CALC-293
    Scenario: Steps have a table and a text
      When I add all of
        | number |
        | 2      |
        | 3      |
      Then the paper says
        """
        2
        3
        """
