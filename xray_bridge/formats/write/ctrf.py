"""
Write CTRF, the Common Test Report Format, for the tools of others.

Xray does not import it. Source: the JSON schema of ctrf.io, which is to be 1.0.0.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.formats.write.protocol import limit_duration, plain_outcome
from xray_bridge.formats.write.streams import sendable_evidence
from xray_bridge.model.results import Outcome
from xray_bridge.runs import evidence
from xray_bridge.runs.failures import main_line, text_of
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunInfo

# The only version that CTRF's own library knows; the schema of 1.0.0 takes it, too.
SPECIFICATION = "0.0.0"
STATUSES = ("passed", "failed", "skipped", "pending", "other")
PENDING = "pending"


class CtrfWriter:
    """
    Writes one test for each result; rows of a test are tests of their own.

    ``info`` gives the names of tool, build and environment. Evidence is named by its
    path beside the report.
    """

    format = "ctrf"
    file_name = "ctrf-report.json"

    def __init__(self, info: RunInfo | None = None) -> None:
        self._info = info

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """Write the report of ``results`` to ``file``."""
        head = {
            "reportFormat": "CTRF",
            "specVersion": SPECIFICATION,
            "generatedBy": "xray-bridge",
        }
        parts: dict[str, Any] = {
            "tool": self._describe_tool(),
            "summary": _summarise(results, dialect),
            "environment": self._describe_environment(),
        }
        text = "".join(f'"{k}": {json.dumps(v)},\n' for k, v in parts.items() if v)
        opening = f'{json.dumps(head)[:-1]}, "results": {{\n{text}"tests": ['
        file.write(opening.encode())
        between = b"\n"
        for run in results.runs():
            test = json.dumps(_make_test(run, results, dialect))
            file.write(between + test.encode())
            between = b",\n"
        file.write(b"\n]}}\n")

    def _describe_tool(self) -> dict[str, str]:
        name = self._info.framework if self._info else "xray-bridge"
        version = self._info.versions.get(name, "") if self._info else ""
        return {"name": name, **({"version": version} if version else {})}

    def _describe_environment(self) -> dict[str, str]:
        if self._info is None:
            return {}
        ci, settings = self._info.ci, self._info.settings
        found = {
            "buildName": ci.get("name", ""),
            "buildUrl": ci.get("build_url", ""),
            "commit": settings.get("revision", "") or ci.get("revision", ""),
            "branchName": ci.get("branch", ""),
            "testEnvironment": settings.get("environments", ""),
        }
        return {name: readable(value) for name, value in found.items() if value}


def _summarise(results: Results, dialect: Dialect) -> dict[str, int]:
    counts = dict.fromkeys(STATUSES, 0)
    for outcome in Outcome:
        counts[_status_of(outcome, dialect)] += results.counts[outcome.value]
    start = _milliseconds(results.started or 0.0)
    stop = _milliseconds(results.finished or results.started or 0.0)
    return {
        "tests": len(results),
        **counts,
        "flaky": results.counts[Outcome.FLAKY.value],
        "start": start,
        "stop": stop,
        "duration": max(0, stop - start),
    }


def _status_of(outcome: Outcome, dialect: Dialect) -> str:
    if outcome is Outcome.NOT_RUN:
        return PENDING
    return plain_outcome(outcome, dialect).value


def _make_test(run: TestRun, results: Results, dialect: Dialect) -> dict[str, Any]:
    status = _status_of(run.outcome, dialect)
    duration = limit_duration(run.duration)
    text = readable(text_of(run))
    is_failure = run.outcome in {Outcome.FAILED, Outcome.FLAKY, Outcome.XFAILED}
    found = {
        "name": _name_of(run),
        "status": status,
        "duration": _milliseconds(duration),
        "start": _milliseconds(run.started),
        "stop": _milliseconds(run.started + duration),
        "suite": [one_line(each) for each in _suites_of(run) if each],
        "message": main_line(text) if is_failure else text,
        "trace": text if is_failure else "",
        "rawStatus": run.outcome.value if run.outcome.value != status else "",
        "tags": [*map(readable, (*run.test.test_keys, *run.test.labels))],
        "labels": {name: value for name, value in _labels_of(run).items() if value},
        "filePath": readable(run.scenario.feature.path) if run.scenario else "",
        "line": run.scenario.line if run.scenario else 0,
        "flaky": run.outcome is Outcome.FLAKY,
        "stdout": readable(run.output).splitlines(),
        "attachments": [*_attachments_of(run, results)],
        "parameters": {readable(k): readable(v) for k, v in run.parameters},
        "steps": [*_steps_of(run, dialect)],
    }
    always = ("name", "status", "duration")
    return {name: value for name, value in found.items() if value or name in always}


def _name_of(run: TestRun) -> str:
    name = run.scenario.name if run.scenario else run.test.name
    return one_line(name) or one_line(run.test.definition) or "unnamed"


def _suites_of(run: TestRun) -> tuple[str, ...]:
    if run.scenario:
        return (run.scenario.feature.name or run.scenario.feature.path,)
    return (run.test.classname,)


def _labels_of(run: TestRun) -> Mapping[str, list[str]]:
    return {
        "testKey": [*map(readable, run.test.test_keys)],
        "requirement": [*map(readable, run.test.requirements)],
        "defect": [*map(readable, run.defects)],
    }


def _attachments_of(run: TestRun, results: Results) -> Iterator[dict[str, str]]:
    for each, path in sendable_evidence(results, evidence.of_run(run)):
        where = f"{evidence.FOLDER}/{path.name}"
        yield {"name": each.name, "contentType": each.media_type, "path": where}


def _steps_of(run: TestRun, dialect: Dialect) -> Iterator[dict[str, str]]:
    steps = [(f"{each.keyword} {each.name}", each.outcome) for each in run.steps]
    for each in run.iterations:
        values = ", ".join(f"{name}={value}" for name, value in each.parameters)
        steps.append((values, each.outcome))
    for name, outcome in steps:
        status = _status_of(outcome, dialect)
        yield {"name": one_line(name).strip() or "unnamed", "status": status}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
