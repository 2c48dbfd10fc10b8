"""
The note about the running test, in case it ends its process.

A line of the journal is written when a test has ended. What ends the process before
(``os._exit``, a crash, the system) leaves the note, and so the test has a name.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import running_test
from xray_bridge.runs.journal_lines import compact_json
from xray_bridge.runs.locks import OwnFile


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xray_bridge.runs.codec import Line


class RunningNote:
    """
    The note of one process; each test replaces it.

    ``clean`` takes out of a line what must not reach a disk.
    """

    def __init__(self, path: Path, clean: Callable[[Line], Line]) -> None:
        self._path = path
        self._clean = clean
        # A worker on another machine has no such folder.
        self._is_reachable = path.parent.is_dir()
        self._file: OwnFile | None = None
        self._brief: mmap.mmap | None = None
        self._is_long = False
        # Bound now: tests patch files.
        self._seek, self._write = os.lseek, os.write

    def write(self, line: Line, nodeid: str = "") -> None:
        """Write what is known of a test that begins; never raises for the disk."""
        if not self._is_reachable:
            return
        line = self._clean(line)
        # What is left of a longer note stands after the end of the line.
        text = compact_json({"nodeid": nodeid, "line": line}) + "\n"
        try:
            file = self._file
            if file is None or not file.is_open:
                self._file = file = OwnFile(self._path, os.O_WRONLY | os.O_CREAT)
            self._seek(file.number, 0, os.SEEK_SET)
            self._write(file.number, text.encode("ascii"))
        except (OSError, RunDirectoryError):
            self._is_reachable = False
        self._is_long = True
        if self._brief is not None:
            self._brief[0] = 0

    def write_brief(self, nodeid: str, keys: Sequence[str], started: float) -> bool:
        """
        Note a test that is its node id and keys; whether there is room for it.

        Nothing is cleaned: a name without parameters stands in the code.
        """
        try:
            found = running_test.packed(nodeid, " ".join(keys), started)
            brief = self._brief or self._open_brief()
            brief[: len(found)] = found
        except (OSError, ValueError):
            return False
        if self._is_long:
            self._clear_long()
        return True

    def _open_brief(self) -> mmap.mmap:
        """Mapped, so that tests may close files that they do not own."""
        path = self._path.with_suffix(running_test.SUFFIX)
        file = OwnFile(path, os.O_RDWR | os.O_CREAT)
        # Written, not truncated: a full disk is found out now.
        self._write(file.number, bytes(running_test.SIZE))
        self._brief = mmap.mmap(file.number, running_test.SIZE)
        file.close()
        return self._brief

    def _clear_long(self) -> None:
        self._is_long = False
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete it: no test is running."""
        self._clear_long()
        if self._brief is not None:
            self._brief.close()
            self._brief = None
            self._path.with_suffix(running_test.SUFFIX).unlink(missing_ok=True)
