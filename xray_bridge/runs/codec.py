"""
Encode a ``TestRun`` as JSON builtins for one line of a journal, and decode it.

Empty values are left out. Every test is encoded, so common fields are written out
for speed; the others are generic.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

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
from xray_bridge.runs import shapes


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xray_bridge.runs.shapes import Check

_SELDOM = (
    "message",
    "comment",
    "defects",
    "parameters",
    "custom_fields",
    "output",
    "left_out",
    "position",
    "withheld",
    "quarantined",
)
_LISTS = ("steps", "iterations", "evidence")
_SELDOM_OF_TEST = ("test_keys", "summary", "description", "labels", "requirements")


class Line(TypedDict, total=False):
    """
    A line of a journal, or the part of it that is known so far.

    Sequences are tuples or lists; scenario and steps come from ``to_builtins``.
    """

    classname: str
    name: str
    outcome: str
    started: float
    duration: float
    test_keys: Sequence[str]
    summary: str
    description: str
    labels: Sequence[str]
    requirements: Sequence[str]
    message: str
    comment: str
    defects: Sequence[str]
    parameters: Sequence[Sequence[str]]
    custom_fields: Sequence[Sequence[str]]
    scenario: dict[str, Any]
    steps: Sequence[dict[str, Any]]
    iterations: Sequence[dict[str, Any]]
    evidence: Sequence[dict[str, Any]]
    output: str
    left_out: Sequence[str]
    position: int
    withheld: str
    quarantined: str


def encode(run: TestRun) -> Line:
    """Return builtins that ``json`` can write and ``decode`` can read."""
    test = run.test
    found: Line = {
        "classname": test.classname,
        "name": test.name,
        "outcome": run.outcome.value,
        "started": run.started,
        "duration": run.duration,
    }
    seldom = {key: getattr(test, key) for key in _SELDOM_OF_TEST}
    seldom |= {key: getattr(run, key) for key in _SELDOM}
    found.update({key: value for key, value in seldom.items() if value})  # type: ignore[typeddict-item]
    if run.scenario:
        found["scenario"] = to_builtins(run.scenario)
    for key in _LISTS:
        if values := getattr(run, key):
            found[key] = [to_builtins(value) for value in values]  # type: ignore[literal-required]
    return found


def to_builtins(value: Any) -> dict[str, Any]:
    """Return a frozen dataclass of the model as builtins, without defaults."""
    found: dict[str, Any] = {}
    for each in fields(value):
        item = getattr(value, each.name)
        if isinstance(item, Feature):
            found[each.name] = to_builtins(item)
        elif isinstance(item, Enum):
            found[each.name] = item.value
        elif item != each.default:
            parts = isinstance(item, tuple) and is_dataclass(item[0])
            found[each.name] = [to_builtins(part) for part in item] if parts else item
    return found


def redact_line(
    line: Line, clean: Callable[[str], str], clean_names: Callable[[str], str]
) -> Line:
    """
    Apply ``clean`` to the texts of a line.

    Parameters in names go through ``clean_names``, which removes only secrets: a name
    must be the same on every machine.

    Identifiers are never changed: keys, labels, tags, keywords, ``classname``, names
    of tests, scenarios and features (except for parameters), paths of features, names
    of parameters and of fields, and our own words.
    """
    name, bracket, parameters = line.get("name", "").partition("[")
    if bracket:
        line["name"] = f"{name}{bracket}{clean_names(parameters)}"
    _clean_fields(line, _FREE, clean)
    if scenario := line.get("scenario"):
        if scenario.get("outline"):
            _clean_fields(scenario, ("name",), clean_names)
        _clean_fields(scenario, ("description",), clean)
        _clean_fields(scenario["feature"], ("description",), clean)
    _clean_parts(line.get("steps", ()), clean)
    _clean_parts(line.get("iterations", ()), clean)
    for each in line.get("evidence", ()):
        _clean_fields(each, _FREE_OF_PART, clean)
    return line


_FREE = ("summary", "description", "message", "comment", "output", "quarantined")
_FREE_OF_PART = ("name", "message", "text", "data", "expected")


def _clean_parts(parts: Sequence[dict[str, Any]], clean: Callable[[str], str]) -> None:
    for part in parts:
        _clean_fields(part, _FREE_OF_PART, clean)
        for each in part.get("evidence", ()):
            _clean_fields(each, _FREE_OF_PART, clean)
        _clean_parts(part.get("steps", ()), clean)


def _clean_fields(
    found: Any, names: Sequence[str], clean: Callable[[str], str]
) -> None:
    for key in names:
        if key in found:
            found[key] = clean(found[key])
    for key in ("parameters", "custom_fields"):
        if key in found:
            found[key] = [(name, clean(text)) for name, text in found[key]]
    if "left_out" in found:
        found["left_out"] = [clean(text) for text in found["left_out"]]
    if "table" in found:
        found["table"] = [[clean(cell) for cell in row] for row in found["table"]]


def decode(line: Mapping[str, Any]) -> TestRun:
    """
    Return the ``TestRun`` of a line that ``encode`` made.

    Times, steps and iterations are not checked, because invalid times are repaired
    later. Raises KeyError, TypeError, ValueError, AttributeError or RecursionError for
    a line with other fields, or with other types.
    """
    of_test: dict[str, Any] = {}
    of_run: dict[str, Any] = {}
    known = _known_fields()
    for key, value in line.items():
        is_of_test, convert, usual, check = known[key]
        found = convert(value) if convert else value
        if type(found) is not usual and not check(found):
            msg = f"{key} cannot be {found!r}"
            raise TypeError(msg)
        (of_test if is_of_test else of_run)[key] = found
    of_run["test"] = shapes.make_value(TestIssue, of_test)
    return shapes.make_value(TestRun, of_run)


def scenario_of(found: dict[str, Any]) -> Scenario:
    """Return the scenario of builtins that ``to_builtins`` made."""
    feature = Feature(**{k: to_tuples(v) for k, v in found["feature"].items()})
    rest = {k: to_tuples(v) for k, v in found.items() if k != "feature"}
    return Scenario(feature=feature, **rest)


def step_of(found: dict[str, Any]) -> Step:
    """Return the step of builtins that ``to_builtins`` made."""
    rest = dict(found)
    evidence = evidence_of(rest.pop("evidence", ()))
    step: Step = _make_part(Step, rest, evidence=evidence)
    return step


def evidence_of(found: Sequence[dict[str, Any]]) -> tuple[Evidence, ...]:
    """Return the evidence of builtins that ``to_builtins`` made."""
    return tuple(Evidence(**each) for each in found)


def _iteration_of(found: dict[str, Any]) -> Iteration:
    rest = dict(found)
    steps = tuple(map(step_of, rest.pop("steps", ())))
    iteration: Iteration = _make_part(Iteration, rest, steps=steps)
    return iteration


def _make_part(kind: type[Any], found: dict[str, Any], **parts: Any) -> Any:
    rest = {key: to_tuples(value) for key, value in found.items()}
    rest["outcome"] = Outcome(rest["outcome"])
    return kind(**rest, **parts)


def to_tuples(value: Any) -> Any:
    """Turn lists into tuples, at all levels."""
    return tuple(map(to_tuples, value)) if isinstance(value, list) else value


# They have times: whoever repairs these checks the types.
_CHECKED_LATER = frozenset({"started", "duration", "steps", "iterations"})


class _Field(NamedTuple):
    """How a field of a line is read; a value of the type ``usual`` needs no check."""

    is_of_test: bool
    convert: Callable[[Any], Any] | None
    usual: type | None
    check: Check


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "outcome": {each.value: each for each in Outcome}.__getitem__,
    "scenario": lambda found: scenario_of(found) if found else None,
    "steps": lambda found: tuple(map(step_of, found)),
    "iterations": lambda found: tuple(map(_iteration_of, found)),
    "evidence": evidence_of,
}


@cache
def _known_fields() -> dict[str, _Field]:
    """Return how each field of a line is read."""
    known = {
        name: _Field(
            is_of_test=kind is TestIssue,
            convert=_CONVERT.get(name, None if usual else to_tuples),
            usual=usual,
            check=check if name not in _CHECKED_LATER else lambda _: True,
        )
        for kind in (TestIssue, TestRun)
        for name, usual, check in shapes.field_checks(kind)
    }
    # The line has the fields of the Test beside those of the result.
    del known["test"]
    return known
