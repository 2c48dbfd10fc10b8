"""Counting the Tests of a large report on disk."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from xray_bridge.formats.read.protocol import Case
from xray_bridge.model.results import Outcome
from xray_bridge.upload.overlaps import Counted


OUTCOMES = [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED]


@pytest.mark.parametrize("seed", range(40))
def test_the_same_on_disk(seed: int) -> None:
    """Tests and repeated names are counted on disk as in memory."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    in_memory, on_disk = Counted(), Counted(most=chance.randint(1, 20))
    names = chance.randint(1, 300)
    for _ in range(chance.randint(0, 600)):
        number = chance.randrange(names)
        case = Case(
            name=f"test {number}",
            outcome=chance.choice(OUTCOMES),
            key=f"DEMO-{number}" if number % 3 == 0 else "",
        )
        is_plain = case.outcome is Outcome.PASSED and not case.key
        for counted in (in_memory, on_disk):
            if is_plain:
                counted.add_passed(case.name)
            else:
                counted.add(case)
    in_memory.settle()
    with closing(on_disk):
        on_disk.settle()

    assert on_disk.counts == in_memory.counts
    assert on_disk.tests == in_memory.tests
    assert on_disk.repeated == in_memory.repeated
    assert on_disk.keys == in_memory.keys
    assert on_disk.repeated_names.keys() <= {f"test {each}" for each in range(names)}


def test_only_the_last_tests_are_in_memory() -> None:
    """However many Tests there are, a few are in memory at once."""
    counted = Counted(most=10)
    most = 0
    for number in range(1000):
        counted.add_passed(str(number))
        most = max(most, len(counted.ranks))

    with closing(counted):
        counted.settle()

    assert most == 10
    assert (counted.tests, len(counted.ranks)) == (1000, 0)


def test_unsure_keys_after_many_tests() -> None:
    """A key that may be that of a requirement is still decided at the end."""
    counted = Counted(most=10)
    for number in range(100):
        counted.add_passed(str(number))
    for name, key in (("a", "DEMO-1"), ("b", "DEMO-2"), ("c", "DEMO-2")):
        case = Case(name=name, outcome=Outcome.FAILED, key=key, is_key_sure=False)
        counted.add(case)
    with closing(counted):
        counted.settle()

    assert [*counted.keys] == ["DEMO-1"]
    assert counted.unsure == {"DEMO-2": 2}
    assert counted.counts == {"passed": 100, "failed": 3}
