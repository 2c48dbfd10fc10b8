"""
Xray Server / Data Center: everything below `rest/raven`.

Source: Xray's manual, 'REST API' of Server and Data Center.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.features_export import build_feature_files, zip_files
from xray_sandbox.features_import import receive_features
from xray_sandbox.product import SERVER, SERVER_V1
from xray_sandbox.read.documents import expect, texts_of
from xray_sandbox.read.imports import PATHS, receive_results
from xray_sandbox.read.info import ISSUE_TYPES
from xray_sandbox.store.coverage import status_in_plan
from xray_sandbox.store.rows import (
    TEST,
    TEST_EXECUTION,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
)
from xray_sandbox.web.auth import require_jira_login
from xray_sandbox.web.datasets import add_export, add_import
from xray_sandbox.web.repository import add_repository
from xray_sandbox.web.site import Site
from xray_sandbox.web.test_runs import add_test_runs


_PREFIX = "/rest/raven/<any('1.0','2.0','latest'):version>"
_REQUIREMENT = {SERVER.passed: "OK", SERVER.failed: "NOK"}
_MEMBERS = {"test": TEST, "testexecution": TEST_EXECUTION}


def server_blueprint(site: Site) -> Blueprint:
    """Imports, exports and the other resources that clients read."""
    blueprint = Blueprint("server", __name__, url_prefix=_PREFIX)
    blueprint.before_request(require_jira_login)
    blueprint.url_value_preprocessor(_take_version)
    blueprint.register_error_handler(RefusedError, _answer_refusal)
    for path, (name, multipart) in PATHS.items():
        blueprint.add_url_rule(
            f"/import/execution{path}",
            f"import {path}",
            _import_view(site, name, multipart=multipart),
            methods=["POST"],
        )
    _add_resources(blueprint, site)
    add_test_runs(blueprint, site)
    _add_feature_import(blueprint, site)
    _add_plans(blueprint, site)
    _add_sets(blueprint, site)
    add_repository(blueprint, site)
    add_export(blueprint, site, "/api/dataset/export")
    add_import(blueprint, site, "/api/dataset/import")
    return blueprint


def _take_version(_: str | None, values: dict[str, Any] | None) -> None:
    g.version = (values or {}).pop("version", "2.0")


def _answer_refusal(error: RefusedError) -> ResponseReturnValue:
    return jsonify({"error": error.text}), error.status


def _import_view(site: Site, name: str, *, multipart: bool) -> Any:
    def view() -> ResponseReturnValue:
        bare = g.version == "1.0"
        product = SERVER_V1 if bare else SERVER
        done = receive_results(site.registry, product, name, multipart=multipart)
        execution = site.reference(done.execution)
        if bare:
            return jsonify(execution)
        tests = [site.reference(test) for test in done.tests]
        return jsonify(
            {
                "testExecIssue": execution,
                "testIssues": {"success": tests, "error": list(done.errors)},
                "infoMessages": [],
            }
        )

    return view


def _add_resources(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/api/xraylicense")
    def license_() -> ResponseReturnValue:
        active = "licence" not in site.store.taken_away
        return jsonify({"active": active, "licenseType": "SANDBOX"})

    @blueprint.get("/api/settings/teststatuses")
    def test_statuses() -> ResponseReturnValue:
        return jsonify(
            [
                {
                    "id": number,
                    "rank": number,
                    "name": word,
                    "isNative": True,
                    "final": word in {SERVER.passed, SERVER.failed},
                    "requirementStatusName": _REQUIREMENT.get(word, "NOTRUN"),
                }
                for number, word in enumerate(SERVER.statuses)
            ]
        )

    @blueprint.get("/api/testexec/<key>/test")
    def tests_of_execution(key: str) -> ResponseReturnValue:
        execution = site.registry.require(key, TEST_EXECUTION)
        runs = site.store.test_runs(execution.id)
        found = [
            {"id": run.id, "key": run.test_key, "status": run.status} for run in runs
        ]
        return jsonify(_cut_page(found))

    @blueprint.get("/export/test")
    def export_features() -> ResponseReturnValue:
        query = request.args
        keys, saved = query.get("keys", ""), query.get("filter", "")
        files = build_feature_files(site.registry, keys, saved, numbered=True)
        if query.get("fz", "false") != "true" and len(files) == 1:
            return _make_download(files[0].name, files[0].text, "text/plain")
        return _make_download(
            "features.zip", zip_files(files), "application/octet-stream"
        )


def _add_feature_import(blueprint: Blueprint, site: Site) -> None:
    @blueprint.post("/import/feature")
    def import_features() -> ResponseReturnValue:
        """Answer with a list of issues, or with an object if something was refused."""
        done = receive_features(site.registry, SERVER)
        if not done.errors:
            every = (*done.tests, *done.preconditions)
            return jsonify([_with_type(site, issue) for issue in every])
        return jsonify(
            {
                "message": "\n".join(done.errors),
                "testIssues": list(map(site.reference, done.tests)),
                "preconditionIssues": list(map(site.reference, done.preconditions)),
            }
        )


def _with_type(site: Site, issue: IssueRow) -> dict[str, Any]:
    types = {name: id_ for id_, name in ISSUE_TYPES.items()}
    kind = {"id": types[issue.type], "name": issue.type}
    return {**site.reference(issue), "issueType": kind}


def _cut_page(found: list[Any]) -> list[Any]:
    """Return one page by `limit` and `page` (from 1); everything without a limit."""
    limit = request.args.get("limit", 0, int)
    start = limit * (max(1, request.args.get("page", 1, int)) - 1)
    return found[start : start + limit] if limit > 0 else found


def _make_download(name: str, data: str | bytes, mimetype: str) -> Response:
    answer = Response(data, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _add_plans(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/api/testplan/<key>/<any(test,testexecution):kind>")
    def plan_members(key: str, kind: str) -> ResponseReturnValue:
        plan = site.registry.require(key, TEST_PLAN)
        members = site.store.plan_members(plan.key, _MEMBERS[kind])
        found = [site.reference(issue) for issue in members]
        if kind == "test":
            # Source: Xray's manual, "Test Plans - REST".
            for shown, test in zip(found, members, strict=True):
                status = status_in_plan(site.store, plan, test, SERVER.todo)
                shown["latestStatus"] = status
        return jsonify(_cut_page(found))

    @blueprint.post("/api/testplan/<key>/<any(test,testexecution):kind>")
    def change_plan(key: str, kind: str) -> ResponseReturnValue:
        """Answer with an array of errors; it is empty if there was none."""
        body = expect(request.get_json(silent=True), dict, "body")
        with site.store.transaction():
            plan = site.registry.require(key, TEST_PLAN)
            wanted, absent = _find_members(site, texts_of(body, "add"), _MEMBERS[kind])
            site.store.link_to_plan(plan.key, wanted)
            site.store.unlink_from_plan(plan.key, texts_of(body, "remove"))
        return jsonify(absent)


def _add_sets(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/api/testset/<key>/test")
    def tests_of_set(key: str) -> ResponseReturnValue:
        found = site.registry.require(key, TEST_SET)
        members = site.store.plan_members(found.key, TEST)
        return jsonify(_cut_page([site.reference(issue) for issue in members]))

    @blueprint.post("/api/testset/<key>/test")
    def change_set(key: str) -> ResponseReturnValue:
        """Answer with an array of errors; it is empty if there was none."""
        body = expect(request.get_json(silent=True), dict, "body")
        with site.store.transaction():
            found = site.registry.require(key, TEST_SET)
            wanted, absent = _find_members(site, texts_of(body, "add"), TEST)
            site.store.link_to_plan(found.key, wanted)
            site.store.unlink_from_plan(found.key, texts_of(body, "remove"))
        return jsonify(absent)


def _find_members(
    site: Site, keys: tuple[str, ...], type_: str
) -> tuple[list[str], list[str]]:
    wanted, absent = [], []
    for key in keys:
        if site.registry.find(key, type_):
            wanted.append(key)
        else:
            absent.append(f"Issue with key {key} does not exist or is not a {type_}")
    return wanted, absent
