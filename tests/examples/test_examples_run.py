"""
The examples, typed as their READMEs say, against the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace
    from xray_sandbox import TestExecutionRow

IN_SANDBOX = ("--xray-upload", "--xray-sandbox")


def statuses(execution: TestExecutionRow) -> dict[str, str]:
    """The status of each Test that is in the demo project."""
    return {
        run.test_key: run.status
        for run in execution.runs
        if int(run.test_key.removeprefix("CALC-")) < 100
    }


def test_the_pytest_example_fills_a_test_execution(workplace: Workplace) -> None:
    """Marks, parameters and a skip arrive as the example's README says."""
    printed = workplace.run("pytest", "examples/pytest", *IN_SANDBOX)
    execution = workplace.execution()

    assert f"Test Execution: {execution.key} " in printed
    assert "Tests: 8 sent, 8 accepted, 0 refused" in printed
    assert statuses(execution) == {
        "CALC-1": "PASS",
        "CALC-2": "PASS",
        "CALC-3": "PASS",
        "CALC-4": "PASS",
        "CALC-5": "PASS",
        "CALC-6": "PASS",
        "CALC-9": "TODO",
    }


def test_the_pytest_example_says_more_in_its_ini(workplace: Workplace) -> None:
    """Plan, environments and version of ``pytest.ini`` are the Test Execution's."""
    workplace.run("pytest", "examples/pytest", *IN_SANDBOX)
    execution = workplace.execution()

    assert execution.test_plans == ("CALC-15",)
    assert execution.environments == ("chrome", "linux")
    assert execution.fix_versions == ("v3.0",)


def test_the_pytest_example_makes_a_test_without_a_key(workplace: Workplace) -> None:
    """The one test without a mark becomes a Generic Test."""
    workplace.run("pytest", "examples/pytest", *IN_SANDBOX)
    execution = workplace.execution()
    known = statuses(execution)
    made = [run for run in execution.runs if run.test_key not in known]

    assert [run.status for run in made] == ["PASS"]


def test_the_pytest_bdd_example_runs_what_it_fetched(workplace: Workplace) -> None:
    """Feature files come from the sandbox, and their results go back to it."""
    pytest.importorskip("pytest_bdd")

    workplace.run("pytest", "examples/pytest-bdd", *IN_SANDBOX)
    features = workplace.root / "examples" / "pytest-bdd" / "features"

    assert list(features.glob("*.feature"))
    assert statuses(workplace.execution()) == {"CALC-78": "PASS", "CALC-79": "PASS"}


def test_the_behave_example_reports_its_tags(workplace: Workplace) -> None:
    """The keys in the tags are the Tests."""
    folder = "examples/behave"
    workplace.run("behave", "-D", "xray_sandbox=yes", folder=folder)

    assert statuses(workplace.execution(folder)) == {
        "CALC-78": "PASS",
        "CALC-79": "PASS",
    }


def test_the_behave_example_fetches_features(workplace: Workplace) -> None:
    """The last command of its README: the runner exports first."""
    behave = pytest.importorskip("behave")
    if behave.__version__.startswith("1.2"):
        pytest.skip("behave 1.2 has no runner to choose")

    folder = "examples/behave"
    exported = "features/exported"
    workplace.run(
        "behave",
        "--runner",
        "behave_xray_bridge:XrayRunner",
        *("-D", "xray_sandbox=yes"),
        *("-D", "xray_export_keys=CALC-78;CALC-79"),
        *("-D", f"xray_features_dir={exported}"),
        exported,
        folder=folder,
    )

    assert list((workplace.root / folder / exported).glob("*.feature"))
    assert workplace.execution(folder).counts == {"PASS": 2}
