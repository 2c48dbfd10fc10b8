"""The data before an upload: projects, versions, Tests, Test Plans, filters."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from xray_sandbox.store.documents import LIMIT, MOVED, PROJECT, Documents
from xray_sandbox.store.rows import (
    PRECONDITION,
    STORY,
    TEST,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
    TestRow,
)


FIRST_NEW_NUMBER = 101
_KEY = re.compile(r"([A-Z][A-Z0-9_]+)-([1-9][0-9]*)")
_LISTS = ("labels", "fix_versions", "environments", "requirements")


def split_key(key: str) -> tuple[str, int] | None:
    """Project and number of a well-formed issue key."""
    match = _KEY.fullmatch(key)
    return (match[1], int(match[2])) if match else None


class Catalogue(Documents):
    """Add and find everything except Test Executions."""

    def add_project(self, key: str, name: str = "") -> str:
        """Make sure that the project exists."""
        self.run(
            "INSERT OR IGNORE INTO project (key, name) VALUES (?, ?)",
            (key, name or key),
        )
        return key

    def add_version(self, project: str, name: str) -> None:
        """Make sure that the project has this version."""
        self.run(
            "INSERT OR IGNORE INTO version (project, name) VALUES (?, ?)",
            (project, name),
        )

    def add_environment(self, project: str, name: str) -> None:
        """Make sure that the project knows this Test Environment."""
        self.run(
            "INSERT OR IGNORE INTO environment (project, name) VALUES (?, ?)",
            (project, name),
        )

    def add_test(  # noqa: PLR0913 -- a Test has this many sides
        self,
        key: str | None = None,
        *,
        project: str = "",
        type: str = "Generic",  # noqa: A002 -- Xray's word
        summary: str = "",
        definition: str = "",
        scenario: str = "",
        description: str = "",
        labels: Sequence[str] = (),
        requirements: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """Add a Test with this key, or with the next key of the project."""
        return self.add_issue(
            TEST,
            key,
            project=project,
            summary=summary,
            description=description,
            labels=labels,
            kind=type,
            definition=definition,
            scenario=scenario,
            requirements=requirements,
            fields=fields or {},
        )

    def add_requirement(self, key: str, summary: str) -> str:
        """Add a story that Tests can cover."""
        return self.add_issue(STORY, key, summary=summary)

    def add_test_plan(
        self,
        key: str | None = None,
        *,
        project: str = "",
        summary: str = "",
        tests: Sequence[str] = (),
    ) -> str:
        """Add a Test Plan."""
        with self.transaction():
            plan = self.add_issue(TEST_PLAN, key, project=project, summary=summary)
            self.link_to_plan(plan, tests)
        return plan

    def add_test_set(self, key: str, *, tests: Sequence[str] = ()) -> str:
        """Add a Test Set."""
        with self.transaction():
            self.add_issue(TEST_SET, key)
            self.link_to_plan(key, tests)
        return key

    def add_filter(self, id: int, jql_or_keys: str | Sequence[str]) -> None:  # noqa: A002
        """Save a filter: a JQL query, or the keys that it finds."""
        text = isinstance(jql_or_keys, str)
        self.run(
            "INSERT OR REPLACE INTO filter (id, keys, jql) VALUES (?, ?, ?)",
            (
                id,
                json.dumps([] if text else list(jql_or_keys)),
                jql_or_keys if text else "",
            ),
        )

    def add_issue(
        self,
        type: str,  # noqa: A002
        key: str | None = None,
        *,
        project: str = "",
        **columns: Any,
    ) -> str:
        """Add an issue with this key, or with the next key of the project."""
        with self.transaction():
            project, number = self._find_place(key, project)
            key = f"{project}-{number}"
            values = {
                "key": key,
                "project": project,
                "number": number,
                "type": type,
                "created": datetime.now(timezone.utc).isoformat("T", "milliseconds"),
                **columns,
            }
            values["summary"] = values.get("summary") or key
            packed = {name: _to_column(value) for name, value in values.items()}
            names, marks = ", ".join(packed), ", ".join("?" * len(packed))
            self.run(
                f"INSERT INTO issue ({names}) VALUES ({marks})",  # noqa: S608
                tuple(packed.values()),
            )
        return key

    def _find_place(self, key: str | None, project: str) -> tuple[str, int]:
        if key is None:
            row = self.first(
                "SELECT MAX(number) AS top FROM issue WHERE project = ?", (project,)
            )
            top = (row["top"] if row else None) or 0
            return project, max(FIRST_NEW_NUMBER, top + 1)
        place = split_key(key)
        if place is None:
            msg = f"not an issue key: {key!r}"
            raise ValueError(msg)
        self.add_project(place[0])
        return place

    def change_issue(self, key: str, **columns: Any) -> None:
        """Overwrite these columns."""
        if columns:
            marks = ", ".join(f"{name} = ?" for name in columns)
            self.run(
                f"UPDATE issue SET {marks} WHERE key = ?",  # noqa: S608
                (*map(_to_column, columns.values()), key),
            )

    def link_to_plan(self, plan: str, keys: Iterable[str]) -> None:
        """Put Tests or Test Executions into a Test Plan, Tests into a Test Set."""
        with self.transaction():
            for key in keys:
                self.run(
                    "INSERT OR IGNORE INTO plan_member (plan_id, issue_id) "
                    "SELECT plan.id, issue.id FROM issue plan, issue "
                    "WHERE plan.key = ? AND issue.key = ?",
                    (plan, key),
                )

    def unlink_from_plan(self, plan: str, keys: Iterable[str]) -> None:
        """Take Tests or Test Executions out of a Test Plan."""
        with self.transaction():
            for key in keys:
                self.run(
                    "DELETE FROM plan_member "
                    "WHERE plan_id = (SELECT id FROM issue WHERE key = ?) "
                    "AND issue_id = (SELECT id FROM issue WHERE key = ?)",
                    (plan, key),
                )

    def plan_members(self, plan: str, type: str) -> tuple[IssueRow, ...]:  # noqa: A002
        """The Tests, or the Test Executions, of a Test Plan."""
        return self.issues(
            "type = ? AND id IN (SELECT issue_id FROM plan_member WHERE plan_id = "
            "(SELECT id FROM issue WHERE key = ?))",
            (type, plan),
        )

    def plans_of(self, issue_id: int) -> tuple[str, ...]:
        """The Test Plans that an issue is in."""
        return tuple(row.key for row in self._find_holders(TEST_PLAN, issue_id))

    def preconditions_of(self, issue_id: int) -> tuple[IssueRow, ...]:
        """The Preconditions of a Test."""
        return self._find_holders(PRECONDITION, issue_id)

    def holders_of(self, issue_id: int) -> tuple[IssueRow, ...]:
        """The Test Plans, Test Sets and Preconditions of an issue."""
        return self.issues(
            "id IN (SELECT plan_id FROM plan_member WHERE issue_id = ?)", (issue_id,)
        )

    def _find_holders(self, type: str, issue_id: int) -> tuple[IssueRow, ...]:  # noqa: A002
        return self.issues(
            "type = ? AND id IN (SELECT plan_id FROM plan_member WHERE issue_id = ?)",
            (type, issue_id),
        )

    def project_id(self, key: str) -> int | None:
        """The project's id, or None when there is no such project."""
        row = self.first("SELECT id FROM project WHERE key = ?", (key,))
        return int(row["id"]) if row else None

    def limit_projects(self, keys: Sequence[str]) -> None:
        """Add these projects, and no other one from now on; without keys, any."""
        with self.transaction():
            for key in keys:
                self.add_project(key)
            self.put_document(LIMIT, 0, PROJECT, list(keys))

    def may_add(self, project: str) -> bool:
        """Whether the project exists, or may be added."""
        limit = self.find_document(LIMIT, 0, PROJECT)
        return not (limit and limit.content) or self.project_id(project) is not None

    def projects(self) -> tuple[str, ...]:
        """All project keys."""
        return tuple(row["key"] for row in self.all("SELECT key FROM project"))

    def versions(self, project: str) -> tuple[tuple[int, str], ...]:
        """Id and name of the project's versions."""
        rows = self.all(
            "SELECT id, name FROM version WHERE project = ? ORDER BY id", (project,)
        )
        return tuple((row["id"], row["name"]) for row in rows)

    def environments(self, project: str) -> tuple[str, ...]:
        """The project's Test Environments."""
        rows = self.all(
            "SELECT name FROM environment WHERE project = ? ORDER BY name", (project,)
        )
        return tuple(row["name"] for row in rows)

    def filter(self, id: int) -> tuple[tuple[str, ...], str] | None:  # noqa: A002
        """Keys and JQL of a saved filter."""
        row = self.first("SELECT keys, jql FROM filter WHERE id = ?", (id,))
        return (tuple(json.loads(row["keys"])), row["jql"]) if row else None

    def issue(self, key_or_id: str | int) -> IssueRow | None:
        """One issue, by key, by a key that it had before it was moved, or by id."""
        column = "id" if isinstance(key_or_id, int) else "key"
        found = self.issues(f"{column} = ?", (key_or_id,))
        if not found and column == "key":
            moved = self.find_document(MOVED, 0, str(key_or_id))
            found = self.issues("id = ?", (moved.content,)) if moved else ()
        return found[0] if found else None

    def issues(
        self, where: str, values: Sequence[Any] = (), order: str = ""
    ) -> tuple[IssueRow, ...]:
        """
        Issues by a condition in SQL, in this order or by key.

        `where` and `order` must not come from a request.
        """
        rows = self.all(
            f"SELECT * FROM issue WHERE {where} "  # noqa: S608
            f"ORDER BY {order or '+project, +number'}",
            values,
        )
        return tuple(_issue_row(row) for row in rows)

    def tests(self) -> tuple[TestRow, ...]:
        """All Tests."""
        return tuple(self.test_row(row) for row in self.issues("type = ?", (TEST,)))

    def test_row(self, issue: IssueRow) -> TestRow:
        """An issue of type Test, as a Test."""
        return TestRow(
            key=issue.key,
            id=issue.id,
            project=issue.project,
            type=issue.kind,
            summary=issue.summary,
            description=issue.description,
            labels=issue.labels,
            definition=issue.definition,
            scenario=issue.scenario,
            requirements=issue.requirements,
            test_plans=self.plans_of(issue.id),
            fields=issue.fields,
        )


def _to_column(value: Any) -> Any:
    if isinstance(value, (str, int)):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _issue_row(row: sqlite3.Row) -> IssueRow:
    values = {name: row[name] for name in row.keys() if name != "number"}  # noqa: SIM118
    # Most lists of most issues are empty.
    lists = {name: row[name] for name in _LISTS}
    values |= {
        name: () if text == "[]" else tuple(json.loads(text))
        for name, text in lists.items()
    }
    values |= {"fields": json.loads(row["fields"]), "adopted": bool(row["adopted"])}
    return IssueRow(**values)
