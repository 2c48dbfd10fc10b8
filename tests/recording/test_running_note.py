"""The note about the running test: one of two forms, and the last one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.recording.running_note import RunningNote
from xray_bridge.runs import under_way
from xray_bridge.runs.journal_lines import compact_json
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.runs.running_test import SIZE


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.codec import Line


def a_note(folder: Path) -> RunningNote:
    """One that cleans nothing."""
    return RunningNote(folder / "session.note", compact_json)


def a_line(name: str) -> Line:
    """A test that has begun."""
    return {"classname": "test_a", "name": name, "started": 1.0}


def under_way_in(folder: Path) -> list[str]:
    """The tests that were under way when the process was ended."""
    (folder / "journal.jsonl").touch()
    directory = RunDirectory(folder)
    under_way.settle_run(directory)
    return [run.test.name for run in directory.runs()]


def test_short_after_long(tmp_path: Path) -> None:
    """Only the test that runs now was under way."""
    note = a_note(tmp_path)
    note.write(a_line("test_x[1]"), "test_a.py::test_x[1]")
    assert note.write_brief("test_a.py::test_y", ["CALC-1"], 2.0)

    assert under_way_in(tmp_path) == ["test_y"]


def test_long_after_short(tmp_path: Path) -> None:
    """Only the test that runs now was under way."""
    note = a_note(tmp_path)
    assert note.write_brief("test_a.py::test_y", ["CALC-1"], 2.0)
    note.write(a_line("test_x[1]"), "test_a.py::test_x[1]")

    assert under_way_in(tmp_path) == ["test_x[1]"]


def test_nothing_is_left(tmp_path: Path) -> None:
    """A session that ends has no test under way."""
    note = a_note(tmp_path)
    note.write_brief("test_a.py::test_y", [], 2.0)
    note.write(a_line("test_x[1]"), "test_a.py::test_x[1]")

    note.clear()

    assert not list(tmp_path.iterdir())


def test_no_room(tmp_path: Path) -> None:
    """A name that is too long for the short form is for the long one."""
    assert not a_note(tmp_path).write_brief("n" * SIZE, [], 2.0)


def test_no_folder(tmp_path: Path) -> None:
    """A folder that cannot be written is no reason to stop."""
    assert not a_note(tmp_path / "missing").write_brief("test_a.py::test_y", [], 2.0)
