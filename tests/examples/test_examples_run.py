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
# As users start them.
pytestmark = pytest.mark.real_start


def statuses(execution: TestExecutionRow) -> dict[str, str]:
    """The status of each Test that is in the demo project."""
    return {
        run.test_key: run.status
        for run in execution.runs
        if int(run.test_key.removeprefix("CALC-")) < 100
    }


def test_the_pytest_example_fills_a_test_execution(workplace: Workplace) -> None:
    """Marks, parameters, a skip and what ``pytest.ini`` says arrive."""
    printed = workplace.run("pytest", "examples/pytest", *IN_SANDBOX)
    execution = workplace.execution()
    known = statuses(execution)
    made = [run.status for run in execution.runs if run.test_key not in known]

    assert f"Test Execution: {execution.key}\n" in printed
    assert "Tests: 8 sent, 8 accepted, 0 refused" in printed
    passed = dict.fromkeys([f"CALC-{number}" for number in (1, 2, 3, 4, 5, 6)], "PASS")
    assert known == {**passed, "CALC-9": "TODO"}
    # The one test without a mark became a Generic Test.
    assert made == ["PASS"]
    assert execution.test_plans == ("CALC-15",)
    assert execution.environments == ("chrome", "linux")
    assert execution.fix_versions == ("v3.0",)


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


@pytest.mark.parametrize("tool", ["pytest", "behave"])
def test_the_page_objects_report_their_steps(workplace: Workplace, tool: str) -> None:
    """The same page object, in tests, in scenarios of pytest-bdd and in behave."""
    pytest.importorskip("pytest_bdd")
    folder = "examples/page-objects"
    arguments = IN_SANDBOX if tool == "pytest" else ("-D", "xray_sandbox=yes")

    printed = workplace.run(tool, *arguments, folder=folder)
    (run,) = (workplace.root / folder / ".xray" / "runs").iterdir()
    report = next(run.glob("report*")).read_text()

    known = ["CALC-1", "CALC-78"] if tool == "pytest" else ["CALC-78"]
    assert statuses(workplace.execution(folder)) == dict.fromkeys(known, "PASS")
    assert f"Ignored: {len(known)} (not reported, as marked)" in printed
    assert "1.1 Open the page" in report
