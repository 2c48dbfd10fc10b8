"""
Write Behave JSON as the formatter ``json`` of behave 1.2.6 does.

Xray reads only that form, so statuses of later versions are written as those of the old
one. Xray decides a scenario by its steps, so a failure outside of them (a hook) becomes
a step of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.formats.write import scenarios
from xray_bridge.formats.write.protocol import limit_duration
from xray_bridge.formats.write.streams import Base64
from xray_bridge.model.results import Outcome
from xray_bridge.model.tags import PREFIXES
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Evidence, Feature, Step
    from xray_bridge.runs.merge import Results

STATUSES = {
    Outcome.PASSED: "passed",
    Outcome.XFAILED: "passed",
    Outcome.XPASSED: "passed",
    Outcome.FLAKY: "passed",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_RUN: "untested",
}
# A feature gets the first of these statuses that any of its scenarios has.
OF_FEATURE = ("failed", "untested", "passed", "skipped")
STEP_TYPES = {"given": "given", "when": "when", "then": "then"}
NO_MATCH = {"location": "", "arguments": []}


class BehaveWriter:
    """Writes features one by one, with the scenarios that have results."""

    format = "behave"
    file_name = "report.behave.json"
    ensure_ascii = False

    def __init__(self, prefixes: Sequence[str] = PREFIXES) -> None:
        self.prefixes = prefixes

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """
        Write the report of all scenarios in ``results``; the rest is left out.

        Raises ReportError if steps cannot express the status of an outcome.
        """
        scenarios.write_features(self, results, dialect, file)

    def head(self, feature: Feature) -> dict[str, Any]:
        """Return the members before the scenarios of a feature."""
        return {
            "keyword": readable(feature.keyword),
            "name": readable(feature.name),
            "tags": _to_texts(feature.tags),
            "location": readable(f"{feature.path}:{feature.line}"),
            **_description_of(feature.description),
        }

    def element(self, reported: scenarios.ReportedScenario) -> dict[str, Any]:
        """Return the element of one scenario, or of one row."""
        scenario = reported.scenario
        return {
            "type": "scenario",
            "keyword": readable(scenario.keyword),
            "name": readable(scenario.name),
            "tags": reported.tags,
            "location": readable(f"{scenario.feature.path}:{scenario.line}"),
            "steps": list(_make_steps(reported)),
            "status": STATUSES[reported.outcome],
            **_description_of(scenario.description),
        }

    def foot(self, outcomes: set[Outcome]) -> dict[str, Any]:
        """Return the status of the feature, which is known at its end."""
        found = {STATUSES[outcome] for outcome in outcomes}
        return {"status": next(status for status in OF_FEATURE if status in found)}


def _to_texts(texts: Iterable[str]) -> list[str]:
    return [readable(text) for text in texts]


def _description_of(description: str) -> dict[str, list[str]]:
    return {"description": readable(description).split("\n")} if description else {}


def _make_steps(reported: scenarios.ReportedScenario) -> Iterator[dict[str, Any]]:
    step_type = "given"
    for step, kept in reported.steps:
        step_type = STEP_TYPES.get(step.keyword.strip().lower(), step_type)
        yield {
            "keyword": readable(step.keyword),
            "step_type": step_type,
            "name": readable(step.name),
            "location": readable(f"{reported.scenario.feature.path}:{step.line}"),
            **_argument_of(step),
            **_result_of(step),
            **_embed_evidence(kept),
        }


def _argument_of(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if step.text:
        text = readable(step.text)
        found["text"] = text.split("\n") if "\n" in text else text
    if step.table:
        headings, *rows = map(_to_texts, step.table)
        found["table"] = {"headings": headings, "rows": rows}
    return found


def _result_of(step: Step) -> dict[str, Any]:
    """Return the result of a step; empty for one that did not run, as in behave."""
    if step.outcome is Outcome.NOT_RUN:
        return {}
    result: dict[str, Any] = {
        "status": STATUSES[step.outcome],
        "duration": limit_duration(step.duration),
    }
    if step.message:
        result["error_message"] = readable(step.message).split("\n")
    return {"match": NO_MATCH, "result": result}


def _embed_evidence(kept: Sequence[tuple[Evidence, Path]]) -> dict[str, Any]:
    found = [
        {"mime_type": each.media_type, "data": Base64(path)} for each, path in kept
    ]
    return {"embeddings": found} if found else {}
