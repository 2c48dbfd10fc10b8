"""
One line of a journal: a ``TestRun`` as JSON builtins, and back.

What is empty is left out. Encoding is on the path of every single test, so it
is written out by hand for what nearly all tests have; the rest is generic.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, TypedDict

from xray_bridge.model import (
    Feature,
    Iteration,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SELDOM = ("message", "comment", "defects", "parameters", "custom_fields")
_SELDOM_OF_TEST = ("test_keys", "summary", "description", "labels", "requirements")


class Line(TypedDict, total=False):
    """
    A line of a journal, or as much of it as is known so far.

    Sequences are tuples or lists; scenario and steps are what ``plain`` makes.
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


def encode(run: TestRun) -> Line:
    """Builtins that ``json`` writes, and ``decode`` turns back."""
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
        found["scenario"] = plain(run.scenario)
    if run.steps:
        found["steps"] = [plain(step) for step in run.steps]
    if run.iterations:
        found["iterations"] = [plain(iteration) for iteration in run.iterations]
    return found


def plain(value: Any) -> dict[str, Any]:
    """A frozen dataclass of the model as builtins, defaults left out."""
    found = {}
    for each in fields(value):
        item = getattr(value, each.name)
        if isinstance(item, Feature):
            found[each.name] = plain(item)
        elif isinstance(item, Enum):
            found[each.name] = item.value
        elif item != each.default:
            found[each.name] = item
    return found


def cleaned(line: Line, clean: Callable[[str], str]) -> Line:
    """
    A line whose free texts have gone through ``clean``.

    Texts only: names and words of ours must not change, whatever the secret is.
    """
    for key in ("message", "comment"):
        if key in line:
            line[key] = clean(line[key])
    for key in ("parameters", "custom_fields"):
        if key in line:
            pairs = line[key]  # type: ignore[literal-required]
            line[key] = [(name, clean(text)) for name, text in pairs]  # type: ignore[literal-required]
    for step in line.get("steps", ()):
        for key in ("name", "message", "text"):
            if key in step:
                step[key] = clean(step[key])
    return line


def decode(line: dict[str, Any]) -> TestRun:
    """The ``TestRun`` that ``encode`` was given."""
    rest = dict(line)
    test = TestIssue(
        classname=rest.pop("classname"),
        name=rest.pop("name"),
        **{key: frozen(rest.pop(key)) for key in _SELDOM_OF_TEST if key in rest},
    )
    scenario = rest.pop("scenario", None)
    return TestRun(
        test=test,
        outcome=Outcome(rest.pop("outcome")),
        scenario=scenario_of(scenario) if scenario else None,
        steps=tuple(step_of(step) for step in rest.pop("steps", ())),
        iterations=tuple(_part(Iteration, i) for i in rest.pop("iterations", ())),
        **{key: frozen(value) for key, value in rest.items()},
    )


def scenario_of(found: dict[str, Any]) -> Scenario:
    """The scenario that ``plain`` was given."""
    feature = Feature(**{k: frozen(v) for k, v in found["feature"].items()})
    rest = {k: frozen(v) for k, v in found.items() if k != "feature"}
    return Scenario(feature=feature, **rest)


def step_of(found: dict[str, Any]) -> Step:
    """The step that ``plain`` was given."""
    step: Step = _part(Step, found)
    return step


def _part(kind: type[Any], found: dict[str, Any]) -> Any:
    rest = {key: frozen(value) for key, value in found.items()}
    rest["outcome"] = Outcome(rest["outcome"])
    return kind(**rest)


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value
