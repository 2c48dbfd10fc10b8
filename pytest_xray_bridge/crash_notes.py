"""
What a worker notes before the setup of a test, in case it does not survive it.

What is known of a test travels on the report of its setup; a worker that dies in
the setup sends none. So each worker keeps one small file in the run directory
about the test that it is in.
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


def file_of(folder: str, worker: str) -> Path:
    """Where a worker's note lies."""
    return Path(folder, f"{worker}.note")


class Note:
    """The note of one worker; replaced with each test that has something to say."""

    def __init__(self, path: Path, clean: Callable[[str], str]) -> None:
        self._path = str(path)
        self._clean = clean
        self._is_reachable = path.parent.is_dir()
        # Bound now: tests patch files.
        self._open, self._write, self._close = os.open, os.write, os.close

    def write(self, nodeid: str, line: Line) -> None:
        """Note what is known of a test; a worker on another machine cannot."""
        if not line or not self._is_reachable:
            return
        found = {"nodeid": nodeid, "line": codec.redact_line(line, self._clean)}
        file = self._open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._write(file, json.dumps(found).encode())
        finally:
            self._close(file)


class Notes:
    """The notes of all workers, for the process that records."""

    def __init__(self) -> None:
        self.folder = ""

    def read(self, report: pytest.TestReport) -> Line | None:
        """What the worker of a crashed test had noted about it."""
        node: Any = getattr(report, "node", None)
        if node is None or not self.folder:
            return None
        path = file_of(self.folder, node.gateway.id)
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        line: Line = found["line"]
        return line if found["nodeid"] == report.nodeid else None

    def clear(self) -> None:
        """Take the files away."""
        if self.folder:
            for path in Path(self.folder).glob("*.note"):
                path.unlink()
