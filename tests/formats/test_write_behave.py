"""Behave's JSON report, from results."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from behave_xray_bridge import session
from xray_bridge.formats.write.behave import BehaveWriter
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.results import (
    Feature,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)
from xray_bridge.runs import run_directory
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from pathlib import Path

FEATURE = Feature(path="features/add.feature", name="Add", line=2, tags=("REQ_C-1",))
PASSED = Step(keyword="Given", name="it works", outcome=Outcome.PASSED, duration=0.25)
NOT_RUN = Step(keyword="Then", name="it ends", outcome=Outcome.NOT_RUN)
FAILED = Step(keyword="When", name="it breaks", outcome=Outcome.FAILED, message="a\nb")


def _run(
    outcome: Outcome = Outcome.PASSED,
    steps: tuple[Step, ...] = (PASSED,),
    *,
    tags: tuple[str, ...] = (),
    keys: tuple[str, ...] = (),
    feature: Feature = FEATURE,
    **more: Any,
) -> TestRun:
    return TestRun(
        test=TestIssue(classname="features.add", name="one", test_keys=keys),
        outcome=outcome,
        started=1.0,
        duration=0.5,
        scenario=Scenario(feature=feature, name="one", line=7, tags=tags),
        steps=steps,
        **more,
    )


def _bytes(folder: Path, runs: tuple[TestRun, ...]) -> bytes:
    info = run_directory.RunInfo(
        id="run", framework="behave", versions={}, started=0.0, settings={}
    )
    directory = run_directory.create(folder, info)
    writer = run_directory.Journal(directory)
    for run in runs:
        writer.append(run)
    writer.close()
    file = io.BytesIO()
    BehaveWriter().write(Results([directory]), DIALECTS[SERVER], file)
    return file.getvalue()


def _written(folder: Path, *runs: TestRun) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_bytes(folder, runs))
    return found


def _element(folder: Path, run: TestRun) -> dict[str, Any]:
    ((element,),) = (feature["elements"] for feature in _written(folder, run))
    found: dict[str, Any] = element
    return found


def test_feature_and_scenario(tmp_path: Path) -> None:
    """Keys and places are those of behave's own formatter."""
    (feature,) = _written(tmp_path, _run(tags=("C-1",)))
    (element,) = feature.pop("elements")
    (step,) = element.pop("steps")

    assert feature == {
        "keyword": "Feature",
        "name": "Add",
        "tags": ["REQ_C-1"],
        "location": "features/add.feature:2",
        "status": "passed",
    }
    assert element == {
        "type": "scenario",
        "keyword": "Scenario",
        "name": "one",
        "tags": ["C-1"],
        "location": "features/add.feature:7",
        "status": "passed",
    }
    assert step == {
        "keyword": "Given",
        "step_type": "given",
        "name": "it works",
        "location": "features/add.feature:0",
        "match": {"location": "", "arguments": []},
        "result": {"status": "passed", "duration": 0.25},
    }


def test_file_name_is_known_to_the_adapter() -> None:
    """The adapter copies the report, and does not import its writer."""
    assert BehaveWriter.file_name == session.REPORT


def test_no_results(tmp_path: Path) -> None:
    """A report of nothing is an empty list."""
    assert _written(tmp_path) == []


def test_tests_without_a_scenario_are_left_out(tmp_path: Path) -> None:
    """Behave's report knows scenarios only."""
    assert _written(tmp_path, replace(_run(), scenario=None)) == []


def test_two_features(tmp_path: Path) -> None:
    """Scenarios of one file stand together, whenever they ended."""
    other = replace(FEATURE, path="features/b.feature", name="B")
    runs = (_run(), _run(feature=other), _run(Outcome.FAILED, (FAILED,)))
    found = _written(tmp_path, *runs)

    assert [each["name"] for each in found] == ["Add", "B"]
    assert [len(each["elements"]) for each in found] == [2, 1]
    assert [each["status"] for each in found] == ["failed", "passed"]


def test_failed_step(tmp_path: Path) -> None:
    """The text is a list of lines; what did not run has no result."""
    element = _element(tmp_path, _run(Outcome.FAILED, (PASSED, FAILED, NOT_RUN)))
    results = [step.get("result") for step in element["steps"]]

    assert element["status"] == "failed"
    assert results[1]["status"] == "failed"
    assert results[1]["error_message"] == ["a", "b"]
    assert results[2] is None


@pytest.mark.parametrize(
    ("step", "keyword", "place"), [(PASSED, "After", -1), (NOT_RUN, "Before", 0)]
)
def test_failed_hook_is_a_step(
    tmp_path: Path, step: Step, keyword: str, place: int
) -> None:
    """Xray judges by steps: a failure outside of them becomes one."""
    run = _run(Outcome.FAILED, (step,), message="HOOK-ERROR in a hook")
    element = _element(tmp_path, run)
    hook = element["steps"][place]

    assert len(element["steps"]) == 2
    assert hook["keyword"] == keyword
    assert hook["result"]["status"] == "failed"
    assert hook["result"]["error_message"] == ["HOOK-ERROR in a hook"]


def test_skipped_scenario(tmp_path: Path) -> None:
    """All of its steps are skipped, those that ran before it was included."""
    skipped = replace(NOT_RUN, outcome=Outcome.SKIPPED)
    element = _element(tmp_path, _run(Outcome.SKIPPED, (PASSED, skipped)))
    statuses = {step["result"]["status"] for step in element["steps"]}

    assert element["status"] == "skipped"
    assert statuses == {"skipped"}


@pytest.mark.parametrize(
    ("tags", "keys", "expected"),
    [
        (("C-1",), ("C-1",), ["C-1"]),
        (("TEST_C-1",), ("C-1",), ["TEST_C-1"]),
        (("TestName:C-1",), ("C-1",), ["TestName:C-1", "C-1"]),
        (("jira.testcase('C-1')",), ("C-1",), ["jira.testcase('C-1')", "C-1"]),
        (("ABC-1",), ("C-1",), ["ABC-1", "C-1"]),
        (("smoke",), ("C-1", "C-2"), ["smoke", "C-1", "C-2"]),
        (("smoke",), (), ["smoke"]),
    ],
)
def test_every_key_is_a_tag(
    tmp_path: Path, tags: tuple[str, ...], keys: tuple[str, ...], expected: list[str]
) -> None:
    """Tags stay; a key that none of them spells as Xray does is added."""
    assert _element(tmp_path, _run(tags=tags, keys=keys))["tags"] == expected


def test_types_of_steps(tmp_path: Path) -> None:
    """And and But are of the type of the step before them."""
    keywords = ("Given", "And", "When", "But", "Then", "*")
    steps = tuple(replace(PASSED, keyword=keyword) for keyword in keywords)
    element = _element(tmp_path, _run(steps=steps))
    found = [step["step_type"] for step in element["steps"]]

    assert found == ["given", "given", "when", "when", "then", "then"]


def test_text_and_table(tmp_path: Path) -> None:
    """A step's argument is written as behave has it."""
    table = (("a", "b"), ("1", "2"))
    step = replace(PASSED, text="one\ntwo", table=table)
    (found,) = _element(tmp_path, _run(steps=(step,)))["steps"]

    assert found["text"] == ["one", "two"]
    assert found["table"] == {"headings": ["a", "b"], "rows": [["1", "2"]]}


def test_odd_characters(tmp_path: Path) -> None:
    """Colours go, control characters stay readable, all else is UTF-8."""
    step = replace(FAILED, message="\x1b[31mred\x1b[0m \x00 ü 🥒 \ud800")
    content = _bytes(tmp_path, (_run(Outcome.FAILED, (step,)),))
    ((message,),) = (
        step["result"]["error_message"]
        for feature in json.loads(content)
        for element in feature["elements"]
        for step in element["steps"]
    )

    assert message == "red \\x00 ü 🥒 \\ud800"
    assert "🥒".encode() in content


def test_same_results_same_bytes(tmp_path: Path) -> None:
    """The report holds no time of its own."""
    runs = (_run(), _run(Outcome.FAILED, (FAILED,), keys=("C-1",)))

    assert _bytes(tmp_path / "a", runs) == _bytes(tmp_path / "b", runs)
