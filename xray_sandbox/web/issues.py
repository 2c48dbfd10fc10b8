"""
Issues: made, read, edited, moved through their workflow.

Source: Atlassian's REST references, 'Create issue', 'Edit issue', 'Get transitions'
and 'Transition issue' of both products.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError, not_settable
from xray_sandbox.importer import checked_columns, make_execution
from xray_sandbox.read.documents import expect, items_of
from xray_sandbox.read.info import XRAY_TYPES, check_labels, read_fields, read_info
from xray_sandbox.read.issue_fields import (
    Reading,
    read_issue_fields,
    read_user,
)
from xray_sandbox.read.jira_fields import Field, screen_of, type_named
from xray_sandbox.read.submission import Details
from xray_sandbox.read.test_fields import scenario_columns, split_test_fields
from xray_sandbox.store.documents import HISTORY
from xray_sandbox.store.planning import write_now
from xray_sandbox.store.rows import TEST, TEST_EXECUTION, TEST_PLAN, IssueRow
from xray_sandbox.web.access import (
    field_json,
    require_issue,
    require_permission,
    require_project,
)
from xray_sandbox.web.adf import from_document, to_document
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.door import current_door
from xray_sandbox.web.issue_json import issue_json, show_time
from xray_sandbox.web.issue_parts import add_comment, add_links
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_MEMBERS = frozenset(
    {"fields", "update", "historyMetadata", "properties", "transition"}
)


def read_body() -> dict[str, Any]:
    """The JSON object of the request."""
    found: dict[str, Any] = expect(request.get_json(silent=True), dict, "body")
    return found


def split_names(text: str) -> list[str]:
    """The names of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


@routes.get("/issue/<key>")
def issue(site: Site, key: str) -> ResponseReturnValue:
    """An issue with its fields, and its history if the query asks for it."""
    wanted = split_names(request.args.get("fields", "*all"))
    row = require_issue(site, key)
    found = issue_json(site, row, wanted)
    if "changelog" in split_names(request.args.get("expand", "")):
        histories = _histories(site, row)
        count = len(histories)
        page = {"startAt": 0, "maxResults": count, "total": count}
        found["changelog"] = {**page, "histories": histories}
    return jsonify(show_documents(found))


@routes.get("/issue/<key>/changelog")
def changelog(site: Site, key: str) -> ResponseReturnValue:
    """The history of an issue in pages."""
    return jsonify(cut_page(_histories(site, require_issue(site, key)), "values"))


def _histories(site: Site, row: IssueRow) -> list[dict[str, Any]]:
    return [
        {
            "id": str(each.id),
            "author": current_door().user_json(
                each.content["author"] or CREDENTIALS.user
            ),
            "created": show_time(each.content["created"]),
            "items": each.content["items"],
        }
        for each in site.store.documents(HISTORY, row.id)
    ]


def show_documents(found: dict[str, Any]) -> dict[str, Any]:
    """An issue for version 3, which has documents instead of texts."""
    fields = found.get("fields", {})
    if g.documents and fields.get("description"):
        fields["description"] = to_document(fields["description"])
    if g.documents and "comment" in fields:
        for each in fields["comment"]["comments"]:
            each["body"] = to_document(each["body"])
    return found


@routes.post("/issue")
def create(site: Site) -> ResponseReturnValue:
    """Make an issue of any type; a Test Execution as an import makes it."""
    body = read_body()
    values = expect(body.get("fields", {}), dict, "fields")
    type_ = type_named(values.get("issuetype"))
    with site.store.transaction():
        if type_ == TEST_EXECUTION:
            made = _make_execution(site, body, values)
        else:
            made = _make_issue(site, type_, values)
            add_links(site, made, body)
    return jsonify(site.reference(made)), 201


def _make_execution(
    site: Site, body: dict[str, Any], values: Mapping[str, Any]
) -> IssueRow:
    product = current_door().product
    unknown = sorted(body.keys() - _MEMBERS)
    if unknown:
        raise not_settable(unknown[0])
    details = read_info({"fields": _with_texts(values)}, product)
    _require_creation(site, _find_project(site, values))
    return make_execution(site.registry, product, details)


def _make_issue(site: Site, type_: str | None, values: Mapping[str, Any]) -> IssueRow:
    project = _find_project(site, values)
    if type_ is None or type_ in site.store.taken_away:
        # The words for a missing type and for one that the project lacks.
        words = "valid issue type is required"
        given = bool(values.get("issuetype"))
        raise RefusedError(
            "", fields={"issuetype": words if given else words.removeprefix("valid ")}
        )
    _require_creation(site, project)
    product = current_door().product
    reading = Reading(site.registry, product, project, type_)
    screen = screen_of(site.store, type_)
    xray: dict[str, Any] = {}
    if type_ == TEST and not product.xray_fields:
        values, xray = split_test_fields(values)
    columns, others = read_issue_fields(
        reading, _with_texts(values), screen, is_new=True
    )
    if type_ == TEST:
        xray = scenario_columns(xray, columns["summary"])
        columns = {"kind": "Manual", **columns, **xray}
    key = site.store.add_issue(type_, project=project, **columns, fields=others)
    return require_issue(site, key)


def _require_creation(site: Site, project: str) -> None:
    """Refuse without the permission, and in an archived project."""
    try:
        require_permission(site, "CREATE_ISSUES", project)
    except RefusedError as error:
        words = "You cannot create issues in this project."
        raise RefusedError("", fields={"project": words}) from error


def _find_project(site: Site, values: Mapping[str, Any]) -> str:
    given = values.get("project")
    named = given if isinstance(given, dict) else {}
    try:
        return require_project(site, str(named.get("key") or named.get("id") or ""))
    except RefusedError as error:
        words = "valid project is required" if named else "project is required"
        raise RefusedError("", fields={"project": words}) from error


def _with_texts(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields with a text as description, which is a document in version 3."""
    if g.documents and "description" in values:
        return {**values, "description": from_document(values["description"])}
    return values


@routes.put("/issue/<key>")
def edit(site: Site, key: str) -> ResponseReturnValue:
    """Change an issue by its fields and by operations."""
    body = read_body()
    with site.store.transaction():
        row = require_issue(site, key)
        require_permission(site, "EDIT_ISSUES", row.project)
        change_issue(site, row, body)
    return "", 204


def change_issue(
    site: Site, row: IssueRow, body: Mapping[str, Any], *more: Field
) -> None:
    """Change an issue as `fields` and `update` say; `more` are on the screen, too."""
    values = _with_texts(expect(body.get("fields", {}), dict, "fields"))
    update = expect(body.get("update", {}), dict, "update")
    values = {**values, **_apply_operations(site, row, values, update)}
    if row.type in XRAY_TYPES.values() and not more:
        columns = _read_xray_columns(site, row, values)
    else:
        screen = {**screen_of(site.store, row.type), **{f.id: f for f in more}}
        reading = Reading(site.registry, current_door().product, row.project, row.type)
        columns, others = read_issue_fields(reading, values, screen, is_new=False)
        columns["fields"] = {**row.fields, **others}
    columns["fields"] = {**columns["fields"], "updated": write_now()}
    site.store.change_issue(row.key, **columns)
    for each in items_of(update, "comment"):
        given = expect(each.get("add"), dict, "comment")
        add_comment(site, row, given.get("body"))
    add_links(site, row, body)


def _read_xray_columns(
    site: Site, row: IssueRow, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of one of Xray's issues, which have Xray's fields."""
    product = current_door().product
    xray: dict[str, Any] = {}
    if row.type == TEST and not product.xray_fields:
        values, xray = split_test_fields(values)
    details = read_fields(values, product)
    if details.project not in {None, row.project}:
        raise RefusedError("project: An issue cannot be moved this way.")
    columns = checked_columns(site.registry, product, details, row.project)
    columns["fields"] = {**row.fields, **details.fields}
    columns |= _text_columns(details)
    columns |= scenario_columns(xray, columns.get("summary", row.summary))
    if details.test_plans is not None:
        for plan in site.store.plans_of(row.id):
            site.store.unlink_from_plan(plan, [row.key])
        for plan in details.test_plans:
            site.registry.require(plan, TEST_PLAN)
            site.store.link_to_plan(plan, [row.key])
    return columns


def _text_columns(details: Details) -> dict[str, Any]:
    texts = {
        "summary": details.summary,
        "description": details.description,
        "labels": details.labels,
    }
    return {name: value for name, value in texts.items() if value is not None}


def _apply_operations(
    site: Site, row: IssueRow, values: Mapping[str, Any], update: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of fields after the operations add, remove and set of `update`."""
    unknown = sorted(update.keys() - {*_LISTS, "comment", "issuelinks"})
    changed: dict[str, Any] = {}
    for name in unknown:
        operations = items_of(update, name)
        if any(each.keys() != {"set"} for each in operations):
            words = f"Field '{name}' does not support these operations."
            raise RefusedError("", fields={name: words})
        changed[name] = operations[-1]["set"] if operations else None
    now = issue_json(site, row, list(_LISTS))["fields"]
    for name in _LISTS & update.keys():
        found = expect(values.get(name, now[name]) or [], list, name)
        for operation in items_of(update, name):
            found = _apply_one(found, operation)
        if name == "labels":
            check_labels(tuple(map(str, found)))
        changed[name] = [
            {"name": each["name"]}
            if isinstance(each, dict) and "name" in each
            else each
            for each in found
        ]
    return changed


def _apply_one(found: list[Any], operation: Mapping[str, Any]) -> list[Any]:
    if "set" in operation:
        found = expect(operation["set"], list, "set")
    if "add" in operation and not _has(found, operation["add"]):
        found = [*found, operation["add"]]
    if "remove" in operation:
        found = [each for each in found if not _has([each], operation["remove"])]
    return found


def _has(found: list[Any], value: Any) -> bool:
    """Whether a list has a value; objects are the same if their names are."""
    if not isinstance(value, dict):
        return value in found
    names = [each.get("name") for each in found if isinstance(each, dict)]
    return value.get("name") in names


_LISTS = frozenset({"labels", "fixVersions", "versions", "components"})


@routes.put("/issue/<key>/assignee")
def assign(site: Site, key: str) -> ResponseReturnValue:
    """Assign an issue to a user, or to nobody."""
    row = require_issue(site, key)
    require_permission(site, "ASSIGN_ISSUES", row.project)
    field = Field("assignee", "Assignee", "user")
    reading = Reading(site.registry, current_door().product, row.project, row.type)
    body = read_body()
    named = body.get(reading.product.user_key)
    user = None if named is None else read_user(reading, field, body)
    site.store.change_issue(row.key, fields={**row.fields, "assignee": user})
    return "", 204


@routes.get("/issue/<key>/editmeta")
def editmeta(site: Site, key: str) -> ResponseReturnValue:
    """The fields of the screen of an issue, by id."""
    row = require_issue(site, key)
    screen = screen_of(site.store, row.type)
    lacks = "EDIT_ISSUES" in site.store.taken_away
    fields = {
        each.id: field_json(site, row.project, each)
        for each in screen.values()
        if each.id != "project" and not lacks
    }
    return jsonify({"fields": fields})
