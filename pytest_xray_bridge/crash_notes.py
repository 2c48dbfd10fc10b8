"""
What is known of a test whose reports came without our part of its line.

A worker that dies in the setup of a test sends none: it has left a note about its
running test in the run directory. Reports that another plugin made of its own (a child
process died, a session ran elsewhere) have none either: without workers, the collected
test is here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.runs.under_way import NOTES


if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from xray_bridge.runs.codec import Line


def note_path(folder: str, worker: str) -> Path:
    """The file with a worker's note."""
    return Path(folder, f"{worker}.note")


class CrashNotes:
    """
    What tests without a line of their own are, for the process that records.

    ``read_item`` reads the collected test with a node id, if it is in this process.
    """

    def __init__(
        self, read_item: Callable[[str], Line | None] = lambda _: None
    ) -> None:
        self.folder = ""
        self._read_item = read_item

    def read(self, report: pytest.TestReport) -> Line | None:
        """The line of a test, from where it can be known without its reports."""
        node: Any = getattr(report, "node", None)
        if node is None:
            return self._read_item(report.nodeid)
        if not self.folder:
            return None
        path = note_path(self.folder, node.gateway.id)
        try:
            found = json.loads(path.read_text("utf-8").partition("\n")[0])
        except (OSError, ValueError):
            return None
        line: Line = found["line"]
        return line if found["nodeid"] == report.nodeid else None

    def clear(self) -> None:
        """Delete the files."""
        if self.folder:
            for path in Path(self.folder).glob(NOTES):
                path.unlink()
