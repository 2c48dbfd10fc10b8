"""
Requests about defects: create, change, comment, and what is remembered of them.

Paths are those of REST API 2, in which texts are plain on both products. An issue is
named by its id, which stays the same if the issue is moved. Sources: Atlassian's REST
references, "Issues", "Issue comments" and "Issue properties".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.response import key_in
from xray_bridge.errors import AmbiguousError, NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xray_bridge.client.jira import Jira

ISSUES = "/rest/api/2/issue"
NOT_FOUND = 404
# Comments that are looked through for one of ours.
COMMENTS = 100


def create_issue(jira: Jira, fields: Mapping[str, Any]) -> tuple[str, str]:
    """
    Create an issue; return its id and its key.

    Raises AmbiguousError if it may have been created, and RefusedError, with the
    refused fields, if it was not.
    """
    answer = jira.send_json("POST", ISSUES, {"fields": dict(fields)})
    found = answer.json()
    made = found if isinstance(found, dict) else {}
    key, issue_id = key_in(made.get("key")), str(made.get("id") or "")
    if not key or not issue_id:
        msg = "Jira's answer names no new issue"
        raise AmbiguousError(msg, answered=True)
    return issue_id, key


def edit_labels(
    jira: Jira, issue: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> None:
    """Add and remove labels."""
    steps = [{"add": each} for each in add] + [{"remove": each} for each in remove]
    content = {"update": {"labels": steps}}
    jira.send_json("PUT", _path(issue), content, repeatable=True)


def add_comment(jira: Jira, issue: str, text: str) -> None:
    """Add a comment. Raises AmbiguousError if it may have been added."""
    jira.send_json("POST", _path(issue, "comment"), {"body": text})


def has_comment(jira: Jira, issue: str, mark: str) -> bool:
    """Whether one of the last comments has this line."""
    found = jira.get_json(
        _path(issue, "comment"), dict, orderBy="-created", maxResults=str(COMMENTS)
    )
    comments = found.get("comments")
    bodies = comments if isinstance(comments, list) else []
    texts = (str(each.get("body")) for each in bodies if isinstance(each, dict))
    return any(mark == line.strip() for text in texts for line in text.splitlines())


def read_property(jira: Jira, issue: str, name: str) -> dict[str, Any]:
    """Return the JSON object that is stored with an issue; empty if there is none."""
    try:
        found = jira.get_json(_path(issue, "properties", name), dict)
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return {}
        raise
    value = found.get("value")
    return value if isinstance(value, dict) else {}


def write_property(jira: Jira, issue: str, name: str, value: Mapping[str, Any]) -> None:
    """Store a JSON object with an issue; nobody is notified."""
    path = _path(issue, "properties", name)
    jira.send_json("PUT", path, dict(value), repeatable=True)


def read_issue(jira: Jira, issue: str, fields: Iterable[str]) -> dict[str, Any] | None:
    """Return an issue by id or key; None if it does not exist."""
    try:
        found = jira.get_json(_path(issue), dict, fields=",".join(fields))
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    if not key_in(found.get("key")) or not isinstance(found.get("fields"), dict):
        msg = "the answer about an issue has an unknown form"
        raise NotXrayError(msg, hint="check the address of the Jira site")
    return found


def _path(*parts: str) -> str:
    return "/".join((ISSUES, *(quote(part, safe="") for part in parts)))
