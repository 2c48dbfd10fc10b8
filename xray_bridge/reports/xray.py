"""
Xray JSON, the format that carries most.

Source: Xray's manual, "Import Execution Results" and "Using Xray JSON format to
import execution results", for both products.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.errors import ReportError
from xray_bridge.moments import iso
from xray_bridge.reports.protocol import readable


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.dialect import Dialect
    from xray_bridge.merge import Results
    from xray_bridge.model import TestRun

# Jira's limit for a text, less room for what Xray adds.
LONGEST_COMMENT = 32_000


class XrayWriter:
    """
    One test for each Test; ``header`` stands before ``tests``.

    Scenarios without a Test key are left out: Xray JSON could only make Generic
    Tests of them. Raises ReportError where nothing is left.
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
        separator = b"\n"
        written = 0
        for run in results.merged():
            if run.test.test_keys or not run.scenario:
                file.write(separator + self._test(run, dialect))
                separator = b",\n"
                written += 1
        file.write(b"\n]}\n")
        if len(results) and not written:
            msg = "no scenario carries a Test key, so there is nothing to report"
            raise ReportError(msg, hint="tag scenarios with their Test, as @CALC-1")

    def _test(self, run: TestRun, dialect: Dialect) -> bytes:
        found = {
            **_identity(run, dialect, self._project),
            "start": iso(run.started),
            "finish": iso(run.started + max(0.0, run.duration)),
            "status": dialect.statuses[run.outcome],
            "comment": _comment(run),
            "defects": list(run.defects),
        }
        if run.scenario and run.iterations:
            found["examples"] = [dialect.statuses[i.outcome] for i in run.iterations]
        given = {name: value for name, value in found.items() if value}
        return json.dumps(given, allow_nan=False).encode()


def _identity(run: TestRun, dialect: Dialect, project: str) -> dict[str, Any]:
    test = run.test
    if test.test_keys:
        return {"testKey": test.test_keys[0]}
    info = {
        "projectKey": project,
        "summary": readable(test.summary or test.name),
        dialect.test_type_key: "Generic",
        "definition": readable(test.definition),
        "description": readable(test.description),
        "requirementKeys": [readable(key) for key in test.requirements],
        "labels": [readable(label) for label in test.labels],
    }
    return {"testInfo": {name: value for name, value in info.items() if value}}


def _comment(run: TestRun) -> str:
    # Custom fields go by id here, and marks know their names only.
    fields = [f"{name}: {value}" for name, value in run.custom_fields]
    texts = [run.comment, run.message, *fields]
    if run.iterations:
        texts += [
            f"{i.outcome.value}: " + ", ".join(f"{k}={v}" for k, v in i.parameters)
            for i in run.iterations
        ]
    text = readable("\n".join(text for text in texts if text))
    if len(text) > LONGEST_COMMENT:
        cut = len(text) - LONGEST_COMMENT
        half = LONGEST_COMMENT // 2
        text = f"{text[:half]}\n[... {cut} characters left out ...]\n{text[-half:]}"
    # Comments are wiki text in Jira; a traceback is not.
    return f"{{noformat}}{_defused(text)}{{noformat}}" if text else ""


def _defused(text: str) -> str:
    return text.replace("{noformat}", "{ noformat }")
