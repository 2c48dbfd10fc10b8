"""
Compare rows that have run, or that code has, with the rows of a dataset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.datasets.rows import make_ids
from xray_bridge.text import count, first_names, one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xray_bridge.model.dataset import Dataset

# Characters that are compared: the process of the tests passes on no more.
COMPARED = 200
# Characters of a row in a line.
SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Rows of a dataset that are ``missing``, and ``extra`` rows that it lacks."""

    key: str
    total: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def lines(self, missing: str, extra: str) -> Iterator[str]:
        """Yield a line for each kind, with these words."""
        if self.missing:
            rows = f"{len(self.missing)} of {count(self.total, 'row')} of its dataset"
            yield f"{self.key}: {rows} {missing}: {first_names(self.missing)}"
        if self.extra:
            rows = count(len(self.extra), "row")
            yield f"{self.key}: {rows} {extra}: {first_names(self.extra)}"


def compare_rows(
    dataset: Dataset,
    rows: Iterable[Mapping[str, str]],
    clean: Callable[[str], str] = str,
) -> Difference | None:
    """
    Compare rows, given by column, with a dataset; None if none has one of its columns.

    Rows may have some columns only. ``clean`` is what the texts of ``rows`` have gone
    through.
    """
    groups: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for row in rows:
        names = tuple(name for name in dataset.columns if name in row)
        if names:
            group = groups.setdefault(names, {})
            group[tuple(_compared(row[name]) for name in names)] = None
    if not groups:
        return None
    there = [
        dict(zip(dataset.columns, map(_compared, map(clean, row)), strict=True))
        for row in dataset.rows
    ]
    missing = dict.fromkeys(range(len(there)))
    extra: list[str] = []
    for names, found in groups.items():
        known: dict[tuple[str, ...], None] = {}
        for number, row in enumerate(there):
            values = tuple(row[name] for name in names)
            known[values] = None
            if values in found:
                missing.pop(number, None)
        extra += [_describe(names, each) for each in found if each not in known]
    ids = make_ids(dataset.rows)
    return Difference(
        key=dataset.key,
        total=len(there),
        missing=tuple(clean(ids[number]) for number in missing),
        extra=tuple(extra),
    )


def _compared(text: str) -> str:
    return str(text.encode("utf-8", "backslashreplace"), "utf-8")[:COMPARED]


def _describe(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    pairs = (f"{name}={value}" for name, value in zip(names, values, strict=True))
    text = one_line(", ".join(pairs))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
