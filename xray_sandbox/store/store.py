"""The sandbox's data: seeded issues, uploaded results, received requests."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xray_sandbox.read.submission import Result
from xray_sandbox.store.planning import Planning
from xray_sandbox.store.rows import (
    TEST_EXECUTION,
    EvidenceRow,
    IssueRow,
    IterationRow,
    PartRow,
    RequestRow,
    StepRow,
    TestExecutionRow,
    TestRunRow,
)


_RUNS = (
    "SELECT run.*, issue.key AS test_key, issue.summary AS test_summary "
    "FROM run JOIN issue ON issue.id = run.test_id "
)


class Store(Planning):
    """All data of a sandbox; `path` is the database's file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.evidence_directory = path.parent / "evidence"
        # Names of permissions and issue types, or "licence", that this instance
        # lacks: tests imitate a badly configured Jira with it.
        self.taken_away: set[str] = set()
        # Ids of fields that new issues must have, or "transition" and the id of one
        # that an issue needs to be done.
        self.required: set[str] = set()
        # The largest attachment, in bytes.
        self.attachment_limit = 10 << 20

    def add_test_execution(  # noqa: PLR0913 -- a Test Execution has this many sides
        self,
        key: str | None = None,
        *,
        project: str = "",
        summary: str = "",
        description: str = "",
        labels: Sequence[str] = (),
        fix_versions: Sequence[str] = (),
        test_plans: Sequence[str] = (),
        environments: Sequence[str] = (),
        revision: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """Add a Test Execution with this key, or with the next key of the project."""
        with self.transaction():
            key = self.add_issue(
                TEST_EXECUTION,
                key,
                project=project,
                summary=summary or "Execution results",
                description=description,
                labels=labels,
                fix_versions=fix_versions,
                environments=environments,
                revision=revision,
                fields=fields or {},
            )
            for plan in test_plans:
                self.link_to_plan(plan, [key])
        return key

    def put_test_run(self, execution: IssueRow, test: IssueRow, result: Result) -> None:
        """Write a Test Run; it replaces the Test's earlier one in the execution."""
        with self.transaction():
            self.run(
                "DELETE FROM run WHERE execution_id = ? AND test_id = ?",
                (execution.id, test.id),
            )
            run_id = self.run(
                "INSERT INTO run (execution_id, test_id, status, comment, log, "
                "started, finished, executed_by, defects, steps, iterations, examples, "
                "custom_fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (execution.id, test.id, *_run_values(result)),
            )
            for item in result.evidence:
                self.run(
                    "INSERT INTO evidence "
                    "(run_id, filename, media_type, size, sha256, place) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        run_id,
                        item.filename,
                        item.media_type,
                        len(item.data),
                        self.write_file(item.data),
                        item.place,
                    ),
                )

    def write_file(self, data: bytes) -> str:
        """Write the file unless it exists; its name is the SHA-256 of its content."""
        name = hashlib.sha256(data).hexdigest()
        target = self.evidence_directory / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
                file.write(data)
            os.replace(file.name, target)  # noqa: PTH105 -- atomic, on Windows too
        return name

    def test_executions(self) -> tuple[TestExecutionRow, ...]:
        """All Test Executions, newest first, with counts but without their runs."""
        found = self.issues("type = ?", (TEST_EXECUTION,))
        rows = (self._execution_row(issue, ()) for issue in found)
        return tuple(sorted(rows, key=lambda row: row.id, reverse=True))

    def test_execution(self, key: str) -> TestExecutionRow | None:
        """One Test Execution with its Test Runs."""
        issue = self.issue(key)
        if issue is None or issue.type != TEST_EXECUTION:
            return None
        return self._execution_row(issue, self.test_runs(issue.id))

    def _execution_row(
        self, issue: IssueRow, runs: tuple[TestRunRow, ...]
    ) -> TestExecutionRow:
        return TestExecutionRow(
            key=issue.key,
            id=issue.id,
            project=issue.project,
            summary=issue.summary,
            description=issue.description,
            labels=issue.labels,
            fix_versions=issue.fix_versions,
            test_plans=self.plans_of(issue.id),
            environments=issue.environments,
            revision=issue.revision,
            fields=issue.fields,
            created=issue.created,
            runs=runs,
            counts=self._count_statuses(issue.id),
        )

    def _count_statuses(self, execution_id: int) -> Mapping[str, int]:
        rows = self.all(
            "SELECT status, COUNT(*) AS times FROM run WHERE execution_id = ? "
            "GROUP BY status ORDER BY status",
            (execution_id,),
        )
        return {row["status"]: row["times"] for row in rows}

    def test_runs(self, execution_id: int) -> tuple[TestRunRow, ...]:
        """The Test Runs of a Test Execution, in the order of their upload."""
        rows = self.all(
            _RUNS + "WHERE execution_id = ? ORDER BY run.id", (execution_id,)
        )
        evidence: dict[int, list[EvidenceRow]] = {}
        for found in self.all(
            "SELECT evidence.* FROM evidence JOIN run ON run.id = evidence.run_id "
            "WHERE run.execution_id = ? ORDER BY evidence.id",
            (execution_id,),
        ):
            evidence.setdefault(found["run_id"], []).append(_evidence_row(found))
        return tuple(_run_row(row, tuple(evidence.get(row["id"], ()))) for row in rows)

    def test_run(self, id: int) -> tuple[IssueRow, TestRunRow] | None:  # noqa: A002
        """A Test Run by its id, after its Test Execution."""
        row = self.first("SELECT execution_id FROM run WHERE id = ?", (id,))
        execution = self.issue(row["execution_id"]) if row else None
        if execution is None:
            return None
        runs = self.test_runs(execution.id)
        return execution, next(run for run in runs if run.id == id)

    def change_defects(self, run_id: int, keys: Sequence[str]) -> None:
        """Replace the defects of a Test Run; none occurs twice."""
        self.run(
            "UPDATE run SET defects = ? WHERE id = ?",
            (json.dumps(list(dict.fromkeys(keys))), run_id),
        )

    def statuses_of(self, test_id: int) -> tuple[str, ...]:
        """The statuses of all Test Runs of a Test, oldest first."""
        rows = self.all(
            "SELECT status FROM run WHERE test_id = ? ORDER BY id", (test_id,)
        )
        return tuple(row["status"] for row in rows)

    def runs_of_test(self, test_id: int) -> tuple[tuple[IssueRow, TestRunRow], ...]:
        """All Test Runs of a Test, oldest first, each after its Test Execution."""
        rows = self.all("SELECT id FROM run WHERE test_id = ? ORDER BY id", (test_id,))
        return tuple(found for row in rows if (found := self.test_run(row["id"])))

    def evidence(self, id: int) -> tuple[EvidenceRow, Path] | None:  # noqa: A002
        """One evidence row and the path of its file."""
        row = self.first("SELECT * FROM evidence WHERE id = ?", (id,))
        if row is None:
            return None
        return _evidence_row(row), self.evidence_directory / row["sha256"]

    def add_request(self, row: RequestRow) -> None:
        """Log a received request."""
        self.run(
            "INSERT INTO request (method, path, query, status, content_type, parts) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.method,
                row.path,
                row.query,
                row.status,
                row.content_type,
                json.dumps([asdict(part) for part in row.parts]),
            ),
        )

    def requests(self) -> tuple[RequestRow, ...]:
        """All received requests, oldest first."""
        return tuple(
            RequestRow(
                method=row["method"],
                path=row["path"],
                query=row["query"],
                status=row["status"],
                content_type=row["content_type"],
                parts=tuple(PartRow(**part) for part in json.loads(row["parts"])),
            )
            for row in self.all("SELECT * FROM request ORDER BY id")
        )


def _run_values(result: Result) -> tuple[str, ...]:
    return (
        result.status,
        result.comment,
        result.log,
        result.started,
        result.finished,
        result.executed_by,
        json.dumps(result.defects),
        json.dumps([asdict(step) for step in result.steps]),
        json.dumps([asdict(iteration) for iteration in result.iterations]),
        json.dumps(result.examples),
        json.dumps(dict(result.custom_fields)),
    )


def _run_row(row: sqlite3.Row, evidence: tuple[EvidenceRow, ...]) -> TestRunRow:
    return TestRunRow(
        id=row["id"],
        test_key=row["test_key"],
        test_summary=row["test_summary"],
        status=row["status"],
        comment=row["comment"],
        log=row["log"],
        started=row["started"],
        finished=row["finished"],
        executed_by=row["executed_by"],
        defects=tuple(json.loads(row["defects"])),
        evidence=evidence,
        steps=tuple(_step_row(step) for step in json.loads(row["steps"])),
        iterations=tuple(_iteration_row(one) for one in json.loads(row["iterations"])),
        examples=tuple(json.loads(row["examples"])),
        custom_fields=json.loads(row["custom_fields"]),
    )


def _step_row(value: dict[str, Any]) -> StepRow:
    return StepRow(**{**value, "defects": tuple(value["defects"])})


def _iteration_row(value: dict[str, Any]) -> IterationRow:
    pairs = tuple((name, text) for name, text in value["parameters"])
    steps = tuple(_step_row(step) for step in value["steps"])
    return IterationRow(**{**value, "parameters": pairs, "steps": steps})


def _evidence_row(row: sqlite3.Row) -> EvidenceRow:
    return EvidenceRow(
        id=row["id"],
        filename=row["filename"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        place=row["place"],
    )
