"""
Lists in pages: Jira and GraphQL count positions, Xray Server counts pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Issues in one answer: Cloud's limit, and half of Server's 200.
PAGE = 100
# More than any Test Plan has; it stops at a server that repeats its pages.
MOST_PAGES = 1000
# In bytes: it is held in memory.
LARGEST_LIST = 256 << 20
# Of lists that are short in every Jira: boards, sprints, fields.
FEW_PAGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some issues of a list, each with its ``key``, and how many the list has."""

    issues: tuple[dict[str, Any], ...]
    total: int


def all_pages(page: Callable[[int], Page]) -> list[dict[str, Any]]:
    """
    Read all issues of a list; ``page`` returns those from a position on.

    Raises NotXrayError for a list that ends too early: missing issues would go
    unnoticed.
    """
    found: dict[str, dict[str, Any]] = {}
    position = total = 0
    for _ in range(MOST_PAGES):
        current = page(position)
        total = current.total
        issues = {str(issue["key"]): issue for issue in current.issues}
        if issues.keys() <= found.keys():
            break
        found |= issues
        position += len(current.issues)
        if position >= total:
            break
    if position < total:
        msg = f"the server returned only {position} of {total} issues"
        raise NotXrayError(msg)
    return list(found.values())


def all_numbered_pages(page: Callable[[int], Iterable[str]]) -> list[str]:
    """
    Read all keys of a list without a total; ``page`` returns those of page 1, 2, ...

    The list ends with a page that has nothing new: old versions return the complete
    list for each page. A short page need not be the last: administrators may limit
    its size.
    """
    found: dict[str, None] = {}
    is_short = False
    for number in range(1, MOST_PAGES + 1):
        before = len(found)
        try:
            found |= dict.fromkeys(page(number))
        except RefusedError:
            if is_short:
                break
            raise
        if len(found) == before:
            break
        is_short = len(found) < before + PAGE
    return list(found)
