"""Scenarios that passed and have no more to say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import TOKEN


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project
    from xray_bridge.model.results import TestRun

FEATURE = """
@REQ_CALC-70 @TESTSET_CALC-9 @exported
Feature: Täxes "and" \\ more
  As a shop
  I pay them

  Background: a shop
    Given it works

  @TEST_CALC-1 @smoke
  Scenario: one
    Described in
    two lines.
    When it works
      \"\"\"
      a "text" with \\ and é
      \"\"\"
    Then it works
      | a | b   |
      | 1 | é\\| |

  Scenario: two
    * it works

  @CALC-3 @owner(ann)
  Scenario Outline: three <what>
    Given it works
    Examples: some
      | what  |
      | a     |
      | b/"c" |
    @TEST_CALC-4
    Examples: others
      | what |
      | d    |

  Scenario: four
    Given it breaks
"""
LONG_WAY = """
from behave_xray_bridge.straight_path import StraightPath
StraightPath.record_passed = lambda *_: False
"""
# Counts the scenarios on the straight path.
COUNTED = """
from behave_xray_bridge.straight_path import StraightPath
whole = StraightPath.record_passed
def record_passed(*given):
    passed = whole(*given)
    with open("counted", "a") as file:
        file.write("x" * passed)
    return passed
StraightPath.record_passed = record_passed
"""
CHANGES = {
    "name": "context.scenario.name = 'four'",
    "tags": "context.scenario.tags.append('CALC-5')",
    "feature": "context.feature.tags.append('REQ_CALC-6')",
    "steps": "context.scenario.steps[0].name = 'it is changed'",
    "text": "context.scenario.description.append('more')",
}


def timeless(found: dict[str, TestRun]) -> dict[str, TestRun]:
    """The results with all times alike; the line has microseconds only."""
    return {
        name: replace(
            run,
            started=0.0,
            duration=0.0,
            steps=tuple(replace(step, duration=0.0) for step in run.steps),
        )
        for name, run in found.items()
    }


def record(some: Project, hooks: str, *arguments: str) -> dict[str, TestRun]:
    """The results of a run with this ``environment.py``, without times."""
    for each in some.directories:
        (each.path / "run.json").unlink()
    some.write({"features/a.feature": FEATURE, "features/environment.py": hooks})
    some.run("-D", "xray_collect=true", *arguments)
    return timeless(some.recorded)


def counted(some: Project) -> int:
    """How many scenarios were on the straight path."""
    path = some.path / "counted"
    return len(path.read_text("ascii")) if path.exists() else 0


def test_both_ways_record_the_same(project: Project) -> None:
    """A line that is made at once has the same content as that of a ``TestRun``."""
    straight = record(project, COUNTED)

    assert counted(project) == 5
    assert straight == record(project, LONG_WAY)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_hook_changes_the_model(project: Project, change: str) -> None:
    """What a hook changes while the scenario runs is in the result."""
    hook = f"def after_scenario(context, scenario):\n    {change}\n"
    straight = record(project, hook, "-n", "two")

    assert straight
    assert straight == record(project, f"{LONG_WAY}{hook}", "-n", "two")


@pytest.mark.parametrize(
    "hook",
    [
        "def xray_test_keys(scenario): return 'CALC-8'",
        "def before_step(context, step): behave_xray_bridge.xray(context).comment('a')",
        "def after_scenario(context, scenario): raise ValueError('too late')",
        "def before_step(context, step): context.scenario.tags.append('CALC-1x')",
    ],
)
def test_more_to_say(project: Project, hook: str) -> None:
    """A scenario to which anything is added is no longer simple."""
    record(project, f"import behave_xray_bridge\n{COUNTED}{hook}\n", "-n", "two")

    assert counted(project) == 0


def test_a_secret_in_a_step(project: Project) -> None:
    """Texts of a simple scenario are cleaned before they reach the disk."""
    secret = FEATURE.replace('a "text"', TOKEN)
    project.environ["XRAY_TOKEN"] = TOKEN
    project.write({"features/a.feature": secret})
    project.run("-D", "xray_collect=true", "-D", "xray_url=https://jira.invalid")

    assert TOKEN.encode() not in project.directory.journal.read_bytes()
    assert "***" in project.recorded["one"].steps[1].text
