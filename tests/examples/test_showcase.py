"""
The showcase: every outcome there is arrives as what it was, in every format.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import behave_xray_bridge
from tests.adapters.behave.conftest import old_behave  # noqa: F401 - a fixture


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.examples.conftest import Workplace
    from xray_sandbox import TestExecutionRow, TestRunRow

# Without the fork server; ``test_examples_run`` has the other ways of starting.
AS_USERS = pytest.mark.real_start
IN_SANDBOX = ("--xray-upload", "--xray-sandbox")
PYTEST = "examples/showcase/pytest"
BEHAVE = "examples/showcase/behave"
CRASH = "test_outcomes.py::test_crashes"
# By outcome, the numbers of the Test keys.
OF_PYTEST = {
    "passed": """
        201 212 213 214 219 231 234 237 238 239 241 251 261 265
        271 272 273 274 281 286 288 290 291 292 293
    """,
    "failed": """
        202 203 204 205 206 215 217 220 221 232 235 236 242 252 262 266 267 268 269
        275 276 282 283 287 289
    """,
    "open": "207 208 209 210 211 216 218 233 243 253 263 264 284 285",
}
OF_BEHAVE = {
    "passed": "401 408 409 411 441 444 447 448 451 452 454 455 461 463",
    "failed": "402 403 404 405 406 421 422 423 424 425 426 431 442 445 446 453 462",
    "open": "407 427 443",
}
WORDS = {
    "server": {"passed": "PASS", "failed": "FAIL", "open": "TODO"},
    "cloud": {"passed": "PASSED", "failed": "FAILED", "open": "TODO"},
}
# Old versions do not have them, or skip them.
SUBTESTS = {"CALC-241", "CALC-242", "CALC-243"}
OF_BDD_8 = {"CALC-292", "CALC-293"}
OF_BEHAVE_13 = {"CALC-461", "CALC-462", "CALC-463"}


def major(name: str) -> int:
    """The first number of an installed version."""
    return int(version(name).partition(".")[0])


def expected(
    table: Mapping[str, str], deployment: str, *, without: Iterable[str] = ()
) -> dict[str, str]:
    """The status of each Test."""
    found = {
        f"CALC-{number}": WORDS[deployment][outcome]
        for outcome, numbers in table.items()
        for number in numbers.split()
    }
    return {key: word for key, word in found.items() if key not in set(without)}


def expected_of_pytest(
    deployment: str, *, crash: str = "failed", without: Iterable[str] = ()
) -> dict[str, str]:
    """The same, as far as the installed versions go; ``crash`` may be skipped."""
    gone = {*without, *(OF_BDD_8 if major("pytest-bdd") < 8 else ())}
    found = expected(OF_PYTEST, deployment, without=gone)
    if "CALC-221" in found:
        found["CALC-221"] = WORDS[deployment][crash]
    if pytest.version_tuple < (9,):
        found |= dict.fromkeys(SUBTESTS, "TODO")
    return found


def statuses(execution: TestExecutionRow) -> dict[str, str]:
    """The status of each Test; those that Xray made have numbers of its own."""
    return {run.test_key: run.status for run in execution.runs}


def of_key(execution: TestExecutionRow, number: int) -> TestRunRow:
    """The Test Run of a Test."""
    return next(run for run in execution.runs if run.test_key == f"CALC-{number}")


def made(execution: TestExecutionRow, known: Mapping[str, str]) -> dict[str, str]:
    """Status by summary of the Tests that Xray made."""
    return {
        run.test_summary: run.status
        for run in execution.runs
        if run.test_key not in known
    }


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "n2"])
@pytest.mark.parametrize(
    ("report", "deployment"),
    [
        # Which is Xray JSON, as there are defects.
        ("auto", "server"),
        ("junit", "server"),
        ("xray", "cloud"),
        ("junit", "cloud"),
    ],
)
def test_pytest(
    workplace: Workplace, workers: tuple[str, ...], report: str, deployment: str
) -> None:
    """Each Test has the status that its test came to, and nothing is missing."""
    chosen = ("--xray-format", report, "--xray-deployment", deployment)
    workplace.run("pytest", PYTEST, *IN_SANDBOX, *workers, *chosen, code=1)
    execution = workplace.execution()
    wanted = expected_of_pytest(deployment, crash="failed" if workers else "open")
    passed = WORDS[deployment]["passed"]

    assert made(execution, wanted) == {"test_without_a_key": passed}
    assert statuses(execution).items() >= wanted.items()


@pytest.mark.parametrize(
    "distribution", [pytest.param("loadgroup", marks=AS_USERS), "worksteal", "each"]
)
def test_pytest_distributes_otherwise(workplace: Workplace, distribution: str) -> None:
    """xdist does not survive a crash in all of these ways, so that is left out."""
    workers = ("-n", "2", "--dist", distribution)
    crash = ("--deselect", f"{PYTEST}/{CRASH}", "--deselect", CRASH)
    workplace.run("pytest", PYTEST, *IN_SANDBOX, *workers, *crash, code=1)
    wanted = expected_of_pytest("server", without={"CALC-221"})

    assert statuses(workplace.execution()).items() >= wanted.items()


def test_pytest_says_all_there_is_to_say(workplace: Workplace) -> None:
    """Steps, iterations, rows, evidence, defects, comments and attempts arrive."""
    workplace.run("pytest", PYTEST, *IN_SANDBOX, code=1)
    execution = workplace.execution()
    known = {number: of_key(execution, number) for number in (219, 232, 271, 272)}
    known |= {number: of_key(execution, number) for number in (273, 274, 275, 276)}
    outline = of_key(execution, 289)

    assert "Attempt 1 failed: assert" in known[219].comment
    assert [each.status for each in known[232].iterations] == ["PASS", "FAIL"]
    assert known[271].defects == known[272].defects == ("CALC-302",)
    assert "On *four* processors." in known[272].comment
    assert names_of_evidence(known[273]) == ["log.txt", "total.json"]
    assert [step.status for step in known[274].steps] == ["PASS", "PASS"]
    assert [step.status for step in known[275].steps] == ["PASS", "FAIL"]
    assert names_of_evidence(known[276]) == ["display.txt"]
    assert known[276].defects == ("CALC-302",)
    assert "pressing the key for percent" in known[276].comment
    assert outline.examples == ("PASS", "FAIL")


def names_of_evidence(run: TestRunRow) -> list[str]:
    """What evidence a Test Run has."""
    return sorted(each.filename for each in run.evidence)


def test_pytest_covers_a_requirement(workplace: Workplace) -> None:
    """JUnit XML has a place for what a Test covers, of marks and of tags."""
    workplace.run("pytest", PYTEST, *IN_SANDBOX, "--xray-format", "junit", code=1)
    store = workplace.store()
    tests = {test.key: test.requirements for test in store.tests()}

    assert {tests[f"CALC-{number}"] for number in (271, 272, 281)} == {("CALC-301",)}


@pytest.mark.parametrize("deployment", ["server", "cloud"])
@pytest.mark.parametrize("report", ["auto", "behave", "cucumber", "xray", "junit"])
def test_behave(workplace: Workplace, report: str, deployment: str) -> None:
    """The same for behave, and for formats that Xray adds up itself."""
    old = version("behave").startswith("1.2")
    run_behave(workplace, report, deployment, *(("-e", "newer") if old else ()))
    wanted = expected(OF_BEHAVE, deployment, without=OF_BEHAVE_13 if old else ())

    assert statuses(workplace.execution(BEHAVE)) == wanted


@pytest.mark.parametrize("report", [pytest.param("auto", marks=AS_USERS), "behave"])
def test_behave_1_2(
    workplace: Workplace,
    report: str,
    old_behave: str,  # noqa: F811 - the fixture
) -> None:
    """The old version has other words for it."""
    root = Path(behave_xray_bridge.__file__).parents[1]
    python_path = os.pathsep.join((old_behave, str(root)))
    run_behave(workplace, report, "server", "-e", "newer", python_path=python_path)
    wanted = expected(OF_BEHAVE, "server", without=OF_BEHAVE_13)

    assert statuses(workplace.execution(BEHAVE)) == wanted


def run_behave(
    workplace: Workplace,
    report: str,
    deployment: str,
    *arguments: str,
    python_path: str = "",
) -> None:
    """Run the suite in behave."""
    settings = ("sandbox=yes", f"format={report}", f"deployment={deployment}")
    flags = [part for each in settings for part in ("-D", f"xray_{each}")]
    workplace.run(
        "behave", *flags, *arguments, folder=BEHAVE, code=1, python_path=python_path
    )


def test_behave_says_all_there_is_to_say(workplace: Workplace) -> None:
    """Evidence, defects, comments, rows and the steps within a step arrive."""
    run_behave(workplace, "auto", "server", "-e", "newer")
    execution = workplace.execution(BEHAVE)
    said, within, hooks = (of_key(execution, number) for number in (451, 452, 453))

    assert names_of_evidence(said) == names_of_evidence(hooks) == ["display.txt"]
    assert said.defects == hooks.defects == ("CALC-302",)
    assert "On *recycled* paper." in said.comment
    assert re.search(r"passed: \* Add\s+data: 2 and 4\s+expected: 6", within.comment)
    assert "pressing the key for division" in hooks.comment
    assert of_key(execution, 442).examples == ("PASS", "FAIL")
