"""Every status of both versions of behave, as a run records it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.adapters.behave.conftest import Project
    from xray_bridge.model.results import TestRun

FEATURE = """
Feature: Statuses

  Scenario: passes
    Given it works

  Scenario: assertion
    Given it works
    When it breaks
    Then it works

  Scenario: exception
    Given it raises ValueError

  Scenario: undefined
    Given it works
    When nobody knows this
    Then it works

  Scenario: not implemented
    Given it raises NotImplementedError

  @before_scenario
  Scenario: before_scenario
    Given it works

  @broken_tag
  Scenario: before_tag
    Given it works

  @after_scenario
  Scenario: after_scenario
    Given it works

  @after_step
  Scenario: after_step
    Given it works

  @before_step
  Scenario: before_step
    Given it works

  @cleanup
  Scenario: cleanup
    Given it works

  @skip_before
  Scenario: skipped by a hook
    Given it works

  @skip_without_reason
  Scenario: skipped without a reason
    Given it works

  Scenario: skipped in a step
    Given it works
    When the scenario is skipped
    Then it breaks

  Scenario: no steps

  Scenario Outline: outline
    Given it <does>

    Examples:
      | does   |
      | works  |
      | breaks |
"""
ENVIRONMENT = """
def broken(): raise OSError("cleaning up failed")

def before_tag(context, tag):
    assert tag != "broken_tag", "hook of a tag"

def before_scenario(context, scenario):
    tags = scenario.tags
    assert "before_scenario" not in tags, "hook before"
    if "skip_before" in tags: scenario.skip("not today")
    if "skip_without_reason" in tags: scenario.skip()
    if "cleanup" in tags: context.add_cleanup(broken)

def after_scenario(context, scenario):
    assert "after_scenario" not in scenario.tags, "hook after"

def before_step(context, step):
    assert "before_step" not in context.tags, "hook before step"

def after_step(context, step):
    assert "after_step" not in context.tags, "hook after step"
"""
MORE_STEPS = """
from behave import step

@step("it raises {name}")
def _(context, name): raise {"ValueError": ValueError, "NotImplementedError":
    NotImplementedError}[name]("on purpose")

@step("the scenario is skipped")
def _(context): context.scenario.skip("no such machine")
"""
FAILED = "failed"
EXPECTED = {
    "passes": ("passed", "", ["passed"]),
    "assertion": (FAILED, "broken", ["passed", FAILED, "not run"]),
    "exception": (FAILED, "on purpose", [FAILED]),
    "undefined": (FAILED, "No step definition", ["passed", FAILED, "not run"]),
    "not implemented": (FAILED, "on purpose", [FAILED]),
    "before_scenario": (FAILED, "hook before", ["not run"]),
    "before_tag": (FAILED, "hook of a tag", ["not run"]),
    "after_scenario": (FAILED, "hook after", ["passed"]),
    "after_step": (FAILED, "hook after step", [FAILED]),
    "before_step": (FAILED, "hook before step", [FAILED]),
    "cleanup": (FAILED, "cleanup", ["passed"]),
    "skipped by a hook": ("skipped", "not today", ["skipped"]),
    "skipped without a reason": ("skipped", "", ["skipped"]),
    "skipped in a step": (
        "skipped",
        "no such machine",
        ["passed", "skipped", "skipped"],
    ),
    "no steps": ("passed", "", []),
    "outline -- @1.1": ("passed", "", ["passed"]),
    "outline -- @1.2": (FAILED, "broken", [FAILED]),
}


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
    project_in: Callable[[Path], Project],
) -> dict[str, TestRun]:
    """All statuses, recorded by one run of behave."""
    project = project_in(tmp_path_factory.mktemp("statuses"))
    project.write(
        {
            "features/statuses.feature": FEATURE,
            "features/environment.py": ENVIRONMENT,
            "features/steps/more.py": MORE_STEPS,
        }
    )
    finished = project.report()

    assert finished.code == 1
    return project.recorded


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.fault("E31")
def test_status(recorded: dict[str, TestRun], name: str) -> None:
    """Each situation has the same outcome in both versions, with its text."""
    outcome, message, steps = EXPECTED[name]
    run = recorded[name]

    assert run.outcome.value == outcome
    assert [step.outcome.value for step in run.steps] == steps
    assert message in run.message
    assert bool(message) == bool(run.message)


def test_nothing_else_is_recorded(recorded: dict[str, TestRun]) -> None:
    """One record for each scenario, and each row of an outline."""
    assert set(recorded) == set(EXPECTED)


def test_row_knows_its_outline(recorded: dict[str, TestRun]) -> None:
    """A row has its parameters and the name of its outline."""
    run = recorded["outline -- @1.2"]

    assert run.parameters == (("does", "breaks"),)
    assert run.scenario is not None
    assert (run.scenario.outline, run.scenario.row) == ("outline", 2)
    assert run.test.definition == "features.statuses.outline"
