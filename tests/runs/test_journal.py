"""The journal and its lock, in a process where tests do as they please."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, run_info
from xray_bridge.errors import RunDirectoryError
from xray_bridge.locks import Lock, OwnFile
from xray_bridge.runs import journal_lines, run_directory
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.runs.run_directory import RunDirectory

NO_ROOM = "No space left on device"


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """An empty run directory."""
    return run_directory.create(tmp_path / ".xray", run_info())


def names(directory: RunDirectory) -> list[str]:
    """The tests that have a line."""
    return [run.test.name for run in directory.runs()]


def failing(number: int, message: str) -> Callable[..., None]:
    """A function of the system that fails."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, message)

    return fail


def test_another_process_writes_nothing(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that a test forked neither adds a line nor counts one."""
    journal = Journal(directory)
    journal.append(a_run(name="test_1"))
    journal.append_passed("a.py::test_2", (), 1.0, 1.0)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        journal.append(a_run(name="test_3"))
        journal.append_passed("a.py::test_4", (), 1.0, 1.0)
        journal.close(("the child says so",))

    journal.close()

    assert names(directory) == ["test_1", "test_2"]
    assert journal.written == 2
    assert directory.state.incomplete == ()


def test_file_that_others_have_closed(directory: RunDirectory, tmp_path: Path) -> None:
    """It is opened again; the file that has its number now is left alone."""
    journal = Journal(directory)
    journal.append(a_run(name="test_1"))
    os.close(journal._file.number)
    with (tmp_path / "theirs").open("wb") as theirs:
        assert theirs.fileno() == journal._file.number

        journal.append(a_run(name="test_2"))
        journal.close()

        assert theirs.closed is False
        assert os.fstat(theirs.fileno()).st_size == 0
    assert names(directory) == ["test_1", "test_2"]
    assert journal.written == 2


def test_a_second_close_does_nothing(directory: RunDirectory) -> None:
    """The first seal counts."""
    journal = Journal(directory)
    journal.close(("interrupted",))

    journal.close(("again",))

    assert directory.state.incomplete == ("interrupted",)


def test_copied_lines_are_counted(directory: RunDirectory, tmp_path: Path) -> None:
    """Each is the line of the other journal, byte by byte."""
    other = run_directory.create(tmp_path / ".other", run_info())
    journal = Journal(other)
    journal.append(a_run(name="test_1"))
    journal.append(a_run(name="test_2"))
    journal.close()
    lines = list(other.lines())
    copy = Journal(directory)

    copy.copy_lines(b"".join(lines))
    copy.close()

    assert list(directory.lines()) == lines
    assert copy.written == 2


def test_file_that_was_removed(directory: RunDirectory) -> None:
    """The rest of the folder stays, and nobody else reads what is made again."""
    journal = Journal(directory)
    journal.append(a_run(name="test_1"))
    directory.journal.unlink()
    (directory.path / "evidence").mkdir()

    journal.close()

    assert names(directory) == ["test_1"]
    assert (directory.path / "evidence").is_dir()
    modes = [path.stat().st_mode & 0o777 for path in directory.path.glob("*.json*")]
    assert modes == [0o600] * 3


def test_run_that_had_no_name_yet(tmp_path: Path) -> None:
    """Its folder is made again with what there was, and no more."""
    directory = run_directory.make(tmp_path / ".xray", "run")
    journal = Journal(directory)
    journal.append(a_run(name="test_1"))
    shutil.rmtree(directory.path)

    journal.close()

    assert names(directory) == ["test_1"]
    assert (directory.path / "run.json").read_bytes() == b""


def test_room_before_the_end(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that could not be written earlier are written when the run is sealed."""
    journal = Journal(directory)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing(errno.ENOSPC, NO_ROOM))
        journal.append(a_run(name="test_1"))

    journal.close()

    assert names(directory) == ["test_1"]
    assert (journal.trouble, journal._file.is_open) == ("", False)


def test_folder_that_cannot_be_made_again(directory: RunDirectory) -> None:
    """An error says that it was removed, and what stands in the way."""
    journal = Journal(directory)
    journal.append(a_run())
    runs = directory.path.parent
    shutil.rmtree(runs)
    runs.write_text("in the way")

    with pytest.raises(RunDirectoryError) as caught:
        journal.close()

    assert caught.value.message == (
        f"0 results could not be written: {directory.path} was removed: Not a directory"
    )
    assert caught.value.hint == "free disk space, or set xray_report_dir"


def test_disk_that_does_not_take_it_for_good(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is not sealed, is let go of, and the error says why."""
    journal = Journal(directory)
    journal.append(a_run())
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing(errno.EIO, "Input/output error"))
        with pytest.raises(RunDirectoryError) as caught:
            journal.close()

    assert caught.value.message == (
        f"0 results could not be written: {directory.path}: Input/output error"
    )
    assert directory.state.state == run_directory.RECORDED
    with directory.claim():
        assert len(names(directory)) == 1


def test_seal_that_cannot_be_written(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file that has no room."""
    journal = Journal(directory)
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", failing(errno.ENOSPC, NO_ROOM))
        with pytest.raises(RunDirectoryError) as caught:
            journal.close()

    state = directory.path / "state.json"
    assert caught.value.message == (
        f"0 results could not be written: {state} cannot be written: {NO_ROOM}"
    )


def test_first_trouble_is_told(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later failures follow from the first one."""
    journal = Journal(directory)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing(errno.ENOSPC, NO_ROOM))
        patched.setattr(os, "fsync", failing(errno.EIO, "Input/output error"))
        journal.append(a_run())
        with pytest.raises(RunDirectoryError) as caught:
            journal.close()

    assert caught.value.message == (
        f"1 results could not be written: {directory.journal}: {NO_ROOM}"
    )


def test_own_file_that_others_have_closed(tmp_path: Path) -> None:
    """Its number is not closed a second time: it may be somebody else's by then."""
    own = OwnFile(tmp_path / "own", os.O_RDWR | os.O_CREAT)
    os.close(own.number)
    closed = own.is_open
    with (tmp_path / "theirs").open("wb") as theirs:
        assert theirs.fileno() == own.number

        own.close()
        theirs.write(b"x")

    assert (closed, own.is_open) == (False, False)
    assert (tmp_path / "theirs").read_bytes() == b"x"


def test_lock_that_others_have_closed(tmp_path: Path) -> None:
    """With its number it has gone, and releasing it leaves that number alone."""
    lock = Lock(tmp_path / "lock")
    os.close(lock._file.number)
    with (tmp_path / "theirs").open("wb") as theirs:
        lock.release()
        theirs.write(b"x")

    assert (tmp_path / "theirs").read_bytes() == b"x"
    Lock(tmp_path / "lock").release()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_lock_on_a_disk_that_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is held by a file that is open for reading."""
    path = tmp_path / "lock"
    path.touch()
    opened = os.open

    def read_only(path: Path, flags: int, mode: int) -> int:
        if flags & os.O_RDWR:
            raise OSError(number, "no writing")
        return opened(path, flags, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", read_only)
        lock = Lock(path)

    with pytest.raises(RunDirectoryError, match="is in use by another process"):
        Lock(path)
    lock.release()
    Lock(path).release()


def test_lock_that_cannot_be_opened(tmp_path: Path) -> None:
    """An error in words, with the reason of the system."""
    path = tmp_path / "gone" / "lock"

    with pytest.raises(RunDirectoryError) as caught:
        Lock(path)

    assert caught.value.message == f"{path} cannot be opened: No such file or directory"


NODE_IDS = (
    "tests/test_a.py::test_b",
    "test_a.py::TestA::TestB::test_\u00e9",
    "a b.py::c",
)


@pytest.mark.parametrize("nodeid", NODE_IDS)
@pytest.mark.parametrize("keys", [(), ("CALC-1",), ("CALC-1", "CALC-2")])
def test_line_of_a_passed_test_is_that_of_all_others(
    nodeid: str, keys: tuple[str, ...]
) -> None:
    """The quick way leads to the same line; the start is exact."""
    classname, name = address_of(nodeid)
    line = {
        "classname": classname,
        "name": name,
        "outcome": "passed",
        "started": 1764410625.1234567,
        "duration": 0.125,
    }
    known = {**line, "test_keys": keys} if keys else line

    found = journal_lines.encode_passed(nodeid, keys, 1764410625.1234567, 0.125)

    path = Path("journal.jsonl")
    usual = journal_lines.encode_line(known)
    assert journal_lines.parse_line(found, path) == journal_lines.parse_line(
        usual, path
    )


def test_line_as_it_stands_in_a_journal() -> None:
    """JSON without blanks, a tab, and its CRC-32 in eight hexadecimal digits."""
    line = journal_lines.encode_line({"classname": "a", "test_keys": ["CALC-1", "b"]})

    assert line == b'{"classname":"a","test_keys":["CALC-1","b"]}\t289abd01'
    assert journal_lines.content_of(line + b"\n") == line[:-9]


def test_own_part_of_a_line_that_a_torn_one_runs_into() -> None:
    """Whatever the torn one has left of itself."""
    line = journal_lines.encode_line({"classname": "a", "name": "b"})
    torn = b'{"classname":"c","message":"{\\"classname\\":'

    assert journal_lines.content_of(torn + line) == line[:-9]


def test_line_with_a_flipped_bit() -> None:
    """It is no result, though it is JSON."""
    line = journal_lines.encode_line({"classname": "a", "name": "b"})

    with pytest.raises(ValueError, match=r"^the checksum is wrong$"):
        journal_lines.content_of(line.replace(b'"b"', b'"c"'))


def test_damaged_line_in_words(tmp_path: Path) -> None:
    """The file, sixty bytes of the line, and what helps."""
    path = tmp_path / "journal.jsonl"

    with pytest.raises(RunDirectoryError) as caught:
        journal_lines.parse_line(b"\xff" + b"x" * 80 + b"\n", path)

    start = "\\xff" + "x" * 59
    assert caught.value.message == f"{path} has a damaged line: {start!r}"
    assert caught.value.hint == "remove the line to send the other results"
