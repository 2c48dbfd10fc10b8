"""
Write Xray JSON, the format that can say most.

Source: Xray's manual, "Import Execution Results" and "Using Xray JSON format to
import execution results", for both products.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.errors import ReportError
from xray_bridge.formats.write.comment import make_comment
from xray_bridge.formats.write.protocol import (
    LONGEST_SUMMARY,
    limit_duration,
)
from xray_bridge.formats.write.streams import dump_json
from xray_bridge.formats.write.xray_parts import Parts
from xray_bridge.model.times import iso_time
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results


class XrayWriter:
    """
    Writes one test for each Test; ``header`` stands before ``tests``.

    Scenarios without a Test key are left out, because Xray JSON would make Generic
    Tests of them. Raises ReportError if nothing remains.
    """

    format = "xray"
    file_name = "report-xray.json"

    def __init__(
        self, header: Mapping[str, Any] | None = None, project: str = ""
    ) -> None:
        self._header = dict(header or {})
        self._project = project

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """Write the report of ``results`` to ``file``."""
        head = json.dumps(self._header)[:-1]
        file.write(f"{head}{', ' if self._header else ''}".encode())
        file.write(b'"tests": [')
        parts = Parts(results, dialect)
        written = 0
        for run in results.merged():
            if run.test.test_keys or not run.scenario:
                file.write(b",\n" if written else b"\n")
                dump_json(_make_test(run, dialect, parts, self._project), file)
                written += 1
        file.write(b"\n]}\n")
        if len(results) and not written:
            msg = "no scenario has a Test key, so there is nothing to report"
            raise ReportError(
                msg, hint="tag scenarios with their Tests, such as @CALC-1"
            )


def _make_test(
    run: TestRun, dialect: Dialect, parts: Parts, project: str
) -> dict[str, Any]:
    members = parts.of_run(run)
    by_id = [field for field in run.custom_fields if _is_id(field[0])]
    by_name = [field for field in run.custom_fields if not _is_id(field[0])]
    found = {
        **_identify_test(run, dialect, project),
        "start": iso_time(run.started),
        "finish": iso_time(run.started + limit_duration(run.duration)),
        "status": dialect.statuses[run.outcome],
        "comment": make_comment(
            run, steps="steps" not in members, custom_fields=by_name
        ),
        "defects": [readable(key) for key in run.defects],
        dialect.evidence_key: parts.evidence(parts.other_evidence(run, members)),
        "customFields": [{"id": id_, "value": readable(v)} for id_, v in by_id],
        **members,
    }
    return {name: value for name, value in found.items() if value}


def _is_id(name: str) -> bool:
    """Whether a custom field is given by its id, and not by its name."""
    return name.isascii() and name.isdigit()


def _identify_test(run: TestRun, dialect: Dialect, project: str) -> dict[str, Any]:
    test = run.test
    if test.test_keys:
        return {"testKey": test.test_keys[0]}
    names = map(one_line, (test.summary, test.name, test.definition))
    info = {
        "projectKey": project,
        "summary": next(filter(None, names), "")[:LONGEST_SUMMARY],
        dialect.test_type_key: "Generic",
        "definition": readable(test.definition),
        "description": readable(test.description),
        "requirementKeys": [readable(key) for key in test.requirements],
        "labels": [*filter(None, map(readable, test.labels))],
    }
    return {"testInfo": {name: value for name, value in info.items() if value}}
