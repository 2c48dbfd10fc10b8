"""
The workflow of issues.

Source: Atlassian's REST references, 'Get transitions' and 'Transition issue'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect
from xray_sandbox.read.issue_fields import named_value
from xray_sandbox.read.jira_fields import Field, screen_of
from xray_sandbox.store import workflow
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.access import field_json, require_issue
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.door import current_door
from xray_sandbox.web.issue_json import status_json
from xray_sandbox.web.issues import change_issue, read_body
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_RESOLUTION = Field("resolution", "Resolution", "resolution", has_default=True)


@routes.get("/issue/<key>/transitions")
def transitions(site: Site, key: str) -> ResponseReturnValue:
    """The transitions from the current status, with their fields if asked."""
    row = require_issue(site, key)
    with_fields = "transitions.fields" in request.args.get("expand", "")
    found = []
    for each in _offered(site, row):
        target = status_json(workflow.BY_NAME[each.target])
        shown = {"id": each.id, "name": each.name, "to": target, "isAvailable": True}
        if with_fields:
            screen = _transition_screen(site, each)
            shown["fields"] = {
                field.id: field_json(site, row.project, field) for field in screen
            }
        found.append(shown)
    return jsonify({"expand": "transitions", "transitions": found})


def _offered(site: Site, row: IssueRow) -> list[workflow.Transition]:
    if "TRANSITION_ISSUES" in site.store.taken_away:
        return []
    now = workflow.status_of(row.fields.get("status")).name
    return [each for each in workflow.TRANSITIONS if now in each.sources]


def _transition_screen(site: Site, transition: workflow.Transition) -> list[Field]:
    """The fields of a transition: only Done has some."""
    if transition.target != workflow.DONE.name:
        return []
    required = {
        each.partition(" ")[2]
        for each in site.store.required
        if each.startswith("transition ")
    }
    resolution = _RESOLUTION._replace(
        is_required="resolution" in required,
        has_default="resolution" not in required,
    )
    every = screen_of(site.store, "Bug")
    others = [
        every[name]._replace(is_required=True) for name in required if name in every
    ]
    return [resolution, *others]


@routes.post("/issue/<key>/transitions")
def transition(site: Site, key: str) -> ResponseReturnValue:
    """Move an issue to the status of a transition that is offered."""
    body = read_body()
    wanted = str(expect(body.get("transition"), dict, "transition").get("id") or "")
    if not wanted:
        raise RefusedError("Missing 'transition' identifier")
    with site.store.transaction():
        row = require_issue(site, key)
        offered = {each.id: each for each in _offered(site, row)}
        if wanted not in offered or site.store.is_archived(row.project):
            word = current_door().issue_word
            raise RefusedError(
                f"Transition id '{wanted}' is not valid for this {word}."
            )
        _move(site, row, offered[wanted], body)
    return "", 204


def _move(
    site: Site, row: IssueRow, step: workflow.Transition, body: Mapping[str, Any]
) -> None:
    screen = {each.id: each for each in _transition_screen(site, step)}
    given = dict(expect(body.get("fields", {}), dict, "fields"))
    lacking = {
        each.id: f"{each.name} is required."
        for each in screen.values()
        if each.is_required and not given.get(each.id)
    }
    unknown = {
        name: f"Field '{name}' cannot be set. It is not on the appropriate screen, "
        "or unknown."
        for name in given.keys() - screen.keys()
    }
    if lacking or unknown:
        raise RefusedError("", fields={**lacking, **unknown})
    resolution = given.pop("resolution", None)
    named = (
        named_value("Resolution", workflow.RESOLUTIONS, resolution)["name"]
        if isinstance(resolution, dict)
        else ""
    )
    change_issue(site, row, {**body, "fields": given}, *screen.values())
    site.store.change_status(
        row.key, step.target, author=CREDENTIALS.user, resolution=named
    )
