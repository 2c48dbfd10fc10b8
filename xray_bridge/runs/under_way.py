"""
Tests that were running when their process was killed.

A line of the journal is written when a test has ended; while it runs, there is a note.
After a kill the notes remain, and the running tests get a result: not finished.
"""

from __future__ import annotations

from json import loads
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import inside, running_test
from xray_bridge.runs.journal_lines import content_of, encode_line, parse_line
from xray_bridge.runs.run_directory import KILLED, State


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

NOTES = "*.note"
# Bytes of a note; longer ones are never written.
LONGEST = 1 << 22
DAMAGED = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
NOT_FINISHED = "Not finished: the process ended while this test ran."


def settle_run(directory: RunDirectory) -> None:
    """
    Seal a run that was killed, with a result for each test that was running.

    The caller holds the claim. Raises RunDirectoryError if it cannot be written.
    """
    names = []
    for line in _unfinished_lines(directory):
        names.append(f"{line['classname']}.{line['name']}")
        text = encode_line(line)
        try:
            with directory.journal.open("ab") as file:
                file.write(text + b"\n")
        except OSError as error:
            msg = f"{directory.journal} cannot be written: {error.strerror}"
            raise RunDirectoryError(msg) from None
    why = f"{KILLED}, while it ran {', '.join(names)}" if names else KILLED
    directory.state = State(incomplete=(why,))
    for path in find_notes(directory.path):
        path.unlink(missing_ok=True)


def _unfinished_lines(directory: RunDirectory) -> Iterator[dict[str, Any]]:
    noted = [line for path in find_notes(directory.path) if (line := _read_note(path))]
    if not noted:
        return
    ended = {
        _identity_of(found) for line in directory.lines() if (found := _load_line(line))
    }
    for line in noted:
        if _identity_of(line) not in ended:
            yield line


def find_notes(folder: Path) -> list[Path]:
    """Return the notes about running tests, in both forms."""
    brief = folder.glob(f"*{running_test.SUFFIX}")
    return sorted((*folder.glob(NOTES), *brief))


def _read_note(path: Path) -> dict[str, Any] | None:
    """Return the line of a test that has not ended; None if the note is damaged."""
    try:
        with inside.open_inside(path.parent, path.name) as file:
            content = file.read(LONGEST)
        is_brief = path.suffix == running_test.SUFFIX
        found: Any = (
            running_test.unpack_note(content)
            if is_brief
            else loads(content.partition(b"\n")[0])["line"]
        )
        if found is None:
            return None
        line = {
            "classname": found.pop("classname"),
            "name": found.pop("name"),
            "started": found.pop("started"),
            **found,
            "outcome": Outcome.SKIPPED.value,
            "duration": 0.0,
            "message": NOT_FINISHED,
        }
        parse_line(encode_line(line), path)
    except (*DAMAGED, OSError, RunDirectoryError):
        return None
    return line


def _identity_of(line: dict[str, Any]) -> tuple[object, ...]:
    """Return the identity of an attempt: the start distinguishes attempts."""
    return line.get("classname"), line.get("name"), line.get("started")


def _load_line(line: bytes) -> dict[str, Any] | None:
    try:
        found = loads(content_of(line))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
