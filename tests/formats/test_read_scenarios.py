"""Cucumber and Behave JSON of other tools, as results of ours."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.test_read import QUICK, report, sample
from xray_bridge.errors import ReportError
from xray_bridge.formats.read import ScenarioReader
from xray_bridge.model.results import Outcome, TestRun
from xray_bridge.runs.evidence import EvidenceFolder


KINDS = pytest.mark.parametrize("behave", [False, True], ids=["cucumber", "behave"])


def element(**changes: Any) -> dict[str, Any]:
    """A scenario with one step that has passed."""
    return {"type": "scenario", "keyword": "Scenario", "steps": [step()], **changes}


def step(status: str = "passed", **changes: Any) -> dict[str, Any]:
    """A step with a result."""
    return {"keyword": "Given ", "name": "x", "result": {"status": status}, **changes}


def read(
    tmp_path: Path, *elements: dict[str, Any], behave: bool = False, **feature: Any
) -> list[TestRun]:
    """The scenarios of a feature."""
    source = report(tmp_path, json.dumps([{"elements": elements, **feature}]))
    keep = EvidenceFolder(tmp_path, 10, str).add
    return list(ScenarioReader(behave=behave, keep=keep).runs(source))


@pytest.mark.parametrize(
    ("name", "seconds"), [("cucumber.json", 0.003), ("behave.json", 0.003)]
)
def test_both_say_the_same(name: str, seconds: float) -> None:
    """Steps with the background's, tags, places and durations."""
    reader = ScenarioReader(behave="behave" in name, finished=100.0)

    adds, subtracts = reader.runs(sample(name))

    assert adds.scenario is not None
    assert (adds.scenario.name, adds.scenario.line) == ("adds", 7)
    assert adds.scenario.feature.path == "features/calculator.feature"
    assert [each.name for each in adds.steps] == ["the display is on", "it shows 3"]
    assert adds.duration == pytest.approx(seconds)
    assert adds.started == pytest.approx(100.0 - seconds)
    assert adds.test.test_keys == ("CALC-78",)
    assert adds.test.requirements == subtracts.test.requirements == ("CALC-7",)
    assert subtracts.outcome is Outcome.FAILED
    assert subtracts.steps[-1].outcome in {Outcome.SKIPPED, Outcome.NOT_RUN}


WORDS = st.sampled_from(
    ["passed", "failed", "skipped", "pending", "undefined", "ambiguous", "new word", ""]
)


@KINDS
@QUICK
@given(
    steps=st.lists(WORDS, max_size=3),
    background=st.lists(WORDS, max_size=2),
    hooks=st.lists(st.tuples(st.sampled_from(["before", "after"]), WORDS), max_size=2),
)
def test_nothing_becomes_greener(
    tmp_path: Path,
    behave: bool,
    steps: list[str],
    background: list[str],
    hooks: list[tuple[str, str]],
) -> None:
    """Passed is what did all of its steps and hooks, and had some."""
    around: dict[str, Any] = {}
    for side, word in hooks:
        around.setdefault(side, []).append({"result": {"status": word}})
    # Behave has them in the scenario, too.
    before = [] if behave else background
    first = element(type="background", steps=[step(word) for word in background])
    words = [*before, *steps, *(word for _, word in hooks)]

    (run,) = read(
        tmp_path,
        first,
        element(steps=[step(word) for word in steps], **around),
        behave=behave,
    )

    # A pending step has failed, for behave.
    red = {"failed", "undefined", "ambiguous", "new word", *["pending"] * behave}
    broken = red & {*words}
    has_steps = bool([*before, *steps])
    all_passed = {*words} == {"passed"}
    assert (run.outcome is Outcome.PASSED) == (has_steps and all_passed)
    assert (run.outcome is Outcome.FAILED) == bool(broken)


def test_scenario_that_behave_calls_broken(tmp_path: Path) -> None:
    """A hook of behave's shows nowhere else."""
    (run,) = read(tmp_path, element(status="hook_error"), behave=True)

    assert run.outcome is Outcome.FAILED


def test_words_that_nobody_knows(tmp_path: Path) -> None:
    """They are kept for a notice."""
    source = report(tmp_path, json.dumps([{"elements": [element(steps=[step("?")])]}]))
    reader = ScenarioReader(behave=False)

    list(reader.runs(source))

    assert [*reader.unknown] == ["?"]


def test_background_is_of_the_next_scenario_only(tmp_path: Path) -> None:
    """Cucumber writes it before each."""
    background = element(type="background", steps=[step("failed")])

    first, second = read(tmp_path, background, element(), element())

    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.PASSED)


def test_hook_that_failed(tmp_path: Path) -> None:
    """It is a step with its message; a passed hook without evidence is none."""
    hooks = [
        {"match": {"location": "hooks.py:1"}, "result": {"status": "passed"}},
        {"result": {"status": "failed", "error_message": "no browser"}},
    ]

    (run,) = read(tmp_path, element(before=hooks))

    assert [each.keyword for each in run.steps] == ["Before", "Given"]
    assert run.message == "Before hook\nno browser"


@pytest.mark.parametrize("count", [1, 2])
def test_status_in_the_background_of_a_rule(tmp_path: Path, count: int) -> None:
    """behave writes it there; a scenario's hook has failed, and its steps have not."""
    empty: dict[str, Any] = {"type": "background", "steps": []}
    backgrounds = [*[empty] * (count - 1), {**empty, "status": "hook_error"}]

    runs = read(
        tmp_path,
        empty,
        element(status="passed"),
        element(status=None),
        *backgrounds,
        element(status="passed"),
        behave=True,
    )

    assert [run.outcome for run in runs] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.PASSED,
    ]


def test_hook_of_a_step_and_hidden_steps(tmp_path: Path) -> None:
    """As cucumber-jvm and cucumber-js write them."""
    failed = {"result": {"status": "failed"}, "match": {"location": "H.java:3"}}
    steps = [step(hidden=True), step(after=[failed])]

    (run,) = read(tmp_path, element(steps=steps))

    assert [each.name for each in run.steps] == ["x", "H.java:3"]
    assert run.outcome is Outcome.FAILED


def embedding(content: bytes, **changes: Any) -> dict[str, Any]:
    """A piece of evidence in a report."""
    data = base64.b64encode(content).decode()
    return {"mime_type": "image/png", "data": data, **changes}


def test_embeddings(tmp_path: Path) -> None:
    """They are evidence of their step; big and broken ones are left out."""
    pieces = [
        embedding(b"shot"),
        embedding(b"log", name="log.txt", mime_type="text/plain"),
        embedding(b"x" * 11, name="big.png"),
        {"mime_type": "text/plain", "data": "no base64!"},
    ]

    (run,) = read(tmp_path, element(steps=[step(embeddings=pieces)]))

    names = [each.name for each in run.steps[0].evidence]
    assert names == ["embedding-1.png", "log.txt"]
    assert (
        tmp_path / "evidence" / run.steps[0].evidence[0].file
    ).read_bytes() == b"shot"
    assert len(run.left_out) == 2
    assert "big.png: 11 bytes is over the limit" in run.left_out[0]


def test_rows_of_an_outline(tmp_path: Path) -> None:
    """They are counted for each Test."""
    tags = {"tags": [{"name": "@CALC-1"}], "keyword": "Scenario Outline"}
    others = {"tags": [{"name": "@CALC-2"}], "keyword": "Scenario Outline"}
    elements = [
        element(name="add 1", **tags),
        element(name="sub 1", **others),
        element(name="add 2", **tags),
    ]

    found = read(tmp_path, *elements)

    rows = [run.scenario.row for run in found if run.scenario]
    assert rows == [1, 1, 2]


def test_rows_of_behave(tmp_path: Path) -> None:
    """Their outline's name stands before the row's."""
    row = element(name="add -- @1.2 Table", keyword="Scenario Outline", tags=["CALC-1"])

    (run,) = read(tmp_path, row, behave=True)

    assert run.scenario is not None
    assert (run.scenario.outline, run.scenario.row) == ("add", 1)


def test_texts_and_tables(tmp_path: Path) -> None:
    """In each tool's spelling."""
    cucumber = [
        step(doc_string={"value": "one"}),
        step(rows=[{"cells": ["a", "b"]}, {"cells": ["1", "2"]}]),
    ]
    behave = [
        step(text=["one"]),
        step(table={"headings": ["a", "b"], "rows": [["1", "2"]]}),
    ]

    (theirs,) = read(tmp_path, element(steps=cucumber))
    (others,) = read(tmp_path, element(steps=behave), behave=True)

    assert theirs.steps[0].text == others.steps[0].text == "one"
    assert theirs.steps[1].table == others.steps[1].table == (("a", "b"), ("1", "2"))


def test_what_cucumber_jvm_says_besides(tmp_path: Path) -> None:
    """When a scenario began, and what its steps have printed."""
    steps = [step(output=["one", "two"]), step(output=["three"])]
    began = "2026-01-02T03:04:05.000Z"

    (run,) = read(tmp_path, element(steps=steps, start_timestamp=began))

    assert (run.started, run.output) == (1_767_323_045.0, "one\ntwo\nthree")


def test_tags_of_the_feature_are_not_the_scenarios(tmp_path: Path) -> None:
    """Cucumber repeats them; a plain key there is no Test's."""
    both = [{"name": "@CALC-9"}, {"name": "@CALC-1"}]

    (run,) = read(tmp_path, element(tags=both), tags=both[:1])

    assert run.test.test_keys == ("CALC-1",)


@pytest.mark.parametrize(
    "broken",
    [
        element(steps=[1]),
        element(steps={"a": 1}),
        element(line="x"),
        element(tags=[{}]),
    ],
    ids=["step", "steps", "line", "tag"],
)
def test_what_is_no_scenario(tmp_path: Path, broken: dict[str, Any]) -> None:
    """One line, with the file's name."""
    with pytest.raises(ReportError, match="report: is not Cucumber JSON"):
        read(tmp_path, broken)
