"""The workflow of issues, and what they are planned with: links, versions, sprints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from xray_sandbox.store import workflow
from xray_sandbox.store.catalogue import Catalogue
from xray_sandbox.store.documents import (
    BOARD,
    COMPONENT,
    HISTORY,
    MOVED,
    PROJECT,
    SPRINT,
    VERSION,
    Document,
)
from xray_sandbox.store.rows import TEST, IssueRow


# The custom field with the ids of an issue's sprints.
SPRINT_FIELD = "customfield_10020"
TESTS = "Tests"


class Link(NamedTuple):
    """A link between two issues; without an id, it is a requirement of a Test."""

    id: int
    type: str
    source: int
    destination: int


class Version(NamedTuple):
    """A version of a project."""

    id: int
    name: str
    released: bool = False
    archived: bool = False
    release_date: str | None = None


def write_now() -> str:
    """The time, as in all columns of the store."""
    return datetime.now(timezone.utc).isoformat("T", "milliseconds")


class Planning(Catalogue):
    """Change the status of issues; add links, versions, components, sprints."""

    def change_status(
        self, key: str, name: str, *, author: str = "", resolution: str = ""
    ) -> None:
        """Set the status of an issue, without asking its workflow."""
        with self.transaction():
            issue = self._require(key)
            before = workflow.status_of(issue.fields.get("status")).name
            now, is_done = write_now(), name == workflow.DONE.name
            changes: dict[str, Any] = {
                "status": name,
                "updated": now,
                "resolution": (resolution or "Done") if is_done else None,
                "resolutiondate": now if is_done else None,
            }
            self.change_issue(key, fields={**issue.fields, **changes})
            item = {"field": "status", "fromString": before, "toString": name}
            change = {"author": author, "created": now, "items": [item]}
            self.add_document(HISTORY, issue.id, change)

    def move_issue(self, key: str, project: str) -> str:
        """Move an issue to another project; return its new key."""
        with self.transaction():
            issue = self._require(key)
            self.add_project(project)
            row = self.first(
                "SELECT MAX(number) AS top FROM issue WHERE project = ?", (project,)
            )
            number = max(101, ((row["top"] if row else None) or 0) + 1)
            new = f"{project}-{number}"
            self.run(
                "UPDATE issue SET key = ?, project = ?, number = ? WHERE key = ?",
                (new, project, number, key),
            )
            self.put_document(MOVED, 0, key, issue.id)
        return new

    def _require(self, key: str) -> IssueRow:
        found = self.issue(key)
        if found is None:
            msg = f"no issue {key}"
            raise LookupError(msg)
        return found

    def link_issues(self, type: str, source: int, destination: int) -> None:  # noqa: A002
        """Link two issues, unless they are linked already."""
        self.run(
            "INSERT OR IGNORE INTO issue_link (type, source, destination) "
            "VALUES (?, ?, ?)",
            (type, source, destination),
        )

    def unlink_issues(self, id: int) -> None:  # noqa: A002
        """Remove a link."""
        self.run("DELETE FROM issue_link WHERE id = ?", (id,))

    def link(self, id: int) -> Link | None:  # noqa: A002
        """One link."""
        row = self.first("SELECT * FROM issue_link WHERE id = ?", (id,))
        return Link(*row) if row else None

    def links_of(self, issue: IssueRow) -> tuple[Link, ...]:
        """All links of an issue, with those between requirements and Tests."""
        rows = self.all(
            "SELECT * FROM issue_link WHERE ? IN (source, destination) ORDER BY id",
            (issue.id,),
        )
        found = [Link(*row) for row in rows]
        known = {(each.source, each.destination) for each in found}
        named = [self.issue(key) for key in issue.requirements]
        pairs = [(issue.id, each.id) for each in named if each]
        pairs += [(each.id, issue.id) for each in self.issues(_COVERS, (issue.key,))]
        found += [Link(0, TESTS, *pair) for pair in pairs if pair not in known]
        return tuple(found)

    def tests_covering(self, issue: IssueRow) -> tuple[IssueRow, ...]:
        """The Tests of a requirement."""
        return self.issues(
            f"type = ? AND (id IN ({_TESTING}) OR {_COVERS})",
            (TEST, issue.id, TESTS, issue.key),
        )

    def version_rows(self, project: str) -> tuple[Version, ...]:
        """The project's versions."""
        return tuple(
            Version(id_, name, *self._version_state(id_))
            for id_, name in self.versions(project)
        )

    def _version_state(self, id: int) -> tuple[bool, bool, str | None]:  # noqa: A002
        found = self.find_document(VERSION, id, "")
        state: Mapping[str, Any] = found.content if found else {}
        return (
            bool(state.get("released")),
            bool(state.get("archived")),
            state.get("releaseDate"),
        )

    def change_version(self, project: str, name: str, **state: Any) -> int:
        """Add or change a version: `released`, `archived`, `releaseDate`."""
        with self.transaction():
            self.add_version(project, name)
            [id_] = [id_ for id_, each in self.versions(project) if each == name]
            old = self.find_document(VERSION, id_, "")
            content = {**(old.content if old else {}), **state}
            self.put_document(VERSION, id_, "", content)
        return id_

    def add_component(self, project: str, name: str) -> None:
        """Make sure that the project has this component."""
        self.put_document(COMPONENT, self.project_id(project) or 0, name, {})

    def components(self, project: str) -> tuple[Document, ...]:
        """The project's components."""
        return self.documents(COMPONENT, self.project_id(project) or 0)

    def archive_project(self, project: str) -> None:
        """Archive a project, so that nobody can change it."""
        self.put_document(PROJECT, 0, project, {"archived": True})

    def is_archived(self, project: str) -> bool:
        """Whether a project is archived."""
        return self.find_document(PROJECT, 0, project) is not None

    def add_board(self, project: str, name: str = "", kind: str = "scrum") -> int:
        """Add a board of this kind: scrum, kanban or simple."""
        content = {"name": name or f"{project} board", "type": kind}
        return self.add_document(BOARD, self.project_id(project) or 0, content)

    def add_sprint(
        self,
        board: int,
        name: str,
        state: str = "future",
        *,
        start: str = "",
        end: str = "",
    ) -> int:
        """Add a sprint; `state`: future, active or closed."""
        content = {"state": state, "startDate": start, "endDate": end}
        return self.add_document(SPRINT, board, content, name)

    def put_into_sprint(self, key: str, sprint: int) -> None:
        """Move an issue to a sprint that is not closed."""
        with self.transaction():
            issue = self._require(key)
            closed = [
                id_
                for id_ in issue.fields.get(SPRINT_FIELD) or ()
                if (found := self.document(SPRINT, id_))
                and found.content["state"] == "closed"
            ]
            fields = {**issue.fields, SPRINT_FIELD: [*closed, sprint]}
            self.change_issue(key, fields={**fields, "updated": write_now()})


_TESTING = "SELECT source FROM issue_link WHERE destination = ? AND type = ?"
_COVERS = "EXISTS (SELECT 1 FROM json_each(issue.requirements) WHERE value = ?)"
