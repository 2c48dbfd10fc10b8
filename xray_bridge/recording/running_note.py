"""
The note about the running test, in case it ends its process.

A line of the journal is written when a test has ended. What ends the process before
(``os._exit``, a crash, the system) leaves the note, and so the test has a name.
"""

from __future__ import annotations

import os
from json import JSONEncoder
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import codec
from xray_bridge.runs.locks import OwnFile


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xray_bridge.runs.codec import Line

_ENCODE = JSONEncoder(separators=(",", ":")).encode


class RunningNote:
    """
    The note of one process; each test replaces it.

    ``clean`` and ``clean_names`` take out of texts and of names what must not reach a
    disk.
    """

    def __init__(
        self,
        path: Path,
        clean: Callable[[str], str],
        clean_names: Callable[[str], str],
    ) -> None:
        self._path = path
        self._clean = clean
        self._clean_names = clean_names
        # A worker on another machine has no such folder.
        self._is_reachable = path.parent.is_dir()
        self._file: OwnFile | None = None
        # Bound now: tests patch files.
        self._seek, self._write = os.lseek, os.write

    def write(self, line: Line, nodeid: str = "") -> None:
        """Write what is known of a test that begins; never raises for the disk."""
        if not self._is_reachable:
            return
        line = codec.redact_line(line, self._clean, self._clean_names)
        # What is left of a longer note stands after the end of the line.
        text = _ENCODE({"nodeid": nodeid, "line": line}) + "\n"
        try:
            file = self._file
            if file is None or not file.is_open:
                self._file = file = OwnFile(self._path, os.O_WRONLY | os.O_CREAT)
            self._seek(file.number, 0, os.SEEK_SET)
            self._write(file.number, text.encode("ascii"))
        except (OSError, RunDirectoryError):
            self._is_reachable = False

    def clear(self) -> None:
        """Delete it: no test is running."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
