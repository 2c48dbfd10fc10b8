"""Scenarios run that Xray has selected, and no others."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.adapters.behave.conftest import Project


FEATURE = """
Feature: F
  @CALC-1
  Scenario: one
    Given it works

  @TEST_CALC-9
  Scenario: nine
    Given it breaks

  Scenario: none
    Given it breaks

  Scenario Outline: rows
    Given it <what>

    @CALC-3
    Examples: A
      | what  |
      | works |

    Examples: B
      | what   |
      | breaks |
"""
SANDBOX = ("-D", "xray_sandbox=yes", "-D", "xray_select=CALC-15")
NOTE = "selected: 3 Tests of CALC-15; no collected test has the key CALC-2"


def test_only_selected_scenarios_run_and_are_reported(project: Project) -> None:
    """Tables with keys of their own are chosen on their own."""
    project.write({"features/f.feature": FEATURE})
    done = project.run(*SANDBOX, "-D", "xray_upload=yes")

    assert done.code == 0, done.out + done.err
    assert NOTE in done.section
    assert "2 scenarios passed, 0 failed, 3 skipped" in done.out
    keys = [run.test.test_keys for run in project.directory.runs()]
    assert keys == [("CALC-1",), ("CALC-3",)]


def test_a_selection_needs_no_upload(project: Project) -> None:
    """Nothing is recorded then."""
    project.write({"features/f.feature": FEATURE})
    done = project.run(*SANDBOX)

    assert NOTE in done.section
    assert "2 scenarios passed, 0 failed, 3 skipped" in done.out
    assert project.directories == []


def test_a_selection_of_nothing_runs_nothing(new_project: Project) -> None:
    """It says so before the first scenario."""
    new_project.write({"features/f.feature": FEATURE})
    done = new_project.run("-D", "xray_sandbox=yes", "-D", "xray_select=CALC-999")

    assert done.code == 2
    assert "xray_select: CALC-999 has no Tests" in done.err
    assert "scenario" not in done.out


def test_a_list_of_keys_needs_no_server(project: Project) -> None:
    """The keys are the selection; one without code is named."""
    project.write({"features/f.feature": FEATURE})
    done = project.run("-D", "xray_select=CALC-1,CALC-7")

    assert done.code == 0, done.out + done.err
    note = "selected: 2 Tests; no collected test has the key CALC-7"
    assert note in done.section
    assert "1 scenario passed" in done.out or "1 scenarios passed" in done.out


def test_an_empty_list_runs_nothing(new_project: Project) -> None:
    """An empty list never means all scenarios."""
    new_project.write({"features/f.feature": FEATURE})
    done = new_project.run("-D", "xray_select=")

    assert done.code == 2
    assert "xray_select is empty: it selects no Test" in done.err


def test_keys_of_scenarios_are_listed_without_a_run(project: Project) -> None:
    """By a dry run of behave."""
    project.write({"features/f.feature": FEATURE})
    done = subprocess.run(
        [sys.executable, "-m", "xray_bridge", "keys", "--offline", "--json"],
        cwd=project.path,
        env={**project.environ, "PYTHONPATH": project.python_path},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    found = json.loads(done.stdout)

    assert found["tests"] == 4
    assert [each["name"] for each in found["without_key"]] == ["none"]
