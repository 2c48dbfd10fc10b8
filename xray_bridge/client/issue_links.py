"""
Links between issues.

Source: Atlassian's REST references, "Issue links" and "Issue link types".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.defects import read_issue
from xray_bridge.client.request import Request
from xray_bridge.client.response import is_id
from xray_bridge.errors import RefusedError, UsageError


if TYPE_CHECKING:
    from xray_bridge.client.jira import Jira

# Xray's link between a Test and a requirement: "Tests" on Server, "Test" on Cloud.
TESTS_WORD, TESTS_NAMES = "tests", frozenset({"tests", "test"})
NOT_FOUND = 404


def is_tests_link(found: Any) -> bool:
    """Whether this is Xray's type of links; its name differs between sites."""
    if not isinstance(found, dict):
        return False
    word, name = str(found.get("outward", "")), str(found.get("name", ""))
    return word.casefold() == TESTS_WORD or name.casefold() in TESTS_NAMES


def find_tests_type(jira: Jira) -> str:
    """
    Return the name of Xray's type of links.

    Raises UsageError if this Jira has none.
    """
    try:
        found = jira.get_json("/rest/api/2/issueLinkType", dict).get("issueLinkTypes")
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        found = []
    listed = found if isinstance(found, list) else []
    named = [str(each.get("name", "")) for each in listed if is_tests_link(each)]
    if not named:
        msg = "this Jira has no links of the type Tests"
        hint = "ask its administrators to turn issue linking on, and to repair Xray's"
        raise UsageError(msg, hint=f"{hint} link types")
    return named[0]


def link_issues(jira: Jira, kind: str, source: str, destination: str) -> None:
    """
    Link two issues, by keys or ids; Jira takes a link that exists as a success.

    In Jira's document, ``inwardIssue`` is the source: the Test that tests.
    """
    body = {
        "type": {"name": kind},
        "inwardIssue": _name_issue(source),
        "outwardIssue": _name_issue(destination),
    }
    jira.send_json("POST", "/rest/api/2/issueLink", body, repeatable=True)


def unlink_issues(jira: Jira, kind: str, source: str, destination: str) -> None:
    """Remove the link from one issue to another; keys, of which none need exist."""
    found = read_issue(jira, source, ["issuelinks"]) or {"fields": {}}
    listed = found["fields"].get("issuelinks")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and _leads_to(each, kind, destination):
            path = f"/rest/api/2/issueLink/{quote(str(each.get('id')), safe='')}"
            jira.send(Request(method="DELETE", path=path, repeatable=True))


def _leads_to(link: dict[str, Any], kind: str, destination: str) -> bool:
    type_, other = link.get("type"), link.get("outwardIssue")
    named = type_.get("name") if isinstance(type_, dict) else None
    key = other.get("key") if isinstance(other, dict) else None
    return named == kind and key == destination


def _name_issue(issue: str) -> dict[str, str]:
    return {"id" if is_id(issue) else "key": issue}
