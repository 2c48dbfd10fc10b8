"""
Tests, Test Plans, Test Executions and Test Runs in the shape of GraphQL.

Members that take long to compute are functions, which are called only if a query
selects them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xray_sandbox.product import CLOUD
from xray_sandbox.read.test_fields import steps_of
from xray_sandbox.store.coverage import coverage_of, last_status, status_in_plan
from xray_sandbox.store.repository import folder_of
from xray_sandbox.store.rows import (
    TEST,
    TEST_EXECUTION,
    IssueRow,
    StepRow,
    TestRunRow,
    iteration_place,
    step_place,
)
from xray_sandbox.web.issue_json import fields_json
from xray_sandbox.web.site import Site


# Test Types and what they are for.
_KINDS = {"Manual": "Steps", "Generic": "Unstructured", "Cucumber": "Gherkin"}


def _list_json(items: Sequence[Any]) -> dict[str, Any]:
    return {"total": len(items), "start": 0, "limit": 100, "results": list(items)}


def _issue_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    return {
        "issueId": str(issue.id),
        "projectId": str(site.store.project_id(issue.project)),
        "jira": lambda names: {"key": issue.key, **fields_json(site, issue, names)},
    }


def test_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """A Test."""
    return {
        **_issue_json(site, issue),
        "testType": {"name": issue.kind, "kind": _KINDS.get(issue.kind, issue.kind)},
        "status": lambda: {"name": last_status(site.store, issue, CLOUD.todo)},
        "unstructured": issue.definition or None,
        "gherkin": steps_of(issue.scenario) or None,
        "folder": {"path": folder_of(issue) or "/"},
    }


def coverable_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """A requirement with its coverage and its Tests."""

    def tests() -> dict[str, Any]:
        found = site.store.tests_covering(issue)
        return _list_json([test_json(site, each) for each in found])

    return {
        **_issue_json(site, issue),
        "status": lambda: {"name": coverage_of(site.store, issue)},
        "tests": tests,
    }


def plan_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """A Test Plan, a Test Set or a Precondition, with its Tests and Test Executions."""

    def tests() -> dict[str, Any]:
        found = site.store.plan_members(issue.key, TEST)
        return _list_json([_test_in_plan(site, issue, each) for each in found])

    def executions() -> dict[str, Any]:
        found = site.store.plan_members(issue.key, TEST_EXECUTION)
        return _list_json([_issue_json(site, member) for member in found])

    return {
        **_issue_json(site, issue),
        "tests": tests,
        "testExecutions": executions,
    }


def _test_in_plan(site: Site, plan: IssueRow, test: IssueRow) -> dict[str, Any]:
    """A Test of a Test Plan; its status is the one in this plan, as clients ask."""

    def status() -> dict[str, Any]:
        return {"name": status_in_plan(site.store, plan, test, CLOUD.todo)}

    return {**test_json(site, test), "status": status}


def execution_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """A Test Execution with its plans and runs."""

    def plans() -> dict[str, Any]:
        found = map(site.store.issue, site.store.plans_of(issue.id))
        return _list_json([_issue_json(site, plan) for plan in found if plan])

    def runs() -> dict[str, Any]:
        found = site.store.test_runs(issue.id)
        return _list_json([run_json(site, issue, run) for run in found])

    def tests() -> dict[str, Any]:
        found = site.store.test_runs(issue.id)
        return _list_json([_test_of(site, run) for run in found])

    return {
        **_issue_json(site, issue),
        "testEnvironments": list(issue.environments),
        "testPlans": plans,
        "tests": tests,
        "testRuns": runs,
    }


def run_json(site: Site, execution: IssueRow, run: TestRunRow) -> dict[str, Any]:
    """A Test Run."""
    return {
        "id": str(run.id),
        "status": {"name": run.status},
        "comment": run.comment,
        "startedOn": run.started,
        "finishedOn": run.finished,
        "defects": list(run.defects),
        "evidence": _evidence_json(site, run, ""),
        "customFields": [
            {"id": name, "values": value} for name, value in run.custom_fields.items()
        ],
        "steps": _steps_json(site, run, run.steps, ""),
        "examples": [{"status": {"name": word}} for word in run.examples],
        "iterations": _list_json(
            [
                {
                    **_status_json(row.status),
                    "parameters": [{"name": n, "value": v} for n, v in row.parameters],
                    "stepResults": _list_json(
                        _steps_json(site, run, row.steps, iteration_place(number))
                    ),
                }
                for number, row in enumerate(run.iterations, 1)
            ]
        ),
        "results": [{"log": run.log, "status": {"name": run.status}}],
        "test": _test_of(site, run),
        "testExecution": lambda: _issue_json(site, execution),
    }


def _test_of(site: Site, run: TestRunRow) -> dict[str, Any]:
    test = site.store.issue(run.test_key)
    return test_json(site, test) if test else {}


def _status_json(status: str) -> dict[str, Any]:
    return {"status": {"name": status}}


def _steps_json(
    site: Site, run: TestRunRow, steps: Sequence[StepRow], prefix: str
) -> list[dict[str, Any]]:
    return [
        {
            **_status_json(step.status),
            "action": step.action,
            "comment": step.comment,
            "actualResult": step.actual_result,
            "defects": list(step.defects),
            "evidence": _evidence_json(site, run, step_place(number, prefix)),
        }
        for number, step in enumerate(steps, 1)
    ]


def _evidence_json(site: Site, run: TestRunRow, place: str) -> list[dict[str, Any]]:
    """The evidence of the step at this place; an empty place is the Test Run."""
    return [
        {
            "id": str(item.id),
            "filename": item.filename,
            "size": item.size,
            "downloadLink": site.link(f"sandbox/evidence/{item.id}"),
        }
        for item in run.evidence
        if item.place == place
    ]
