"""CTRF, which other tools read: what it contains, and that it can be read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, a_scenario_run, a_step, a_test
from tests.formats.convert.taking import taken
from tests.formats.reading import PICTURE, RESULTS, a_piece, rendered
from xray_bridge.model.dialect import SERVER
from xray_bridge.model.results import Iteration, Outcome, TestRun


if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = {"name", "status", "duration"}
# Members that the schema of ctrf.io knows, of those that are written here.
KNOWN = REQUIRED | {
    *("start", "stop", "suite", "message", "trace", "rawStatus", "tags", "labels"),
    *("filePath", "line", "flaky", "stdout", "attachments", "parameters", "steps"),
}
COUNTS = {"passed", "failed", "skipped", "pending", "other", "flaky"}


def written(tmp_path: Path, *runs: TestRun, contents: tuple[bytes, ...] = ()) -> Any:
    """The report of these results."""
    return json.loads(rendered(tmp_path, "ctrf", SERVER, *runs, contents=contents))


def only_test(tmp_path: Path, run: TestRun, contents: tuple[bytes, ...] = ()) -> Any:
    """The only test of a report."""
    (test,) = written(tmp_path, run, contents=contents)["results"]["tests"]
    return test


def test_frame_of_the_report(tmp_path: Path) -> None:
    """Format, version, tool, and a summary that counts what the tests say."""
    runs = [a_run(each, test=a_test(each.name)) for each in RESULTS]

    found = written(tmp_path, *runs)

    assert (found["reportFormat"], found["specVersion"]) == ("CTRF", "0.0.0")
    results = found["results"]
    statuses = [each["status"] for each in results["tests"]]
    summary = results["summary"]
    assert summary["tests"] == len(RESULTS) == len(statuses)
    assert summary.keys() > COUNTS
    for status in COUNTS - {"flaky"}:
        assert summary[status] == statuses.count(status), status
    assert summary["flaky"] == 1
    assert summary["stop"] - summary["start"] == summary["duration"] >= 0
    assert all(REQUIRED <= each.keys() <= KNOWN for each in results["tests"])


@pytest.mark.parametrize(
    ("outcome", "status", "raw"),
    [
        (Outcome.PASSED, "passed", None),
        (Outcome.FAILED, "failed", None),
        (Outcome.SKIPPED, "skipped", None),
        (Outcome.XFAILED, "passed", "xfailed"),
        (Outcome.XPASSED, "passed", "xpassed"),
        (Outcome.FLAKY, "passed", "flaky"),
    ],
)
def test_statuses(
    tmp_path: Path, outcome: Outcome, status: str, raw: str | None
) -> None:
    """CTRF has five statuses; the own word stands beside them."""
    test = only_test(tmp_path, a_run(outcome))

    assert (test["status"], test.get("rawStatus")) == (status, raw)
    assert test.get("flaky", False) is (outcome is Outcome.FLAKY)


def test_step_that_was_not_run_is_pending(tmp_path: Path) -> None:
    """A step after the one that failed."""
    run = a_run(Outcome.FAILED, steps=(a_step(outcome=Outcome.NOT_RUN),))

    (step,) = only_test(tmp_path, run)["steps"]

    assert step["status"] == "pending"


def test_failure_has_a_line_and_the_whole_text(tmp_path: Path) -> None:
    """The line is what people see first."""
    text = "def test_a():\n>       assert 1 == 2\nE       assert 1 == 2\n\na.py:2: E"

    test = only_test(tmp_path, a_run(Outcome.FAILED, message=text))

    assert (test["message"], test["trace"]) == ("assert 1 == 2", text)


def test_keys_evidence_parameters_and_steps(tmp_path: Path) -> None:
    """Nothing of a result is lost that CTRF has a place for."""
    run = a_run(
        Outcome.PASSED,
        test=a_test(test_keys=("CALC-1",), requirements=("CALC-7",), labels=("smoke",)),
        defects=("CALC-9",),
        parameters=(("n", "1"),),
        steps=(a_step(name="open the page", keyword=""),),
        iterations=(
            Iteration(outcome=Outcome.FAILED, parameters=(("browser", "chrome"),)),
        ),
        evidence=(a_piece(),),
        output="out\nerr",
    )

    test = only_test(tmp_path, run, (PICTURE,))

    assert test["tags"] == ["CALC-1", "smoke"]
    assert test["labels"] == {
        "testKey": ["CALC-1"],
        "requirement": ["CALC-7"],
        "defect": ["CALC-9"],
    }
    assert test["parameters"] == {"n": "1"}
    assert [each["name"] for each in test["steps"]] == [
        "open the page",
        "browser=chrome",
    ]
    assert [each["status"] for each in test["steps"]] == ["passed", "failed"]
    (piece,) = test["attachments"]
    assert (piece["name"], piece["contentType"]) == ("shot.png", "image/png")
    assert piece["path"].startswith("evidence/")
    assert test["stdout"] == ["out", "err"]


def test_scenario_has_its_feature_file(tmp_path: Path) -> None:
    """The suite is the feature, the place is that of the scenario."""
    run = a_scenario_run(keys=("CALC-1",))
    assert run.scenario is not None

    test = only_test(tmp_path, run)

    assert test["suite"] == [run.scenario.feature.name]
    assert test["filePath"] == run.scenario.feature.path
    assert test["name"] == run.scenario.name


@pytest.mark.parametrize("text", ["\x00\x1b[31m", "\ud800", "  ", ""])
def test_odd_texts_stay_valid(tmp_path: Path, text: str) -> None:
    """Names are never empty, and the file is JSON for every reader."""
    test = only_test(tmp_path, a_run(test=a_test(text, classname=text), output=text))

    assert test["name"].strip()


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Names, keys and outcomes of our own CTRF are those of the run."""
    runs = [
        a_run(test=a_test("test_a", classname="t", test_keys=("CALC-1",))),
        a_run(Outcome.FAILED, test=a_test("test_b[1]", classname="t"), message="no"),
        a_run(Outcome.SKIPPED, test=a_test("test_c", classname="t"), message="later"),
    ]
    report = tmp_path / "ctrf-report.json"
    report.write_bytes(rendered(tmp_path / "run", "ctrf", SERVER, *runs))

    found = taken(report, tmp_path)

    assert found.counts == "1/1/1"
    assert found.keys == {"CALC-1": "passed"}
    assert found.names == ("t.test_a", "t.test_b[1]", "t.test_c")
