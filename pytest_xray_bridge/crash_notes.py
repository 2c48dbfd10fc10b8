"""
Find the line of a test whose reports came without our part of it.

A worker that dies in the setup of a test sends no line, but it has written a note
about the test into the run directory. Reports that another plugin makes itself (a child
process died, a session ran in another process) have no line either; without workers,
the collected test is in this process.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_xray_bridge import wire
from xray_bridge.runs import running_test, under_way
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from xray_bridge.recording.running_note import RunningNote
    from xray_bridge.runs.codec import Line

# The fields that nearly every test has.
KEYS_ONLY = frozenset({"test_keys"})


def note_path(folder: str, worker: str) -> Path:
    """The file with a worker's note."""
    return Path(folder, f"{worker}.note")


def write_note(note: RunningNote, nodeid: str, line: dict[str, Any]) -> None:
    """Write the whole line of a test as a note."""
    classname, name = address_of(nodeid)
    line = {"classname": classname, "name": name, **line}
    note.write(wire.to_sendable(line), wire.to_sendable(nodeid))


class CrashNotes:
    """
    Find the lines of tests whose reports have none, for the process that records.

    ``read_item`` reads the collected test with a node id, if it is in this process.
    """

    def __init__(
        self, read_item: Callable[[str], Line | None] = lambda _: None
    ) -> None:
        self.folder = ""
        self._read_item = read_item

    def read(self, report: pytest.TestReport) -> Line | None:
        """Read the line of a test from its worker's note or from the collected test."""
        node: Any = getattr(report, "node", None)
        if node is None:
            return self._read_item(report.nodeid)
        if not self.folder:
            return None
        path = note_path(self.folder, node.gateway.id)
        return _read_long(path, report.nodeid) or _read_brief(path, report.nodeid)

    def clear(self) -> None:
        """Delete the notes; one that stays does no harm, because its test has ended."""
        if self.folder:
            with contextlib.suppress(OSError):
                for path in under_way.find_notes(Path(self.folder)):
                    path.unlink()


def _read_long(path: Path, nodeid: str) -> Line | None:
    try:
        found = json.loads(path.read_text("utf-8").partition("\n")[0])
    except (OSError, ValueError):
        return None
    line: Line = found["line"]
    return line if found["nodeid"] == nodeid else None


def _read_brief(path: Path, nodeid: str) -> Line | None:
    try:
        content = path.with_suffix(running_test.SUFFIX).read_bytes()
        line = running_test.unpack_note(content)
    except (OSError, ValueError):
        return None
    is_it = line and (line["classname"], line["name"]) == address_of(nodeid)
    return line if is_it else None
