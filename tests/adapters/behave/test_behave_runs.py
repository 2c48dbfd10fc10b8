"""The results of runs: selection, hooks of the run, Ctrl-C, exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

PASSED = "passed"
FAILED = "failed"
FLAKY = "flaky"
FEATURE = """
Feature: Some

  @CALC-1
  Scenario: one
    Given it works

  @CALC-2 @slow
  Scenario: two
    Given it works

  Scenario: three
    Given it works
"""
OTHER = """
Feature: Other

  Scenario: four
    Given it works

  Scenario: nothing to do
"""


@pytest.fixture
def some(project: Project) -> Project:
    """A project with two features that pass."""
    project.write({"features/a.feature": FEATURE, "features/b.feature": OTHER})
    return project


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["--tags=slow"], {"two"}),
        (["--tags=-slow", "features/a.feature"], {"one", "three"}),
        (["-n", "one", "features/a.feature"], {"one"}),
        (["features/a.feature:9"], {"two"}),
        (["features/b.feature"], {"four", "nothing to do"}),
        (["--tags=slow", "--no-skipped"], {"two"}),
    ],
)
@pytest.mark.fault("E32")
def test_only_selected_scenarios_are_recorded(
    some: Project, selection: list[str], expected: set[str]
) -> None:
    """Scenarios that tags, names or lines leave out have no result."""
    finished = some.report(*selection)

    assert finished.code == 0, finished
    assert set(some.recorded) == expected
    assert some.directory.state.incomplete == ()


def test_feature_skipped_by_hook(some: Project) -> None:
    """A hook skips a feature: its selected scenarios are skipped, no others."""
    hook = "def before_feature(context, feature): feature.skip('not here')"
    some.write({"features/environment.py": hook})
    some.report("--tags=-slow", "features/a.feature")

    assert some.outcomes == {"one": "skipped", "three": "skipped"}


def test_dry_run_records_nothing(some: Project) -> None:
    """``behave --dry-run`` runs no test, so there is nothing to report."""
    finished = some.report("--dry-run")

    assert finished.code == 0
    assert some.directories == []
    assert finished.section == ""


def test_nothing_wanted_nothing_done(some: Project) -> None:
    """Without an upload or an outfile the formatter leaves no trace."""
    finished = some.run()

    assert finished.code == 0
    assert some.directories == []


HOOKS = {
    "before_all": "def before_all(context): raise ValueError('no database')",
    "after_all": "def after_all(context): raise ValueError('no database')",
    "before_feature": (
        "def before_feature(context, feature):\n"
        "    assert feature.name != 'Some', 'no database'"
    ),
    "after_feature": (
        "def after_feature(context, feature):\n"
        "    assert feature.name != 'Some', 'no database'"
    ),
}
ALL = dict.fromkeys(["one", "two", "three", "four", "nothing to do"], PASSED)


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("before_all", {}),
        ("after_all", ALL),
        ("before_feature", {**ALL, "one": FAILED, "two": FAILED, "three": FAILED}),
        ("after_feature", ALL),
    ],
)
def test_hook_of_many_fails(some: Project, hook: str, expected: dict[str, str]) -> None:
    """A hook that fails loses no result and makes none; the run stays red."""
    some.write({"features/environment.py": HOOKS[hook]})
    finished = some.report()

    assert finished.code == 1
    assert some.outcomes == expected


@pytest.mark.fault("E33")
def test_before_all_failed_is_said(some: Project) -> None:
    """Scenarios that never ran make the run incomplete."""
    some.write({"features/environment.py": HOOKS["before_all"]})
    some.report()

    expected = ("5 scenarios did not run: before_all failed",)
    assert some.directory.state.incomplete == expected


@pytest.mark.fault("E33")
def test_before_feature_failed_is_the_message(some: Project) -> None:
    """Scenarios of a feature that did not begin say why."""
    some.write({"features/environment.py": HOOKS["before_feature"]})
    some.report()

    assert "HOOK-ERROR in before_feature" in some.recorded["one"].message


def test_after_feature_failed_is_a_note(some: Project) -> None:
    """A failure after all scenarios of a feature is printed, and is no result."""
    some.write({"features/environment.py": HOOKS["after_feature"]})
    finished = some.report()

    assert "HOOK-ERROR in after_feature" in finished.section


@pytest.mark.fault("E33")
def test_cleanup_of_a_feature_fails(some: Project) -> None:
    """Nothing is lost; what behave 1.2.6 hides does not make a run red."""
    hook = (
        "def fails(): raise ValueError('no database')\n"
        "def before_feature(context, feature): context.add_cleanup(fails)"
    )
    some.write({"features/environment.py": hook})
    some.report()

    assert some.outcomes == ALL


def test_stop_after_failure(some: Project) -> None:
    """``--stop`` leaves scenarios out, and the output says so."""
    some.write({"features/a.feature": FEATURE.replace("works", "breaks", 1)})
    some.report("--stop")

    expected = ("4 scenarios did not run: the run was stopped after a failure",)
    assert some.outcomes == {"one": FAILED}
    assert some.directory.state.incomplete == expected


INTERRUPTS = {
    "step": "def before_step(context, step): pass",
    "before_scenario": (
        "def before_scenario(context, scenario):\n"
        "    if scenario.name == 'two': raise KeyboardInterrupt"
    ),
    "after_scenario": (
        "def after_scenario(context, scenario):\n"
        "    if scenario.name == 'two': raise KeyboardInterrupt"
    ),
    "before_step": (
        "def before_step(context, step):\n"
        "    if context.scenario.name == 'two': raise KeyboardInterrupt"
    ),
    "before_feature": (
        "def before_feature(context, feature):\n"
        "    if feature.name == 'Other': raise KeyboardInterrupt"
    ),
}


@pytest.mark.parametrize("where", INTERRUPTS)
def test_ctrl_c(some: Project, where: str) -> None:
    """The interrupted scenario is no failure; nothing is uploaded."""
    some.write({"features/environment.py": INTERRUPTS[where]})
    if where == "step":
        steps = "from behave import step\n@step('Ctrl-C')\ndef _(context):\n"
        some.write(
            {
                "features/steps/more.py": f"{steps}    raise KeyboardInterrupt",
                "features/a.feature": FEATURE.replace(
                    "two\n    Given it works", "two\n    Given Ctrl-C"
                ),
            }
        )
    finished = some.report()

    rest = {"two": PASSED, "three": PASSED} if where == "before_feature" else {}
    assert finished.code == 1
    assert some.outcomes == {"one": PASSED, **rest}
    assert "Interrupted, so nothing was uploaded" in finished.section


def test_abort_by_a_hook_is_no_ctrl_c(some: Project) -> None:
    """The results are sent after an abort on purpose."""
    hook = (
        "def after_scenario(context, scenario):\n"
        "    if scenario.name == 'two': context._runner.aborted = True"
    )
    some.write({"features/environment.py": hook})
    finished = some.report()

    assert finished.code == 1
    assert some.outcomes == {"one": PASSED, "two": PASSED}
    assert "Interrupted" not in finished.section


@pytest.mark.parametrize("ends", ["sys.exit(3)", "os._exit(3)"])
@pytest.mark.fault("E33", "G10")
def test_step_ends_the_process(some: Project, ends: str) -> None:
    """Finished scenarios are on disk, and are sent if that is still possible."""
    steps = (
        "import os, sys\nfrom behave import step\n"
        f"@step('the end')\ndef _(context): {ends}"
    )
    feature = FEATURE.replace("two\n    Given it works", "two\n    Given the end")
    some.write({"features/steps/more.py": steps, "features/a.feature": feature})
    finished = some.report()
    said = {"sys.exit(3)": {"one": PASSED, "two": FAILED}}

    assert finished.code == 3
    assert some.outcomes == said.get(ends, {"one": PASSED})
    assert bool(finished.section) == (ends in said)


def test_retried_scenario_counts_once(some: Project) -> None:
    """behave's own retry runs a scenario again: the last attempt is the result."""
    hook = (
        "from behave.contrib.scenario_autoretry import "
        "patch_scenario_with_autoretry\n"
        "def before_feature(context, feature):\n"
        "    for scenario in feature.scenarios:\n"
        "        patch_scenario_with_autoretry(scenario, max_attempts=2)"
    )
    steps = (
        "from behave import step\ntries = []\n"
        "@step('in the end')\n"
        "def _(context):\n    tries.append(1)\n    assert len(tries) > 1"
    )
    feature = FEATURE.replace("two\n    Given it works", "two\n    Given in the end")
    some.write(
        {
            "features/steps/more.py": steps,
            "features/environment.py": hook,
            "features/a.feature": feature,
        }
    )
    some.report("features/a.feature")

    assert [run.test.name for run in some.directory.runs()] == ["one", "two", "three"]
    assert some.outcomes["two"] == FLAKY
    assert "Attempt 1 failed: Given in the end" in some.recorded["two"].message


def test_step_that_is_still_to_be_written(new_project: Project) -> None:
    """With --wip behave lets it pass; it proves nothing."""
    steps = (
        "from behave import step\nfrom behave.api.pending_step import "
        "StepNotImplementedError\n"
        "@step('to be written')\n"
        "def _(context):\n    raise StepNotImplementedError('x')"
    )
    feature = "Feature: F\n @wip\n Scenario: one\n  Given to be written\n"
    new_project.write({"features/steps/more.py": steps, "features/a.feature": feature})
    finished = new_project.report("--wip")

    assert finished.code == 0
    assert new_project.outcomes == {"one": "skipped"}


@pytest.mark.parametrize("hook", ["before_all(context)", "before_feature(context, f)"])
def test_hook_adds_rows_to_an_outline(project: Project, hook: str) -> None:
    """Rows that a hook adds run and are recorded."""
    feature = (
        "Feature: F\n Scenario Outline: rows\n  Given it <does>\n"
        "  Examples:\n   | does |\n   | works |\n"
    )
    environment = (
        f"def {hook}:\n"
        "    (outline,) = context._runner.features[0].scenarios\n"
        "    outline.examples[0].table.add_row(['works'], 7)\n"
    )
    project.write(
        {"features/a.feature": feature, "features/environment.py": environment}
    )
    finished = project.report()

    assert finished.code == 0, finished
    assert project.outcomes == {"rows -- @1.1": PASSED, "rows -- @1.2": PASSED}


@pytest.mark.parametrize(
    ("row", "expected"), [("7", ["rows -- @1.1"]), ("8", ["rows -- @1.2"])]
)
def test_selected_row_of_an_outline(
    project: Project, row: str, expected: list[str]
) -> None:
    """A row can be selected by its line; the others are no result."""
    feature = (
        "Feature: F\n Scenario Outline: rows\n  Given it <does>\n\n"
        "  Examples:\n   | does |\n   | works |\n   | breaks |\n"
    )
    project.write({"features/a.feature": feature})
    project.report(f"features/a.feature:{row}")

    assert list(project.outcomes) == expected


def test_selection_that_matches_nothing(some: Project) -> None:
    """No result is no error: the outfile is an empty report, the exit code is 0."""
    (some.path / "report.json").write_text("of an earlier run", "utf-8")
    finished = some.report("--tags=no_such_tag")

    assert finished.code == 0, finished
    assert (some.path / "report.json").read_text("utf-8") == "[]\n"
    assert "Nothing to upload" in finished.section
    assert "ERROR" not in finished.section


def test_own_bug_does_not_reach_the_tests(some: Project) -> None:
    """An error of ours ends no run, and changes no exit code."""
    hook = (
        "from behave_xray_bridge.convert import Converter\n"
        "def before_all(context): Converter.make_run = None"
    )
    some.write({"features/environment.py": hook})
    finished = some.report()

    assert finished.code == 0
    assert "5 scenarios passed" in finished.out
    assert "ERROR in xray-bridge itself" in finished.section


def test_unknown_status(some: Project) -> None:
    """A status of a later behave is a failure with a warning."""
    hook = (
        "from behave_xray_bridge.recorder import Recorder\n"
        "Recorder._record_passed = lambda *_: False\n"
        "def before_all(context): Recorder._status_of = lambda *_: 'brand_new'"
    )
    some.write({"features/environment.py": hook})
    finished = some.report()

    assert some.outcomes == dict.fromkeys(ALL, FAILED)
    assert "status 'brand_new' is unknown and counts as failed" in finished.section


def test_report_is_written_to_the_outfile(some: Project) -> None:
    """``-o`` names where Behave's report goes."""
    finished = some.run("-o", "out/report.json")
    found = json.loads((some.path / "out" / "report.json").read_text("utf-8"))

    assert finished.code == 0, finished
    assert [each["name"] for each in found] == ["Some", "Other"]


def test_formatter_in_the_file_alone(some: Project) -> None:
    """behave's made-up outfile is not written, because the user did not ask for one."""
    some.write(
        {
            "behave.ini": (
                "[behave]\nformat = xray\n"
                "[behave.formatters]\n"
                "xray = behave_xray_bridge:XrayFormatter\n"
            )
        }
    )
    finished = some.run(formatter="")

    assert finished.code == 0, finished
    assert some.directories == []
    assert not (some.path / "xray.output").exists()


def test_formatter_in_the_file_and_on_the_command_line(some: Project) -> None:
    """Named twice, it still is one run."""
    some.write(
        {
            "behave.ini": (
                "[behave]\nformat = xray\n"
                "[behave.formatters]\n"
                "xray = behave_xray_bridge:XrayFormatter\n"
                "[behave.userdata]\nxray_report = other.json\n"
            )
        }
    )
    finished = some.report()

    assert finished.code == 0, finished
    assert len(some.directories) == 1
    assert (some.path / "report.json").read_bytes() == (
        some.path / "other.json"
    ).read_bytes()
