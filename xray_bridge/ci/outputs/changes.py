"""
Make Markdown of what changed since an earlier run, and of the causes of failures.

Texts of tests stand in code spans only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.text import code_of, list_lines
from xray_bridge.model.changes import KINDS, NAMED


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.changes import Change, Changes, FailureCause

# Tests of each list, and causes.
SHOWN = 20


def change_lines(changes: Changes) -> Iterator[str]:
    """Yield the lines of a part of a page, each list under its title."""
    yield ""
    if changes.baseline is None:
        yield f"**Not compared with an earlier run**: {code_of(changes.not_compared)}"
    else:
        yield f"**Compared with {code_of(str(changes.baseline))}**: {changes.summary}"
    for kind, word in KINDS.items():
        listed = changes.list_of(kind)
        total = changes.counts.get(kind, len(listed))
        title = f"**{word.capitalize()}** {total}"
        yield from list_lines(title, [*map(_change_line, listed)], SHOWN, total)
    title, causes = f"**{changes.causes_headline}**", map(_cause_line, changes.causes)
    yield from list_lines(title, [*causes], SHOWN, changes.cause_count)


def _change_line(change: Change) -> str:
    keys = f" ({code_of(', '.join(change.keys))})" if change.keys else ""
    if change.times:
        return f"{code_of(change.name)}{keys}: {change.times}"
    message = f": {code_of(change.message)}" if change.message else ""
    return f"{code_of(change.name)}{keys}{message}"


def _cause_line(cause: FailureCause) -> str:
    names = ", ".join(map(code_of, cause.tests[:NAMED]))
    more = f" and {cause.unnamed} more" if cause.unnamed else ""
    return f"{cause.failures} x {code_of(str(cause))}: {names}{more}"
