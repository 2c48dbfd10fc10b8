Feature: Newer
  What came with behave 1.3: rules, and evidence by context.attach.

  Rule: The first

    Background:
      Given the display shows 0

    @CALC-461
    Scenario: A scenario is in a rule
      When I add 5
      Then the display shows 5

  @TEST_CALC-462
  Rule: The second

    Scenario: A rule has the key, and one of its scenarios passes
      When I add 5
      Then the display shows 5

    Scenario: Another scenario of the rule fails
      When I add 5
      Then the display shows 6

  @CALC-463
  Scenario: A step attaches evidence with behave's own method
    When I take a photo
