"""
The two workflows of Xray's manual, as their scripts have them, in the sandbox.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace

STANDARD = "examples/workflows/standard"
VCS = "examples/workflows/vcs"
PASSED = {"server": "PASS", "cloud": "PASSED"}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")


@pytest.fixture(params=["server", "cloud"])
def product(request: pytest.FixtureRequest) -> str:
    """Both products."""
    found: str = request.param
    return found


def run(workplace: Workplace, folder: str, product: str, code: int = 0) -> str:
    """Run the script of an example in the sandbox."""
    script = f"{folder}/run.sh"
    environ = {"XRAY_SANDBOX": "yes", "XRAY_DEPLOYMENT": product}
    return workplace.script(script, code, **environ)


@pytest.mark.real_start
def test_jira_is_master(workplace: Workplace, product: str) -> None:
    """What is written in Jira is fetched and run, and the results are there."""
    printed = run(workplace, STANDARD, product)
    execution = workplace.execution(STANDARD)
    statuses = {each.test_key: each.status for each in execution.runs}

    assert f"Test Execution: {execution.key}\n" in printed
    assert statuses == dict.fromkeys(("CALC-78", "CALC-79"), PASSED[product])


def test_git_is_master(workplace: Workplace, product: str) -> None:
    """Tests are made once, people's summaries stay, and the results are there."""
    run(workplace, VCS, product)
    first = workplace.execution(VCS)
    run(workplace, VCS, product)
    second = workplace.execution(VCS)
    tests = {each.key: each.summary for each in workplace.store(VCS).tests()}
    keys = {each.test_key for each in first.runs}

    assert first.key != second.key
    assert {each.test_key for each in second.runs} == keys
    assert set(second.counts) == {PASSED[product]}
    assert {tests[key] for key in keys} == {
        "Add two numbers on the display",
        "Divide <first> by <second>",
    }


def test_a_red_run_is_sent(workplace: Workplace) -> None:
    """A failure is behave's exit code, and its result is there all the same."""
    steps = workplace.root / STANDARD / "features" / "steps" / "calculator_steps.py"
    text = steps.read_text().replace("operator.add", "operator.sub")
    steps.write_text(text)
    run(workplace, STANDARD, "server", code=1)
    statuses = {
        each.test_key: each.status for each in workplace.execution(STANDARD).runs
    }

    assert statuses == {"CALC-78": "FAIL", "CALC-79": "PASS"}
