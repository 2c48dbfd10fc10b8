"""The web pages: Test Executions and their Test Runs, for people and for tests."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, PackageLoader

from xray_pages.rendering import IMAGE_TYPES, VIDEO_TYPES, add_helpers, read_asset
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
from xray_sandbox.web.related import Related
from xray_sandbox.web.site import Site
from xray_sandbox.web.view import View


_OF_XRAY = (PRECONDITION, TEST, TEST_EXECUTION, TEST_PLAN, TEST_SET)

ASSETS = {"page.css": "text/css", "page.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def pages_blueprint(site: Site) -> Blueprint:
    """Everything below `/`, `/browse` and `/sandbox`."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")
    blueprint.record_once(lambda state: _add_templates(state.app.jinja_env))
    _add_pages(blueprint, site)
    _add_json(blueprint, site)
    return blueprint


def _add_templates(environment: Any) -> None:
    """Add the templates that the report has, too."""
    shared = PackageLoader("xray_pages")
    environment.loader = ChoiceLoader([environment.loader, shared])
    environment.trim_blocks = environment.lstrip_blocks = True
    add_helpers(environment)


def _add_pages(blueprint: Blueprint, site: Site) -> None:
    view = View(
        lambda key: url_for("pages.browse", key=key),
        lambda number: url_for("pages.evidence", number=number),
    )

    @blueprint.get("/sandbox/assets/<name>")
    def asset(name: str) -> ResponseReturnValue:
        kind = ASSETS.get(name) or abort(404)
        return Response(read_asset(name), mimetype=kind)

    @blueprint.get("/")
    def executions() -> ResponseReturnValue:
        found = site.store.test_executions()
        return _render_page(
            "sandbox_executions.html",
            executions=[(each, view.describe_execution(each)) for each in found],
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
            return _render_page(
                "sandbox_execution.html",
                execution=found,
                run=view.describe_execution(found),
                sections=view.list_results(found),
                facets={},
                script_url=url_for("pages.asset", name="page.js"),
                parts=parts,
            )
        related = Related(site.store, view)
        return _render_page(
            "sandbox_issue.html",
            issue=issue,
            progress=related.describe(issue),
            tables=related.list_tables(issue),
            requirements=view.links(issue.requirements),
            parts=parts,
        )

    @blueprint.get("/sandbox/evidence/<int:number>")
    def evidence(number: int) -> ResponseReturnValue:
        row, path = site.store.evidence(number) or abort(404)
        return send_download(path, row.filename, row.media_type)

    @blueprint.get("/sandbox/attachment/<int:number>")
    def attachment(number: int) -> ResponseReturnValue:
        found: Document = site.store.document(ATTACHMENT, number) or abort(404)
        path = site.store.evidence_directory / found.content["sha256"]
        return send_download(path, found.name)


def _render_page(template: str, **context: Any) -> Response:
    """Render a page that runs only the script of this package."""
    answer = Response(
        render_template(
            template,
            **context,
            style_url=url_for("pages.asset", name="page.css"),
        )
    )
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def send_download(path: Path, name: str, media_type: str = "") -> Response:
    """
    Send a file, as a download unless it is an image or a video.

    A browser must not open an unknown file, and must not run the script in an image.
    """
    kind = media_type.partition(";")[0].strip().lower()
    is_shown = kind in IMAGE_TYPES | VIDEO_TYPES
    answer = send_file(
        path.resolve(),
        mimetype=kind if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
        download_name=name,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
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

    @blueprint.post("/sandbox/names")
    def name_tests() -> ResponseReturnValue:
        """Name Tests that an import created because their keys were unknown."""
        names = request.get_json(silent=True)
        for key, name in names.items() if isinstance(names, dict) else ():
            found = site.store.issue(key)
            if found and found.adopted and found.summary == found.key and name:
                site.store.change_issue(found.key, summary=str(name))
        return Response(status=204)

    @blueprint.get("/sandbox/tests.json")
    def tests_json() -> ResponseReturnValue:
        return jsonify([asdict(row) for row in site.store.tests()])

    @blueprint.get("/sandbox/requests.json")
    def requests_json() -> ResponseReturnValue:
        return jsonify([asdict(row) for row in site.store.requests()])
