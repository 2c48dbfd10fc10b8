"""
What a worker notes before the setup of a test, in case it does not survive it.

What is known of a test travels on the report of its setup; a worker that dies in
the setup sends none. So each worker keeps one small file in the run directory
about the test that it is in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    import pytest

    from xray_bridge.codec import Line


def file_of(folder: str, worker: str) -> Path:
    """Where a worker's note lies."""
    return Path(folder, f"{worker}.note")


class Note:
    """The note of one worker; replaced with each test that has something to say."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_reachable = path.parent.is_dir()

    def write(self, nodeid: str, line: Line) -> None:
        """Note what is known of a test; a worker on another machine cannot."""
        if line and self._is_reachable:
            self._path.write_text(json.dumps({"nodeid": nodeid, "line": line}), "utf-8")


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
