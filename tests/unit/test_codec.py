"""One line of a journal, there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.builders import (
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_step,
    a_test,
)
from xray_bridge import codec
from xray_bridge.model import (
    Feature,
    Iteration,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)


def there_and_back(run: TestRun) -> TestRun:
    """Through the very text that a journal holds."""
    return codec.decode(json.loads(json.dumps(codec.encode(run))))


texts = st.sampled_from(["", "a", " ", "\ud800", "\x00", '"', "\n", "\u2028", "ä;b"])
tuples = st.lists(texts, max_size=2).map(tuple)
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
numbers = st.floats(0, 1e10)
outcomes = st.sampled_from(Outcome)
lines = st.integers(0, 10_000)
tests = st.builds(
    TestIssue,
    classname=texts,
    name=texts,
    test_keys=tuples,
    summary=texts,
    description=texts,
    labels=tuples,
    requirements=tuples,
)
features = st.builds(
    Feature,
    path=texts,
    name=texts,
    keyword=texts,
    line=lines,
    tags=tuples,
    description=texts,
)
scenarios = st.builds(
    Scenario,
    feature=features,
    name=texts,
    keyword=texts,
    line=lines,
    tags=tuples,
    description=texts,
    outline=texts,
    row=lines,
)
steps = st.builds(
    Step,
    keyword=texts,
    name=texts,
    outcome=outcomes,
    duration=numbers,
    message=texts,
    line=lines,
    text=texts,
    table=st.lists(tuples, max_size=2).map(tuple),
)
iterations = st.builds(Iteration, outcome=outcomes, parameters=pairs, message=texts)
runs = st.builds(
    TestRun,
    test=tests,
    outcome=outcomes,
    started=numbers,
    duration=numbers,
    message=texts,
    comment=texts,
    defects=tuples,
    parameters=pairs,
    custom_fields=pairs,
    scenario=st.none() | scenarios,
    steps=st.lists(steps, max_size=2).map(tuple),
    iterations=st.lists(iterations, max_size=2).map(tuple),
)


@pytest.mark.parametrize("outcome", Outcome)
def test_outcome_comes_back(outcome: Outcome) -> None:
    """Each outcome."""
    assert there_and_back(a_run(outcome)).outcome is outcome


@pytest.mark.parametrize(
    "run",
    [
        a_run(keys=["CALC-1", "CALC-2"], parameters=(("a", "1"),)),
        a_run(test=a_test(classname="", description="Adds.", labels=("smoke",))),
        a_run(message="\ud800\x00\u2028", defects=("CALC-9",)),
        a_scenario_run(scenario=a_scenario(outline="sums", row=2)),
        a_scenario_run(steps=(a_step(table=(("a", ""), ("1", "2")), text="\n"),)),
        a_run(iterations=(Iteration(outcome=Outcome.FAILED, message="no"),)),
    ],
)
def test_run_comes_back(run: TestRun) -> None:
    """What was encoded is what is decoded."""
    assert there_and_back(run) == run


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": a_scenario("")},
        {"scenario": a_scenario(feature=a_feature(name=""))},
        {"scenario": a_scenario(keyword="", line=0)},
        {"scenario": a_scenario(feature=a_feature(keyword="", line=0))},
        {"steps": (a_step(name=""),)},
        {"steps": (a_step(keyword=""),)},
    ],
    ids=["scenario", "feature", "head", "feature's head", "step", "keyword"],
)
def test_what_has_no_name_comes_back(changes: dict[str, Any]) -> None:
    """``Feature:`` and ``Scenario:`` without a name are good Gherkin."""
    run = a_scenario_run(**changes)

    assert there_and_back(run) == run


@settings(phases=[Phase.generate], max_examples=200, deadline=None)
@given(run=runs)
def test_any_run_comes_back(run: TestRun) -> None:
    """Whatever the texts are."""
    assert there_and_back(run) == run


def test_line_is_short() -> None:
    """What is empty is left out."""
    assert set(codec.encode(a_run())) == {
        "classname",
        "name",
        "outcome",
        "started",
        "duration",
    }
