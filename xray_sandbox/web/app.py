"""The sandbox as a WSGI application."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.routing import Rule

from xray_sandbox.store.registry import Registry
from xray_sandbox.store.store import Store
from xray_sandbox.web.answers import PreparedAnswer, install_answers
from xray_sandbox.web.cloud import cloud_blueprint
from xray_sandbox.web.pages import pages_blueprint
from xray_sandbox.web.server import server_blueprint
from xray_sandbox.web.site import Site
from xray_sandbox.web.traffic import watch_requests


_NOT_FOUND = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<status><status-code>404</status-code><message>null for uri: {}</message></status>
"""
_LOGIN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Log in - Jira</title></head>
<body><h1>Log in</h1><form method="post" action="/login.jsp">
<label>Username <input name="os_username"></label>
<label>Password <input name="os_password" type="password"></label>
<button>Log In</button></form></body></html>
"""
# The names of this machine.
_OURS = frozenset({"localhost", "127.0.0.1", "::1"})
_XML_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class _Rule(Rule):
    """
    A rule that is compiled for ``url_for`` only when it is first needed.

    Compiling all rules takes most of the start, and only links in pages need it.
    """

    def _compile_builder(
        self, append_unknown: bool = True
    ) -> Callable[..., tuple[str, str]]:
        compile_now = cache(super()._compile_builder)

        def build(rule: Rule, **values: str) -> tuple[str, str]:
            return compile_now(append_unknown)(rule, **values)

        return build


class _Sandbox(Flask):
    url_rule_class = _Rule


def create_app(
    store: Store,
    *,
    adopt: bool = False,
    public_url: str | None = None,
    answers: tuple[PreparedAnswer, ...] = (),
    search_lag: float = 0,
) -> Flask:
    """
    Create the application for this store.

    `adopt`: an unknown issue is created when a request first names it, not refused.
    `public_url`: the start of links; by default, the address of the request.
    `answers`: prepared answers.
    `search_lag`: the seconds until Jira's search finds a new issue.
    """
    site = Site(Registry(store, adopt), public_url, search_lag)
    app = _Sandbox(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    watch_requests(app, store)
    for blueprint in (server_blueprint, cloud_blueprint, pages_blueprint):
        app.register_blueprint(blueprint(site))
    _add_jira(app, site)
    app.register_error_handler(NotFound, _not_found)
    for unusable in (BadRequest, UnicodeEncodeError, OverflowError):
        app.register_error_handler(unusable, _bad_request)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_double_slash)
    if answers:
        install_answers(app, answers)
    return app


# The paths of Jira: Data Center, a Cloud site, Atlassian's own server for all sites.
_JIRA = (
    "rest/api",
    "rest/agile",
    "secure/attachment",
    "_edge",
    "jira-cloud/rest",
    "jira-cloud/_edge",
    "atlassian",
    "connect",
)
_REST = ("rest/", "jira-cloud/rest/", "atlassian/")
_METHODS = ("GET", "POST", "PUT", "DELETE")


def _add_jira(app: Flask, site: Site) -> None:
    """Add one rule for each path of Jira; its modules are imported when it is asked."""

    def jira(path: str) -> ResponseReturnValue:
        from xray_sandbox.web.jira import answer_jira

        del path
        return answer_jira(site)

    for start in _JIRA:
        app.add_url_rule(f"/{start}/<path:path>", "jira", jira, methods=_METHODS)


def _refuse_other_sites() -> ResponseReturnValue | None:
    """
    Refuse requests with another name than those of this machine.

    A web page could reach 127.0.0.1 with a host name of its own (DNS rebinding), and
    post forms to it.
    """
    origin = request.headers.get("Origin")
    names = [urlsplit(f"//{request.headers.get('Host', '')}").hostname]
    if origin is not None:
        names.append(urlsplit(origin).hostname)
    if all(name in _OURS for name in names):
        return None
    return Response("Forbidden", status=403, mimetype="text/plain")


def _request_path() -> str:
    path: str = request.environ.get("sandbox.path", request.path)
    return path


def _refuse_double_slash() -> ResponseReturnValue | None:
    """Answer a double slash with 400 as Cloud, or with 404 as Server."""
    if "//" not in _request_path():
        return None
    if "/api/v2" in _request_path():
        return jsonify({"error": "Bad Request"}), 400
    return _not_found(NotFound())


def _not_found(_: Exception) -> ResponseReturnValue:
    """Answer a wrong path as Xray and Jira do: never with their usual JSON."""
    path = _request_path()
    if path.lstrip("/").startswith(_REST):
        text = _NOT_FOUND.format(path.translate(_XML_ESCAPES))
        return Response(text, status=404, mimetype="application/xml")
    if path.lstrip("/").startswith("api/"):
        return jsonify({"error": "Not Found"}), 404
    own = path.startswith(("/browse/", "/jira-cloud/browse/", "/sandbox/"))
    return Response(_LOGIN_PAGE, status=404 if own else 200, mimetype="text/html")


def _bad_request(_: Exception) -> ResponseReturnValue:
    return jsonify({"error": "Bad Request"}), 400


def _too_large(_: Exception) -> ResponseReturnValue:
    return Response("Request Entity Too Large", status=413, mimetype="text/plain")
