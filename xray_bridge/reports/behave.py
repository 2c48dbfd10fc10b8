"""
Behave's JSON report, as its formatter ``json`` of 1.2.6 writes it.

Xray reads that form only: statuses of later versions are put into the words of
the old one. Xray judges a scenario by its steps, so a failure outside of them
(a hook) becomes a step of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.model import Outcome
from xray_bridge.reports import scenarios
from xray_bridge.reports.protocol import readable


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_bridge.dialect import Dialect
    from xray_bridge.merge import Results
    from xray_bridge.model import Scenario, Step, TestRun

STATUSES = {
    Outcome.PASSED: "passed",
    Outcome.XFAILED: "passed",
    Outcome.XPASSED: "passed",
    Outcome.FLAKY: "passed",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_RUN: "untested",
}
# The first of these that any scenario has is the feature's.
OF_FEATURE = ("failed", "untested", "passed", "skipped")
STEP_TYPES = {"given": "given", "when": "when", "then": "then"}
NO_MATCH = {"location": "", "arguments": []}


class BehaveWriter:
    """Writes features one by one, with only those scenarios that have results."""

    format = "behave"
    file_name = "report.behave.json"

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:  # noqa: ARG002 - both products read the same
        """Write the report of all scenarios in ``results``; the rest is left out."""
        file.write(b"[\n")
        for number, runs in enumerate(results.features()):
            file.write(b",\n\n" if number else b"")
            _write_feature(list(runs), file)
        file.write(b"\n]\n")


def _write_feature(runs: Sequence[TestRun], file: BinaryIO) -> None:
    scenario = runs[0].scenario
    if scenario is None:
        return
    feature = scenario.feature
    head = {
        "keyword": readable(feature.keyword),
        "name": readable(feature.name),
        "tags": _texts(feature.tags),
        "location": readable(f"{feature.path}:{feature.line}"),
        "status": _feature_status(runs),
        **_described(feature.description),
    }
    # Element by element: a feature may have thousands of rows.
    file.write(_bytes(head).removesuffix(b"}") + b', "elements": [')
    for number, run in enumerate(runs):
        if run.scenario is not None:
            file.write(b",\n" if number else b"\n")
            file.write(_bytes(_element(run, run.scenario)))
    file.write(b"\n]}")


def _bytes(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def _texts(texts: Iterable[str]) -> list[str]:
    return [readable(text) for text in texts]


def _described(description: str) -> dict[str, list[str]]:
    return {"description": readable(description).split("\n")} if description else {}


def _feature_status(runs: Iterable[TestRun]) -> str:
    found = {STATUSES[run.outcome] for run in runs}
    return next(status for status in OF_FEATURE if status in found)


def _element(run: TestRun, scenario: Scenario) -> dict[str, Any]:
    return {
        "type": "scenario",
        "keyword": readable(scenario.keyword),
        "name": readable(scenario.name),
        "tags": scenarios.tags(run, scenario),
        "location": readable(f"{scenario.feature.path}:{scenario.line}"),
        "steps": list(_steps(run, scenario)),
        "status": STATUSES[run.outcome],
        **_described(scenario.description),
    }


def _steps(run: TestRun, scenario: Scenario) -> Iterator[dict[str, Any]]:
    step_type = "given"
    for step in scenarios.told(run):
        step_type = STEP_TYPES.get(step.keyword.strip().lower(), step_type)
        yield {
            "keyword": readable(step.keyword),
            "step_type": step_type,
            "name": readable(step.name),
            "location": readable(f"{scenario.feature.path}:{step.line}"),
            **_argument(step),
            **_result(step),
        }


def _argument(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if step.text:
        text = readable(step.text)
        found["text"] = text.split("\n") if "\n" in text else text
    if step.table:
        headings, *rows = map(_texts, step.table)
        found["table"] = {"headings": headings, "rows": rows}
    return found


def _result(step: Step) -> dict[str, Any]:
    """Nothing for a step that was not run, as behave has it."""
    if step.outcome is Outcome.NOT_RUN:
        return {}
    result: dict[str, Any] = {
        "status": STATUSES[step.outcome],
        "duration": step.duration,
    }
    if step.message:
        result["error_message"] = readable(step.message).split("\n")
    return {"match": NO_MATCH, "result": result}
