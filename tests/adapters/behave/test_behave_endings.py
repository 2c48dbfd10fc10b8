"""An early end, or a failure after the scenarios, hides no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xray_bridge.runs import under_way
from xray_bridge.runs.merge import Results


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


@pytest.mark.parametrize(
    ("product", "given"),
    [
        ("server", "xray_test_execution=CALC-42"),
        ("cloud", "xray_test_execution=CALC-42"),
        ("server", "xray_statuses=skipped=ABORTED"),
        ("cloud", "xray_statuses=skipped=ABORTED"),
        ("cloud", "xray_revision=1.0"),
    ],
)
def test_scenarios_without_keys_that_nothing_takes(
    project: Project, product: str, given: str
) -> None:
    """Nothing could take them: that is known before the first of them runs."""
    feature = GREEN.replace("  @TEST_CALC-1\n", "")
    ran = "def before_all(context): open('ran', 'w').close()"
    project.write({"features/a.feature": feature, "features/environment.py": ran})
    usual = ("xray_upload=yes", "xray_sandbox=yes", "xray_project=CALC")
    flags = [word for each in usual for word in ("-D", each)]
    flags += ["-D", f"xray_deployment={product}"]

    finished = project.run(*flags, "-D", given)

    assert finished.code == 2, finished
    why = f"no scenario has a Test key, and with {given.partition('=')[0]}"
    assert why in finished.out + finished.err
    assert not (project.path / "ran").exists()


def test_a_scenario_that_ends_its_process(project: Project) -> None:
    """It is named, and sent as what it is: not finished."""
    steps = "from behave import step\nimport os\n"
    steps += "@step('it ends')\ndef _(context): os._exit(3)\n"
    feature = GREEN.replace("it works", "it ends")
    project.write({"features/a.feature": feature, "features/steps/ends.py": steps})
    project.report()

    under_way.settle_run(project.directory)

    (run,) = project.directory.runs()
    assert (run.outcome.value, run.test.test_keys) == ("skipped", ("CALC-1",))
    assert project.directory.state.incomplete == (
        "the session was killed before it ended, while it ran features.a.one",
    )


def test_rows_of_an_outline_without_a_key_are_one_test(project: Project) -> None:
    """Xray knows the outline; two rows are two results of it."""
    outline = GREEN.replace("  @TEST_CALC-1\n", "")
    outline = outline.replace("Scenario:", "Scenario Outline:")
    rows = "\n    Examples:\n    | n |\n    | 1 |\n    | 2 |\n"
    project.write({"features/a.feature": f"{outline}{rows}"})
    project.report()

    assert Results([project.directory]).tests == 1


def test_a_run_within_a_run(project: Project) -> None:
    """The inner run records nothing, although it inherits the settings."""
    project.write({"features/a.feature": GREEN})

    project.environ["PYTEST_XRAY_BRIDGE_SESSION"] = "elsewhere"
    finished = project.report()

    assert finished.code == 0
    assert project.directories == []
