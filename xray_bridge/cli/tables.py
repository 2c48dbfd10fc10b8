"""
Format rows as a table of text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Sequence


def format_table(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return one text for each line, with cells of equal width in each column."""
    if not lines:
        return []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
