"""``xray-bridge rerun -- behave``: only failed scenarios, and rows of outlines."""

from __future__ import annotations

import pytest

from tests.adapters.behave.conftest import Project
from xray_bridge.runs.run_directory import RunDirectory


FEATURE = """
Feature: F
  @CALC-1
  Scenario: one
    Given it works

  @CALC-2
  Scenario: two
    Given it is "down"

  @CALC-3
  Scenario Outline: rows
    Given it is "<what>"

    Examples: A
      | what     |
      | up       |
      | dówn [x] |

  Scenario: no key
    Given it is "down"
"""
STEPS = """
import os
from behave import step

@step("it works")
def _(context): pass

@step('it is "{what}"')
def _(context, what):
    assert what == "up" or os.path.exists("works"), f"{what} broke"
"""
FILES = {"features/f.feature": FEATURE, "features/steps/steps.py": STEPS}
SANDBOX = ("-D", "xray_sandbox=yes", "-D", "xray_upload=yes")


def outcomes(directory: RunDirectory) -> dict[str, str]:
    """The outcome of each scenario and row."""
    return {
        run.scenario.name.strip(): run.outcome.value
        for run in directory.runs()
        if run.scenario
    }


def test_failed_scenarios_run_again(project: Project) -> None:
    """The rows of an outline that passed are sent again, too."""
    project.write(FILES)
    first = project.run(*SANDBOX)
    (project.path / "works").touch()
    second = project.rerun()

    assert first.code == 1
    assert second.code == 0, second.out + second.err
    assert "3 scenarios passed, 0 failed, 2 skipped" in second.out
    assert "Note: rerun of 3 failed tests of 2" in second.section
    assert "not collected" not in second.section
    assert outcomes(project.directories[-1]) == {
        "two": "flaky",
        "rows -- @1.1 A": "passed",
        "rows -- @1.2 A": "flaky",
        "no key": "flaky",
    }
    before, after = (each.state.test_execution for each in project.directories)
    assert before == after


def test_both_attempts_are_told(project: Project) -> None:
    """A scenario that fails again names its first failure."""
    project.write(FILES)
    project.run(*SANDBOX)
    second = project.rerun()

    runs = {run.test.name: run for run in project.directories[-1].runs()}
    assert second.code == 1
    assert runs["two"].message.count("AssertionError: down broke") == 2
    assert "Failed attempts before this one: 1" in runs["two"].message


def test_a_row_that_is_gone_is_named(project: Project) -> None:
    """Rows are known by their cells, not by their numbers."""
    project.write(FILES)
    project.run(*SANDBOX)
    changed = FEATURE.replace("| up       |", "| up |\n      | up, too |")
    project.write(
        {**FILES, "features/f.feature": changed.replace("dówn [x]", "another")}
    )
    second = project.rerun()

    gone = "not collected: features.f.rows (what=dówn [x])"
    assert gone in second.section
    assert "0 scenarios passed, 2 failed, 4 skipped" in second.out


def test_a_dry_run_of_a_rerun_is_not_the_latest_run(project: Project) -> None:
    """The next rerun runs the same scenarios."""
    project.write(FILES)
    project.run(*SANDBOX)
    (project.path / "works").touch()
    tried = project.rerun("-D", "xray_dry_run=yes")
    second = project.rerun()

    assert "Dry run: nothing was sent." in tried.section
    assert "nothing was sent, so the next rerun is again one of 2" in tried.err
    assert "3 scenarios passed, 0 failed, 2 skipped" in second.out
    assert outcomes(project.directories[-1])["two"] == "flaky"


@pytest.mark.parametrize("how", ["collect", "dry_run"])
def test_a_run_that_was_not_sent_is_replaced(project: Project, how: str) -> None:
    """The rerun has all results, and is not sent either."""
    project.write(FILES)
    project.run("-D", f"xray_{how}=yes", "-D", "xray_sandbox=yes")
    (project.path / "works").touch()
    second = project.rerun()

    assert second.code == 0, second.out + second.err
    found = outcomes(project.directories[-1])
    assert found["one"] == "passed"
    assert sorted(found.values()) == ["flaky", "flaky", "flaky", "passed", "passed"]
    assert project.directories[0].state.message.startswith("merged into")
