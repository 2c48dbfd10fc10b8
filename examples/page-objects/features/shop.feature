Feature: Shop

  @CALC-78
  Scenario: Buy apples
    Given ann is in the shop
    When she buys 2 apples
    Then she pays 6

  @xray-ignore
  Scenario: Buy nothing
    Given ann is in the shop
    Then she pays 0
