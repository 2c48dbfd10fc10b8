"""
Builds and deployments of Jira Cloud, and the tokens for them.

Source: Atlassian's OpenAPI documents of 'Builds' and 'Deployments', Jira Software
Cloud; 'Integrate Jira Software Cloud with on-premises tools' for the credentials;
Harness's plugin for Jira for the exchange of its Connect keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.builds import (
    KINDS,
    Kind,
    find_faults,
    issues_of,
    read_items,
    services_of,
)
from xray_sandbox.store.catalogue import split_key
from xray_sandbox.store.documents import BUILD, DEPLOYMENT, Document
from xray_sandbox.store.planning import write_now
from xray_sandbox.store.rows import STORY, IssueRow
from xray_sandbox.web.auth import CREDENTIALS, is_same, issue_token, knows_token
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()
logins = Routes()

LIFETIME = 15 * 60
_STORED = {"builds": BUILD, "deployments": DEPLOYMENT}
_AUDIENCE = "api.atlassian.com"
_UNRELATED = "No valid associations found"


@logins.post("/oauth/token", is_open=True)
def token(_: Site) -> ResponseReturnValue:
    """Exchange OAuth credentials, as JSON or as a form, for a token of 15 minutes."""
    given = request.get_json(silent=True)
    is_form = not isinstance(given, dict)
    body: Mapping[str, Any] = request.form if is_form else given or {}
    known = is_same(body.get("client_id"), CREDENTIALS.builds_client_id) and is_same(
        body.get("client_secret"), CREDENTIALS.builds_client_secret
    )
    if body.get("grant_type") != "client_credentials":
        return _refuse_login("unsupported_grant_type", "Unsupported grant type", 403)
    if not is_form and body.get("audience") != _AUDIENCE:
        return _refuse_login("access_denied", "Service not found", 403)
    if not known:
        return _refuse_login("access_denied", "Unauthorized", 401)
    made = issue_token(secret=CREDENTIALS.builds_client_secret, lifetime=LIFETIME)
    return jsonify(
        {
            "access_token": made,
            "expires_in": LIFETIME,
            "scope": "builds deployments",
            "token_type": "Bearer",
        }
    )


def _refuse_login(error: str, text: str, status: int) -> ResponseReturnValue:
    return jsonify({"error": error, "error_description": text}), status


@logins.get("/token", is_open=True)
def connect_token(_: Site) -> ResponseReturnValue:
    """Exchange a Connect key for a token, which is the whole body."""
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_same(key, CREDENTIALS.connect_key):
        return Response("Unauthorized", status=401, mimetype="text/plain")
    made = issue_token(secret=CREDENTIALS.connect_key, lifetime=LIFETIME)
    return Response(made, mimetype="text/plain")


def require_token(header: str, *, connect: bool) -> ResponseReturnValue | None:
    """Refuse a request without the token of its way; None if it has one."""
    secret = CREDENTIALS.connect_key if connect else CREDENTIALS.builds_client_secret
    schemes = ("jwt", "bearer") if connect else ("bearer",)
    if knows_token(header, secret=secret, schemes=schemes):
        return None
    return jsonify({"code": 401, "message": "Unauthorized"}), 401


def answer_refusal(error: RefusedError) -> ResponseReturnValue:
    """A list of errors, as of these APIs."""
    return jsonify([{"message": error.text}]), error.status


@routes.post("/<kind>/bulk")
def submit(site: Site, kind: str) -> ResponseReturnValue:
    """Take what is valid, and say which items and which keys are not."""
    found = _require_kind(site, kind)
    body = request.get_json(silent=True)
    accepted, rejected = [], []
    unknown: dict[str, dict[str, None]] = {}
    items = read_items(body, found)
    assert isinstance(body, dict)  # noqa: S101 -- read_items refuses all else
    with site.store.transaction():
        for item in items:
            faults = find_faults(item, found)
            key = found.key_of(item) if isinstance(item, dict) else {}
            if not faults:
                faults = _store_item(site, found, item, body, unknown)
            if faults:
                errors = [{"message": each} for each in faults]
                rejected.append({"key": key, "errors": errors})
            else:
                accepted.append(key)
    word = kind.capitalize()
    answer = {
        f"accepted{word}": accepted,
        f"rejected{word}": rejected,
        "unknownIssueKeys": list(unknown.pop("", {})),
        "unknownAssociations": [
            {"associationType": name, "values": list(values)}
            for name, values in unknown.items()
        ],
    }
    return jsonify(answer), 202


def _store_item(
    site: Site,
    kind: Kind,
    item: Mapping[str, Any],
    body: Mapping[str, Any],
    unknown: dict[str, dict[str, None]],
) -> list[str]:
    """Store an item with its issues, unless a newer one is there; return faults."""
    issues = {}
    for name, value in issues_of(item):
        issue = _find_issue(site, value)
        if issue is None:
            unknown.setdefault(name, {})[value] = None
        else:
            issues[issue.id] = issue
    services = services_of(item)
    for value in services:
        # The sandbox has no services.
        unknown.setdefault("serviceIdOrKeys", {})[value] = None
    if not issues or "" in services:
        return [_UNRELATED]
    name = _name_of(kind.key_of(item))
    old = site.store.find_document(_STORED[kind.name], 0, name)
    newer = item["updateSequenceNumber"]
    if old is None or newer > old.content["item"]["updateSequenceNumber"]:
        content = {
            "item": dict(item),
            "issues": list(issues),
            "properties": body.get("properties") or {},
            "received": write_now(),
        }
        site.store.put_document(_STORED[kind.name], 0, name, content)
    return []


def _find_issue(site: Site, value: str) -> IssueRow | None:
    """An issue by key or id; `adopt` creates those of known projects."""
    registry, place = site.registry, split_key(value)
    if value.isdecimal():
        return site.store.issue(int(value))
    found = site.store.issue(value)
    if found is None and place and site.store.project_id(place[0]) is not None:
        return registry.find(value, STORY, summary=value)
    return found


def _name_of(key: Mapping[str, Any]) -> str:
    return json.dumps([str(value) for value in key.values()])


@routes.get("/<kind>/pipelines/<pipeline>/builds/<number>")
def build(site: Site, kind: str, pipeline: str, number: str) -> ResponseReturnValue:
    """One build."""
    return jsonify(_show(site, _require(site, kind, pipeline, number)))


@routes.delete("/<kind>/pipelines/<pipeline>/builds/<number>")
def remove_build(
    site: Site, kind: str, pipeline: str, number: str
) -> ResponseReturnValue:
    """Remove a build."""
    site.store.remove_document(_require(site, kind, pipeline, number).id)
    return "", 202


_DEPLOYMENT = "/<kind>/pipelines/<pipeline>/environments/<place>/deployments/<number>"


@routes.get(_DEPLOYMENT)
def deployment(
    site: Site, kind: str, pipeline: str, place: str, number: str
) -> ResponseReturnValue:
    """One deployment."""
    return jsonify(_show(site, _require(site, kind, pipeline, place, number)))


@routes.delete(_DEPLOYMENT)
def remove_deployment(
    site: Site, kind: str, pipeline: str, place: str, number: str
) -> ResponseReturnValue:
    """Remove a deployment."""
    site.store.remove_document(_require(site, kind, pipeline, place, number).id)
    return "", 202


@routes.get(f"{_DEPLOYMENT}/gating-status")
def gating(
    site: Site, kind: str, pipeline: str, place: str, number: str
) -> ResponseReturnValue:
    """Whether a deployment may go on: always, because nobody can forbid it here."""
    found = _require(site, kind, pipeline, place, number)
    return jsonify(
        {
            **KINDS[kind].key_of(found.content["item"]),
            "updatedTimestamp": found.content["received"],
            "gatingStatus": "allowed",
            "details": [],
        }
    )


@routes.delete("/<kind>/bulkByProperties")
def remove_by_properties(site: Site, kind: str) -> ResponseReturnValue:
    """Remove all that were sent with these properties."""
    _require_kind(site, kind)
    wanted = {k: v for k, v in request.args.items() if not k.startswith("_")}
    if not wanted:
        raise RefusedError("At least one property is required.")
    for each in site.store.documents(_STORED[kind]):
        if wanted.items() <= each.content["properties"].items():
            site.store.remove_document(each.id)
    return "", 202


def _require_kind(site: Site, name: str) -> Kind:
    if name in site.store.taken_away:
        raise RefusedError("The app lacks this module or scope.", status=403)
    return KINDS[name]


def _require(site: Site, kind: str, *key: str) -> Document:
    _require_kind(site, kind)
    found = site.store.find_document(_STORED[kind], 0, json.dumps(key))
    if found is None:
        raise RefusedError(f"No {KINDS[kind].word} found.", status=404)
    return found


def _show(site: Site, found: Document) -> dict[str, Any]:
    """What was sent, with the current keys of its issues."""
    issues = (site.store.issue(id_) for id_ in found.content["issues"])
    return {**found.content["item"], "issueKeys": [e.key for e in issues if e]}
