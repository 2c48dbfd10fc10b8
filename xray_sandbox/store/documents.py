"""What Jira keeps beside issues, as JSON: comments, versions, sprints, builds."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from xray_sandbox.store.database import Database


ATTACHMENT = "attachment"
BOARD = "board"
BUILD = "build"
COMMENT = "comment"
COMPONENT = "component"
DATASET = "dataset"
DEPLOYMENT = "deployment"
FOLDER = "folder"
HISTORY = "history"
LIMIT = "limit"
MOVED = "moved"
PROJECT = "project"
PROPERTY = "property"
REMOTE_LINK = "remote link"
SPRINT = "sprint"
VERSION = "version"


class Document(NamedTuple):
    """One document; `owner` is the id of what it belongs to."""

    id: int
    owner: int
    name: str
    content: Any


class Documents(Database):
    """Write and find documents of a kind."""

    def add_document(self, kind: str, owner: int, content: Any, name: str = "") -> int:
        """Add a document; return its id."""
        return self.run(
            "INSERT INTO document (kind, owner, name, content) VALUES (?, ?, ?, ?)",
            (kind, owner, name, json.dumps(content)),
        )

    def put_document(
        self, kind: str, owner: int, name: str, content: Any
    ) -> tuple[int, bool]:
        """Write the document of this name; return its id, and whether it is new."""
        with self.transaction():
            found = self.find_document(kind, owner, name)
            if found is None:
                return self.add_document(kind, owner, content, name), True
            self.change_document(found.id, content)
            return found.id, False

    def change_document(self, id: int, content: Any) -> None:  # noqa: A002
        """Replace the content of a document."""
        self.run(
            "UPDATE document SET content = ? WHERE id = ?", (json.dumps(content), id)
        )

    def remove_document(self, id: int) -> None:  # noqa: A002
        """Remove a document."""
        self.run("DELETE FROM document WHERE id = ?", (id,))

    def document(self, kind: str, id: int) -> Document | None:  # noqa: A002
        """The document of this kind with this id."""
        row = self.first("SELECT * FROM document WHERE kind = ? AND id = ?", (kind, id))
        return _document(row) if row else None

    def find_document(self, kind: str, owner: int, name: str) -> Document | None:
        """The document with this name."""
        row = self.first(
            "SELECT * FROM document WHERE kind = ? AND owner = ? AND name = ?",
            (kind, owner, name),
        )
        return _document(row) if row else None

    def documents(self, kind: str, owner: int | None = None) -> tuple[Document, ...]:
        """All documents of a kind, oldest first; of all owners without `owner`."""
        if owner is None:
            sql = "SELECT * FROM document WHERE kind = ? ORDER BY id"
            return tuple(map(_document, self.all(sql, (kind,))))
        sql = "SELECT * FROM document WHERE kind = ? AND owner = ? ORDER BY id"
        rows = self.all(sql, (kind, owner))
        return tuple(map(_document, rows))


def _document(row: sqlite3.Row) -> Document:
    content = json.loads(row["content"])
    return Document(row["id"], row["owner"], row["name"], content)
