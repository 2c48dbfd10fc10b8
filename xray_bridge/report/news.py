"""
List what changed since an earlier run, and the causes of failures.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from xray_bridge.model.changes import KINDS
from xray_pages import values


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_bridge.model.changes import Change, Changes

# Causes of a table.
MOST = 100


def list_tables(
    changes: Changes | None, results: Sequence[values.Result], browse: str
) -> tuple[values.Table, ...]:
    """Return the causes of failures, and the lists of changes; no empty table."""
    tables = (_causes(results), *_changes(changes, browse))
    return tuple(table for table in tables if table.rows)


def count_causes(results: Iterable[values.Result]) -> int:
    """Return the number of causes."""
    return len({each.cause for each in results if each.cause})


def _causes(results: Iterable[values.Result]) -> values.Table:
    """The causes with most failures first; each leads to its failures in the list."""
    failures = Counter(each.cause for each in results if each.cause)
    # With one cause there is no filter to set.
    filters = {each: f"#?{urlencode({'cause': each})}" for each in failures}
    filters = filters if len(failures) > 1 else {}
    rows = tuple(
        (values.Link(cause, filters.get(cause, "")), values.Link(f"{number:,}"))
        for cause, number in failures.most_common(MOST)
    )
    return values.Table(title="Causes", head=("Cause", "Failures"), rows=rows)


def _changes(changes: Changes | None, browse: str) -> Iterator[values.Table]:
    if changes is None:
        return
    for kind, word in KINDS.items():
        title = f"{word.capitalize()} since {changes.baseline}"
        rows = tuple(_row_of(each, browse) for each in changes.list_of(kind))
        yield values.Table(title=title, head=("Test", "Test key", "Detail"), rows=rows)


def _row_of(change: Change, browse: str) -> tuple[values.Link, ...]:
    key = change.keys[0] if change.keys else ""
    return (
        values.Link(change.name),
        values.Link(key, f"{browse}{key}" if browse and key else ""),
        values.Link(change.detail),
    )
