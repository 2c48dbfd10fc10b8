"""
Find the quarantine of a test, by its Test keys and its names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.config.quarantine_table import parse_quarantine, spell_name
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.config.quarantine_table import Entry, Quarantine
    from xray_bridge.runs.codec import Line


def add_labelled(
    quarantine: Quarantine, labelled: Sequence[Mapping[str, Any]]
) -> Quarantine:
    """
    Add the Tests with the label, which are entries of a table; those it has win.

    Raises ValueError.
    """
    known = {each.test for each in quarantine.tests}
    found = parse_quarantine({"tests": labelled}).tests
    more = [quarantine.complete(each) for each in found if each.test not in known]
    return replace(quarantine, tests=(*quarantine.tests, *more))


class Entries:
    """The tests in quarantine; ``unused`` are those that no test had so far."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._by_name = {normal_name(each.test): each for each in quarantine.tests}
        self._used: set[str] = set()

    def find(self, line: Line) -> Entry | None:
        """Return the entry of a test, from its line in the journal."""
        found = next((n for n in names_of(line) if n in self._by_name), None)
        if found is None:
            return None
        self._used.add(found)
        return self._by_name[found]

    @property
    def unused(self) -> list[Entry]:
        """The entries whose names no test had."""
        return [e for name, e in self._by_name.items() if name not in self._used]


def normal_name(test: str) -> str:
    """Return a node id as definition; other names as they are."""
    name = spell_name(test)
    if "::" not in name:
        return name
    return ".".join(filter(None, address_of(name)))


def names_of(line: Line) -> Iterator[str]:
    """Yield Test keys and names of a test: with its row, and without."""
    yield from line.get("test_keys", ())
    definition = ".".join(filter(None, (line["classname"], line["name"])))
    yield definition
    base, bracket, _ = definition.partition("[")
    if bracket:
        yield base
    scenario = line.get("scenario")
    if scenario:
        path = scenario["feature"]["path"]
        for name in filter(None, (scenario["name"], scenario.get("outline"))):
            yield f"{path}: {name}"
            yield name
