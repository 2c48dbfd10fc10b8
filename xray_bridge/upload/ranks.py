"""
The worst rank of each Test of a report, in memory or, for large reports, on disk.

Identities are numbers: 60 bits of their hashes. In a report of a million Tests, the
chance that two of them are taken for one is about one in a million.
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

# Tests of a report that are kept in memory, about 1 MB.
MOST_IN_MEMORY = 1 << 13
# The lowest four bits of a number on disk: a rank of two bits, and these flags.
KEYED, REPEATED = 4, 8
LOW_BITS = 4
# Parts of the numbers that are counted one after the other.
PARTS = 256
PART_BITS = 56
SIGN = 1 << 63
BYTES = 8


class RanksOnDisk:
    """
    Collects ranks in sorted runs in a temporary file, which has no name.

    Each run has a number for each of its Tests; a Test may be in several runs.
    """

    def __init__(self) -> None:
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - see ``close``
        # For each run: where each part begins in the file, in bytes.
        self._runs: list[array[int]] = []

    def add_run(
        self, ranks: Mapping[int, int], keyed: set[int], repeated: set[int]
    ) -> None:
        """Write the Tests of a run: their hashes and worst ranks."""
        numbers = array("Q", sorted(self._pack(ranks, keyed, repeated)))
        start = self._file.tell()
        places = [bisect_left(numbers, part << PART_BITS) for part in range(PARTS)]
        places.append(len(numbers))
        self._runs.append(array("Q", (start + each * BYTES for each in places)))
        numbers.tofile(self._file)

    @staticmethod
    def _pack(
        ranks: Mapping[int, int], keyed: set[int], repeated: set[int]
    ) -> Iterator[int]:
        for identity, rank in ranks.items():
            flags = KEYED * (identity in keyed) + REPEATED * (identity in repeated)
            yield (identity + SIGN) >> LOW_BITS << LOW_BITS | rank | flags

    def close(self) -> None:
        """Close and remove the file."""
        self._file.close()

    def count(self) -> tuple[Counter[int], int]:
        """Count the Tests of each rank, and repeated names that are no keys."""
        counts: Counter[int] = Counter()
        repeated = 0
        for part in range(PARTS):
            found: dict[int, int] = {}
            for number in self._read_part(part):
                identity, low = number >> LOW_BITS, number & 15
                before = found.get(identity)
                if before is None:
                    found[identity] = low
                else:
                    rank = max(before & 3, low & 3)
                    found[identity] = (before | low | REPEATED) & ~3 | rank
            counts.update(low & 3 for low in found.values())
            flags = (low & (REPEATED | KEYED) for low in found.values())
            repeated += sum(each == REPEATED for each in flags)
        return counts, repeated

    def _read_part(self, part: int) -> Iterator[int]:
        for places in self._runs:
            self._file.seek(places[part])
            numbers = array("Q")
            numbers.frombytes(self._file.read(places[part + 1] - places[part]))
            yield from numbers
