"""
Read the journals of one or several run directories, and find their lines again.

A small run is read once and kept. A large one is read line by line, with the place of
each line, and never held in memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Outcome, TestRun
from xray_bridge.runs import inside
from xray_bridge.runs.journal_lines import parse_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

# Bytes of journals: the results of such a run are kept, and need about three times
# as much memory.
KEPT = 2 << 20


class Journals:
    """
    The results in journals, numbered in the order in which they are read.

    ``damaged`` counts the damaged lines, which are left out.
    """

    def __init__(self, directories: Sequence[RunDirectory]) -> None:
        self.damaged = 0
        self._directories = directories
        # The offset of each line, and the first number of each journal.
        self._offsets = array("Q")
        self._firsts: list[int] = []
        is_small = sum(map(_size_of, directories)) <= KEPT
        self._kept: list[TestRun] | None = [] if is_small else None

    def __len__(self) -> int:
        return len(self._offsets)

    def scan(self, is_wanted: Callable[[TestRun], bool]) -> Iterator[TestRun]:
        """
        Yield the wanted results, which get the numbers 0, 1, 2 and so on.

        Interrupted tests have no result.
        """
        for directory in self._directories:
            self._firsts.append(len(self))
            offset, journal = 0, directory.journal
            for line in directory.lines():
                run = self._parse_or_count(line, journal)
                if (
                    run is not None
                    and run.outcome is not Outcome.NOT_RUN
                    and is_wanted(run)
                ):
                    self._offsets.append(offset)
                    if self._kept is not None:
                        self._kept.append(run)
                    yield run
                offset += len(line)

    def _parse_or_count(self, line: bytes, journal: Path) -> TestRun | None:
        """Return the result in a line; count a damaged line."""
        if line.isspace():
            return None
        try:
            return parse_line(line, journal)
        except RunDirectoryError:
            self.damaged += 1
            return None

    def part_of(self, number: int) -> int:
        """Return the number of the run directory that a result is in."""
        return bisect_right(self._firsts, number) - 1

    def opened(self) -> closing[Reader]:
        """Return a reader of the results, as a context."""
        return closing(
            Reader(self._directories, self._firsts, self._offsets, self._kept)
        )


def _size_of(directory: RunDirectory) -> int:
    try:
        return directory.journal.stat().st_size
    except OSError:
        # The reader says why.
        return 0


class Reader:
    """Reads results by their numbers; one file is open at a time."""

    def __init__(
        self,
        directories: Sequence[RunDirectory],
        firsts: Sequence[int],
        offsets: Sequence[int],
        kept: Sequence[TestRun] | None,
    ) -> None:
        self._paths = [directory.journal for directory in directories]
        self._firsts = firsts
        self._offsets = offsets
        self._kept = kept
        # The numbers in the journal that is open.
        self._here = range(0)
        self._index = 0
        self._last = -1
        self._run: TestRun
        self._file: BinaryIO = BytesIO()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, number: int) -> TestRun:
        """Return a result by its number."""
        if self._kept is not None:
            return self._kept[number]
        # One result may be that of thousands of Tests.
        if number != self._last:
            if number not in self._here:
                self._open(number)
            self._file.seek(self._offsets[number])
            self._run = parse_line(self._file.readline(), self._paths[self._index])
            self._last = number
        return self._run

    def _open(self, number: int) -> None:
        """Open the journal of a result."""
        self.close()
        self._index = index = bisect_right(self._firsts, number) - 1
        end = [*self._firsts, len(self._offsets)][index + 1]
        self._here = range(self._firsts[index], end)
        path = self._paths[index]
        self._file = inside.open_inside(path.parent, path.name)
