"""
Notes that a worker writes before the setup of a test, in case the setup kills it.

The line of a test is sent with the report of its setup; a worker that dies in the
setup sends none. So each worker keeps one small file about its running test in the run
directory.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.runs import codec


if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from xray_bridge.runs.codec import Line


def note_path(folder: str, worker: str) -> Path:
    """The file with a worker's note."""
    return Path(folder, f"{worker}.note")


class CrashNote:
    """The note of one worker; each test with a line replaces it."""

    def __init__(self, path: Path, clean: Callable[[str], str]) -> None:
        self._path = str(path)
        self._clean = clean
        self._is_reachable = path.parent.is_dir()
        # Bound now: tests patch files.
        self._open, self._write, self._close = os.open, os.write, os.close

    def write(self, nodeid: str, line: Line) -> None:
        """Write the line of a test; a worker on another machine cannot."""
        if not line or not self._is_reachable:
            return
        found = {"nodeid": nodeid, "line": codec.redact_line(line, self._clean)}
        file = self._open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._write(file, json.dumps(found).encode())
        finally:
            self._close(file)


class CrashNotes:
    """The notes of all workers, for the process that records."""

    def __init__(self) -> None:
        self.folder = ""

    def read(self, report: pytest.TestReport) -> Line | None:
        """The line of a crashed test, if its worker has noted it."""
        node: Any = getattr(report, "node", None)
        if node is None or not self.folder:
            return None
        path = note_path(self.folder, node.gateway.id)
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        line: Line = found["line"]
        return line if found["nodeid"] == report.nodeid else None

    def clear(self) -> None:
        """Delete the files."""
        if self.folder:
            for path in Path(self.folder).glob("*.note"):
                path.unlink()
