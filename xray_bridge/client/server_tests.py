"""
Write Tests of Xray Server/Data Center: issues of Jira, folders and Test Sets of Xray.

Sources: Xray's manuals, "Tests - REST", "Test Repository - REST" and "Test Sets -
REST".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.defects import create_issue
from xray_bridge.client.edit_texts import edit_body
from xray_bridge.client.test_issues import find_field_ids
from xray_bridge.errors import NotXrayError, UsageError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.client.server import ServerXray
    from xray_bridge.client.test_editor import NewTest, TestChanges

FOLDERS = "/rest/raven/1.0/api/testrepository/{}/folders"
TEST_SET = "/rest/raven/2.0/api/testset/{}/test"
ROOT = -1
# Values of "Cucumber Test Type".
STEPS_KINDS = {False: "Scenario", True: "Scenario Outline"}


class ServerTests:
    """The Tests of one project."""

    # A new Test is in the root, and has to be moved.
    places_new = False
    edits_jira = True

    def __init__(self, xray: ServerXray, project: str) -> None:
        self._jira = xray.jira
        self._folders = FOLDERS.format(quote(project, safe=""))
        self._ids: dict[str, str] = {}
        # Ids of folders by path.
        self._known: dict[str, int] = {}

    def create(self, new: NewTest) -> tuple[str, str]:
        """Create an issue of Jira."""
        texts = {
            "type": {"value": new.kind},
            "definition": new.definition,
            "steps_kind": new.steps and {"value": STEPS_KINDS[new.is_outline]},
            "steps": new.steps,
        }
        custom = {self._id_of(name): value for name, value in texts.items() if value}
        fields = {
            **new.fields,
            "project": {"key": new.project},
            "issuetype": {"name": new.issue_type},
            "summary": new.summary,
            **({"description": new.description} if new.description else {}),
            **({"labels": [*new.labels]} if new.labels else {}),
            **custom,
        }
        return create_issue(self._jira, fields)

    def change(self, test_id: str, changes: TestChanges) -> None:
        """Edit the issue of Jira."""
        body = edit_body(changes)
        for name in ("definition", "steps"):
            if (value := getattr(changes, name)) is not None:
                body["fields"][self._id_of(name)] = value
        self._jira.edit_issue(test_id, body)

    def _id_of(self, name: str) -> str:
        """Return the id of one of Xray's custom fields. Raises UsageError."""
        if not self._ids:
            self._ids = find_field_ids(self._jira.list_fields())
        if name not in self._ids:
            msg = f"this Jira has no custom field of Xray for the {name} of a Test"
            raise UsageError(msg, hint="ask its administrators to repair Xray's fields")
        return self._ids[name]

    def move(self, tests: Mapping[str, str], folder: str) -> None:
        """Add them to a folder; Xray takes them out of the one they are in."""
        path = f"{self._folders}/{self._find_folder(folder)}/tests"
        body = {"add": [*tests.values()]}
        self._jira.send_json("PUT", path, body, repeatable=True)

    def _find_folder(self, folder: str) -> int:
        if not self._known:
            found = self._jira.get_json(self._folders, dict)
            self._known = {"/": ROOT, **dict(_walk(found, ""))}
        parent, path = ROOT, ""
        for name in filter(None, folder.split("/")):
            path = f"{path}/{name}"
            if path not in self._known:
                self._known[path] = self._make_folder(parent, name)
            parent = self._known[path]
        return parent

    def _make_folder(self, parent: int, name: str) -> int:
        path = f"{self._folders}/{parent}"
        answer = self._jira.send_json("POST", path, {"name": name})
        found = answer.json()
        made = found.get("id") if isinstance(found, dict) else None
        if not isinstance(made, int):
            msg = f"{answer.url} does not answer like Xray"
            raise NotXrayError(msg, hint="check xray_url")
        return made

    def add_to_set(self, tests: Mapping[str, str], key: str) -> None:
        """Change the list of a Test Set."""
        self._change_set(key, {"add": [*tests.values()]})

    def remove_from_set(self, tests: Mapping[str, str], key: str) -> None:
        """Change the list of a Test Set."""
        self._change_set(key, {"remove": [*tests.values()]})

    def _change_set(self, key: str, body: Mapping[str, Any]) -> None:
        path = TEST_SET.format(quote(key, safe=""))
        self._jira.send_json("POST", path, body, repeatable=True)


def _walk(found: Any, above: str) -> Iterator[tuple[str, int]]:
    """Yield path and id of all folders below one."""
    listed = found.get("folders") if isinstance(found, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or not isinstance(each.get("id"), int):
            msg = "Xray's list of folders has an unknown form"
            raise NotXrayError(msg, hint="check xray_url")
        path = f"{above}/{each.get('name')}"
        yield path, each["id"]
        yield from _walk(each, path)
