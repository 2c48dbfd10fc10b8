"""What ends a run early, or fails after its scenarios, hides no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """
Feature: Stop at the first critical failure

  @TEST_CALC-1
  Scenario: one
    Given it works

  @TEST_CALC-2 @critical
  Scenario: two
    Given it works
    Then it breaks

  @TEST_CALC-3
  Scenario: three
    Given it works
"""
GREEN = "Feature: Green\n  @TEST_CALC-1\n  Scenario: one\n    Given it works\n"
STOP = """
import sys

def after_scenario(context, scenario):
    if "critical" in scenario.tags:
        {}
"""
CLEANUP = """
def bad(): raise ValueError("no database")

def {}: context.add_cleanup(bad)
"""


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", "sys.exit(3)"])
def test_what_failed_before_the_end_has_failed(project: Project, ends: str) -> None:
    """A hook that stops the run at a failure does not take the failure away."""
    project.write(
        {
            "features/a.feature": FEATURE,
            "features/environment.py": STOP.format(ends),
        }
    )
    project.report()

    assert project.outcomes == {"one": "passed", "two": "failed"}


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ("def after_all(context): raise ValueError('no')", "after_all failed"),
        (
            CLEANUP.format("before_all(context)"),
            "1 cleanup function failed after the run",
        ),
        (
            CLEANUP.format("before_feature(context, feature)"),
            "features/a.feature: 1 cleanup function failed after the feature",
        ),
        (
            "def after_feature(context, feature): raise ValueError('no')",
            "features/a.feature: HOOK-ERROR in after_feature: ValueError: no",
        ),
    ],
)
def test_what_fails_after_the_scenarios_makes_the_run_incomplete(
    project: Project, environment: str, reason: str
) -> None:
    """No result shows it, so the end of the session does."""
    project.write({"features/a.feature": GREEN, "features/environment.py": environment})
    finished = project.report()

    assert project.directory.state.incomplete == (reason,)
    assert f"Incomplete: {reason}" in finished.section
    assert project.outcomes == {"one": "passed"}


def test_a_cleanup_of_a_scenario_is_no_cleanup_of_its_feature(project: Project) -> None:
    """The scenario has failed; the run has all its results."""
    environment = CLEANUP.format("before_scenario(context, scenario)")
    project.write({"features/a.feature": GREEN, "features/environment.py": environment})
    project.report()

    assert project.outcomes == {"one": "failed"}
    assert project.directory.state.incomplete == ()
