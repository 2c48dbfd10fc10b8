"""The web pages: Test Executions and their Test Runs, for people and for tests."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, render_template, send_file
from flask.typing import ResponseReturnValue

from xray_sandbox.store.documents import ATTACHMENT, Document
from xray_sandbox.store.rows import (
    PRECONDITION,
    TEST,
    TEST_EXECUTION,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
    TestExecutionRow,
)
from xray_sandbox.store.workflow import status_of
from xray_sandbox.web.site import Site


_OF_XRAY = (PRECONDITION, TEST, TEST_EXECUTION, TEST_PLAN, TEST_SET)


def pages_blueprint(site: Site) -> Blueprint:
    """Everything below `/`, `/browse` and `/sandbox`."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")
    _add_pages(blueprint, site)
    _add_json(blueprint, site)
    return blueprint


def _add_pages(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/")
    def executions() -> ResponseReturnValue:
        return render_template(
            "sandbox_executions.html",
            executions=site.store.test_executions(),
            issues=site.store.issues("type NOT IN (?, ?, ?, ?, ?)", _OF_XRAY),
            status_of=status_of,
        )

    @blueprint.get("/jira-cloud/browse/<key>", endpoint="cloud_browse")
    @blueprint.get("/browse/<key>")
    def browse(key: str) -> ResponseReturnValue:
        from xray_sandbox.web.issue_page import show_parts

        issue: IssueRow = site.store.issue(key) or abort(404)
        parts = show_parts(site, issue)
        found = site.store.test_execution(key)
        if found is not None:
            return render_template(
                "sandbox_execution.html", execution=found, parts=parts
            )
        return render_template("sandbox_issue.html", issue=issue, parts=parts)

    @blueprint.get("/sandbox/evidence/<int:number>")
    def evidence(number: int) -> ResponseReturnValue:
        row, path = site.store.evidence(number) or abort(404)
        return send_download(path, row.filename)

    @blueprint.get("/sandbox/attachment/<int:number>")
    def attachment(number: int) -> ResponseReturnValue:
        found: Document = site.store.document(ATTACHMENT, number) or abort(404)
        path = site.store.evidence_directory / found.content["sha256"]
        return send_download(path, found.name)


def send_download(path: Path, name: str) -> Response:
    """Send a file as a download; a browser must not open an unknown file."""
    answer = send_file(
        path.resolve(),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _add_json(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/sandbox/executions.json")
    def executions_json() -> ResponseReturnValue:
        return jsonify([asdict(row) for row in site.store.test_executions()])

    @blueprint.get("/sandbox/executions/<key>.json")
    def execution_json(key: str) -> ResponseReturnValue:
        found: TestExecutionRow = site.store.test_execution(key) or abort(404)
        return jsonify(asdict(found))

    @blueprint.get("/sandbox/issues/<key>.json")
    def issue_json(key: str) -> ResponseReturnValue:
        from xray_sandbox.web.issue_page import show_parts

        found: IssueRow = site.store.issue(key) or abort(404)
        return jsonify({**asdict(found), "parts": show_parts(site, found)})

    @blueprint.get("/sandbox/tests.json")
    def tests_json() -> ResponseReturnValue:
        return jsonify([asdict(row) for row in site.store.tests()])

    @blueprint.get("/sandbox/requests.json")
    def requests_json() -> ResponseReturnValue:
        return jsonify([asdict(row) for row in site.store.requests()])
