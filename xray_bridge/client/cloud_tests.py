"""
Write Tests of Xray Cloud: by GraphQL, and by Jira what belongs to Jira.

Source: Xray's GraphQL schema, ``createTest``, ``updateUnstructuredTestDefinition``,
``updateGherkinTestDefinition``, ``createFolder``, ``updateTestFolder``,
``addTestsToTestSet`` and ``removeTestsFromTestSet``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.edit_texts import edit_body
from xray_bridge.client.graphql import ask
from xray_bridge.client.response import key_in, member_of
from xray_bridge.errors import AmbiguousError, NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.cloud import CloudXray
    from xray_bridge.client.test_editor import NewTest, TestChanges

CREATE = (
    "mutation($testType: UpdateTestTypeInput, $unstructured: String, "
    "$gherkin: String, $folderPath: String, $jira: JSON!) { "
    "createTest(testType: $testType, unstructured: $unstructured, gherkin: $gherkin, "
    "folderPath: $folderPath, jira: $jira) "
    '{ test { issueId jira(fields: ["key"]) } warnings } }'
)
DEFINE = {
    "definition": "mutation($id: String!, $text: String!) { "
    "updateUnstructuredTestDefinition(issueId: $id, unstructured: $text) "
    "{ issueId } }",
    "steps": "mutation($id: String!, $text: String!) { "
    "updateGherkinTestDefinition(issueId: $id, gherkin: $text) { issueId } }",
}
PROJECT = (
    "query($key: String!) { getProjectSettings(projectIdOrKey: $key) { projectId } }"
)
FOLDER = (
    "query($project: String!, $path: String!) "
    "{ getFolder(projectId: $project, path: $path) { path } }"
)
MAKE_FOLDER = (
    "mutation($project: String!, $path: String!) "
    "{ createFolder(projectId: $project, path: $path) { folder { path } warnings } }"
)
MOVE = (
    "mutation($id: String!, $path: String!) "
    "{ updateTestFolder(issueId: $id, folderPath: $path) }"
)
FIND_SET = (
    "query($jql: String!) "
    '{ getTestSets(jql: $jql, limit: 1) { total results { issueId jira(fields: ["key"])'
    " } } }"
)
ADD_TO_SET = (
    "mutation($id: String!, $tests: [String]!) "
    "{ addTestsToTestSet(issueId: $id, testIssueIds: $tests) "
    "{ addedTests warning } }"
)
REMOVE_FROM_SET = (
    "mutation($id: String!, $tests: [String]!) "
    "{ removeTestsFromTestSet(issueId: $id, testIssueIds: $tests) }"
)


class CloudTests:
    """The Tests of one project."""

    # A new Test is created in its folder.
    places_new = True

    def __init__(self, xray: CloudXray, project: str) -> None:
        self._xray = xray
        # Xray has no requests for texts of Jira.
        self.edits_jira = xray.jira is not None
        self._project = project
        self._project_id = ""
        self._known = {"/"}
        self._sets: dict[str, str] = {}

    def create(self, new: NewTest) -> tuple[str, str]:
        """Create a Test in its folder."""
        if new.folder:
            self._make_folders(new.folder)
        fields = {
            **new.fields,
            "project": {"key": new.project},
            "summary": new.summary,
            **({"description": new.description} if new.description else {}),
            **({"labels": [*new.labels]} if new.labels else {}),
        }
        texts = {
            "unstructured": new.definition,
            "gherkin": new.steps,
            "folderPath": new.folder,
        }
        variables = {
            "testType": {"name": new.kind},
            **{name: text for name, text in texts.items() if text},
            "jira": {"fields": fields},
        }
        data = self._send(CREATE, variables, repeatable=False)
        test = member_of(member_of(data, "createTest"), "test")
        key = key_in(member_of(member_of(test, "jira"), "key"))
        test_id = str(member_of(test, "issueId") or "")
        if not key or not test_id:
            msg = "Xray's answer names no new Test"
            raise AmbiguousError(msg, answered=True)
        return test_id, key

    def change(self, test_id: str, changes: TestChanges) -> None:
        """Change texts of Jira with a login to it, and others by GraphQL."""
        if changes.need_jira and self._xray.jira is not None:
            self._xray.jira.edit_issue(test_id, edit_body(changes))
        for name, query in DEFINE.items():
            if (text := getattr(changes, name)) is not None:
                self._send(query, {"id": test_id, "text": text})

    def move(self, tests: Mapping[str, str], folder: str) -> None:
        """Move one Test after the other."""
        self._make_folders(folder)
        for test_id in tests:
            self._send(MOVE, {"id": test_id, "path": folder})

    def _make_folders(self, folder: str) -> None:
        path = ""
        for name in filter(None, folder.split("/")):
            path = f"{path}/{name}"
            if path not in self._known and not self._has_folder(path):
                self._make_folder(path)
            self._known.add(path)

    def _has_folder(self, path: str) -> bool:
        """Whether there is such a folder; Xray may answer with an error if not."""
        try:
            data = self._send(FOLDER, {"project": self._find_project(), "path": path})
        except RefusedError:
            return False
        return bool(member_of(data.get("getFolder"), "path"))

    def _make_folder(self, path: str) -> None:
        variables = {"project": self._find_project(), "path": path}
        try:
            self._send(MAKE_FOLDER, variables, repeatable=False)
        except RefusedError:
            # Another sync may have made it a moment ago.
            if not self._has_folder(path):
                raise

    def _find_project(self) -> str:
        if not self._project_id:
            data = self._xray.query(PROJECT, {"key": self._project})
            found = member_of(data.get("getProjectSettings"), "projectId")
            if not found:
                msg = f"Xray's answer about the project {self._project} has no id"
                raise NotXrayError(msg, hint="check xray_url")
            self._project_id = str(found)
        return self._project_id

    def add_to_set(self, tests: Mapping[str, str], key: str) -> None:
        """Change the list of a Test Set."""
        self._send(ADD_TO_SET, {"id": self._find_set(key), "tests": [*tests]})

    def remove_from_set(self, tests: Mapping[str, str], key: str) -> None:
        """Change the list of a Test Set."""
        self._send(REMOVE_FROM_SET, {"id": self._find_set(key), "tests": [*tests]})

    def _find_set(self, key: str) -> str:
        if key not in self._sets:
            self._sets[key] = self._look_up_set(key)
        return self._sets[key]

    def _look_up_set(self, key: str) -> str:
        found = self._send(FIND_SET, {"jql": f"key = {key}"}).get("getTestSets")
        results = member_of(found, "results")
        first = results[0] if isinstance(results, list) and results else None
        set_id = member_of(first, "issueId")
        if not set_id:
            msg = f"{key} is no Test Set"
            raise RefusedError(msg, status=404)
        return str(set_id)

    def _send(
        self, query: str, variables: Mapping[str, Any], *, repeatable: bool = True
    ) -> dict[str, Any]:
        """Send a mutation or a query. Raises RefusedError for errors."""
        return ask(self._xray, query, variables, repeatable=repeatable)
