"""
Searches for Tests and Preconditions before an import.

Source: Jira's REST API 2, "Search".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.client.issues import TESTS as ONLY_TESTS
from xray_bridge.client.jql import quote_text
from xray_bridge.errors import RefusedError


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.issues import Issue, IssueKind
    from xray_bridge.client.xray import XrayClient

# A search on Server finds both, and their types may be translated.
TESTS = replace(
    ONLY_TESTS,
    other_types=ONLY_TESTS.other_types - {"pre-condition", "precondition"},
    fields=("summary", "labels"),
)
PRECONDITIONS = replace(TESTS, cloud_list="getPreconditions")
# Scenarios in one search, because the length of a query is limited.
NAMES = 20
BAD_QUESTION = 400


def find_named(
    xray: XrayClient,
    kind: IssueKind,
    project: str,
    names: Sequence[str],
    labels: Sequence[str] = (),
) -> dict[str, Issue]:
    """
    Find the issues of a project with these summaries or labels, and maybe others.

    Jira searches summaries only for phrases. A name that Jira cannot search for is
    skipped.
    """
    conditions = [
        f"summary ~ {quote_text(_make_phrase(name))}" for name in names if name
    ]
    conditions += [f"labels = {quote_text(label)}" for label in labels]
    conditions = list(dict.fromkeys(conditions))
    found: dict[str, Issue] = {}
    for at in range(0, len(conditions), NAMES):
        found |= _find_any(xray, kind, project, conditions[at : at + NAMES])
    return found


def _find_any(
    xray: XrayClient, kind: IssueKind, project: str, conditions: Sequence[str]
) -> dict[str, Issue]:
    jql = f'project = "{project}" AND ({" OR ".join(conditions)})'
    try:
        return xray.search(kind, jql).issues
    except RefusedError as error:
        # Other errors are not about this name.
        if error.status != BAD_QUESTION:
            raise
    if len(conditions) == 1:
        return {}
    middle = len(conditions) // 2
    halves = (conditions[:middle], conditions[middle:])
    first, second = (_find_any(xray, kind, project, half) for half in halves)
    return first | second


def _make_phrase(name: str) -> str:
    """Make a phrase for Jira's text search."""
    words = name.replace('"', " ").replace("\\", " ").split()
    return f'"{" ".join(words)}"'
