"""
The part of Xray Cloud's GraphQL that creates Tests and puts them in order.

Source: Xray's GraphQL schema, 'createTest', 'updateTestFolder' and others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import CLOUD
from xray_sandbox.read.info import read_fields
from xray_sandbox.read.test_fields import KINDS, scenario_columns
from xray_sandbox.store.repository import (
    add_folder,
    count_tests,
    list_folders,
    put_into,
)
from xray_sandbox.store.rows import TEST, TEST_SET, IssueRow
from xray_sandbox.web import graphql_json
from xray_sandbox.web.site import Site


Resolver = Callable[[Site, Mapping[str, Any]], Any]


def require_issue(site: Site, id_: object, type_: str) -> IssueRow:
    """An issue by its numeric id, which is a string here."""
    text = str(id_)
    found = site.store.issue(int(text)) if text.isdecimal() else None
    if found is None or found.type != type_:
        raise RefusedError(f"{type_} with id {text} not found")
    return found


def _create_test(site: Site, arguments: Mapping[str, Any]) -> Any:
    jira = arguments.get("jira")
    if not isinstance(jira, dict) or not isinstance(jira.get("fields"), dict):
        raise RefusedError("jira must be an object with fields")
    given = arguments.get("testType") or {"name": KINDS[0]}
    kind = given.get("name") if isinstance(given, dict) else None
    if kind not in KINDS:
        raise RefusedError(f"Test Type {kind} does not exist")
    details = read_fields(jira["fields"], CLOUD)
    project = site.registry.project(details.project or "")
    if not details.summary:
        raise RefusedError("summary: You must specify a summary of the issue.")
    folder = _find_folder(site, project, arguments.get("folderPath") or "/")
    texts = {"scenario": arguments["gherkin"]} if arguments.get("gherkin") else {}
    key = site.store.add_test(
        project=project,
        type=kind,
        summary=details.summary,
        description=details.description or "",
        labels=details.labels or (),
        definition=str(arguments.get("unstructured") or ""),
        fields=details.fields,
        **scenario_columns(texts, details.summary),
    )
    made = site.registry.require(key, TEST)
    put_into(site.store, folder, [made])
    made = site.registry.require(key, TEST)
    return {"test": graphql_json.test_json(site, made), "warnings": []}


def _change_text(column: str, argument: str) -> Resolver:
    """Return the resolver that changes the definition of a Test."""

    def resolve(site: Site, arguments: Mapping[str, Any]) -> Any:
        test = require_issue(site, arguments.get("issueId"), TEST)
        text = {column: str(arguments.get(argument) or "")}
        site.store.change_issue(test.key, **scenario_columns(text, test.summary))
        return graphql_json.test_json(site, site.registry.require(test.key, TEST))

    return resolve


def _project_of(site: Site, arguments: Mapping[str, Any]) -> str:
    given = str(arguments.get("projectId"))
    by_id = {str(site.store.project_id(key)): key for key in site.store.projects()}
    if given not in by_id:
        raise RefusedError(f"project with id {given} does not exist")
    return by_id[given]


def _find_folder(site: Site, project: str, path: object) -> str:
    """The path of a folder as it is stored; the root is empty."""
    stored = str(path).rstrip("/")
    if stored and stored not in list_folders(site.store, project):
        raise RefusedError(f"Folder {path} not found")
    return stored


def _folder_json(site: Site, project: str, path: str) -> dict[str, Any]:
    return {
        "name": path.rpartition("/")[2],
        "path": path or "/",
        "testsCount": count_tests(site.store, project, path),
    }


def _get_folder(site: Site, arguments: Mapping[str, Any]) -> Any:
    project = _project_of(site, arguments)
    path = _find_folder(site, project, arguments.get("path"))
    return _folder_json(site, project, path)


def _create_folder(site: Site, arguments: Mapping[str, Any]) -> Any:
    project, path = _project_of(site, arguments), str(arguments.get("path"))
    if path in list_folders(site.store, project):
        raise RefusedError(f"Folder {path} already exists")
    _find_folder(site, project, path.rpartition("/")[0])
    add_folder(site.store, project, path)
    return {"folder": _folder_json(site, project, path), "warnings": []}


def _update_test_folder(site: Site, arguments: Mapping[str, Any]) -> Any:
    test = require_issue(site, arguments.get("issueId"), TEST)
    path = _find_folder(site, test.project, arguments.get("folderPath"))
    put_into(site.store, path, [test])
    return "Test moved"


def _change_set(change: str) -> Resolver:
    """Return the resolver that adds Tests to a Test Set, or removes them."""

    def resolve(site: Site, arguments: Mapping[str, Any]) -> Any:
        test_set = require_issue(site, arguments.get("issueId"), TEST_SET)
        ids = arguments.get("testIssueIds") or []
        keys = [require_issue(site, id_, TEST).key for id_ in ids]
        if change == "remove":
            site.store.unlink_from_plan(test_set.key, keys)
            return "Tests removed"
        site.store.link_to_plan(test_set.key, keys)
        return {"addedTests": [*map(str, ids)], "warning": None}

    return resolve


RESOLVERS: Mapping[str, Resolver] = {
    "createTest": _create_test,
    "updateUnstructuredTestDefinition": _change_text("definition", "unstructured"),
    "updateGherkinTestDefinition": _change_text("scenario", "gherkin"),
    "getFolder": _get_folder,
    "createFolder": _create_folder,
    "updateTestFolder": _update_test_folder,
    "addTestsToTestSet": _change_set("add"),
    "removeTestsFromTestSet": _change_set("remove"),
}
_OF_A_SET = frozenset({"issueId", "testIssueIds"})
ARGUMENTS: Mapping[str, frozenset[str]] = {
    "createTest": frozenset(
        {
            "testType",
            "steps",
            "unstructured",
            "gherkin",
            "preconditionIssueIds",
            "folderPath",
            "jira",
        }
    ),
    "updateUnstructuredTestDefinition": frozenset({"issueId", "unstructured"}),
    "updateGherkinTestDefinition": frozenset({"issueId", "gherkin"}),
    "getFolder": frozenset({"projectId", "testPlanId", "path"}),
    "createFolder": frozenset({"projectId", "testPlanId", "path", "testIssueIds"}),
    "updateTestFolder": frozenset({"issueId", "folderPath"}),
    "addTestsToTestSet": _OF_A_SET,
    "removeTestsFromTestSet": _OF_A_SET,
}
