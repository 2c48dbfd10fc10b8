"""
The part of Xray Cloud's GraphQL that clients of imports use.

Source: Xray's GraphQL schema and its published request collections. Sub-fields
that the sandbox does not have are answered with null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import g

from xray_sandbox.errors import RefusedError
from xray_sandbox.importer import make_execution
from xray_sandbox.product import CLOUD
from xray_sandbox.read.info import read_info
from xray_sandbox.store.coverage import COVERABLE
from xray_sandbox.store.jql import search_issues
from xray_sandbox.store.rows import (
    PRECONDITION,
    TEST,
    TEST_EXECUTION,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
    TestRunRow,
)
from xray_sandbox.web import datasets, graphql_json, graphql_tests
from xray_sandbox.web.door import CLOUD_SITE
from xray_sandbox.web.graphql_tests import require_issue
from xray_sandbox.web.graphql_text import Selection, read_query
from xray_sandbox.web.site import Site


_LIMIT = 100
_COLOURS = ("#95C160", "#D45D52", "#A2A6AE", "#F1E069", "#111111")


def answer_query(site: Site, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a query with its data, or with errors."""
    g.door = CLOUD_SITE
    try:
        asked = read_query(text, variables)
        with site.store.transaction():
            data = {one.alias: _resolve_field(site, one) for one in asked}
    except RefusedError as error:
        return {"data": None, "errors": [{"message": error.text}]}
    return {"data": data}


def _resolve_field(site: Site, asked: Selection) -> Any:
    resolver = _RESOLVERS.get(asked.name)
    if resolver is None:
        raise RefusedError(f'Cannot query field "{asked.name}".')
    unknown = sorted(asked.arguments.keys() - _ARGUMENTS.get(asked.name, _OF_A_LIST))
    if unknown:
        raise RefusedError(f'Unknown argument "{unknown[0]}" on field "{asked.name}".')
    return _select_fields(resolver(site, asked.arguments), asked.selections)


def _select_fields(value: Any, wanted: Sequence[Selection]) -> Any:
    """Return only the selected fields, under their aliases."""
    if isinstance(value, list):
        return [_select_fields(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    if not wanted:
        raise RefusedError("Objects must have a selection of subfields.")
    return {one.alias: _resolve_member(value.get(one.name), one) for one in wanted}


def _resolve_member(value: Any, asked: Selection) -> Any:
    """Return a member; call it first if it is a function."""
    if asked.name == "jira":
        names = list(map(str, asked.arguments.get("fields", ["key"])))
        fields = value(names) if callable(value) else value
        return {name: fields.get(name) for name in names}
    found = value() if callable(value) else value
    if isinstance(found, dict) and "results" in found and asked.arguments:
        found = _cut_page(found["results"], {"limit": _LIMIT, **asked.arguments})
    return _select_fields(found, asked.selections)


def _cut_page(found: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    limit, start = arguments.get("limit"), arguments.get("start") or 0
    if not isinstance(limit, int) or not 1 <= limit <= _LIMIT:
        raise RefusedError(f"limit must be a number from 1 to {_LIMIT}")
    shown = list(found[start : start + limit])
    return {"total": len(found), "start": start, "limit": limit, "results": shown}


def _list_resolver(
    type_: str, show: Callable[[Site, IssueRow], dict[str, Any]]
) -> Callable[[Site, Mapping[str, Any]], Any]:
    """Return the resolver of a list query for one issue type."""

    def resolve(site: Site, arguments: Mapping[str, Any]) -> Any:
        found = search_issues(site.registry, str(arguments.get("jql") or ""), type_)
        page = _cut_page(found, arguments)
        return {**page, "results": [show(site, one) for one in page["results"]]}

    return resolve


def _test_runs(site: Site, arguments: Mapping[str, Any]) -> Any:
    executions = arguments.get("testExecIssueIds") or [
        str(row.id) for row in site.store.test_executions()
    ]
    wanted = set(arguments.get("testIssueIds") or ())
    runs = [
        graphql_json.run_json(site, execution, run)
        for id_ in executions
        for execution in (require_issue(site, id_, TEST_EXECUTION),)
        for run in site.store.test_runs(execution.id)
    ]
    chosen = [run for run in runs if not wanted or run["test"]["issueId"] in wanted]
    return _cut_page(chosen, arguments)


def _test_run(site: Site, arguments: Mapping[str, Any]) -> Any:
    """The Test Run of a Test in a Test Execution; null if there is none."""
    test = require_issue(site, arguments.get("testIssueId"), TEST)
    execution = require_issue(site, arguments.get("testExecIssueId"), TEST_EXECUTION)
    for run in site.store.test_runs(execution.id):
        if run.test_key == test.key:
            return graphql_json.run_json(site, execution, run)
    return None


def _test_run_by_id(site: Site, arguments: Mapping[str, Any]) -> Any:
    return graphql_json.run_json(site, *_require_run(site, arguments.get("id")))


def _require_run(site: Site, id_: object) -> tuple[IssueRow, TestRunRow]:
    text = str(id_)
    found = site.store.test_run(int(text)) if text.isdecimal() else None
    if found is None:
        raise RefusedError(f"Test Run with id {text} not found")
    return found


def _add_defects(site: Site, arguments: Mapping[str, Any]) -> Any:
    """Add issues to a Test Run, by key or id; unknown ones are warnings."""
    _, run = _require_run(site, arguments.get("id"))
    added, warnings = [], []
    for given in map(str, arguments.get("issues") or []):
        wanted = int(given) if given.isdecimal() else given
        found = site.store.issue(wanted) or site.registry.find(given, "Bug")
        if found is None:
            warnings.append(f"Issue with id or key {given} not found")
        else:
            added.append(found.key)
    site.store.change_defects(run.id, (*run.defects, *added))
    return {"addedDefects": added, "warnings": warnings}


def _remove_defects(site: Site, arguments: Mapping[str, Any]) -> Any:
    _, run = _require_run(site, arguments.get("id"))
    given = set(map(str, arguments.get("issues") or []))
    left = [each for each in run.defects if each not in given]
    site.store.change_defects(run.id, left)
    return "Defects removed"


def _coverable_issues(site: Site, arguments: Mapping[str, Any]) -> Any:
    """Requirements with their coverage."""
    found = [
        issue
        for issue in search_issues(site.registry, str(arguments.get("jql") or ""))
        if issue.type in COVERABLE
    ]
    page = _cut_page(found, arguments)
    shown = [graphql_json.coverable_json(site, one) for one in page["results"]]
    return {**page, "results": shown}


def _project_settings(site: Site, arguments: Mapping[str, Any]) -> Any:
    given = str(arguments.get("projectIdOrKey"))
    by_id = {str(site.store.project_id(key)): key for key in site.store.projects()}
    try:
        key = site.registry.project(by_id.get(given, given))
    except RefusedError:
        # The error of a query names the project; the error of an import does not.
        raise RefusedError(f"project with key or id {given} does not exist") from None
    return {
        "projectId": str(site.store.project_id(key)),
        "testEnvironments": list(site.store.environments(key)),
        "defectIssueTypes": [],
    }


def _list_statuses(_: Site, __: Mapping[str, Any]) -> Any:
    return [
        {"name": word, "description": word, "color": colour, "final": True}
        for word, colour in zip(CLOUD.statuses, _COLOURS, strict=True)
    ]


def _add_resolver(
    type_: str, argument: str, result: str
) -> Callable[[Site, Mapping[str, Any]], Any]:
    """Return the resolver of a mutation that adds issues to a Test Plan."""

    def resolve(site: Site, arguments: Mapping[str, Any]) -> Any:
        plan = require_issue(site, arguments.get("issueId"), TEST_PLAN)
        ids = arguments.get(argument) or []
        issues = [require_issue(site, id_, type_) for id_ in ids]
        site.store.link_to_plan(plan.key, [issue.key for issue in issues])
        return {result: [str(issue.id) for issue in issues], "warning": None}

    return resolve


def _add_environments(site: Site, arguments: Mapping[str, Any]) -> Any:
    """Add Test Environments; unlike an import, this creates missing ones."""
    execution = require_issue(site, arguments.get("issueId"), TEST_EXECUTION)
    names = [str(name) for name in arguments.get("testEnvironments") or []]
    known = site.store.environments(execution.project)
    created = [name for name in names if name not in known]
    for name in created:
        site.store.add_environment(execution.project, name)
    every = tuple(dict.fromkeys((*execution.environments, *names)))
    site.store.change_issue(execution.key, environments=every)
    return {
        "associatedTestEnvironments": names,
        "createdTestEnvironments": created,
        "warning": None,
    }


def _create_execution(site: Site, arguments: Mapping[str, Any]) -> Any:
    """Create a Test Execution, and Test Environments that the project does not have."""
    jira = arguments.get("jira")
    if not isinstance(jira, dict) or jira.keys() - {"fields", "update"}:
        raise RefusedError("jira must be an object with fields")
    details = read_info(jira, CLOUD)
    made = make_execution(site.registry, CLOUD, details)
    names = arguments.get("testEnvironments") or []
    added = {"issueId": str(made.id), "testEnvironments": names}
    created = _add_environments(site, added)["createdTestEnvironments"] if names else []
    return {
        "testExecution": graphql_json.execution_json(site, made),
        "createdTestEnvironments": created,
        "warnings": [],
    }


# Arguments of Xray's GraphQL schema.
_OF_A_LIST = frozenset(
    {"jql", "issueIds", "projectId", "modifiedSince", "limit", "start"}
)
_ARGUMENTS: Mapping[str, frozenset[str]] = {
    **datasets.ARGUMENTS,
    **graphql_tests.ARGUMENTS,
    "getTests": _OF_A_LIST | {"testType", "folder"},
    "getPreconditions": _OF_A_LIST | {"preconditionType", "folder"},
    "getTestRuns": frozenset(
        {
            "testIssueIds",
            "testExecIssueIds",
            "testRunAssignees",
            "modifiedSince",
            "limit",
            "start",
        }
    ),
    "getTestRun": frozenset({"testIssueId", "testExecIssueId"}),
    "getTestRunById": frozenset({"id"}),
    "getCoverableIssues": frozenset({"jql", "issueIds", "limit", "start"}),
    "addDefectsToTestRun": frozenset({"id", "issues"}),
    "removeDefectsFromTestRun": frozenset({"id", "issues"}),
    "getProjectSettings": frozenset({"projectIdOrKey"}),
    "getStatuses": frozenset(),
    "createTestExecution": frozenset(
        {"jira", "testEnvironments", "testIssueIds", "tests"}
    ),
    "addTestExecutionsToTestPlan": frozenset({"issueId", "testExecIssueIds"}),
    "addTestsToTestPlan": frozenset({"issueId", "testIssueIds"}),
    "addTestEnvironmentsToTestExecution": frozenset({"issueId", "testEnvironments"}),
}
_RESOLVERS: Mapping[str, Callable[[Site, Mapping[str, Any]], Any]] = {
    **datasets.RESOLVERS,
    **graphql_tests.RESOLVERS,
    "getTests": _list_resolver(TEST, graphql_json.test_json),
    "getPreconditions": _list_resolver(PRECONDITION, graphql_json.plan_json),
    "getTestPlans": _list_resolver(TEST_PLAN, graphql_json.plan_json),
    "getTestSets": _list_resolver(TEST_SET, graphql_json.plan_json),
    "getTestExecutions": _list_resolver(TEST_EXECUTION, graphql_json.execution_json),
    "getTestRuns": _test_runs,
    "getTestRun": _test_run,
    "getTestRunById": _test_run_by_id,
    "getCoverableIssues": _coverable_issues,
    "addDefectsToTestRun": _add_defects,
    "removeDefectsFromTestRun": _remove_defects,
    "getProjectSettings": _project_settings,
    "getStatuses": _list_statuses,
    "createTestExecution": _create_execution,
    "addTestExecutionsToTestPlan": _add_resolver(
        TEST_EXECUTION, "testExecIssueIds", "addedTestExecutions"
    ),
    "addTestsToTestPlan": _add_resolver(TEST, "testIssueIds", "addedTests"),
    "addTestEnvironmentsToTestExecution": _add_environments,
}
