"""
The note about the running test, in case it ends its process.

A journal line is written when a test has ended. If the process ends before that
(``os._exit``, a crash, the system), the note says which test was running.
"""

from __future__ import annotations

import mmap
import os
from json.encoder import encode_basestring_ascii as quote
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.locks import OwnFile
from xray_bridge.runs import running_test


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xray_bridge.runs.codec import Line


class RunningNote:
    """
    The note of one process; each test replaces it.

    ``encode`` returns a line as JSON without secrets and folders.
    """

    def __init__(self, path: Path, encode: Callable[[Line], str]) -> None:
        self._path = path
        self._encode = encode
        # A worker on another machine has no such folder.
        self._is_reachable = path.parent.is_dir()
        self._file: OwnFile | None = None
        self._brief: mmap.mmap | None = None
        self._is_long = False
        # Bound when this is made, because tests patch files.
        self._seek, self._write = os.lseek, os.write

    def write(self, line: Line, nodeid: str = "") -> None:
        """Write the line of a test that begins; errors of the disk are not raised."""
        if self._is_reachable:
            self.write_json(self._encode(line), nodeid)

    def write_json(self, line: str, nodeid: str = "") -> None:
        """Write a line as JSON that needs no cleaning; errors are not raised."""
        if not self._is_reachable:
            return
        # The rest of a longer note stays after the end of the line.
        text = f'{{"nodeid":{quote(nodeid)},"line":{line}}}\n'
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
        Note a test by its node id and keys; False if there is no room for it.

        Nothing is redacted: a name without parameters is code, not data.
        """
        try:
            found = running_test.pack_note(nodeid, " ".join(keys), started)
            brief = self._open_brief() if self._brief is None else self._brief
            brief[: len(found)] = found
        except (OSError, ValueError):
            return False
        if self._is_long:
            self._clear_long()
        return True

    def _open_brief(self) -> mmap.mmap:
        """Map the file, because tests may close files that they do not own."""
        path = self._path.with_suffix(running_test.SUFFIX)
        file = OwnFile(path, os.O_RDWR | os.O_CREAT)
        # Written, not truncated, so that a full disk raises here.
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
        """Delete the note: no test is running."""
        self._clear_long()
        if self._brief is not None:
            self._brief.close()
            self._brief = None
            self._path.with_suffix(running_test.SUFFIX).unlink(missing_ok=True)
