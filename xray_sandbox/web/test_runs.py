"""
Test Runs of Xray Server, and their defects.

Source: Xray's manual, 'Test Runs - REST' of Server and Data Center.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect
from xray_sandbox.store.rows import (
    TEST,
    TEST_EXECUTION,
    IssueRow,
    StepRow,
    TestRunRow,
    iteration_place,
    step_place,
)
from xray_sandbox.store.workflow import status_of
from xray_sandbox.web.site import Site


def add_test_runs(blueprint: Blueprint, site: Site) -> None:
    """Add the resources of Test Runs."""
    _add_defects(blueprint, site)

    @blueprint.get("/api/testruns")
    def test_runs() -> ResponseReturnValue:
        key = request.args.get("testExecKey", "")
        execution = site.registry.require(key, TEST_EXECUTION)
        runs = site.store.test_runs(execution.id)
        return jsonify([run_json(site, execution, run) for run in runs])

    @blueprint.get("/api/testrun")
    def test_run_of_issues() -> ResponseReturnValue:
        """The Test Run of a Test in a Test Execution."""
        query = request.args
        keys = query.get("testExecIssueKey", ""), query.get("testIssueKey", "")
        execution = site.registry.require(keys[0], TEST_EXECUTION)
        test = site.registry.require(keys[1], TEST)
        for run in site.store.test_runs(execution.id):
            if run.test_key == test.key:
                return jsonify(run_json(site, execution, run))
        raise RefusedError(f"The Test {test.key} is not in {execution.key}.")

    @blueprint.get("/api/test/<key>/testruns")
    def test_runs_of_test(key: str) -> ResponseReturnValue:
        """All Test Runs of a Test."""
        found = site.store.runs_of_test(site.registry.require(key, TEST).id)
        return jsonify([run_json(site, *pair) for pair in found])

    @blueprint.get("/api/testrun/<int:number>")
    def test_run(number: int) -> ResponseReturnValue:
        return jsonify(run_json(site, *_require_run(site, number)))


def _add_defects(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/api/testrun/<int:number>/defect")
    def defects(number: int) -> ResponseReturnValue:
        _, run = _require_run(site, number)
        return jsonify(_defects_json(site, run.defects))

    @blueprint.post("/api/testrun/<int:number>/defect")
    def add_defects(number: int) -> ResponseReturnValue:
        """Add issues to the defects of a Test Run: all of them, or none."""
        keys = expect(request.get_json(silent=True), list, "body")
        with site.store.transaction():
            _, run = _require_run(site, number)
            found = [_require_defect(site, key) for key in keys]
            site.store.change_defects(run.id, (*run.defects, *found))
        return jsonify([])

    @blueprint.delete("/api/testrun/<int:number>/defect/<key>")
    def remove_defect(number: int, key: str) -> ResponseReturnValue:
        with site.store.transaction():
            _, run = _require_run(site, number)
            if key not in run.defects:
                raise RefusedError(f"The issue {key} is not a defect of this Test Run.")
            left = tuple(each for each in run.defects if each != key)
            site.store.change_defects(run.id, left)
        return jsonify([])


def _require_run(site: Site, number: int) -> tuple[IssueRow, TestRunRow]:
    found = site.store.test_run(number)
    if found is None:
        raise RefusedError(f"Test Run with id {number} not found.", status=404)
    return found


def _require_defect(site: Site, key: object) -> str:
    found = site.store.issue(str(key)) or site.registry.find(str(key), "Bug")
    if found is None:
        raise RefusedError(f"Issue with key {key} does not exist.")
    return found.key


def _defects_json(site: Site, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """The defects with their summary and status; only the key of an unknown issue."""
    shown = []
    for key in keys:
        issue = site.store.issue(key)
        more = (
            {
                "id": issue.id,
                "summary": issue.summary,
                "status": status_of(issue.fields.get("status")).name,
            }
            if issue
            else {}
        )
        shown.append({"key": issue.key if issue else key, **more})
    return shown


def run_json(site: Site, execution: IssueRow, run: TestRunRow) -> dict[str, Any]:
    """A Test Run with its steps, iterations, evidence and defects."""
    return {
        "id": run.id,
        "testKey": run.test_key,
        "testExecKey": execution.key,
        "testEnvironments": list(execution.environments),
        "fixVersions": list(execution.fix_versions),
        "status": run.status,
        "comment": run.comment,
        "executedBy": run.executed_by,
        "startedOn": run.started,
        "finishedOn": run.finished,
        "defects": _defects_json(site, run.defects),
        "evidences": _evidence_json(site, run, ""),
        "customFields": [
            {"id": name, "value": value} for name, value in run.custom_fields.items()
        ],
        "examples": [{"status": word} for word in run.examples],
        "iterations": [
            {
                "name": row.name,
                "status": row.status,
                "parameters": [{"name": n, "value": v} for n, v in row.parameters],
                "steps": _steps_json(site, run, row.steps, iteration_place(number)),
            }
            for number, row in enumerate(run.iterations, 1)
        ],
        "steps": _steps_json(site, run, run.steps, ""),
    }


def _steps_json(
    site: Site, run: TestRunRow, steps: tuple[StepRow, ...], prefix: str
) -> list[dict[str, Any]]:
    return [
        {
            "index": number,
            "status": step.status,
            "step": step.action,
            "comment": step.comment,
            "actualResult": step.actual_result,
            "defects": _defects_json(site, step.defects),
            "evidences": _evidence_json(site, run, step_place(number, prefix)),
        }
        for number, step in enumerate(steps, 1)
    ]


def _evidence_json(site: Site, run: TestRunRow, place: str) -> list[dict[str, Any]]:
    """The evidence of the step at this place; an empty place is the Test Run."""
    return [
        {
            "id": item.id,
            "fileName": item.filename,
            "fileSize": item.size,
            "fileURL": site.link(f"sandbox/evidence/{item.id}"),
        }
        for item in run.evidence
        if item.place == place
    ]
