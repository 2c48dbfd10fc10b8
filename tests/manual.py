"""Read tables of the manual, to compare them with what is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).parents[1] / "docs"
HEAD = "Situation"


def group_codes(pairs: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    """Return the exit codes of each situation, as ``read_exit_codes`` does."""
    found: dict[str, set[int]] = {}
    for name, code in pairs:
        found.setdefault(name, set()).add(code)
    return found


def read_exit_codes(page: str, column: str) -> dict[str, set[int]]:
    """
    Return the exit codes of each situation in a column of a page's tables.

    A cell may have several: "0 or 86". A cell without a number is left out.
    """
    found: dict[str, set[int]] = {}
    names: list[str] = []
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not line.startswith("|"):
            names = []
        elif cells[0] == HEAD:
            names = cells
        elif column in names:
            cell = cells[names.index(column)]
            if codes := set(map(int, re.findall(r"\d+", cell))):
                found[cells[0]] = codes
    assert found, f"{page} has no table with {column}"
    return found
