"""
Write the journal of a run: one line for each finished test.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError
from xray_bridge.locks import Lock, OwnFile
from xray_bridge.runs import codec, inside, run_directory
from xray_bridge.runs.journal_lines import compact_json, encode_passed, with_checksum


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory


class Journal:
    """
    The journal that one process writes, by appending only.

    A line that cannot be written (disk full) stays in memory, and is written with the
    next one or at ``close``. If a test removes the folder, ``close`` makes it again
    from the open file.
    """

    _FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND

    def __init__(self, directory: RunDirectory) -> None:
        self.directory = directory
        self.written = 0
        self.trouble = ""
        self._lock = Lock(directory.path / "lock")
        self._pid = os.getpid()
        self._unwritten = b""
        self._is_closed = False
        self._file = OwnFile(directory.journal, self._FLAGS)
        self._run = _read_content(directory.path / "run.json")

    @property
    def is_ours(self) -> bool:
        """Whether this process opened the journal; a forked child did not."""
        return os.getpid() == self._pid

    def append(self, run: TestRun) -> None:
        """Write one finished test; disk errors are not raised."""
        self.append_line(codec.encode(run))

    def append_line(self, line: Mapping[str, Any]) -> None:
        """Write one finished test, given as a line."""
        self.append_json(compact_json(line))

    def append_json(self, text: str) -> None:
        """Write one finished test, given as a line in JSON."""
        if self.is_ours:
            self._write_line(with_checksum(text.encode("ascii")))
            self.written += 1

    def append_passed(
        self,
        nodeid: str,
        keys: Sequence[str],
        started: float,
        duration: float,
        position: int = 0,
    ) -> None:
        """Write a passed test that has only a name and keys."""
        if self.is_ours:
            line = encode_passed(nodeid, keys, started, duration, position)
            self._write_line(line)
            self.written += 1

    def copy_lines(self, lines: bytes) -> None:
        """Write lines of another journal, with their line ends."""
        self._write(lines)
        self.written += lines.count(b"\n")

    def count_lines(self) -> int:
        """Count the lines on disk, also those that a rerun has from the earlier run."""
        return sum(1 for _ in self.directory.lines())

    def _write_line(self, line: bytes) -> None:
        self._write(line + b"\n")

    def _write(self, lines: bytes) -> None:
        rest = self._unwritten + lines
        try:
            if not self._file.is_open:
                self._file = OwnFile(self.directory.journal, self._FLAGS)
            while rest:
                rest = rest[os.write(self._file.number, rest) :]
            self.trouble = ""
        except OSError as error:
            self.trouble = f"{self.directory.journal}: {error.strerror}"
        self._unwritten = rest

    def _restore_folder(self) -> None:
        """Make the folder again from the open file."""
        if self.directory.journal.exists() or not self._file.is_open:
            return
        try:
            size = os.fstat(self._file.number).st_size
            content = os.pread(self._file.number, size, 0)
            folder = self.directory.path
            folder.mkdir(inside.PRIVATE_FOLDER, parents=True, exist_ok=True)
            for name, found in (("run.json", self._run), ("journal.jsonl", content)):
                with replaced(folder / name, private=True) as file:
                    file.write(found)
        except OSError as error:
            self.trouble = f"{self.directory.path} was removed: {error.strerror}"

    def close(self, incomplete: tuple[str, ...] = (), ignored: int = 0) -> None:
        """
        Seal the run, with all lines on disk; a second call does nothing.

        ``incomplete`` and ``ignored`` are those of its state.

        Raises RunDirectoryError if lines could not be written.
        """
        if self._is_closed or not self.is_ours:
            return
        self._is_closed = True
        self._write(b"")
        self._restore_folder()
        lost = self._unwritten.count(b"\n")
        try:
            os.fsync(self._file.number)
            sealed = run_directory.SEALED
            state = run_directory.State(
                state=sealed, incomplete=incomplete, ignored=ignored
            )
            self.directory.state = state
        except OSError as error:
            self.trouble = self.trouble or f"{self.directory.path}: {error.strerror}"
        except RunDirectoryError as error:
            self.trouble = self.trouble or error.message
        finally:
            self._file.close()
            self._lock.release()
        if lost or self.trouble:
            msg = f"{lost} results could not be written: {self.trouble}"
            raise RunDirectoryError(msg, hint="free disk space, or set xray_report_dir")


def _read_content(path: Path) -> bytes:
    try:
        with inside.open_inside(path.parent, path.name) as file:
            return file.read()
    except (OSError, RunDirectoryError):
        return b""
