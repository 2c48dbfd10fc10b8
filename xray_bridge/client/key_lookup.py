"""
Searches for the Tests of a selection, and for the Tests among given keys.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.client.issues import TESTS
from xray_bridge.client.paging import PAGE
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError, SelectionError
from xray_bridge.model.keys import KEY, spell_key


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.issues import Issue, IssueKind
    from xray_bridge.client.xray import XrayClient

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
    Return the summaries of the Tests in an issue, or found by a JQL, by key.

    Server does not return the summaries of the Tests in an issue. Raises
    SelectionError if there are no Tests.
    """
    if re.fullmatch(KEY, spell_key(selection)):
        found = xray.tests_in(spell_key(selection))
    else:
        issues = xray.search(TESTS, selection, is_given=True).issues
        found = {key: issue.summary for key, issue in issues.items()}
    if not found:
        msg = f"{selection} has no Tests"
        raise SelectionError(msg, hint="check xray_select")
    return found


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
