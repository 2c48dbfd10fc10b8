"""
The permissions of an account in a project, and the issue types and their screens.

Source: Atlassian's 'Jira Server platform REST API reference', 'mypermissions' and
'createmeta', which has several pages since Jira 8.4.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.info import ISSUE_TYPES, XRAY_TYPES
from xray_sandbox.read.jira_fields import Field, is_of_xray, screen_of
from xray_sandbox.store import workflow
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.door import current_door, is_cloud
from xray_sandbox.web.issue_json import type_json, version_json
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "LINK_ISSUES": "Link Issues",
    "RESOLVE_ISSUES": "Resolve Issues",
    "ADD_COMMENTS": "Add Comments",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "TRANSITION_ISSUES": "Transition Issues",
    "ASSIGN_ISSUES": "Assign Issues",
    "MODIFY_REPORTER": "Modify Reporter",
    "SCHEDULE_ISSUES": "Schedule Issues",
    "CLOSE_ISSUES": "Close Issues",
    "MANAGE_SPRINTS_PERMISSION": "Manage Sprints",
    "ADMINISTER_PROJECTS": "Administer Projects",
    "ADMINISTER": "Administer Jira",
}
_OPERATIONS = {"array": ["add", "set", "remove"]}


@routes.get("/mypermissions")
def my_permissions(site: Site) -> ResponseReturnValue:
    """The permissions that the query names, or all; Cloud wants names."""
    if key := request.args.get("projectKey"):
        require_project(site, key, shows_hidden=True)
    asked = request.args.get("permissions")
    if not asked and current_door().needs_permission_names:
        raise RefusedError("The permissions query parameter is required.")
    names = asked.split(",") if asked else list(_PERMISSIONS)
    unknown = [name for name in names if name not in _PERMISSIONS]
    if unknown:
        raise RefusedError(f"Unrecognized permission: {unknown[0]}")
    return jsonify(
        {"permissions": {name: _permission_json(site, name) for name in names}}
    )


def _permission_json(site: Site, name: str) -> dict[str, Any]:
    return {
        "id": str(list(_PERMISSIONS).index(name)),
        "key": name,
        "name": _PERMISSIONS[name],
        "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
        "havePermission": name not in site.store.taken_away,
    }


@routes.get("/issue/createmeta/<key>/issuetypes")
def create_types(site: Site, key: str) -> ResponseReturnValue:
    """The issue types that can be created in a project."""
    require_project(site, key)
    lacks = "CREATE_ISSUES" in site.store.taken_away
    found = [] if lacks else project_types(site)
    return jsonify(cut_page(found, current_door().types_list))


@routes.get("/issue/createmeta/<key>/issuetypes/<id>")
def create_fields(site: Site, key: str, id: str) -> ResponseReturnValue:  # noqa: A002
    """The fields of the screen for new issues of a type."""
    key = require_project(site, key)
    names = {each["id"]: str(each["name"]) for each in project_types(site)}
    if id not in names:
        raise RefusedError("Issue type could not be found.", status=404)
    screen = screen_of(site.store, names[id])
    found = [
        field_json(site, key, each)
        for each in screen.values()
        if not (is_cloud() and is_of_xray(each.schema))
    ]
    for each in found:
        if each["fieldId"] == "issuetype":
            each["allowedValues"] = [type_json(names[id])]
    return jsonify(cut_page(found, current_door().fields_list))


def field_json(site: Site, project: str, field: Field) -> dict[str, Any]:
    """A field of a screen, with the values that it accepts."""
    found: dict[str, Any] = {
        "required": field.is_required,
        "schema": field.schema,
        "name": field.name,
        "fieldId": field.id,
        "hasDefaultValue": field.has_default,
        "operations": _OPERATIONS.get(field.type, ["set"]),
    }
    if is_cloud():
        found["key"] = field.id
    values = _allowed_values(site, project, field)
    return found if values is None else {**found, "allowedValues": values}


def _allowed_values(
    site: Site, project: str, field: Field
) -> list[dict[str, Any]] | None:
    if field.options:
        return [
            {"id": str(id_), "value": value}
            for id_, value in enumerate(field.options, 1)
        ]
    if field.id in {"versions", "fixVersions"}:
        return [version_json(site, each) for each in site.store.version_rows(project)]
    if field.id == "components":
        found = site.store.components(project)
        return [{"id": str(each.id), "name": each.name} for each in found]
    if field.id == "project":
        return [{"id": str(site.store.project_id(project)), "key": project}]
    names = {"priority": workflow.PRIORITIES, "resolution": workflow.RESOLUTIONS}
    if field.id not in names:
        return None
    return [
        {"id": str(id_), "name": name} for id_, name in enumerate(names[field.id], 1)
    ]


def require_project(site: Site, key: str, *, shows_hidden: bool = False) -> str:
    """
    The key of a project that is named by key or id; refuse it in Jira's words.

    `shows_hidden`: the account need not have the permission to see it.
    """
    by_id = {str(site.store.project_id(each)): each for each in site.store.projects()}
    refusal = RefusedError(f"No project could be found with key '{key}'.", status=404)
    if "BROWSE_PROJECTS" in site.store.taken_away and not shows_hidden:
        raise refusal
    try:
        return site.registry.project(by_id.get(key, key))
    except RefusedError as error:
        raise refusal from error


def require_permission(
    site: Site, name: str, project: str, *, text: str = "", status: int = 403
) -> None:
    """Refuse a change without this permission, and in an archived project."""
    if name in site.store.taken_away:
        words = f"You do not have the permission '{_PERMISSIONS[name]}'"
        raise RefusedError(text or f"{words} in project {project}.", status=status)
    if site.store.is_archived(project):
        raise RefusedError(f"The project {project} is archived.", status=status)


def require_issue(site: Site, key: str) -> IssueRow:
    """The issue with this key, old key or id, or a refusal."""
    store, registry = site.store, site.registry
    found = store.issue(int(key)) if key.isdecimal() else registry.any_issue(key)
    if found is None or "BROWSE_PROJECTS" in store.taken_away:
        raise RefusedError("Issue Does Not Exist", status=404)
    return found


def project_types(site: Site) -> list[dict[str, Any]]:
    """The issue types of any project: all have the same."""
    names = [*XRAY_TYPES.values(), *ISSUE_TYPES.values()]
    return [
        type_json(name)
        for name in dict.fromkeys(names)
        if name not in site.store.taken_away
    ]
