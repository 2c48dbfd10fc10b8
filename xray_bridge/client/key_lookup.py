"""
Searches for the Tests of a selection, and for the Tests among given keys.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.client.issues import TESTS
from xray_bridge.client.paging import PAGE
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError, SelectionError
from xray_bridge.model.selection import read_selection
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.issues import Issue, IssueKind
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.selection import Selection

# Jira refuses a search if one of its keys does not exist, so the keys are halved and
# searched again. The limit is for Cloud, which allows 300 requests in five minutes;
# it is raised by as many for each 30 pages of keys.
MOST_SEARCHES = 60
# Jira's search finds a moved issue, but returns only its new key.
MOVED = "it is not a Test, or it was moved"
PAGES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLookup:
    """
    The result of a search for keys.

    ``others`` maps keys of another kind, or of no issue, to a description;
    ``unknown`` are keys that were not searched for.
    """

    issues: dict[str, Issue] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def tests_of(xray: XrayClient, selection: str) -> dict[str, str]:
    """
    Return the summaries of the Tests that ``select`` selects, by key.

    The Tests of a list have no summaries, nor have those in an issue on Server, nor
    those with a status. Raises SelectionError if there are no Tests.
    """
    asked = read_selection(selection)
    if asked.keys:
        return dict.fromkeys(asked.keys, "")
    if asked.jql:
        issues = xray.search(TESTS, asked.jql, is_given=True).issues
        found = {key: issue.summary for key, issue in issues.items()}
    elif asked.statuses:
        found = _tests_with_status(xray, asked)
    else:
        found = _tests_in(xray, asked.issue)
    if not found:
        msg = f"{selection} has no Tests"
        raise SelectionError(msg, hint="check xray_select")
    return found


def _tests_in(xray: XrayClient, key: str) -> dict[str, str]:
    """Return the Tests in an issue, or the issue if it is a Test itself."""
    try:
        return xray.tests_in(key)
    except SelectionError:
        found = look_up_keys(xray, [key]).issues
        if not found:
            raise
        return {key: issue.summary for key, issue in found.items()}


def _tests_with_status(xray: XrayClient, asked: Selection) -> dict[str, str]:
    found = xray.statuses_in(asked.issue)
    with_status = {
        key: "" for key, words in found.items() if any(map(asked.has_status, words))
    }
    if found and not with_status:
        listed = {one_line(word) for words in found.values() for word in words}
        there = ", ".join(sorted(listed))
        wanted = ", ".join(sorted(asked.statuses))
        msg = f"no Test of {asked.issue} has the status {wanted}"
        raise SelectionError(msg, hint=f"its Tests have {there}")
    return with_status


def look_up_keys(
    xray: XrayClient, keys: Sequence[str], kind: IssueKind = TESTS
) -> KeyLookup:
    """Search for keys; halve the search if one of them does not exist."""
    lookup = KeyLookup()
    parts = [list(keys[at : at + PAGE]) for at in range(0, len(keys), PAGE)]
    most = MOST_SEARCHES * (1 + len(parts) // PAGES)
    searches = 0
    while parts:
        part = parts.pop()
        if searches == most:
            lookup.unknown.extend(part)
            continue
        searches += 1
        try:
            found = xray.search(kind, f"key in ({', '.join(part)})")
        except RefusedError as error:
            if error.status not in {200, 400}:
                raise
            if len(part) == 1:
                lookup.others[part[0]] = "the issue does not exist"
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            continue
        lookup.issues.update(found.issues)
        lookup.others.update(found.others)
        for key in set(part).difference(lookup.issues, lookup.others):
            lookup.others[key] = MOVED
    return lookup
