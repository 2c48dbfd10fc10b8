"""
The rows of a dataset as values for tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from xray_bridge.errors import DatasetError
from xray_bridge.model.dataset import argument_name
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.model.dataset import Dataset

# Characters of one value and of all values in the id of a row.
LONGEST_VALUE, LONGEST_ID = 30, 80
# They would end names of tests early, or look like paths.
IN_NO_ID = frozenset("[]:/\\")
EMPTY = "empty"
NO_ROWS = "no-rows"


class Row:
    """
    A row of a dataset: its values by column, or by the argument's name of a column.

    ``str(row)`` is its id, which pytest uses as the name of the row.
    """

    __slots__ = ("_names", "_values", "id")

    def __init__(self, names: dict[str, str], values: dict[str, str], id_: str) -> None:
        self._names, self._values, self.id = names, values, id_

    def __getitem__(self, name: str) -> str:
        """Return the value of a column. Raises KeyError."""
        self._refuse()
        if name in self._values:
            return self._values[name]
        if name in self._names:
            return self._values[self._names[name]]
        raise KeyError(f"no column {name!r}; the columns are {', '.join(self._values)}")

    def keys(self) -> list[str]:
        """Return the names of the columns as arguments, for ``f(**row)``."""
        self._refuse()
        return [*self._names]

    def to_dict(self) -> dict[str, str]:
        """Return the values by the names of the columns in Xray."""
        self._refuse()
        return dict(self._values)

    def _refuse(self) -> None:
        """Raise DatasetError if there are no rows."""

    def __iter__(self) -> Iterator[str]:
        """Raise TypeError: the order of columns may change in Xray."""
        raise TypeError("name the columns: dataset(KEY).values('first', 'second')")

    def __str__(self) -> str:
        """Return the id."""
        return self.id

    def __repr__(self) -> str:
        """Name the row."""
        return f"<Row {self.id}>"

    @property
    def __name__(self) -> str:
        """The id: pytest names a parameter so, instead of by its position."""
        return self.id


class NoRow(Row):
    """
    In place of the rows of a dataset that has none: each use raises DatasetError.

    ``problem`` says why, and what to do.
    """

    __slots__ = ("problem",)

    def __init__(self, problem: str) -> None:
        super().__init__({}, {}, NO_ROWS)
        self.problem = problem

    def _refuse(self) -> None:
        raise DatasetError(self.problem)


class Rows(Sequence[Row]):
    """
    The rows of a dataset, for ``parametrize`` and for loops.

    ``key`` is the Test's, ``columns`` are the names in Xray. Without rows there is one
    that raises DatasetError when it is used.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.key = dataset.key
        self.columns = dataset.columns
        self._names = {argument_name(each): each for each in dataset.columns}
        if dataset.rows:
            ids = make_ids(dataset.rows)
            self._rows: list[Row] = [
                Row(self._names, dict(zip(dataset.columns, values, strict=True)), id_)
                for values, id_ in zip(dataset.rows, ids, strict=True)
            ]
        else:
            self._rows = [NoRow(dataset.problem)]

    def values(self, *names: str) -> list[Any]:
        """
        Return the values of these columns for each row: texts, or tuples of texts.

        Raises DatasetError for a column that does not exist.
        """
        if isinstance(self._rows[0], NoRow):
            return (
                [self._rows[0]] if len(names) == 1 else [(self._rows[0],) * len(names)]
            )
        unknown = [n for n in names if n not in self._names and n not in self.columns]
        if unknown:
            there = ", ".join(self._names)
            msg = f"the dataset of {self.key} has no column {', '.join(unknown)}"
            raise DatasetError(msg, hint=f"its columns are {there}")
        if len(names) == 1:
            return [row[names[0]] for row in self._rows]
        return [tuple(row[name] for name in names) for row in self._rows]

    @property
    def ids(self) -> list[str]:
        """The ids of the rows, which stay the same while their values do."""
        return [row.id for row in self._rows]

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        """Return a row, or several."""
        return self._rows[at]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)


def make_ids(rows: Iterable[Sequence[str]]) -> list[str]:
    """
    Return one id for each row, from its values; none occurs twice.

    An id does not depend on other rows, except that those of equal rows are numbered.
    One that does not show its values whole has a digest of them.
    """
    found: list[str] = []
    seen: dict[str, int] = {}
    for row in rows:
        base = _make_id(row)
        seen[base] = seen.get(base, 0) + 1
        found.append(base if seen[base] == 1 else f"{base}-{seen[base]}")
    # A value may look like the number of an equal row.
    return found if len({*found}) == len(found) else _number_all(found)


def _number_all(ids: Iterable[str]) -> list[str]:
    return [f"{id_}-row{number}" for number, id_ in enumerate(ids, 1)]


def _make_id(row: Sequence[str]) -> str:
    text = "-".join(_plain(value)[:LONGEST_VALUE] or EMPTY for value in row)
    if text == "-".join(value or EMPTY for value in row) and len(text) <= LONGEST_ID:
        return text
    digest = hashlib.sha256("\0".join(row).encode("utf-8", "surrogatepass"))
    return f"{text[:LONGEST_ID]}-{digest.hexdigest()[:6]}"


def _plain(value: str) -> str:
    words = " ".join(readable(value).split())
    return "".join(
        "_" if each in IN_NO_ID or not each.isprintable() else each for each in words
    )
