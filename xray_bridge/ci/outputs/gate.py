"""
Make Markdown of the verdict of a gate.

Texts of others stand in lists, because a table would split their code spans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.text import code_of
from xray_bridge.model.gate import FAILED


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.gate import GateRow, GateVerdict

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
    failed = [row for row in verdict.rows if row.result == FAILED]
    for row in failed:
        yield from _detail_lines(row)
    for note in verdict.notes:
        yield ""
        yield code_of(note)


def _cell_of(text: str) -> str:
    """Return a text as a cell without syntax: names of environments may be any text."""
    plain = "".join(c if c.isalnum() or c in " ,.-_" else " " for c in text)
    return " ".join(plain.split())


def _detail_lines(row: GateRow) -> Iterator[str]:
    listed = row.names or ((row.reason,) if row.reason else ())
    if listed:
        yield ""
        yield f"**{row.rule}**"
        yield ""
        yield from (f"- {code_of(name)}" for name in listed[:SHOWN])
    if len(listed) > SHOWN:
        yield f"- and {len(listed) - SHOWN} more"
