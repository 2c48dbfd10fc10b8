"""
Run directories: the results of a session on disk, and the state of their upload.

One line is appended for each finished test, with a single ``write`` and no
fsync: that survives a SIGKILL of the process (not a power cut), and costs
microseconds. ``state.json`` is replaced atomically and fsynced before each step
of an upload, so that a killed upload can be continued.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from contextlib import nullcontext
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError
from xray_bridge.locks import Lock
from xray_bridge.runs import inside, json_files
from xray_bridge.runs.journal_lines import parse_line


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.model.results import TestRun

FORMAT_VERSION = 2
# Version 1 has no checksums in its journal.
READ_VERSIONS = frozenset({1, FORMAT_VERSION})
RUNS = "runs"
# Bytes of a journal that are read at once to be copied.
BLOCK = 1 << 20
# In place of a framework's name, if other tools wrote the reports.
REPORT_FILES = "report files"

RECORDED = "recorded"
SEALED = "sealed"
SENDING = "sending"
DELIVERED = "delivered"
# Xray has the results, but not yet all fields of the Test Execution.
REFUSED = "refused"
FAILED = "failed"
AMBIGUOUS = "ambiguous"
# Rendered only, not to be sent.
KEPT = "kept"
KILLED = "the session was killed before it ended"
# End of the reason why tests are missing, if a person or the CI system ended the run.
INTERRUPTED = "was interrupted"
# Beginnings of the messages of parts that were merged, or are objects in a bucket.
ELSEWHERE = MERGED, PUT = ("merged into", "put into")
# Beginning of the reason why a merged run is incomplete until more parts come.
PARTS_MISSING = "parts are missing"
UNDER_WAY = (SENDING, DELIVERED, AMBIGUOUS)
# A request may have arrived, and the Test Execution is not known.
IN_DOUBT = frozenset({SENDING, AMBIGUOUS})
UNSENT = (RECORDED, SEALED, SENDING, REFUSED, FAILED, AMBIGUOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """
    Description of a run: framework, versions, settings without secrets, CI context.

    ``started`` is in seconds since the epoch. ``settings`` is ``Settings.given``.
    ``run_id`` is the same for all parts of one CI run. ``parts`` are the ids of the
    runs that were merged into this one, ``notices`` the notices of the merge.
    ``split_by``: these are not all parts, but those that have this in common.
    ``replaces``: in a bucket, the part whose results are in this one, too, because it
    was run again.
    """

    id: str
    framework: str
    versions: Mapping[str, str]
    started: float
    settings: Mapping[str, str]
    ci: Mapping[str, str] = field(default_factory=dict)
    run_id: str = ""
    parts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    split_by: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """
    State of the upload of a run.

    ``test_execution`` is set as soon as its key is known. ``incomplete`` says why
    tests may be missing. ``attempts`` counts uploads, not requests. ``asked``: when the
    last request that creates a Test Execution was sent, in seconds since the epoch;
    0: none was. ``is_empty``: that Test Execution has no results; ``made`` is its key,
    and it is filled once the search shows it. ``sent``: when a request with results,
    which may have created a Test Execution, was sent completely; 0: there is no such
    request. ``answered``: the server no longer works on it. ``skew``: seconds by which
    the server's clock was ahead of ours; 0: unknown. ``mark``: the field with the run's
    label, as in ``marks``; empty: the labels. ``edited``: the hash of the edit of the
    Test Execution that was made after the results, ``moved`` that of its transition.
    ``ignored`` is the number of tests that ran and are not in the journal, because
    users have left them out.
    """

    state: str = RECORDED
    test_execution: str = ""
    attempts: int = 0
    asked: float = 0.0
    is_empty: bool = False
    made: str = ""
    sent: float = 0.0
    answered: bool = False
    skew: float = 0.0
    mark: str = ""
    edited: str = ""
    moved: str = ""
    incomplete: tuple[str, ...] = ()
    message: str = ""
    ignored: int = 0


class RunDirectory:
    """
    One run on disk; its files are read each time.

    All reading goes through ``has_file``, ``open_file``, ``open_files``, ``read_file``
    and ``names_in``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        # The content of ``state.json`` and its value, because it is read often.
        self._state_read: tuple[bytes | None, State] = (None, State())

    @property
    def journal(self) -> Path:
        """The file with one JSON object for each finished test."""
        return self.path / "journal.jsonl"

    @property
    def info(self) -> RunInfo:
        """
        The description of the run.

        Raises RunDirectoryError if it cannot be read.
        """
        found = self._read_json("run.json")
        version = found.get("version")
        if type(version) is not int or version not in READ_VERSIONS:
            msg = f"{self.path} was written by another version of xray-bridge"
            raise RunDirectoryError(msg, hint="use the version that wrote it")
        info: RunInfo = json_files.make_value(RunInfo, found, self.path / "run.json")
        return info

    @info.setter
    def info(self, info: RunInfo) -> None:
        content = {key: getattr(info, key) for key in RunInfo.__slots__}
        json_files.write_json(
            self.path / "run.json", {"version": FORMAT_VERSION, **content}
        )

    @property
    def state(self) -> State:
        """The state of the upload; RECORDED if there is no state file."""
        return self._sealed_state or State()

    @state.setter
    def state(self, state: State) -> None:
        content = {key: getattr(state, key) for key in State.__slots__}
        json_files.write_json(self.path / "state.json", content)

    @property
    def _sealed_state(self) -> State | None:
        """The state; None if there is no state file."""
        path = self.path / "state.json"
        try:
            content = self.read_file(path.name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise json_files.unreadable_error(path, error) from None
        before, state = self._state_read
        if content != before:
            state = json_files.make_value(
                State, json_files.parse_json(content, path), path
            )
            self._state_read = (content, state)
        return state

    @property
    def is_sealed(self) -> bool:
        """Whether the session ended; a killed session has no state file."""
        return self.has_file("state.json")

    @property
    def missing(self) -> tuple[str, ...]:
        """Reasons why tests may be missing."""
        state = self._sealed_state
        return (KILLED,) if state is None else state.incomplete

    def runs(self, damaged: list[str] | None = None) -> Iterator[TestRun]:
        """
        Yield the finished tests, in the order in which they finished.

        ``damaged`` gets a message for each damaged line. Without it, such a line raises
        RunDirectoryError.
        """
        for line in self.lines():
            if not line.strip():
                continue
            try:
                yield parse_line(line, self.journal)
            except RunDirectoryError as error:
                if damaged is None:
                    raise
                damaged.append(error.message)

    def lines(self) -> Iterator[bytes]:
        """Yield complete lines of the journal; skip half a line of a killed write."""
        yield from self.lines_of(self.journal.name)

    def lines_of(self, name: str) -> Iterator[bytes]:
        """Yield the complete lines of a file; none if there is no such file."""
        if self.has_file(name):
            with self.open_file(name) as file:
                yield from (line for line in file if line.endswith(b"\n"))

    def blocks(self) -> Iterator[bytes]:
        """Yield the lines of ``lines`` in blocks, each of about a megabyte."""
        if not self.has_file(self.journal.name):
            return
        with self.open_file(self.journal.name) as file:
            while lines := file.readlines(BLOCK):
                if not lines[-1].endswith(b"\n"):
                    lines.pop()
                yield b"".join(lines)

    def has_file(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        return (self.path / name).exists()

    def open_file(self, name: str) -> BinaryIO:
        """
        Open a file of the run, such as ``evidence/NAME``; links are not followed.

        Raises OSError if there is none, RunDirectoryError for anything else.
        """
        folder, _, plain = name.rpartition("/")
        return inside.open_inside(self.path / folder, plain)

    def open_files(self, names: Iterable[str]) -> Iterator[tuple[str, BinaryIO]]:
        """Yield names and files, which are open one at a time. Raises as above."""
        for name in names:
            with self.open_file(name) as file:
                yield name, file

    def read_file(self, name: str) -> bytes:
        """Read a small file of the run. Raises like ``open_file``."""
        return inside.read_inside(self.path, name)

    def names_in(self, folder: str) -> list[str]:
        """
        Return the names of the files in a folder of the run, in order: ``FOLDER/NAME``.

        Drafts of a process that was killed do not count. Raises OSError.
        """
        path = self.path / folder
        names = sorted(each.name for each in path.iterdir()) if path.is_dir() else []
        return [f"{folder}/{name}" for name in names if name[0] != "."]

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            return json_files.parse_json(self.read_file(name), path)
        except OSError as error:
            raise json_files.unreadable_error(path, error) from None

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """
        Hold the run like ``claim``, but create no file.

        A run without a lock file is not in use: a copy, or a run that was never sent.
        Raises RunDirectoryError like ``claim``.
        """
        inside.refuse_what_leads_elsewhere(self.path)
        with self.claim() if (self.path / "lock").exists() else nullcontext():
            yield

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """
        Hold the run, so that no other process writes or sends it.

        Raises RunDirectoryError if another process does, or if a link in it leads
        elsewhere. The lock ends with the process.
        """
        inside.refuse_what_leads_elsewhere(self.path)
        lock = Lock(self.path / "lock")
        try:
            yield
        finally:
            lock.release()


def create(report_dir: Path, info: RunInfo) -> RunDirectory:
    """
    Make a run directory below ``report_dir``.

    Raises RunDirectoryError if that is impossible.
    """
    directory = make(report_dir, info.id)
    directory.info = info
    return directory


def make(report_dir: Path, name: str) -> RunDirectory:
    """
    Make the folder of a run, readable by its owner only.

    It is found and sent once it has a ``run.json``. Raises RunDirectoryError.
    """
    runs = report_dir / RUNS
    path = runs / name
    inside.refuse_link(report_dir, runs)
    try:
        report_dir.mkdir(parents=True, exist_ok=True)
        runs.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
        # An existing file or link is not changed.
        with (
            contextlib.suppress(FileExistsError),
            (report_dir / ".gitignore").open("x", encoding="ascii") as ignore,
        ):
            ignore.write("*\n")
        path.mkdir(mode=inside.PRIVATE_FOLDER)
    except OSError as error:
        msg = f"no run directory can be created in {report_dir}: {error.strerror}"
        raise RunDirectoryError(msg, hint="set xray_report_dir") from None
    return RunDirectory(path)


def new_id(now: float) -> str:
    """Return ``<UTC time>-<random>``; ids sort by time and are unique."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return f"{stamp}-{secrets.token_hex(4)}"


def find(report_dir: Path) -> list[RunDirectory]:
    """
    Find all run directories below ``report_dir``, oldest first.

    Raises RunDirectoryError if that is a link.
    """
    inside.refuse_link(report_dir, report_dir / RUNS)
    found = sorted((report_dir / RUNS).glob("*/run.json"))
    return [RunDirectory(path.parent) for path in found]
