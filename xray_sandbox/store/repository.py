"""The Test Repository: folders of a project, and the Tests in them."""

from __future__ import annotations

from collections.abc import Iterable

from xray_sandbox.store.documents import FOLDER
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.store.store import Store


# The name of a Test's folder among its fields; it is no field of Jira.
IN_FOLDER = "folder"


def list_folders(store: Store, project: str) -> dict[str, int]:
    """The ids of all folders, by path."""
    owner = store.project_id(project) or 0
    return {each.name: each.id for each in store.documents(FOLDER, owner)}


def add_folder(store: Store, project: str, path: str) -> int:
    """Add a folder; return its id."""
    return store.add_document(FOLDER, store.project_id(project) or 0, {}, path)


def folder_of(test: IssueRow) -> str:
    """The path of a Test's folder; empty for the root."""
    return str(test.fields.get(IN_FOLDER) or "")


def put_into(store: Store, path: str, tests: Iterable[IssueRow]) -> None:
    """Move Tests to a folder; an empty path is the root."""
    for each in tests:
        store.change_issue(each.key, fields={**each.fields, IN_FOLDER: path})


def count_tests(store: Store, project: str, path: str) -> int:
    """The number of Tests in a folder, without its subfolders."""
    found = store.issues("type = 'Test' AND project = ?", (project,))
    return sum(folder_of(each) == path for each in found)
