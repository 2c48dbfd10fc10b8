"""
Search by JQL: positions on Data Center, tokens of pages on Cloud.

Source: Atlassian's REST references, 'Search for issues using JQL'; Cloud's old search
was removed in 2025 (CHANGE-2046).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect
from xray_sandbox.store.jql import parse_jql, search_issues
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.door import is_cloud
from xray_sandbox.web.issue_json import issue_json
from xray_sandbox.web.issues import show_documents, split_names
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_PAGE = 50
_SERVER_LIMIT = 1000
_CLOUD_LIMIT = 5000
_WITH_FIELDS = 100
_RECONCILED = 50
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql "
    "API. A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_FORGIVING = frozenset({"warn", "none", "false", "False"})


@routes.get("/search")
def search_by_query(site: Site) -> ResponseReturnValue:
    """Search on Data Center, by the query of the address."""
    return jsonify(_search_page(site, request.args))


@routes.post("/search")
def search_by_body(site: Site) -> ResponseReturnValue:
    """Search on Data Center, by a body."""
    return jsonify(_search_page(site, _read_body()))


@routes.get("/search/jql")
def search_jql_by_query(site: Site) -> ResponseReturnValue:
    """Search on Cloud, by the query of the address."""
    return jsonify(_search_with_token(site, request.args))


@routes.post("/search/jql")
def search_jql_by_body(site: Site) -> ResponseReturnValue:
    """Search on Cloud, by a body."""
    return jsonify(_search_with_token(site, _read_body()))


@routes.post("/search/approximate-count")
def count(site: Site) -> ResponseReturnValue:
    """The number of issues, on Cloud."""
    found = _find(site, _bounded_jql(_read_body()))
    return jsonify({"count": len(found)})


def _read_body() -> dict[str, Any]:
    found: dict[str, Any] = expect(request.get_json(silent=True), dict, "body")
    return found


def _find(
    site: Site, jql: str, *, reconciled: Sequence[int] = (), forgives: bool = False
) -> list[IssueRow]:
    """The issues of a query, without new ones if the search lags."""
    found = search_issues(site.registry, jql, forgives_unknown=forgives)
    if "BROWSE_PROJECTS" in site.store.taken_away:
        return []
    if not site.search_lag:
        return list(found)
    now = datetime.now(timezone.utc)
    latest = (now - timedelta(seconds=site.search_lag)).isoformat("T", "milliseconds")
    return [each for each in found if each.created <= latest or each.id in reconciled]


def _search_page(site: Site, query: Mapping[str, Any]) -> dict[str, Any]:
    if is_cloud():
        raise RefusedError(_REMOVED, status=410)
    forgives = str(query.get("validateQuery", "")) in _FORGIVING
    found = _find(site, str(query.get("jql", "")), forgives=forgives)
    start = _read_number(query, "startAt", 0)
    limit = min(_read_number(query, "maxResults", _PAGE), _SERVER_LIMIT)
    names = _field_names(query.get("fields", "*navigable"))
    page = found[start : start + limit]
    return {
        "startAt": start,
        "maxResults": limit,
        "total": len(found),
        "issues": [show_documents(issue_json(site, each, names)) for each in page],
    }


def _search_with_token(site: Site, query: Mapping[str, Any]) -> dict[str, Any]:
    if not is_cloud():
        raise RefusedError("null for uri", status=404)
    jql = _bounded_jql(query)
    reconciled = _reconciled(query.get("reconcileIssues") or [])
    names = _field_names(query.get("fields") or "id")
    limit = _CLOUD_LIMIT if set(names) <= {"id", "key"} else _WITH_FIELDS
    limit = min(_read_number(query, "maxResults", _PAGE), limit)
    if not limit:
        raise RefusedError("The maxResults must be from 1 to 5000.")
    start = _read_token(query.get("nextPageToken"), jql)
    found = _find(site, jql, reconciled=reconciled)
    page = found[start : start + limit]
    answer: dict[str, Any] = {
        "issues": [_show(site, each, names) for each in page],
        "isLast": start + limit >= len(found),
    }
    if not answer["isLast"]:
        answer["nextPageToken"] = _make_token(start + limit, jql)
    return answer


def _show(site: Site, issue: IssueRow, names: Sequence[str]) -> dict[str, Any]:
    """An issue; without named fields only its id."""
    if list(names) == ["id"]:
        return {"id": str(issue.id)}
    if set(names) <= {"id", "key"}:
        return dict(site.reference(issue))
    return show_documents(issue_json(site, issue, names))


def _bounded_jql(query: Mapping[str, Any]) -> str:
    jql = str(query.get("jql") or "")
    if not parse_jql(jql):
        raise RefusedError(
            "Unbounded JQL queries are not allowed here. Please add a search "
            "restriction to your query."
        )
    return jql


def _reconciled(given: Any) -> list[int]:
    items = given if isinstance(given, list) else split_names(str(given))
    if len(items) > _RECONCILED:
        raise RefusedError(f"reconcileIssues can have at most {_RECONCILED} ids.")
    if not all(str(each).isdecimal() for each in items):
        raise RefusedError("reconcileIssues must be the numeric ids of issues.")
    return [int(each) for each in items]


def _field_names(given: Any) -> list[str]:
    names = given if isinstance(given, list) else split_names(str(given))
    return [str(each) for each in names]


def _read_number(query: Mapping[str, Any], name: str, default: int) -> int:
    try:
        found = int(query.get(name, default))
    except (TypeError, ValueError) as error:
        raise RefusedError(f"{name} must be a number") from error
    if found < 0:
        raise RefusedError(f"{name} must not be negative")
    return found


def _make_token(position: int, jql: str) -> str:
    value = json.dumps([position, _hash_text(jql)])
    return base64.urlsafe_b64encode(value.encode()).decode()


def _read_token(token: Any, jql: str) -> int:
    """The position of a page; a token belongs to one query."""
    if not token:
        return 0
    try:
        position, digest = json.loads(base64.urlsafe_b64decode(str(token)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise RefusedError("Invalid nextPageToken.") from error
    if digest != _hash_text(jql):
        raise RefusedError("Invalid nextPageToken.")
    return int(position)


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
