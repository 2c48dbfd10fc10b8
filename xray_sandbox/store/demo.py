"""The demo project CALC, a calculator, which the examples of the manual use."""

from __future__ import annotations

from xray_sandbox.store.store import Store


PROJECT = "CALC"
VERSIONS = ("v1.0", "v2.0", "v3.0")
ENVIRONMENTS = ("chrome", "firefox", "linux", "windows")
TEST_PLAN = "CALC-15"
TEST_EXECUTION = "CALC-20"
REQUIREMENT = "CALC-70"
FEATURE_FILTER = 11400

GENERIC = {
    "CALC-1": "Add two numbers",
    "CALC-2": "Subtract one number from another",
    "CALC-3": "Multiply two numbers",
    "CALC-4": "Divide one number by another",
    "CALC-5": "Divide by zero",
    "CALC-6": "Square root",
    "CALC-7": "Remember a number",
    "CALC-8": "Clear the display",
    "CALC-9": "Show very large numbers",
}

SCENARIOS = {
    "CALC-78": (
        "Add two numbers on the display",
        """\
Scenario: Add two numbers on the display
  Given I have entered 2 into the calculator
  And I have entered 3 into the calculator
  When I press add
  Then the result should be 5
""",
    ),
    "CALC-79": (
        "Divide numbers",
        """\
Scenario Outline: Divide numbers
  Given I have entered <first> into the calculator
  And I have entered <second> into the calculator
  When I press divide
  Then the result should be <result>

  Examples:
    | first | second | result |
    | 6     | 3      | 2      |
    | 8     | 2      | 4      |
""",
    ),
}


def seed_demo(store: Store) -> None:
    """Add the demo project to a store, unless it is there already."""
    with store.transaction():
        if store.project_id(PROJECT) is not None:
            return
        store.add_project(PROJECT, "Calculator")
        for version in VERSIONS:
            store.add_version(PROJECT, version)
        for environment in ENVIRONMENTS:
            store.add_environment(PROJECT, environment)
        _seed_issues(store)


def _seed_issues(store: Store) -> None:
    for key, summary in GENERIC.items():
        definition = f"demo.{summary.lower().replace(' ', '_')}"
        store.add_test(key, summary=summary, definition=definition)
    store.add_test_plan(
        TEST_PLAN, summary="Release 3 of the calculator", tests=tuple(GENERIC)[:3]
    )
    store.add_test_execution(TEST_EXECUTION, summary="Nightly run")
    store.add_requirement(REQUIREMENT, "The calculator calculates")
    for key, (summary, scenario) in SCENARIOS.items():
        store.add_test(
            key,
            type="Cucumber",
            summary=summary,
            scenario=scenario,
            requirements=(REQUIREMENT,),
        )
    store.add_filter(FEATURE_FILTER, tuple(SCENARIOS))
