"""
The versions of a project.

Source: Atlassian's REST references, 'Get project versions' and 'Create version'.
"""

from __future__ import annotations

import re
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect
from xray_sandbox.store.planning import Version
from xray_sandbox.web.access import require_permission, require_project
from xray_sandbox.web.door import is_cloud
from xray_sandbox.web.issue_json import version_json
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_NAME_LIMIT = 255
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_STATE = {"released": bool, "archived": bool, "releaseDate": str, "description": str}


@routes.get("/project/<key>/versions")
def versions(site: Site, key: str) -> ResponseReturnValue:
    """All versions of a project."""
    found = site.store.version_rows(require_project(site, key))
    return jsonify([version_json(site, each) for each in found])


@routes.get("/project/<key>/version")
def version_page(site: Site, key: str) -> ResponseReturnValue:
    """The versions of a project in pages; `status` and `query` select some."""
    found = site.store.version_rows(require_project(site, key))
    states = {each for each in request.args.get("status", "").split(",") if each}
    words = request.args.get("query", "").lower()
    chosen = [
        version_json(site, each)
        for each in found
        if (not states or _state_of(each) in states) and words in each.name.lower()
    ]
    return jsonify(cut_page(chosen, "values"))


def _state_of(version: Version) -> str:
    if version.archived:
        return "archived"
    return "released" if version.released else "unreleased"


@routes.get("/version/<id>")
def version(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """One version."""
    _, found = _require(site, id)
    return jsonify(version_json(site, found))


@routes.post("/version")
def create(site: Site) -> ResponseReturnValue:
    """Make a version; its name must be new in the project."""
    body = expect(request.get_json(silent=True), dict, "body")
    given = str(body.get("projectId") or body.get("project") or "")
    if not given:
        raise RefusedError("Project must be specified to create a version.")
    with site.store.transaction():
        project = require_project(site, given)
        _require_admin(site, project)
        name = _read_name(site, project, body.get("name"))
        site.store.change_version(project, name, **_read_state(body))
        [made] = [e for e in site.store.version_rows(project) if e.name == name]
    project_id = site.store.project_id(project)
    return jsonify({**version_json(site, made), "projectId": project_id}), 201


@routes.put("/version/<id>")
def change(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """Change the state of a version."""
    body = expect(request.get_json(silent=True), dict, "body")
    with site.store.transaction():
        project, found = _require(site, id)
        _require_admin(site, project)
        site.store.change_version(project, found.name, **_read_state(body))
        _, changed = _require(site, id)
    return jsonify(version_json(site, changed))


def _require(site: Site, id: str) -> tuple[str, Version]:  # noqa: A002
    for project in site.store.projects():
        for each in site.store.version_rows(project):
            if str(each.id) == id:
                return project, each
    raise RefusedError(f"Could not find version for id '{id}'", status=404)


def _require_admin(site: Site, project: str) -> None:
    """Refuse without the permission; Cloud does not show that there is a project."""
    words = f"No project could be found with key '{project}'."
    if is_cloud():
        require_permission(site, "ADMINISTER_PROJECTS", project, text=words, status=404)
    require_permission(site, "ADMINISTER_PROJECTS", project)


def _read_name(site: Site, project: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise RefusedError("", fields={"name": "You must specify a valid version name"})
    if len(given) > _NAME_LIMIT:
        words = f"The version name is too long. It has more than {_NAME_LIMIT} letters."
        raise RefusedError("", fields={"name": words})
    known = (each.name.lower() for each in site.store.version_rows(project))
    if given.lower() in known:
        words = "A version with this name already exists in this project."
        raise RefusedError("", fields={"name": words})
    return given


def _read_state(body: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, kind in _STATE.items():
        if name in body:
            if not isinstance(body[name], kind):
                raise RefusedError("", fields={name: f"'{name}' has the wrong type."})
            found[name] = body[name]
    date = found.get("releaseDate")
    if date is not None and not _DATE.fullmatch(str(date)):
        words = f"Error parsing date string: {date}"
        raise RefusedError("", fields={"releaseDate": words})
    return found
