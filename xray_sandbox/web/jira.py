"""
Jira's REST API: its door, its login and its errors.

The views are in other modules, which this one imports: it is imported itself by the
first request to Jira.
"""

from __future__ import annotations

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from xray_sandbox.errors import RefusedError, field_errors
from xray_sandbox.web import (
    access,
    agile,
    attachments,
    instance,
    issue_parts,
    issues,
    search,
    transitions,
    versions,
)
from xray_sandbox.web.auth import CREDENTIALS, refuse_unauthenticated
from xray_sandbox.web.door import (
    ATLASSIAN_PREFIX,
    CLOUD_PREFIX,
    CLOUD_SITE,
    DATA_CENTER,
    Door,
)
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


API = Routes(
    module.routes
    for module in (
        access,
        attachments,
        instance,
        issue_parts,
        issues,
        search,
        transitions,
        versions,
    )
)
AGILE = agile.routes
_GATEWAY = f"{ATLASSIAN_PREFIX}/ex/jira/{CREDENTIALS.cloud_id}"


def answer_jira(site: Site) -> ResponseReturnValue:
    """Answer any request to Jira; raises NotFound and MethodNotAllowed."""
    prefix, path = _split_prefix(request.path)
    door = CLOUD_SITE if prefix else DATA_CENTER
    g.door = door
    # The gateway's links lead to the gateway, as in Atlassian's own answers.
    g.prefix = prefix
    segments = tuple(path.split("/")[1:])
    routes, segments = _find_routes(door, segments)
    route, names = routes.find(request.method, segments)
    try:
        refusal = None if route.is_open else _require_login(door)
        return refusal or route.view(site, **names)
    except RefusedError as error:
        return _answer_refusal(error)


def _split_prefix(path: str) -> tuple[str, str]:
    for prefix in (CLOUD_PREFIX, _GATEWAY):
        if path.startswith(f"{prefix}/"):
            return prefix, path.removeprefix(prefix)
    return "", path


def _find_routes(
    door: Door, segments: tuple[str, ...]
) -> tuple[Routes, tuple[str, ...]]:
    """The routes of an API, and the rest of the path."""
    match segments:
        case ("rest", "api", version, *rest) if version in door.api_versions:
            g.documents = version == "3"
            return API, tuple(rest)
        case ("rest", "agile", "1.0", *rest):
            g.documents = False
            return AGILE, tuple(rest)
        case ("secure" | "_edge", *_):
            return API, segments
    raise NotFound


def _require_login(door: Door) -> Response | None:
    header = request.headers.get("Authorization", "")
    return None if door.knows_login(header) else refuse_unauthenticated(header)


def _answer_refusal(error: RefusedError) -> ResponseReturnValue:
    fields = error.fields or field_errors(error.text)
    texts = [] if fields or not error.text else [error.text]
    return jsonify({"errorMessages": texts, "errors": fields}), error.status
