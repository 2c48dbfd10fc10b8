"""
The worst rank of each Test of a report, in memory or, for large reports, on disk.

Identities are numbers: hashes of 64 bits. Most are of plain Tests: they passed, once,
and have no key. Those are counted by sets, without a step of Python for each.
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

# Tests of a report that are kept in memory, about 1 MB.
MOST_IN_MEMORY = 1 << 13
# Flags of a Test beside its rank of two bits.
KEYED, REPEATED = 4, 8
RANK = 3
# Parts of the numbers that are counted one after the other.
PARTS = 64
LOWEST, PART_SIZE = -(1 << 63), (1 << 64) // PARTS
PART_ENDS = tuple(LOWEST + PART_SIZE * part for part in range(1, PARTS))


class RanksOnDisk:
    """
    Collects ranks in sorted runs in a temporary file, which has no name.

    Each run has a number for each of its Tests; a Test may be in several runs.
    """

    def __init__(self) -> None:
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - see ``close``
        self._plain = _Runs(self._file, "q")
        self._others = _Runs(self._file, "q")
        self._lows = _Runs(self._file, "B")

    def add_run(
        self, ranks: Mapping[int, int], keyed: set[int], repeated: set[int]
    ) -> None:
        """Write the Tests of a run: their hashes and worst ranks."""
        others = {number for number, rank in ranks.items() if rank} | keyed | repeated
        self._plain.add(sorted(ranks.keys() - others))
        numbers = sorted(others)
        ends = self._others.add(numbers)
        lows = (
            ranks[number] + KEYED * (number in keyed) + REPEATED * (number in repeated)
            for number in numbers
        )
        self._lows.add(lows, ends)

    def close(self) -> None:
        """Close and remove the file."""
        self._file.close()

    def count(self) -> tuple[Counter[int], int]:
        """Count the Tests of each rank, and repeated names that are no keys."""
        counts: Counter[int] = Counter()
        repeated = 0
        for part in range(PARTS):
            found = self._find_others(part)
            numbers = self._plain.read(part)
            plain = set(numbers)
            if len(plain) < len(numbers):
                often = Counter(numbers)
                twice = {number for number in plain if often[number] > 1}
                repeated += len(twice - found.keys())
            for number in plain & found.keys():
                found[number] |= REPEATED
            counts[0] += len(plain - found.keys())
            counts.update(low & RANK for low in found.values())
            flags = (low & (REPEATED | KEYED) for low in found.values())
            repeated += sum(each == REPEATED for each in flags)
        return +counts, repeated

    def _find_others(self, part: int) -> dict[int, int]:
        """Return the worst ranks and the flags of Tests that are not plain."""
        found: dict[int, int] = {}
        for number, low in zip(
            self._others.read(part), self._lows.read(part), strict=True
        ):
            before = found.get(number)
            if before is None:
                found[number] = low
            else:
                rank = max(before & RANK, low & RANK)
                found[number] = (before | low | REPEATED) & ~RANK | rank
        return found


class _Runs:
    """Sorted runs of numbers in a file, which are read part by part."""

    def __init__(self, file: BinaryIO, code: str) -> None:
        self._file = file
        self._code = code
        # For each run: the places in bytes where its parts begin, and its end.
        self._places: list[list[int]] = []

    def add(self, numbers: Iterable[int], ends: Iterable[int] = ()) -> list[int]:
        """Write a run, and return where its parts end; ``ends`` if that is known."""
        written = array(self._code, numbers)
        found = [*ends] or [bisect_left(written, end) for end in PART_ENDS]
        start, size = self._file.tell(), written.itemsize
        indexes = (0, *found, len(written))
        self._places.append([start + each * size for each in indexes])
        written.tofile(self._file)
        return found

    def read(self, part: int) -> array[int]:
        """Read a part of all runs."""
        numbers = array(self._code)
        for places in self._places:
            size = places[part + 1] - places[part]
            if size:
                self._file.seek(places[part])
                numbers.frombytes(self._file.read(size))
        return numbers
