"""
Find rows that xdist's workers have in different orders.

pytest names a row by its position if its value has no name, and xdist treats tests of
one name as one test. A set has another order in each process, so ``row0`` is another
row in each worker: some rows run twice, others never, and all tests are green.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import hashlib
import json
import pathlib
import uuid
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.unstable_names import unnamed_values
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Types whose repr is the same in each process.
PLAIN = (
    *(str, bytes, int, float, complex, bool, type(None), enum.Enum),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo),
    *(decimal.Decimal, pathlib.PurePath, uuid.UUID, range),
)
# Values that are nested deeper are not compared.
DEEPEST = 8


@guard_hooks
class RowSender:
    """Writes the rows of a worker for the controller, before the tests."""

    NAME = "xray-bridge-rows"

    def __init__(self, folder: str, worker: str) -> None:
        self._path = _rows_path(folder, worker)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the rows of all tests that will run."""
        rows = dict(digest_rows(session.items))
        if rows:
            with contextlib.suppress(OSError):
                self._path.write_text(json.dumps(rows), encoding="ascii")


def digest_rows(items: Iterable[pytest.Item]) -> Iterator[tuple[str, str]]:
    """Yield node ids of rows named by position, each with a digest of its values."""
    for item in items:
        values = unnamed_values(item)
        with contextlib.suppress(TypeError):
            if values:
                text = repr([_to_canonical(each, 0) for each in values])
                encoded = text.encode("utf-8", "surrogatepass")
                digest = hashlib.blake2b(encoded, digest_size=8)
                yield item.nodeid, digest.hexdigest()


def _to_canonical(value: object, depth: int) -> object:
    """Convert a value to one with the same repr everywhere. Raises TypeError."""
    inside = partial(_to_canonical, depth=depth + 1)
    kind = type(value).__qualname__
    if depth > DEEPEST:
        raise TypeError(kind)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, (set, frozenset)):
        return kind, sorted(map(repr, map(inside, value)))
    if isinstance(value, dict):
        return kind, sorted(repr((inside(k), inside(v))) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return kind, [*map(inside, value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (each.name for each in dataclasses.fields(value))
        return kind, [inside(getattr(value, name, None)) for name in names]
    raise TypeError(kind)


class RowOrders:
    """Finds rows that ran twice or never, in the controller."""

    def __init__(self) -> None:
        self._rows: dict[str, Mapping[str, str]] = {}
        # The worker where each test ran last: a retry is not another row.
        self._ran: dict[str, str] = {}

    def read(self, folder: str, worker: str) -> list[str]:
        """Read the rows of a worker; return lines about new differences."""
        path = _rows_path(folder, worker)
        try:
            found: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
            path.unlink()
        except (OSError, ValueError):
            return []
        known = {*self._find_differing()}
        self._rows[worker] = found
        return [
            f"xdist's workers have the rows of {test} in different orders, for example "
            "because they come from a set. Some rows will run twice and others never; "
            "sort the rows"
            for test in self._find_differing()
            if test not in known
        ]

    def note_report(self, report: pytest.TestReport) -> None:
        """Note the worker that ran a test."""
        node: Any = getattr(report, "node", None)
        if node is not None and self._rows:
            self._ran[report.nodeid] = node.gateway.id

    def find_reasons(self) -> Iterator[str]:
        """Find the reasons why the run is not complete."""
        for test in self._find_differing():
            of_test = (each for each in self._ran if _test_name(each) == test)
            rows = (self._rows.get(self._ran[each], {}).get(each) for each in of_test)
            ran = Counter(filter(None, rows))
            never = set(self._values_of(test)) - set(ran)
            twice = sum(number > 1 for number in ran.values())
            if never and ran:
                yield (
                    f"{count(len(never), 'row')} of {test} never ran, and {twice} ran "
                    "more than once: xdist's workers have them in different orders"
                )

    def _find_differing(self) -> list[str]:
        """Return tests whose workers have the same rows in different orders."""
        tests = dict.fromkeys(map(_test_name, next(iter(self._rows.values()), ())))
        return [test for test in tests if self._is_differing(test)]

    def _is_differing(self, test: str) -> bool:
        orders = [
            tuple(
                digest
                for nodeid, digest in sorted(rows.items())
                if _test_name(nodeid) == test
            )
            for rows in self._rows.values()
        ]
        are_same = len({tuple(sorted(order)) for order in orders}) == 1
        return are_same and len(set(orders)) > 1

    def _values_of(self, test: str) -> list[str]:
        rows = next(iter(self._rows.values()))
        return [digest for nodeid, digest in rows.items() if _test_name(nodeid) == test]


def _test_name(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def _rows_path(folder: str, worker: str) -> Path:
    return Path(folder, f"{worker}.rows")
