"""
Decide which tests get which keys, before anything is written.

A wrong key would show the results of one test on the Test of another, so a test gets
a key only if exactly one test in code and one Test in Xray have its name.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.client.known_tests import KnownTest
    from xray_bridge.source.places import TestPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """
    A key for a test; ``others`` are the keys of its other rows.

    All rows of a test with a key are results of one Test, so the others get no more
    results.
    """

    place: TestPlace
    key: str
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Place, name and key."""
        rest = f"; no more results for {', '.join(self.others)}" if self.others else ""
        return f"{self.place}: {self.key}{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """
    The keys to write.

    ``refused`` maps tests to the reason why they get none. ``unknown`` are tests that
    Xray does not know yet.
    """

    new: tuple[NewKey, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def plan_keys(places: Iterable[TestPlace], known: Collection[KnownTest]) -> KeyPlan:
    """Find the keys of all tests that have none."""
    return _Planner(places, known).plan()


class _Planner:
    def __init__(
        self, places: Iterable[TestPlace], known: Collection[KnownTest]
    ) -> None:
        self._tests: dict[object, list[TestPlace]] = {}
        # By name in Xray and by key, the tests that have it, without their rows.
        self._named: dict[tuple[bool, str], dict[object, TestPlace]] = {}
        self._keyed: dict[str, dict[object, TestPlace]] = {}
        for place in places:
            self._tests.setdefault(place.test, []).append(place)
            name = (place.is_scenario, place.xray_name)
            self._named.setdefault(name, {})[place.test] = place
            for key in place.keys:
                self._keyed.setdefault(key, {})[place.test] = place
        self._known: dict[tuple[bool, str], list[str]] = {}
        self._unclear = {each.key for each in known if each.is_of_scenario is None}
        for test in known:
            if test.definition:
                self._known.setdefault((False, test.definition), []).append(test.key)
            elif test.is_of_scenario is not False:
                self._known.setdefault((True, test.summary), []).append(test.key)

    def plan(self) -> KeyPlan:
        new: list[NewKey] = []
        refused: dict[str, str] = {}
        unknown: list[str] = []
        for rows in self._tests.values():
            if any(row.keys or row.ignored for row in rows):
                continue
            reason = next(self._find_reasons(rows), "")
            keys = self._find_keys(rows)
            if not keys:
                unknown.append(str(rows[0]))
            elif reason:
                refused[str(rows[0])] = reason
            else:
                new.append(NewKey(place=rows[0], key=keys[0], others=tuple(keys[1:])))
        return KeyPlan(
            new=tuple(new), refused=refused, unknown=tuple(dict.fromkeys(unknown))
        )

    def _find_keys(self, rows: Sequence[TestPlace]) -> list[str]:
        """Return the keys of the rows' Tests, the oldest first."""
        names = dict.fromkeys(
            name for row in rows for name in (_without_row(row), row.xray_name)
        )
        found = {k for name in names for k in self._known.get(_of(rows, name), ())}
        return sorted(found, key=_read_number)

    def _find_reasons(self, rows: Sequence[TestPlace]) -> Iterator[str]:
        """Yield the reasons why a test gets no key."""
        first = rows[0]
        if first.generated:
            yield first.generated
        for name in dict.fromkeys(row.xray_name for row in rows):
            twins = self._named[_of(rows, name)]
            others = [str(each) for test, each in twins.items() if test != first.test]
            if others:
                yield f"it has the same name in Xray as {', '.join(others)}"
            keys = sorted(self._known.get(_of(rows, name), ()), key=_read_number)
            if len(keys) > 1:
                yield f"{' and '.join(keys)} have the same name, {name!r}"
        for key in self._find_keys(rows):
            if key in self._unclear:
                yield f"the Test Type of {key} may not be for scenarios"
            users = self._keyed.get(key, {}).values()
            if users:
                yield f"its key {key} is on {', '.join(map(str, users))}"


def _of(rows: Sequence[TestPlace], name: str) -> tuple[bool, str]:
    return rows[0].is_scenario, name


def _without_row(place: TestPlace) -> str:
    """Return the name of a function's Test without the row, if it is a function's."""
    return place.xray_name if place.is_scenario else place.xray_name.partition("[")[0]


def _read_number(key: str) -> int:
    return int(key.rpartition("-")[2])
