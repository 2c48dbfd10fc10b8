"""
Boards and sprints.

Source: Atlassian's 'Jira Software REST API', 'Board' and 'Sprint'.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect
from xray_sandbox.store.documents import BOARD, SPRINT, Document
from xray_sandbox.web.access import require_issue, require_permission, require_project
from xray_sandbox.web.issue_json import sprint_json, version_json
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_AT_ONCE = 50


@routes.get("/board")
def boards(site: Site) -> ResponseReturnValue:
    """
    The boards of a project, or all; `type` and `name` select some.

    With `adopt` a project gets a board with an active sprint.
    """
    owner = None
    if given := request.args.get("projectKeyOrId"):
        project = require_project(site, given)
        owner = site.store.project_id(project)
        with site.store.transaction():
            if site.registry.adopt and not site.store.documents(BOARD, owner):
                made = site.store.add_board(project)
                site.store.add_sprint(made, f"{project} Sprint 1", "active")
    kind, name = request.args.get("type"), request.args.get("name", "").lower()
    found = [
        _board_json(site, each)
        for each in site.store.documents(BOARD, owner)
        if kind in {None, each.content["type"]} and name in each.content["name"].lower()
    ]
    return jsonify(cut_page(found, "values"))


@routes.get("/board/<id>")
def board(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """One board."""
    return jsonify(_board_json(site, _require_board(site, id)))


def _board_json(site: Site, found: Document) -> dict[str, Any]:
    key = next(
        (k for k in site.store.projects() if site.store.project_id(k) == found.owner),
        "",
    )
    return {
        "id": found.id,
        "self": site.link(f"rest/agile/1.0/board/{found.id}"),
        **found.content,
        "location": {"projectId": found.owner, "projectKey": key},
    }


def _require_board(site: Site, id: str) -> Document:  # noqa: A002
    found = site.store.document(BOARD, int(id)) if id.isdecimal() else None
    if found is None:
        words = "Board does not exist or you do not have permission to view it."
        raise RefusedError(words, status=404)
    return found


@routes.get("/board/<id>/sprint")
def sprints(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """The sprints of a scrum board; `state` selects some."""
    found = _require_board(site, id)
    if found.content["type"] == "kanban":
        raise RefusedError("The board does not support sprints")
    states = {each for each in request.args.get("state", "").split(",") if each}
    if states - {"future", "active", "closed"}:
        raise RefusedError("The state must be one of: future, active, closed.")
    listed = [
        _sprint_json(site, each)
        for each in site.store.documents(SPRINT, found.id)
        if not states or each.content["state"] in states
    ]
    return jsonify(cut_page(listed, "values"))


@routes.get("/board/<id>/version")
def versions(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """The versions of a board's project; `released` selects some."""
    owner = _require_board(site, id).owner
    wanted = request.args.get("released")
    found = [
        version_json(site, each)
        for key in site.store.projects()
        if site.store.project_id(key) == owner
        for each in site.store.version_rows(key)
        if wanted is None or each.released == (wanted == "true")
    ]
    return jsonify(cut_page(found, "values"))


@routes.get("/sprint/<id>")
def sprint(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """One sprint."""
    return jsonify(_sprint_json(site, _require_sprint(site, id)))


def _sprint_json(site: Site, found: Document) -> dict[str, Any]:
    link = site.link(f"rest/agile/1.0/sprint/{found.id}")
    return {**sprint_json(found), "self": link}


def _require_sprint(site: Site, id: str) -> Document:  # noqa: A002
    found = site.store.document(SPRINT, int(id)) if id.isdecimal() else None
    if found is None:
        words = "Sprint does not exist or you do not have permission to view it."
        raise RefusedError(words, status=404)
    return found


@routes.post("/sprint/<id>/issue")
def put_into(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """Move issues to a sprint that is not closed, at most 50 at once."""
    body = expect(request.get_json(silent=True), dict, "body")
    keys = expect(body.get("issues", []), list, "issues")
    with site.store.transaction():
        found = _require_sprint(site, id)
        if found.content["state"] == "closed":
            words = "Issues can only be moved to open or future sprints."
            raise RefusedError(words)
        if not 0 < len(keys) <= _AT_ONCE:
            raise RefusedError(f"The number of issues must be from 1 to {_AT_ONCE}.")
        for key in keys:
            row = require_issue(site, str(key))
            require_permission(site, "SCHEDULE_ISSUES", row.project)
            site.store.put_into_sprint(row.key, found.id)
    return "", 204
