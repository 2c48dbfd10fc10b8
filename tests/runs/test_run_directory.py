"""Run directories: what a session leaves on disk."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED, a_run, recorded, run_info
from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import json_files, run_directory
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.mending import LATEST
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Forked = Callable[[Callable[[], object]], None]

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """An empty run directory."""
    return run_directory.create(tmp_path / ".xray", run_info())


def in_a_fork(do: Callable[[], object]) -> int:
    """Do something in a child process; its process id, while it lives on."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        return pid
    try:
        do()
        os.write(writing, b".")
        # Lives until it is killed, like a server that tests left behind.
        signal.pause()
    finally:
        os._exit(1)


def test_recorded_tests_come_back_in_order(tmp_path: Path) -> None:
    """Appended tests are read back."""
    runs = [a_run(name=f"test_{number}") for number in range(3)]

    directory = recorded(tmp_path, *runs)

    assert list(directory.runs()) == runs


def test_run_directory_says_what_the_run_is(tmp_path: Path) -> None:
    """Framework, versions, settings and CI context come back."""
    info = run_info(settings={"project": "CALC"}, ci={"name": "Jenkins"})

    directory = run_directory.create(tmp_path / ".xray", info)

    assert directory.info == info


def test_run_directory_is_private_and_ignored(directory: RunDirectory) -> None:
    """Only the owner reads it, and git does not see it."""
    report_dir = directory.path.parent.parent

    assert stat.S_IMODE(directory.path.stat().st_mode) == 0o700
    assert (report_dir / ".gitignore").read_text() == "*\n"


def test_run_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the way is an error that names the setting."""
    (tmp_path / ".xray").write_text("in the way")

    with pytest.raises(RunDirectoryError, match="no run directory") as caught:
        run_directory.create(tmp_path / ".xray", run_info())

    assert "xray_report_dir" in caught.value.hint


def test_two_runs_do_not_share_a_directory(tmp_path: Path) -> None:
    """The same id twice is refused."""
    info = run_info()
    run_directory.create(tmp_path / ".xray", info)

    with pytest.raises(RunDirectoryError, match="File exists"):
        run_directory.create(tmp_path / ".xray", info)


def test_ids_sort_by_time_and_differ() -> None:
    """UTC time, then something random."""
    early, late = run_directory.new_id(STARTED), run_directory.new_id(STARTED + 1)

    assert early.startswith("20260102T030405Z-")
    assert early < late
    assert run_directory.new_id(STARTED) != early


def test_found_oldest_first(tmp_path: Path) -> None:
    """All run directories, and nothing else that lies there."""
    (tmp_path / ".xray" / "runs" / "stray").mkdir(parents=True)
    ids = [run_directory.new_id(STARTED + number) for number in (5, 1, 3)]
    for each in ids:
        run_directory.create(tmp_path / ".xray", run_info(id=each))

    assert [run.id for run in run_directory.find(tmp_path / ".xray")] == sorted(ids)


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    """A missing report directory has no runs."""
    assert run_directory.find(tmp_path / "missing") == []


def test_closed_journal_is_sealed(tmp_path: Path) -> None:
    """The state says so, and why tests may be missing."""
    directory = run_directory.create(tmp_path / ".xray", run_info())
    Journal(directory).close(("interrupted",))

    assert directory.state == State(
        state=run_directory.SEALED, incomplete=("interrupted",)
    )


def test_state_without_a_file_is_recorded(directory: RunDirectory) -> None:
    """A killed session has no state file."""
    assert directory.state == State(state=run_directory.RECORDED)


def test_state_comes_back(directory: RunDirectory) -> None:
    """All of it."""
    state = State(
        state=run_directory.AMBIGUOUS,
        test_execution="CALC-7",
        attempts=2,
        incomplete=("a", "b"),
        message="no \ud800 telling",
    )
    directory.state = state

    assert directory.state == state


def test_state_that_another_process_has_changed(directory: RunDirectory) -> None:
    """An earlier value is not kept."""
    directory.state = State(attempts=1)
    before = directory.state
    RunDirectory(directory.path).state = State(attempts=2)

    assert (before.attempts, directory.state.attempts) == (1, 2)


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    """A write that was cut off by SIGKILL is no result."""
    directory = recorded(tmp_path, a_run(name="test_whole"))
    with directory.journal.open("ab") as file:
        file.write(b'{"classname": "tests", "na')

    assert [run.test.name for run in directory.runs()] == ["test_whole"]


@pytest.mark.parametrize(
    "line", [b"\x00\x00\x00", b"{", b"[]", b'{"name": "x"}', b'{"outcome": "new"}']
)
def test_damaged_line_is_an_error_in_words(tmp_path: Path, line: bytes) -> None:
    """A disk that ate a line is no reason for a traceback."""
    directory = recorded(tmp_path, a_run())
    with directory.journal.open("ab") as file:
        file.write(line + b"\n")

    with pytest.raises(RunDirectoryError, match="journal"):
        list(directory.runs())


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"version": 99}', "[" * 100_000, "{}"]
)
def test_damaged_session_is_an_error_in_words(
    directory: RunDirectory, content: str
) -> None:
    """Broken, foreign and newer files are refused."""
    (directory.path / "run.json").write_text(content)

    with pytest.raises(RunDirectoryError):
        _ = directory.info


def test_session_with_parts_missing(directory: RunDirectory) -> None:
    """The right version without an id is refused, too."""
    (directory.path / "run.json").write_text(
        json.dumps({"version": run_directory.FORMAT_VERSION, "id": "x"})
    )

    with pytest.raises(RunDirectoryError):
        _ = directory.info


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stat": "sealed"}'])
def test_damaged_state_is_an_error_in_words(
    directory: RunDirectory, content: str
) -> None:
    """Also where a later version has added something."""
    (directory.path / "state.json").write_text(content)

    with pytest.raises(RunDirectoryError):
        _ = directory.state


@pytest.mark.fault("H02")
def test_replaced_file_is_old_or_new(tmp_path: Path) -> None:
    """Where writing fails, the old file is whole and no draft stays."""
    path = tmp_path / "report.xml"
    path.write_bytes(b"old")

    def write_half() -> None:
        with replaced(path) as file:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        write_half()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.fault("H04")
def test_state_that_cannot_be_written(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A full disk is an error in words; the old state stays."""
    directory.state = State(state=run_directory.SEALED)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = "os.fsync" if call == "fsync" else "pathlib.Path.replace"
    with monkeypatch.context() as patched:
        patched.setattr(target, full)
        with pytest.raises(RunDirectoryError, match="No space left"):
            directory.state = State(state=run_directory.SENDING)

    assert directory.state.state == run_directory.SEALED


class FullDisk:
    """``os.write`` that fails when it is told to, perhaps halfway."""

    def __init__(self, *, takes: int = 0) -> None:
        self.full = True
        self.takes = takes
        self._write = os.write

    def __call__(self, file: int, content: bytes) -> int:
        """Write, or fail after what fits."""
        if not self.full:
            return self._write(file, content)
        if self.takes:
            taken, self.takes = self.takes, 0
            return self._write(file, content[:taken])
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("takes", [0, 10])
@pytest.mark.fault("H01")
def test_full_disk_that_gets_room_again(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, takes: int
) -> None:
    """Lines that could not be written are written later; then nothing is lost."""
    disk = FullDisk(takes=takes)
    monkeypatch.setattr(os, "write", disk)
    written = Journal(directory)
    written.append(a_run(name="test_1"))
    disk.full = False
    written.append(a_run(name="test_2"))

    written.close()

    assert [run.test.name for run in directory.runs()] == ["test_1", "test_2"]
    assert directory.state.state == run_directory.SEALED


def test_full_disk_to_the_end(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Appending never raises; closing says how much was lost, and why."""
    written = Journal(directory)
    written.append(a_run(name="test_1"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", FullDisk())
        written.append(a_run(name="test_2"))
        written.append(a_run(name="test_3"))

        with pytest.raises(RunDirectoryError, match="2 results could not be written"):
            written.close()

    assert [run.test.name for run in directory.runs()] == ["test_1"]


def test_run_is_held_while_it_is_written(directory: RunDirectory) -> None:
    """A resend does not touch a live run, and may once it is closed."""
    written = Journal(directory)

    with pytest.raises(RunDirectoryError, match="in use"), directory.claim():
        pass
    written.close()

    with directory.claim():
        pass


def test_claim_is_for_one(directory: RunDirectory) -> None:
    """Two resends do not send the same run at once."""
    second = RunDirectory(directory.path)

    with (
        directory.claim(),
        pytest.raises(RunDirectoryError, match="in use"),
        second.claim(),
    ):
        pass


def test_claim_ends_with_an_error(directory: RunDirectory) -> None:
    """An upload that fails lets go of its run."""
    with pytest.raises(KeyError), directory.claim():
        raise KeyError

    with directory.claim():
        pass


def test_claim_of_a_directory_that_is_gone(directory: RunDirectory) -> None:
    """Deleted in between: an error in words."""
    missing = RunDirectory(directory.path / "gone")

    with pytest.raises(RunDirectoryError), missing.claim():
        pass


def test_journal_of_a_directory_that_is_gone(directory: RunDirectory) -> None:
    """Deleted between its making and the first test: an error in words."""
    with pytest.raises(RunDirectoryError):
        Journal(RunDirectory(directory.path / "gone"))


@pytest.fixture
def forked() -> Iterator[Forked]:
    """Forks children and kills them in the end."""
    children: list[int] = []

    def fork(do: Callable[[], object]) -> None:
        children.append(in_a_fork(do))

    yield fork
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@forks
def test_forked_child_does_not_write(directory: RunDirectory, forked: Forked) -> None:
    """A test that forks does not report twice, nor seal what goes on."""
    written = Journal(directory)
    written.append(a_run(name="test_1"))

    def as_a_child() -> None:
        written.append(a_run(name="test_of_the_child"))
        written.close(("the child says so",))

    forked(as_a_child)
    state = directory.state
    written.append(a_run(name="test_2"))
    written.close()

    assert state.state == run_directory.RECORDED
    assert [run.test.name for run in directory.runs()] == ["test_1", "test_2"]


@forks
def test_forked_child_that_lives_on_does_not_hold_the_run(
    directory: RunDirectory, forked: Forked
) -> None:
    """A server that tests left behind does not keep the run from being sent."""
    written = Journal(directory)
    forked(lambda: None)

    written.close()

    with directory.claim():
        pass


@forks
@pytest.mark.fault("H09")
def test_files_may_not_grow(directory: RunDirectory) -> None:
    """A quota is as a full disk: what could not be written is counted, and why."""
    resource = pytest.importorskip("resource")
    pid = os.fork()
    if not pid:
        code = 1
        try:
            written = Journal(directory)
            written.append(a_run(name="test_1"))
            size = directory.journal.stat().st_size + 10
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            written.append(a_run(name="test_2"))
            written.close()
        except RunDirectoryError as error:
            code = 7 if "1 results could not be written" in error.message else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 7
    assert [run.test.name for run in directory.runs()] == ["test_1"]


@forks
@pytest.mark.fault("H05")
def test_folder_that_is_removed_while_it_is_written(directory: RunDirectory) -> None:
    """It is made again from what the process still holds."""
    written = Journal(directory)
    written.append(a_run(name="test_1"))
    info = directory.info
    shutil.rmtree(directory.path.parent)
    written.append(a_run(name="test_2"))
    written.close()

    assert [run.test.name for run in directory.runs()] == ["test_1", "test_2"]
    assert directory.info == info
    assert directory.is_sealed


@forks
@pytest.mark.fault("H16")
def test_disk_without_locks(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without flock nobody can tell whether another process has it: an error."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)

    with pytest.raises(RunDirectoryError, match="in use"), directory.claim():
        raise NotImplementedError


def test_words_of_states() -> None:
    """They stand in files of other versions, so they stay."""
    assert (
        run_directory.RECORDED,
        run_directory.SEALED,
        run_directory.SENDING,
        run_directory.DELIVERED,
        run_directory.FAILED,
        run_directory.AMBIGUOUS,
        run_directory.KEPT,
    ) == ("recorded", "sealed", "sending", "delivered", "failed", "ambiguous", "kept")


def test_state_of_an_older_version(directory: RunDirectory) -> None:
    """Missing fields have their defaults; known fields count."""
    (directory.path / "state.json").write_text('{"state": "failed", "message": "no"}')

    assert directory.state == State(state="failed", message="no")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"message": "x"}, "no state"),
        ({"state": 7}, "state"),
        ({"state": "failed", "asked": True}, "asked"),
        ({"state": "failed", "asked": "1"}, "asked"),
        ({"state": "failed", "asked": 1e300}, "asked"),
        ({"state": "failed", "asked": float("nan")}, "asked"),
        ({"state": "failed", "attempts": True}, "attempts"),
        ({"state": "failed", "answered": 1}, "answered"),
        ({"state": "failed", "incomplete": "why"}, "incomplete"),
        ({"state": "failed", "incomplete": ["why", 7]}, "incomplete"),
    ],
)
def test_damage_is_named(
    directory: RunDirectory, content: dict[str, Any], what: str
) -> None:
    """The file, and the field."""
    path = directory.path / "state.json"
    path.write_text(json.dumps(content))

    with pytest.raises(RunDirectoryError) as caught:
        _ = directory.state

    assert caught.value.message == f"{path} is damaged: {what}"


def test_look_leaves_nothing(directory: RunDirectory) -> None:
    """A run without a lock gets none; a held lock is refused."""
    before = {path.name for path in directory.path.iterdir()}
    with directory.look():
        during = {path.name for path in directory.path.iterdir()}
    journal = Journal(directory)
    with pytest.raises(RunDirectoryError, match="in use"), directory.look():
        pass
    journal.close()

    assert during == before
    with directory.look():
        assert "lock" in {path.name for path in directory.path.iterdir()}


def test_state_is_for_its_owner_only(directory: RunDirectory) -> None:
    """It may name a server, and messages of it."""
    before = os.umask(0)
    try:
        directory.state = State(state=run_directory.SEALED)
    finally:
        os.umask(before)

    assert stat.S_IMODE((directory.path / "state.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ({}, "{\n \n}\n"),
        ({"a": 1, "b": "x, y", "c": []}, '{\n "a": 1,\n "b": "x, y",\n "c": []\n}\n'),
        ({"a": [1, 2]}, '{\n "a": [\n  1,\n  2\n ]\n}\n'),
        ({"a": {"b": 1}}, '{\n "a": {\n  "b": 1\n }\n}\n'),
        ({"a": ("b",)}, '{\n "a": [\n  "b"\n ]\n}\n'),
    ],
)
def test_files_are_for_people_too(
    tmp_path: Path, content: dict[str, Any], written: str
) -> None:
    """A line for each value, one blank for each level."""
    path = tmp_path / "a.json"
    json_files.write_json(path, content)

    assert path.read_text(encoding="utf-8") == written
    assert json_files.read_json(path) == json.loads(written)


@pytest.mark.parametrize("asked", [1e11, -1e11, LATEST - 1])
def test_moments_of_a_calendar(directory: RunDirectory, asked: float) -> None:
    """Up to the year 9999, in both directions."""
    content = {"state": "failed", "asked": asked}
    (directory.path / "state.json").write_text(json.dumps(content))

    assert directory.state.asked == asked


@pytest.mark.parametrize("asked", [LATEST, -LATEST, 253402300800.0])
def test_moments_that_no_calendar_has(directory: RunDirectory, asked: float) -> None:
    """What comes after the last day is damage."""
    content = {"state": "failed", "asked": asked}
    (directory.path / "state.json").write_text(json.dumps(content))

    with pytest.raises(RunDirectoryError, match="is damaged: asked"):
        _ = directory.state


def test_moment_of_a_run_is_looked_at(directory: RunDirectory) -> None:
    """The file and the field are named."""
    path = directory.path / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "started": LATEST}), encoding="utf-8")

    with pytest.raises(RunDirectoryError) as caught:
        _ = directory.info

    assert caught.value.message == f"{path} is damaged: started"


@pytest.mark.parametrize("version", [0, 3, "2", None, True, 2.0])
def test_run_of_another_version(directory: RunDirectory, version: object) -> None:
    """The message says which version of xray-bridge can read it."""
    path = directory.path / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "version": version}), encoding="utf-8")

    with pytest.raises(RunDirectoryError, match="another version") as caught:
        _ = directory.info

    assert caught.value.hint == "use the version that wrote it"


@pytest.mark.parametrize("version", [1, 2])
def test_run_of_each_version_that_is_known(
    directory: RunDirectory, version: int
) -> None:
    """Version 1 lacks checksums only."""
    before = directory.info
    path = directory.path / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "version": version}), encoding="utf-8")

    assert directory.info == before


def test_damaged_lines_are_left_out_where_somebody_is_told(tmp_path: Path) -> None:
    """What comes before and after them is read; blank lines are no damage."""
    runs = [a_run(name="test_1"), a_run(name="test_2")]
    directory = recorded(tmp_path, *runs)
    first, second = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(first + b"{\n" + b" \n" + second)
    damaged: list[str] = []

    assert list(directory.runs(damaged)) == runs
    assert len(damaged) == 1
    assert str(directory.journal) in damaged[0]


def test_states_that_an_upload_goes_on_from() -> None:
    """Delivered and kept runs are sent by nobody; what was sent may be in doubt."""
    assert run_directory.UNDER_WAY == ("sending", "delivered", "ambiguous")
    assert {"sending", "ambiguous"} == run_directory.IN_DOUBT
    assert set(run_directory.UNSENT) == {
        "recorded",
        "sealed",
        "sending",
        "refused",
        "failed",
        "ambiguous",
    }


def test_nothing_is_missing_from_a_sealed_run(directory: RunDirectory) -> None:
    """What has no state was killed."""
    killed = (directory.is_sealed, directory.missing)
    directory.state = State(state=run_directory.SEALED, incomplete=("why",))

    assert killed == (False, (run_directory.KILLED,))
    assert (directory.is_sealed, directory.missing) == (True, ("why",))


@pytest.mark.parametrize("name", ["run.json", "state.json"])
def test_disk_that_cannot_be_read(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The file is named, and the reason."""
    directory.state = State(state=run_directory.SEALED)

    def broken(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "read", broken)
        with pytest.raises(RunDirectoryError) as caught:
            _ = directory.info if name == "run.json" else directory.state

    said = f"{directory.path / name} cannot be read: [Errno 5] Input/output error"
    assert caught.value.message == said


def test_run_without_a_run_file(directory: RunDirectory) -> None:
    """A folder that is no run yet has a message, not a traceback."""
    (directory.path / "run.json").unlink()

    with pytest.raises(RunDirectoryError, match=r"run\.json cannot be read") as caught:
        _ = directory.info

    assert "No such file" in caught.value.message


@pytest.mark.parametrize("block", [1, 1 << 20])
def test_blocks_are_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """All complete lines come in blocks of any size, without a killed half line."""
    monkeypatch.setattr(run_directory, "BLOCK", block)
    directory = recorded(tmp_path, a_run(name="test_a"), a_run(name="test_b"))
    with directory.journal.open("ab") as file:
        file.write(b'{"name": "ha')

    found = b"".join(directory.blocks())

    assert found == b"".join(directory.lines())
    assert found.count(b"\n") == 2


def test_a_run_without_a_journal_has_no_blocks(tmp_path: Path) -> None:
    """A session that was killed before its first test has no lines."""
    directory = recorded(tmp_path)
    directory.journal.unlink(missing_ok=True)

    assert list(directory.blocks()) == []
