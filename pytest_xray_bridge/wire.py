"""
From the process where a test runs to the one that records: builtins only.

xdist carries attributes of a report whose values are text, numbers, lists and
dicts, and ends the session at anything else (a path, an enum, a lone
surrogate). So both ends of the wire are in this one module. Without workers the
same values take the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from xray_bridge import codec
from xray_bridge.model import Scenario, Step


if TYPE_CHECKING:
    import pytest

    from pytest_xray_bridge.marks import Annotation

ATTRIBUTE = "xray_bridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Luggage:
    """
    What is known of a test beyond its reports.

    ``fault`` is one of our own, where the test ran; it must not end the session.
    """

    annotation: Annotation | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    scenario: Scenario | None = None
    steps: tuple[Step, ...] = ()
    fault: str = ""


def pack(report: pytest.TestReport, luggage: Luggage) -> None:
    """Hang it on a report, if there is any."""
    found: dict[str, Any] = {}
    if luggage.annotation:
        found["annotation"] = {
            each.name: value
            for each in fields(luggage.annotation)
            if (value := getattr(luggage.annotation, each.name))
        }
    if luggage.parameters:
        found["parameters"] = luggage.parameters
    if luggage.scenario:
        found["scenario"] = codec.plain(luggage.scenario)
    if luggage.steps:
        found["steps"] = [codec.plain(step) for step in luggage.steps]
    if luggage.fault:
        found["fault"] = luggage.fault
    if found:
        setattr(report, ATTRIBUTE, _sendable(found))


def unpack(report: pytest.TestReport) -> Luggage | None:
    """What ``pack`` hung on a report."""
    found: dict[str, Any] | None = getattr(report, ATTRIBUTE, None)
    if found is None:
        return None
    annotation = found.get("annotation")
    scenario = found.get("scenario")
    return Luggage(
        annotation=_annotation(annotation) if annotation else None,
        parameters=codec.frozen(found.get("parameters", [])),
        scenario=codec.scenario_of(scenario) if scenario else None,
        fault=found.get("fault", ""),
        steps=tuple(codec.step_of(step) for step in found.get("steps", ())),
    )


def _annotation(found: dict[str, Any]) -> Annotation:
    from pytest_xray_bridge.marks import Annotation

    return Annotation(**{name: codec.frozen(value) for name, value in found.items()})


def _sendable(value: Any) -> Any:
    """Builtins that execnet takes, exact types, text without lone surrogates."""
    if isinstance(value, str):
        return str(value.encode("utf-8", "backslashreplace"), "utf-8")
    if isinstance(value, (list, tuple)):
        return [_sendable(each) for each in value]
    if isinstance(value, dict):
        return {_sendable(key): _sendable(each) for key, each in value.items()}
    return value
