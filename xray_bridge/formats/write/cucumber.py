"""
Write Cucumber JSON for scenarios of pytest-bdd and behave.

Source: the sample reports of Xray's manual and Cucumber's own legacy JSON:
durations in nanoseconds, tags with ``@``, outlines expanded, one element a row.
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
    from collections.abc import Sequence
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
    Outcome.NOT_RUN: "skipped",
}


class CucumberWriter:
    """One object for each feature file, one element for each scenario or row."""

    format = "cucumber"
    file_name = "report-cucumber.json"
    ensure_ascii = True

    def __init__(self, prefixes: Sequence[str] = PREFIXES) -> None:
        self.prefixes = prefixes

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """
        Write the scenarios among ``results`` to ``file``; the rest is left out.

        Raises ReportError if steps cannot express the status of an outcome.
        """
        scenarios.write_features(self, results, dialect, file)

    def head(self, feature: Feature) -> dict[str, Any]:
        """Return the members before the scenarios of a feature."""
        return {
            "uri": readable(feature.path),
            "id": _make_slug(feature.name),
            "keyword": readable(feature.keyword),
            "name": readable(feature.name),
            "description": readable(feature.description),
            "line": feature.line,
            "tags": _make_tags([readable(tag) for tag in feature.tags], feature.line),
        }

    def element(self, reported: scenarios.ReportedScenario) -> dict[str, Any]:
        """Return the element of one scenario, or of one row."""
        scenario = reported.scenario
        name = scenario.outline or scenario.name
        identifier = f"{_make_slug(scenario.feature.name)};{_make_slug(name)}"
        if scenario.row:
            # Cucumber counts the header of the examples as the first row.
            identifier += f";;{scenario.row + 1}"
        return {
            "type": "scenario",
            "id": identifier,
            "keyword": readable(scenario.keyword),
            "name": readable(name),
            "description": readable(scenario.description),
            "line": scenario.line,
            "tags": _make_tags(reported.tags, scenario.line),
            "steps": [_make_step(step, kept) for step, kept in reported.steps],
        }

    def foot(self, outcomes: set[Outcome]) -> dict[str, Any]:  # noqa: ARG002 - others need it
        """Return nothing: features have no status here."""
        return {}


def _make_step(step: Step, kept: Sequence[tuple[Evidence, Path]]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "status": STATUSES[step.outcome],
        "duration": round(limit_duration(step.duration) * 1e9),
    }
    if step.message:
        result["error_message"] = readable(step.message)
    found: dict[str, Any] = {
        "keyword": f"{readable(step.keyword).strip()} ",
        "name": readable(step.name),
        "line": step.line,
        "match": {"location": ""},
        "result": result,
    }
    if step.table:
        found["rows"] = [{"cells": [readable(c) for c in row]} for row in step.table]
    if step.text:
        found["doc_string"] = {"value": readable(step.text), "line": step.line}
    if kept:
        found["embeddings"] = [
            {"mime_type": each.media_type, "data": Base64(path), "name": each.name}
            for each, path in kept
        ]
    return found


def _make_tags(tags: Sequence[str], line: int) -> list[dict[str, Any]]:
    return [{"name": f"@{tag}", "line": max(1, line - 1)} for tag in tags]


def _make_slug(name: str) -> str:
    return readable(name).strip().lower().replace(" ", "-")
