"""
The permissions of an account in a project, and the issue types of the project.

Source: Atlassian's 'Jira Server platform REST API reference', 'mypermissions' and
'createmeta', which has several pages since Jira 8.4.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.info import ISSUE_TYPES
from xray_sandbox.web.site import Site


_PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "LINK_ISSUES": "Link Issues",
    "RESOLVE_ISSUES": "Resolve Issues",
    "ADD_COMMENTS": "Add Comments",
    "CREATE_ATTACHMENTS": "Create Attachments",
}


def add_access(blueprint: Blueprint, site: Site) -> None:
    """`mypermissions` and `createmeta`."""

    @blueprint.get("/mypermissions")
    def my_permissions() -> ResponseReturnValue:
        if key := request.args.get("projectKey"):
            require_project(site, key)
        asked = request.args.get("permissions")
        names = asked.split(",") if asked else list(_PERMISSIONS)
        unknown = [name for name in names if name not in _PERMISSIONS]
        if unknown:
            raise RefusedError(f"Unrecognized permission: {unknown[0]}")
        return jsonify(
            {"permissions": {name: _permission_json(site, name) for name in names}}
        )

    @blueprint.get("/issue/createmeta/<key>/issuetypes")
    def createmeta(key: str) -> ResponseReturnValue:
        require_project(site, key)
        found = project_types(site)
        return jsonify(
            {
                "maxResults": 50,
                "startAt": 0,
                "total": len(found),
                "isLast": True,
                "values": found,
            }
        )


def require_project(site: Site, key: str) -> None:
    """Refuse a project that does not exist, in Jira's words."""
    try:
        site.registry.project(key)
    except RefusedError as error:
        text = f"No project could be found with key '{key}'."
        raise RefusedError(text, status=404) from error


def project_types(site: Site) -> list[dict[str, Any]]:
    """The issue types of any project: all have the same."""
    return [
        {"id": id_, "name": name, "subtask": False}
        for id_, name in ISSUE_TYPES.items()
        if name not in site.store.taken_away
    ]


def _permission_json(site: Site, name: str) -> dict[str, Any]:
    return {
        "id": str(list(_PERMISSIONS).index(name)),
        "key": name,
        "name": _PERMISSIONS[name],
        "type": "PROJECT",
        "havePermission": name not in site.store.taken_away,
    }
