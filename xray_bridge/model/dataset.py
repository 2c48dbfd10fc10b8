"""
The dataset of a Test: named columns, and rows of texts.

Xray's words for them are parameters and iterations.
"""

from __future__ import annotations

import keyword
import unicodedata
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Ends the name of a combinatorial parameter in a CSV file.
COMBINATORIAL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """
    The rows of a Test's dataset, all values as text.

    ``problem`` says why there are no rows. ``fetched`` is a time in UTC, as text.
    ``notices`` are for the end of a session. ``is_unknown``: the server refused to
    answer, so there may be rows.
    """

    key: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    problem: str = ""
    fetched: str = ""
    notices: tuple[str, ...] = ()
    is_unknown: bool = False


def argument_name(column: str) -> str:
    """
    Return the name of an argument for a column: ``User name`` becomes ``user_name``.

    Letters are lower case; each run of other characters than letters and digits is one
    underscore, and none is at the ends. A name that begins with a digit gets one in
    front, and a keyword of Python gets one at its end.
    """
    text = unicodedata.normalize("NFKC", column).casefold()
    words = "".join(each if each.isalnum() else " " for each in text).split()
    name = "_".join(words)
    if name[:1].isdigit():
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def make_dataset(
    key: str, names: Sequence[str], rows: Iterable[Sequence[str]], fetched: str
) -> Dataset:
    """
    Make the dataset of a Test from a table, or one with a problem.

    Missing values at the end of a row are empty; empty columns without a name are left
    out.
    """
    table = [tuple(map(str, row)) for row in rows]
    columns = [_plain_name(name) for name in names]
    width = len(columns)
    problem = _find_problem(key, columns, table)
    if problem:
        return Dataset(key=key, problem=problem, fetched=fetched)
    full = [(*row[:width], *[""] * (width - len(row))) for row in table]
    kept = [at for at, name in enumerate(columns) if name]
    return Dataset(
        key=key,
        columns=tuple(columns[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in full),
        fetched=fetched,
        notices=tuple(_find_twins(key, full)),
    )


def _plain_name(name: str) -> str:
    found = " ".join(name.split())
    return found.removesuffix(COMBINATORIAL).rstrip()


def _find_problem(
    key: str, columns: Sequence[str], table: Sequence[Sequence[str]]
) -> str:
    if not any(columns):
        return (
            f"{key} has no dataset in Xray; add one to the Test, or remove dataset="
            " from the mark"
        )
    if not table:
        return f"the dataset of {key} has no rows; add rows to it in Xray"
    width = len(columns)
    for number, row in enumerate(table, 1):
        unnamed = [v for at, v in enumerate(row) if at >= width or not columns[at]]
        if any(unnamed):
            return (
                f"row {number} of the dataset of {key} has a value in a column without "
                "a name; name the column in Xray"
            )
    known: dict[str, str] = {}
    for column in filter(None, columns):
        name = argument_name(column)
        if name in known:
            return (
                f"the columns {known[name]!r} and {column!r} of the dataset of {key} "
                f"are both {name}; rename one of them in Xray"
            )
        known[name] = column
    return ""


def _find_twins(key: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    first: dict[tuple[str, ...], int] = {}
    found = []
    for number, row in enumerate(rows, 1):
        if row in first:
            found.append(f"{first[row]} and {number}")
        first.setdefault(row, number)
    if not found:
        return []
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""  # noqa: PLR2004
    pairs = "; ".join(found[:3])
    equal = f"the dataset of {key} has equal rows: {pairs}{more}"
    return [f"{equal}; each is run, so remove those that are not meant"]
