"""One line of a journal, there and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, a_step, a_test
from xray_bridge.model.results import (
    Evidence,
    Feature,
    Iteration,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)
from xray_bridge.runs import codec


A_PIECE = Evidence(name="a.png", file="0.png", media_type="image/png", size=1)


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
evidence = st.builds(Evidence, name=texts, file=texts, media_type=texts, size=lines)
pieces = st.lists(evidence, max_size=2).map(tuple)
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
    data=texts,
    expected=texts,
    evidence=pieces,
)
iterations = st.builds(
    Iteration,
    outcome=outcomes,
    parameters=pairs,
    message=texts,
    steps=st.lists(steps, max_size=2).map(tuple),
)
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
    evidence=pieces,
    output=texts,
    left_out=tuples,
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
        a_run(output="out", left_out=("big.bin",), evidence=(A_PIECE,)),
        a_run(steps=(a_step(data="1", expected="2", evidence=(A_PIECE,)),)),
        a_run(iterations=(Iteration(outcome=Outcome.PASSED, steps=(a_step(),)),)),
    ],
)
def test_run_comes_back(run: TestRun) -> None:
    """Decoding returns the encoded value."""
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
    """Empty values are left out."""
    assert set(codec.encode(a_run())) == {
        "classname",
        "name",
        "outcome",
        "started",
        "duration",
    }


def marked(kind: Any, path: str = "") -> Any:
    """A value of the model, each of whose texts is its own path."""
    hints = get_type_hints(kind)
    return kind(
        **{
            each.name: _marked(hints[each.name], f"{path}{each.name}")
            for each in dataclasses.fields(kind)
        }
    )


def _marked(hint: Any, place: str) -> Any:
    simple = {str: f"<{place}>", int: 1, float: 1.5, Outcome: Outcome.FAILED}
    if hint in simple:
        return simple[hint]
    hint = Scenario if hint == Scenario | None else hint
    if dataclasses.is_dataclass(hint):
        return marked(hint, f"{place}.")
    parts = get_args(hint)
    if parts[-1] is Ellipsis:
        return (_marked(parts[0], f"{place}[]"),)
    return tuple(_marked(each, f"{place}.{n}") for n, each in enumerate(parts))


def test_each_field_comes_back() -> None:
    """All that the model has, whatever is added to it."""
    assert there_and_back(marked(TestRun)) == marked(TestRun)


# Texts by which Xray or the project knows something, and words of ours. (A name
# is free from its first bracket on, as the next test shows.)
STAY = {
    "test.classname",
    "test.name",
    "test.test_keys[]",
    "test.labels[]",
    "test.requirements[]",
    "defects[]",
    "scenario.feature.path",
    "scenario.feature.name",
    "scenario.feature.keyword",
    "scenario.feature.tags[]",
    "scenario.keyword",
    "scenario.tags[]",
    "scenario.outline",
    # A row's, but for secrets.
    "scenario.name",
    # Words of ours.
    "withheld",
}
STAY |= {f"{of}parameters[].0" for of in ("", "iterations[].")}
STAY |= {"custom_fields[].0"}
STAY |= {f"{of}steps[].keyword" for of in ("", "iterations[].")}
STAY |= {
    f"{of}evidence[].{field}"
    for of in ("", "steps[].", "iterations[].steps[].")
    for field in ("file", "media_type")
}


def all_texts(value: Any) -> set[str]:
    """All that stand in a line."""
    if isinstance(value, dict):
        return {text for each in value.values() for text in all_texts(each)}
    if isinstance(value, (list, tuple)):
        return {text for each in value for text in all_texts(each)}
    return {value} if isinstance(value, str) else set()


def test_each_text_is_cleaned() -> None:
    """Each text field of the model, but for those that are known to stay."""
    run: TestRun = marked(TestRun)
    whole = all_texts(codec.encode(run))
    assert "<scenario.feature.description>" in whole

    line = codec.redact_line(codec.encode(run), lambda text: f"clean {text}", str)

    found = all_texts(line) - {"failed"}
    assert {text for text in found if not text.startswith("clean ")} == {
        f"<{place}>" for place in STAY
    }
    assert {text.removeprefix("clean ") for text in found} == whole - {"failed"}
    assert not any(text.startswith("clean clean ") for text in found)
    assert codec.decode(json.loads(json.dumps(line))).test.classname


def test_parameters_in_a_name_are_cleaned() -> None:
    """A test's own name stays, what parameters make of it does not."""
    line = codec.redact_line(
        codec.encode(a_run(name="test_ab[ab]")), str, lambda _: "***]"
    )

    assert line["name"] == "test_ab[***]"


def test_name_of_a_scenario() -> None:
    """It stays, unless the row of an outline has made it."""
    plain = codec.encode(a_scenario_run(scenario=a_scenario("two")))
    row = codec.encode(a_scenario_run(scenario=a_scenario("two", outline="two")))

    assert codec.redact_line(plain, str, str.upper)["scenario"]["name"] == "two"
    assert codec.redact_line(row, str, str.upper)["scenario"]["name"] == "TWO"


@settings(phases=[Phase.generate], max_examples=200, deadline=None)
@given(run=runs)
def test_cleaning_what_has_nothing_to_hide(run: TestRun) -> None:
    """It changes nothing."""
    line = codec.redact_line(codec.encode(run), str, str)

    assert codec.decode(json.loads(json.dumps(line))) == run


@pytest.mark.parametrize("line", [{}, {"message": "X"}, {"steps": ()}])
def test_part_of_a_line_is_cleaned(line: codec.Line) -> None:
    """As much of it as is known so far."""
    assert codec.redact_line({**line}, str.upper, str.upper) == line
