"""
Jira's REST API: its door, its login and its errors.

The views are in other modules, which this one imports: it is imported itself by the
first request to Jira.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

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
_GATEWAY = f"{ATLASSIAN_PREFIX}/ex/jira/{CREDENTIALS.cloud_id}"


class Area(NamedTuple):
    """The part of a path below an API, its routes, its login and its errors."""

    routes: Routes
    segments: tuple[str, ...]
    refuse_login: Callable[[str], ResponseReturnValue | None]
    answer_refusal: Callable[[RefusedError], ResponseReturnValue]


def answer_jira(site: Site) -> ResponseReturnValue:
    """Answer any request to Jira; raises NotFound and MethodNotAllowed."""
    prefix, path = _split_prefix(request.environ.get("sandbox.path", request.path))
    g.door = CLOUD_SITE if prefix else DATA_CENTER
    # The gateway's links lead to the gateway, as in Atlassian's own answers.
    g.prefix = prefix
    g.documents = False
    # A name in a path may have an escaped slash.
    segments = tuple(map(unquote, path.split("/")[1:]))
    area = _find_area(g.door, segments)
    route, names = area.routes.find(request.method, area.segments)
    try:
        header = request.headers.get("Authorization", "")
        refusal = None if route.is_open else area.refuse_login(header)
        return route.view(site, **names) if refusal is None else refusal
    except RefusedError as error:
        return area.answer_refusal(error)


def _split_prefix(path: str) -> tuple[str, str]:
    for prefix in (CLOUD_PREFIX, _GATEWAY):
        if path.startswith(f"{prefix}/"):
            return prefix, path.removeprefix(prefix)
    return "", path


def _find_area(door: Door, segments: tuple[str, ...]) -> Area:
    match segments:
        case ("rest", "api", version, *rest) if version in door.api_versions:
            g.documents = version == "3"
            return _make_area(door, API, rest)
        case ("rest", "agile", "1.0", *rest):
            return _make_area(door, agile.routes, rest)
        case ("secure" | "_edge", *_):
            return _make_area(door, API, segments)
    return _find_builds(door, segments)


def _make_area(door: Door, routes: Routes, rest: Iterable[str]) -> Area:
    def refuse(header: str) -> Response | None:
        return None if door.knows_login(header) else refuse_unauthenticated(header)

    return Area(routes, tuple(rest), refuse, _answer_refusal)


def _find_builds(door: Door, segments: tuple[str, ...]) -> Area:
    """Builds and deployments: of Atlassian's server, or of a Connect app at a site."""
    from xray_sandbox.web import builds

    routes, connect = builds.routes, door is CLOUD_SITE
    refuse = partial(builds.require_token, connect=connect)
    match segments:
        case ("atlassian" | "connect", *rest) if tuple(rest) in _LOGINS:
            return Area(builds.logins, tuple(rest), refuse, builds.answer_refusal)
        case ("atlassian", "jira", "builds" | "deployments" as kind, "0.1", *rest):
            if rest[:2] != ["cloud", CREDENTIALS.cloud_id]:
                raise NotFound
            rest = rest[2:]
        case ("rest", "builds" | "deployments" as kind, "0.1", *rest) if connect:
            pass
        case _:
            raise NotFound
    return Area(routes, (kind, *rest), refuse, builds.answer_refusal)


_LOGINS = (("oauth", "token"), ("token",))


def _answer_refusal(error: RefusedError) -> ResponseReturnValue:
    fields = error.fields or field_errors(error.text)
    texts = [] if fields or not error.text else [error.text]
    return jsonify({"errorMessages": texts, "errors": fields}), error.status
