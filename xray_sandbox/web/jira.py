"""
Jira Server / Data Center: the resources that a client of Xray needs.

Source: Atlassian's 'Jira Server platform REST API reference'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.importer import checked_columns, make_execution
from xray_sandbox.product import SERVER
from xray_sandbox.read.documents import expect, items_of, texts_of
from xray_sandbox.read.fields import all_fields
from xray_sandbox.read.info import (
    ISSUE_TYPES,
    check_labels,
    read_fields,
    read_info,
)
from xray_sandbox.read.submission import Details
from xray_sandbox.store.jql import search_issues
from xray_sandbox.store.rows import TEST_PLAN, IssueRow
from xray_sandbox.web.access import add_access, project_types, require_project
from xray_sandbox.web.adf import from_document, to_document
from xray_sandbox.web.auth import CREDENTIALS, refuse_unauthenticated
from xray_sandbox.web.issue_json import issue_json
from xray_sandbox.web.site import Site


_PREFIX = "/rest/api/<any('2','3','latest'):version>"
_PAGE = 50
_ABSENT = "Issue Does Not Exist"


def jira_blueprint(site: Site) -> Blueprint:
    """The user, projects, fields, issues and search."""
    blueprint = Blueprint("jira", __name__, url_prefix=_PREFIX)
    blueprint.before_request(_require_login)
    blueprint.url_value_preprocessor(_drop_version)
    blueprint.register_error_handler(RefusedError, _answer_refusal)
    _add_instance(blueprint, site)
    add_access(blueprint, site)
    _add_issues(blueprint, site)
    return blueprint


def _require_login() -> Response | None:
    open_to_all = request.endpoint == "jira.server_info"
    return None if open_to_all else refuse_unauthenticated()


def _drop_version(_: str | None, values: dict[str, Any] | None) -> None:
    g.documents = (values or {}).pop("version", None) == "3"


def _answer_refusal(error: RefusedError) -> ResponseReturnValue:
    return jsonify({"errorMessages": [error.text], "errors": {}}), error.status


def _add_instance(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/serverInfo")
    def server_info() -> ResponseReturnValue:
        return jsonify(
            {
                "baseUrl": site.link("").rstrip("/"),
                "version": "9.12.0",
                "versionNumbers": [9, 12, 0],
                "deploymentType": "Server",
                "serverTitle": "xray-bridge sandbox",
            }
        )

    @blueprint.get("/myself")
    def myself() -> ResponseReturnValue:
        name = CREDENTIALS.user
        return jsonify(
            {"key": name, "name": name, "displayName": "Sandbox", "active": True}
        )

    @blueprint.get("/field")
    def fields() -> ResponseReturnValue:
        return jsonify(all_fields())

    @blueprint.get("/issuetype")
    def issue_types() -> ResponseReturnValue:
        return jsonify(
            [
                {"id": id_, "name": name, "subtask": False}
                for id_, name in ISSUE_TYPES.items()
            ]
        )

    @blueprint.get("/project/<key>")
    def project(key: str) -> ResponseReturnValue:
        require_project(site, key)
        return jsonify(_project_json(site, key))


def _project_json(site: Site, key: str) -> dict[str, Any]:
    project_id = str(site.store.project_id(key))
    return {
        "id": project_id,
        "key": key,
        "self": site.link(f"rest/api/2/project/{project_id}"),
        "versions": [
            {"id": str(id_), "name": name, "released": False, "archived": False}
            for id_, name in site.store.versions(key)
        ],
        "issueTypes": project_types(site),
    }


def _add_issues(blueprint: Blueprint, site: Site) -> None:
    @blueprint.get("/issue/<key>")
    def issue(key: str) -> ResponseReturnValue:
        wanted = _split_names(request.args.get("fields", "*all"))
        found = issue_json(site, _require_issue(site, key), wanted)
        if g.documents and found["fields"].get("description"):
            found["fields"]["description"] = to_document(found["fields"]["description"])
        return jsonify(found)

    @blueprint.post("/issue")
    def create() -> ResponseReturnValue:
        details = read_info(request.get_json(silent=True), SERVER)
        made = make_execution(site.registry, SERVER, details)
        return jsonify(site.reference(made)), 201

    @blueprint.put("/issue/<key>")
    def edit(key: str) -> ResponseReturnValue:
        body = expect(request.get_json(silent=True), dict, "body")
        with site.store.transaction():
            _edit_issue(site, _require_issue(site, key), body)
        return "", 204

    @blueprint.post("/issue/<key>/transitions")
    def transition(key: str) -> ResponseReturnValue:
        """Accept any transition: the sandbox has no workflow."""
        _require_issue(site, key)
        body = expect(request.get_json(silent=True), dict, "body")
        wanted = expect(body.get("transition"), dict, "transition")
        if not wanted.get("id"):
            raise RefusedError("Missing 'transition' identifier")
        return "", 204

    @blueprint.get("/search")
    def search_by_query() -> ResponseReturnValue:
        return jsonify(_search_page(site, request.args))

    @blueprint.post("/search")
    def search_by_body() -> ResponseReturnValue:
        return jsonify(
            _search_page(site, expect(request.get_json(silent=True), dict, "body"))
        )


def _require_issue(site: Site, key: str) -> IssueRow:
    store, registry = site.store, site.registry
    found = store.issue(int(key)) if key.isdecimal() else registry.any_issue(key)
    if found is None:
        raise RefusedError(_ABSENT, status=404)
    return found


def _edit_issue(site: Site, issue: IssueRow, body: Mapping[str, Any]) -> None:
    fields = expect(body.get("fields", {}), dict, "fields")
    if g.documents and "description" in fields:
        fields = {**fields, "description": from_document(fields["description"])}
    details = read_fields(fields, SERVER)
    if details.project not in {None, issue.project}:
        raise RefusedError("project: An issue cannot be moved this way.")
    columns = checked_columns(site.registry, SERVER, details, issue.project)
    columns["fields"] = {**issue.fields, **details.fields}
    columns |= _text_columns(details)
    update = expect(body.get("update", {}), dict, "update")
    columns |= _updated_labels(columns.get("labels", issue.labels), update)
    site.store.change_issue(issue.key, **columns)
    if details.test_plans is not None:
        for plan in site.store.plans_of(issue.id):
            site.store.unlink_from_plan(plan, [issue.key])
        for plan in details.test_plans:
            site.registry.require(plan, TEST_PLAN)
            site.store.link_to_plan(plan, [issue.key])


def _text_columns(details: Details) -> dict[str, Any]:
    texts = {
        "summary": details.summary,
        "description": details.description,
        "labels": details.labels,
    }
    return {name: value for name, value in texts.items() if value is not None}


def _updated_labels(
    labels: tuple[str, ...], update: Mapping[str, Any]
) -> dict[str, Any]:
    """Apply `update.labels`, a list of the operations add, remove and set."""
    found = list(labels)
    for operation in items_of(update, "labels"):
        if "set" in operation:
            found = list(texts_of(operation, "set"))
        if "add" in operation and operation["add"] not in found:
            found.append(expect(operation["add"], str, "labels"))
        found = [label for label in found if label != operation.get("remove")]
    check_labels(tuple(found))
    return {"labels": tuple(found)}


def _search_page(site: Site, query: Mapping[str, Any]) -> dict[str, Any]:
    found = search_issues(site.registry, str(query.get("jql", "")))
    try:
        start = int(query.get("startAt", 0))
        limit = int(query.get("maxResults", _PAGE))
    except (TypeError, ValueError) as error:
        raise RefusedError("startAt and maxResults must be numbers") from error
    wanted = query.get("fields", "*navigable")
    names = wanted if isinstance(wanted, list) else _split_names(str(wanted))
    page = found[start : start + limit]
    return {
        "startAt": start,
        "maxResults": limit,
        "total": len(found),
        "issues": [issue_json(site, issue, names) for issue in page],
    }


def _split_names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
