"""
Jira's search on both products: by positions on Server, by tokens on Cloud.

Sources: Atlassian's REST references, "Issue search" of both products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.jira import is_issue
from xray_bridge.client.paging import LARGEST_LIST, MOST_PAGES, PAGE
from xray_bridge.client.response import is_id, key_in
from xray_bridge.errors import NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xray_bridge.client.jira import Jira

# Jira's limit for ``reconcileIssues``.
MOST_RECONCILED = 50
BAD_REQUEST = 400


def quote_text(text: str) -> str:
    """Quote a text for a JQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def search_issues(
    jira: Jira,
    jql: str,
    fields: Sequence[str],
    *,
    most: int = 0,
    changed: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """
    Find issues by a JQL, each with ``id``, ``key`` and ``fields``.

    ``most`` limits their number; 0: all. ``changed`` are ids of issues that were
    changed a moment ago, and which Cloud's search may not know yet. Raises RefusedError
    for a wrong JQL, and NotXrayError if the list ends too early: missing issues would
    go unnoticed.
    """
    known = [int(each) for each in changed if is_id(each)][:MOST_RECONCILED]
    body: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": PAGE}
    if known and jira.dialect.reconciles:
        body["reconcileIssues"] = known
    found: dict[str, dict[str, Any]] = {}
    position = size = 0
    for _ in range(MOST_PAGES):
        page, length = _read_page(jira, body)
        size += length
        issues = {str(each["key"]): each for each in page["issues"]}
        is_new = not issues.keys() <= found.keys()
        found |= issues
        position += len(page["issues"])
        if most and len(found) >= most:
            return list(found.values())[:most]
        following = _next_page(page, position)
        if not following:
            return list(found.values())
        if not is_new or size > LARGEST_LIST:
            break
        body |= following
    msg = f"the search returned only {len(found)} issues, and says that there are more"
    raise NotXrayError(msg)


def search_keys(
    jira: Jira, keys: Sequence[str], fields: Sequence[str]
) -> list[dict[str, Any]]:
    """
    Find the issues with these keys or ids that exist and that the account may see.

    Jira refuses a search for a key that does not exist, so the keys are halved then.
    A moved issue is returned under its new key. What is no key is not looked for: it
    would change the query. Raises DeliveryError.
    """
    found: list[dict[str, Any]] = []
    named = [[each for each in keys if key_in(each)]]
    named += [[each for each in keys if is_id(each)]]
    left = [
        group[at : at + PAGE] for group in named for at in range(0, len(group), PAGE)
    ]
    while left:
        chunk = left.pop()
        name = "id" if is_id(chunk[0]) else "key"
        try:
            found += search_issues(jira, f"{name} in ({', '.join(chunk)})", fields)
        except RefusedError as error:
            if error.status != BAD_REQUEST:
                raise
            half = len(chunk) // 2
            left += [chunk[:half], chunk[half:]] if half else []
    return found


def _read_page(jira: Jira, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a page, and the size of the answer in bytes."""
    answer = jira.send_json(
        "POST", jira.dialect.search_path, body, repeatable=True, is_question=True
    )
    page = answer.json()
    issues = page.get("issues", []) if isinstance(page, dict) else None
    if not isinstance(issues, list) or not all(map(is_issue, issues)):
        msg = f"{answer.url} does not answer like Jira's search"
        raise NotXrayError(msg, hint="check xray_url")
    return {**page, "issues": issues}, len(answer.content)


def _next_page(page: dict[str, Any], position: int) -> dict[str, Any]:
    """Return the members that ask for the next page; empty after the last one."""
    token, total = page.get("nextPageToken"), page.get("total")
    if isinstance(token, str) and token and not page.get("isLast"):
        return {"nextPageToken": token}
    if isinstance(total, int) and position < total:
        return {"startAt": position}
    return {}
