"""Tests that were under way when their process was ended."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED, a_run, run_info
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import run_directory, under_way
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.run_directory import State
from xray_bridge.runs.running_test import pack_note


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

KILLED = run_directory.KILLED
LINE = {"classname": "tests.test_a", "name": "test_b", "started": STARTED}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[RunDirectory]:
    """A run whose process was killed after one test."""
    found = run_directory.create(tmp_path / ".xray", run_info())
    journal = Journal(found)
    journal.append(a_run())
    yield found
    journal._lock.release()
    journal._file.close()


def note(directory: RunDirectory, line: Any, name: str = "1.note") -> None:
    """The long form of the note about a running test."""
    (directory.path / name).write_text(json.dumps({"line": line}) + "\nrest")


def brief(directory: RunDirectory, content: bytes, name: str = "1.brief") -> None:
    """The short one."""
    (directory.path / name).write_bytes(content)


def noted(directory: RunDirectory) -> list[TestRun]:
    """The lines in the journal after the test that has ended."""
    return list(directory.runs())[1:]


def test_both_forms(directory: RunDirectory) -> None:
    """Each test that was under way is not finished, and the run says so."""
    note(directory, {**LINE, "test_keys": ["CALC-1"], "labels": ["smoke"]})
    brief(directory, pack_note("tests/test_c.py::test_d", "CALC-2", STARTED + 1))

    under_way.settle_run(directory)

    short, long = noted(directory)
    assert (short.test.classname, short.test.name) == ("tests.test_c", "test_d")
    assert (short.test.test_keys, short.started) == (("CALC-2",), STARTED + 1)
    assert (long.test.test_keys, long.test.labels) == (("CALC-1",), ("smoke",))
    assert {(run.outcome, run.duration, run.message) for run in (short, long)} == {
        (
            Outcome.SKIPPED,
            0.0,
            "Not finished: the process ended while this test ran.",
        )
    }
    while_it_ran = f"{KILLED}, while it ran tests.test_c.test_d, tests.test_a.test_b"
    assert directory.state == State(incomplete=(while_it_ran,))
    assert not [*directory.path.glob("*.note"), *directory.path.glob("*.brief")]


def test_nothing_was_under_way(directory: RunDirectory) -> None:
    """Killed between two tests, the run says no more than that."""
    brief(directory, b"\0" * 100)

    under_way.settle_run(directory)

    assert noted(directory) == []
    assert directory.state == State(incomplete=(KILLED,))


@pytest.mark.parametrize(
    ("changes", "is_added"),
    [
        ({}, False),
        ({"started": STARTED + 1}, True),
        ({"name": "test_other"}, True),
        ({"classname": "tests.other"}, True),
    ],
)
def test_test_that_has_ended(
    directory: RunDirectory, changes: dict[str, Any], *, is_added: bool
) -> None:
    """Its note is older than its line; another attempt began at another time."""
    ended = next(directory.runs())
    line = {
        "classname": ended.test.classname,
        "name": ended.test.name,
        "started": ended.started,
    }
    note(directory, {**line, **changes})

    under_way.settle_run(directory)

    assert len(noted(directory)) == is_added


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        b'{"line": 7}',
        b'{"line": {"classname": "a", "name": "b"}}',
        b'{"line": {"classname": "a", "name": 7, "started": 1.0}}',
    ],
)
def test_damaged_notes(directory: RunDirectory, content: bytes) -> None:
    """They are no results, and keep no others from being sealed."""
    (directory.path / "1.note").write_bytes(content)
    brief(directory, b"\1" + b"\xff" * 50)
    note(directory, LINE, "2.note")

    under_way.settle_run(directory)

    assert [run.test.name for run in noted(directory)] == ["test_b"]


@pytest.mark.parametrize("line", [b"{", b"[]", b"[" * 100_000])
def test_damaged_lines_beside_a_note(directory: RunDirectory, line: bytes) -> None:
    """A journal with a line that nobody can read is sealed all the same."""
    with directory.journal.open("ab") as file:
        file.write(line + b"\n")
    note(directory, LINE)

    under_way.settle_run(directory)

    damaged: list[str] = []
    names = [run.test.name for run in directory.runs(damaged)]
    assert names == ["test_add", "test_b"]
    assert len(damaged) == 1


def test_link_is_no_note(directory: RunDirectory) -> None:
    """It would be read from somewhere else."""
    elsewhere = directory.path.parent / "elsewhere"
    elsewhere.write_text(json.dumps({"line": LINE}))
    (directory.path / "1.note").symlink_to(elsewhere)

    under_way.settle_run(directory)

    assert noted(directory) == []
    assert elsewhere.exists()


def test_no_room_for_a_line(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is not sealed, and its note stays for the next time."""
    note(directory, LINE)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.open", full)
        with pytest.raises(RunDirectoryError) as caught:
            under_way.settle_run(directory)

    said = f"{directory.journal} cannot be written: No space left on device"
    assert caught.value.message == said
    assert directory.state.state == run_directory.RECORDED
    assert (directory.path / "1.note").exists()


def test_note_that_is_gone_meanwhile(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has removed it, the run is sealed."""
    gone = directory.path / "gone.brief"
    monkeypatch.setattr(under_way, "find_notes", lambda _: [gone])

    under_way.settle_run(directory)

    assert directory.state == State(incomplete=(KILLED,))
