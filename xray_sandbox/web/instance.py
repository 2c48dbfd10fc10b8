"""
Jira itself: the server, its user, fields, issue types, projects, lists of values.

Source: Atlassian's 'Jira Server platform REST API reference' and 'Jira Cloud
platform REST API'.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from xray_sandbox.read.info import ISSUE_TYPES
from xray_sandbox.read.jira_fields import is_of_xray, list_fields
from xray_sandbox.store import workflow
from xray_sandbox.web.access import project_types, require_project
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.door import CLOUD_PREFIX, current_door, is_cloud
from xray_sandbox.web.issue_json import status_json, type_json, version_json
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()


@routes.get("/serverInfo", is_open=True)
def server_info(site: Site) -> ResponseReturnValue:
    """Address, version and product; the address is the site's, also of the gateway."""
    door = current_door()
    base = site.site_link("", CLOUD_PREFIX if is_cloud() else "")
    return jsonify(
        {
            "baseUrl": base.rstrip("/"),
            "version": ".".join(map(str, door.version)),
            "versionNumbers": door.version,
            "deploymentType": door.deployment,
            "serverTitle": "xray-bridge sandbox",
        }
    )


@routes.get("/_edge/tenant_info", is_open=True)
def tenant_info(_: Site) -> ResponseReturnValue:
    """The id of the Cloud site, for everybody."""
    return jsonify({"cloudId": CREDENTIALS.cloud_id})


@routes.get("/myself")
def myself(_: Site) -> ResponseReturnValue:
    """The user of the login."""
    return jsonify(current_door().user_json(CREDENTIALS.user))


@routes.get("/field")
def fields(_: Site) -> ResponseReturnValue:
    """All fields; Xray's are custom fields only on Data Center."""
    return jsonify(
        [
            each
            for each in list_fields()
            if not (is_cloud() and is_of_xray(each["schema"]))
        ]
    )


@routes.get("/issuetype")
def issue_types(_: Site) -> ResponseReturnValue:
    """All issue types."""
    return jsonify([type_json(name) for name in ISSUE_TYPES.values()])


@routes.get("/project")
def projects(site: Site) -> ResponseReturnValue:
    """All projects; Cloud has them in pages only."""
    _only_on_server()
    return jsonify([_short_project(site, key) for key in site.store.projects()])


@routes.get("/project/search")
def search_projects(site: Site) -> ResponseReturnValue:
    """All projects in pages, on Cloud."""
    _only_on_cloud()
    found = [_short_project(site, key) for key in site.store.projects()]
    return jsonify(cut_page(found, "values"))


@routes.get("/project/<key>")
def project(site: Site, key: str) -> ResponseReturnValue:
    """A project with its versions, components and issue types."""
    key = require_project(site, key)
    found = site.store.version_rows(key)
    return jsonify(
        {
            **_short_project(site, key),
            "archived": site.store.is_archived(key),
            "versions": [version_json(site, each) for each in found],
            "components": [
                {"id": str(each.id), "name": each.name}
                for each in site.store.components(key)
            ],
            "issueTypes": project_types(site),
        }
    )


def _short_project(site: Site, key: str) -> dict[str, Any]:
    id_ = str(site.store.project_id(key))
    link = site.link(f"rest/api/2/project/{id_}")
    return {"id": id_, "key": key, "name": key, "self": link}


@routes.get("/project/<key>/components")
def components(site: Site, key: str) -> ResponseReturnValue:
    """The components of a project."""
    found = site.store.components(require_project(site, key))
    return jsonify([{"id": str(each.id), "name": each.name} for each in found])


@routes.get("/project/<key>/statuses")
def project_statuses(site: Site, key: str) -> ResponseReturnValue:
    """The statuses of each issue type; all types have the same."""
    require_project(site, key)
    found = [status_json(each) for each in workflow.STATUSES]
    return jsonify([{**each, "statuses": found} for each in project_types(site)])


@routes.get("/status")
def statuses(_: Site) -> ResponseReturnValue:
    """All statuses."""
    return jsonify([status_json(each) for each in workflow.STATUSES])


@routes.get("/statuses/search")
def search_statuses(_: Site) -> ResponseReturnValue:
    """All statuses in pages, on Cloud; the category is a word here."""
    _only_on_cloud()
    words = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
    found = [
        {"id": each.id, "name": each.name, "statusCategory": words[each.category]}
        for each in workflow.STATUSES
    ]
    return jsonify(cut_page(found, "values"))


@routes.get("/priority")
def priorities(_: Site) -> ResponseReturnValue:
    """All priorities; deprecated on Cloud."""
    return jsonify(numbered(workflow.PRIORITIES))


@routes.get("/priority/search")
def search_priorities(_: Site) -> ResponseReturnValue:
    """All priorities in pages, on Cloud."""
    _only_on_cloud()
    return jsonify(cut_page(numbered(workflow.PRIORITIES), "values"))


@routes.get("/resolution")
def resolutions(_: Site) -> ResponseReturnValue:
    """All resolutions; deprecated on Cloud."""
    return jsonify(numbered(workflow.RESOLUTIONS))


@routes.get("/resolution/search")
def search_resolutions(_: Site) -> ResponseReturnValue:
    """All resolutions in pages, on Cloud."""
    _only_on_cloud()
    return jsonify(cut_page(numbered(workflow.RESOLUTIONS), "values"))


def numbered(names: tuple[str, ...]) -> list[dict[str, str]]:
    """Named values with their ids."""
    return [{"id": str(id_), "name": name} for id_, name in enumerate(names, 1)]


def _only_on_cloud() -> None:
    if not is_cloud():
        raise NotFound


def _only_on_server() -> None:
    if is_cloud():
        raise NotFound
