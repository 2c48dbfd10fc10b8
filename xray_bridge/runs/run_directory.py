"""
Run directories: what a session leaves on disk, and what happened to it since.

One line is appended for each finished test, with a single ``write`` and no
fsync: that survives a SIGKILL of the process (not a power cut), and costs
microseconds. ``state.json`` is replaced atomically and fsynced before each step
of an upload, so that whatever is killed can be taken up again.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from functools import cache
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import inside, shapes
from xray_bridge.runs.journal_lines import parsed
from xray_bridge.runs.locks import Lock
from xray_bridge.runs.mending import LATEST


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.model.results import TestRun

FORMAT_VERSION = 2
# Version 1 has no checksums in its journal.
NESTED = (dict, list, tuple)
READ_VERSIONS = frozenset({1, FORMAT_VERSION})
RUNS = "runs"
# In place of a framework's name, where other tools wrote the reports.
REPORT_FILES = "report files"

RECORDED = "recorded"
SEALED = "sealed"
SENDING = "sending"
DELIVERED = "delivered"
# Xray has the results, and not yet all fields of the Test Execution.
REFUSED = "refused"
FAILED = "failed"
AMBIGUOUS = "ambiguous"
# Rendered for people, never meant to be sent.
KEPT = "kept"
KILLED = "the session was killed before it ended"
# How the message of a part begins, once it is in a whole.
MERGED = "merged into"
# How the reason begins for which a whole is incomplete until more parts come.
PARTS_MISSING = "parts are missing"
UNDER_WAY = (SENDING, DELIVERED, AMBIGUOUS)
# A request may have arrived, without a Test Execution that is known.
IN_DOUBT = frozenset({SENDING, AMBIGUOUS})
UNSENT = (RECORDED, SEALED, SENDING, REFUSED, FAILED, AMBIGUOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """
    What a run is: framework, versions, settings without secrets, CI context.

    ``started`` is in seconds since the epoch. ``settings`` is ``Settings.given``.
    ``run_id`` is what it has in common with other parts of one CI run. ``parts``
    are the runs that were merged into this one, ``notices`` what that has to say.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """
    How far a run has come.

    ``test_execution`` is set as soon as it is known. ``incomplete`` says why
    tests may be missing. ``attempts`` counts uploads, not requests. ``asked`` is
    when the last request that makes a Test Execution went out, in seconds since
    the epoch; 0: none has. ``is_empty``: what it makes has no results; ``made`` is the
    key of that, which is to be filled once the search shows it. ``sent``: when all
    of one with results had gone out that may have made a Test Execution; 0: there
    is no such request. ``answered``: the server works at that no longer. ``skew``:
    the seconds by which its clock was ahead of ours; 0: it did not tell. ``mark``:
    where the run's label stands, as in ``marks``; empty: among the labels. ``edited``:
    the hash of the edit of the Test Execution that was done after the results.
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
    incomplete: tuple[str, ...] = ()
    message: str = ""


class RunDirectory:
    """One run on disk; the names of its files, which are read each time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        # What ``state.json`` was, and what it said: asked for more often than changed.
        self._state_read: tuple[bytes | None, State] = (None, State())

    @property
    def journal(self) -> Path:
        """One JSON object per finished test."""
        return self.path / "journal.jsonl"

    @property
    def info(self) -> RunInfo:
        """
        What the run is.

        Raises RunDirectoryError where that cannot be read.
        """
        found = read_json(self.path / "run.json")
        version = found.get("version")
        if type(version) is not int or version not in READ_VERSIONS:
            msg = f"{self.path} was written by another version of xray-bridge"
            raise RunDirectoryError(msg, hint="use the version that wrote it")
        info: RunInfo = _valued(RunInfo, found, self.path / "run.json")
        return info

    @info.setter
    def info(self, info: RunInfo) -> None:
        content = {key: getattr(info, key) for key in RunInfo.__slots__}
        write_json(self.path / "run.json", {"version": FORMAT_VERSION, **content})

    @property
    def state(self) -> State:
        """How far it has come; without a state file it has only been recorded."""
        return self._sealed_state or State()

    @state.setter
    def state(self, state: State) -> None:
        content = {key: getattr(state, key) for key in State.__slots__}
        write_json(self.path / "state.json", content)

    @property
    def _sealed_state(self) -> State | None:
        """None where there is no state file."""
        try:
            content = inside.read_inside(self.path, "state.json")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.path / "state.json", error) from None
        before, state = self._state_read
        if content != before:
            path = self.path / "state.json"
            state = _valued(State, _parsed(content, path), path)
            self._state_read = (content, state)
        return state

    @property
    def is_sealed(self) -> bool:
        """Whether its session came to an end; what was killed has no state."""
        return (self.path / "state.json").exists()

    @property
    def missing(self) -> tuple[str, ...]:
        """Why tests may be missing from it."""
        state = self._sealed_state
        return (KILLED,) if state is None else state.incomplete

    def runs(self, damaged: list[str] | None = None) -> Iterator[TestRun]:
        """
        The finished tests, in the order in which they finished.

        ``damaged`` gets a message for each line that is left out. Without it, such a
        line raises RunDirectoryError.
        """
        for line in self.lines():
            if not line.strip():
                continue
            try:
                yield parsed(line, self.journal)
            except RunDirectoryError as error:
                if damaged is None:
                    raise
                damaged.append(error.message)

    def lines(self) -> Iterator[bytes]:
        """Whole lines of the journal; the half line of a killed write is left out."""
        if not self.journal.exists():
            return
        with inside.open_inside(self.path, self.journal.name) as file:
            yield from (line for line in file if line.endswith(b"\n"))

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """
        Hold the run as ``claim`` does, and leave nothing behind.

        What has no lock is nobody's: a copy, or a run that was never sent. Raises
        RunDirectoryError as ``claim`` does.
        """
        inside.refuse_what_leads_elsewhere(self.path)
        with self.claim() if (self.path / "lock").exists() else nullcontext():
            yield

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """
        Hold the run, so that no other process writes or sends it.

        Raises RunDirectoryError where another one does, or where anything in it leads
        elsewhere. The lock goes with the process that holds it, however that ends.
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

    Raises RunDirectoryError where that is impossible.
    """
    directory = make(report_dir, info.id)
    directory.info = info
    return directory


def make(report_dir: Path, name: str) -> RunDirectory:
    """
    Make the folder of a run, readable by its owner only.

    It is a run, to be found and sent, once it has its ``run.json``. Raises
    RunDirectoryError.
    """
    runs = report_dir / RUNS
    path = runs / name
    inside.refuse_link(report_dir, runs)
    try:
        report_dir.mkdir(parents=True, exist_ok=True)
        runs.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
        # A link that is there already is left alone.
        with (
            contextlib.suppress(FileExistsError),
            (report_dir / ".gitignore").open("x", encoding="ascii") as ignore,
        ):
            ignore.write("*\n")
        path.mkdir(mode=inside.PRIVATE_FOLDER)
    except OSError as error:
        msg = f"no run directory can be made in {report_dir}: {error.strerror}"
        raise RunDirectoryError(msg, hint="set xray_report_dir") from None
    return RunDirectory(path)


def new_id(now: float) -> str:
    """``<UTC time>-<random>``; sorts by time, and no two machines make the same."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return f"{stamp}-{secrets.token_hex(4)}"


def find(report_dir: Path) -> list[RunDirectory]:
    """
    All run directories below ``report_dir``, oldest first.

    Raises RunDirectoryError where that is a link.
    """
    inside.refuse_link(report_dir, report_dir / RUNS)
    found = sorted((report_dir / RUNS).glob("*/run.json"))
    return [RunDirectory(path.parent) for path in found]


def _valued(kind: type, found: dict[str, Any], path: Path) -> Any:
    """
    A dataclass of what a file has of its fields, each of its default's type.

    Raises RunDirectoryError, naming ``path``. What a newer version has added is
    left out: where that matters, it has another number.
    """
    names = _names(kind)
    if names[0] not in found:
        raise RunDirectoryError(f"{path} is damaged: no {names[0]}")
    known = {
        # JSON has lists where our values have tuples.
        name: tuple(found[name]) if type(found[name]) is list else found[name]
        for name in names
        if name in found
    }
    try:
        value = kind(**known)
    except TypeError:
        raise RunDirectoryError(f"{path} is damaged") from None
    odd = shapes.odd_field(value)
    for name in () if odd else _moments(kind):
        # No clock says more, and no calendar has it.
        if not abs(getattr(value, name)) < LATEST:
            odd = name
    if odd:
        raise RunDirectoryError(f"{path} is damaged: {odd}")
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _moments(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.type == "float")


def read_json(path: Path) -> dict[str, Any]:
    """
    The JSON object in a file of a run directory.

    Raises RunDirectoryError where there is none.
    """
    try:
        return _parsed(inside.read_inside(path.parent, path.name), path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _parsed(content: bytes, path: Path) -> dict[str, Any]:
    try:
        found = loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(found, dict):
        msg = f"{path} is not a JSON object"
        raise RunDirectoryError(msg)
    return found


def _unreadable(path: Path, error: Exception) -> RunDirectoryError:
    return RunDirectoryError(f"{path} cannot be read: {error}")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """
    Replace a file of a run directory, whole and for good.

    Raises RunDirectoryError where the disk does not take it.
    """
    try:
        with replaced(path, private=True) as file:
            file.write(_indented(content).encode() + b"\n")
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise RunDirectoryError(msg) from None


def _indented(content: Mapping[str, Any]) -> str:
    """As with ``indent=1``, and flat ones by the encoder in C."""
    if any(each and isinstance(each, NESTED) for each in content.values()):
        return dumps(content, indent=1)
    flat = dumps(content, separators=(",\n ", ": "))
    return f"{{\n {flat[1:-1]}\n}}"
