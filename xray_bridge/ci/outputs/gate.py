"""
Make Markdown of the verdict of a gate.

Texts of others stand in lists, because a table would split their code spans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.text import code_of, list_lines
from xray_bridge.model.gate import FAILED


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.gate import GateVerdict

# Names of each rule.
SHOWN = 20


def gate_lines(verdict: GateVerdict) -> Iterator[str]:
    """Yield the lines of a part of a page: a table of the rules, then the names."""
    yield ""
    yield f"**{verdict.headline}**"
    yield ""
    yield "| Rule | Limit | Found | Result |"
    yield "| --- | --- | --- | --- |"
    for row in verdict.rows:
        limit, found = _cell_of(row.limit), _cell_of(row.found)
        yield f"| {row.rule} | {limit} | {found} | {row.result} |"
    for row in verdict.rows:
        if row.result == FAILED:
            names = row.names or filter(None, (row.reason,))
            yield from list_lines(f"**{row.rule}**", [*map(code_of, names)], SHOWN)
    for note in verdict.notes:
        yield ""
        yield code_of(note)


def _cell_of(text: str) -> str:
    """Return a text as a cell without syntax: names of environments may be any text."""
    plain = "".join(c if c.isalnum() or c in " ,.-_" else " " for c in text)
    return " ".join(plain.split())
