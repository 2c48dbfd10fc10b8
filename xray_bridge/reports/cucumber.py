"""
Cucumber JSON, for scenarios of pytest-bdd and behave.

Source: the sample reports of Xray's manual and Cucumber's own legacy JSON:
durations in nanoseconds, tags with ``@``, outlines expanded, one element a row.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.model import Outcome
from xray_bridge.reports import scenarios
from xray_bridge.reports.protocol import readable


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.dialect import Dialect
    from xray_bridge.merge import Results
    from xray_bridge.model import Feature, Step, TestRun

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

    def write(
        self,
        results: Results,
        dialect: Dialect,  # noqa: ARG002 - Cucumber has its own words
        file: BinaryIO,
    ) -> None:
        """Write the scenarios among ``results`` to ``file``."""
        file.write(b"[")
        separator = b"\n"
        for runs in results.features():
            file.write(separator + _feature(list(runs)))
            separator = b",\n"
        file.write(b"\n]\n")


def _feature(runs: list[TestRun]) -> bytes:
    feature = next(run.scenario.feature for run in runs if run.scenario)
    found = {
        "uri": readable(feature.path),
        "id": _slug(feature.name),
        "keyword": readable(feature.keyword),
        "name": readable(feature.name),
        "description": readable(feature.description),
        "line": feature.line,
        "tags": _tags([readable(tag) for tag in feature.tags], feature.line),
        "elements": [_element(run, feature) for run in runs],
    }
    return json.dumps(found, allow_nan=False).encode()


def _element(run: TestRun, feature: Feature) -> dict[str, Any]:
    scenario = run.scenario
    if scenario is None:
        msg = "only scenarios have a place in Cucumber JSON"
        raise ValueError(msg)
    identifier = f"{_slug(feature.name)};{_slug(scenario.outline or scenario.name)}"
    if scenario.row:
        # Cucumber counts the header of the examples as the first row.
        identifier += f";;{scenario.row + 1}"
    return {
        "type": "scenario",
        "id": identifier,
        "keyword": readable(scenario.keyword),
        "name": readable(scenario.outline or scenario.name),
        "description": readable(scenario.description),
        "line": scenario.line,
        "tags": _tags(scenarios.tags(run, scenario), scenario.line),
        "steps": [_step(step) for step in scenarios.told(run)],
    }


def _step(step: Step) -> dict[str, Any]:
    result: dict[str, Any] = {
        "status": STATUSES[step.outcome],
        "duration": round(step.duration * 1e9),
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
    return found


def _tags(tags: Sequence[str], line: int) -> list[dict[str, Any]]:
    return [{"name": f"@{tag}", "line": max(1, line - 1)} for tag in tags]


def _slug(name: str) -> str:
    return readable(name).strip().lower().replace(" ", "-")
