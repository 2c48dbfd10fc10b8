"""
List run directories with their states and sizes, and remove them.

No journal is read, so that ten thousand runs are listed quickly.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import asdict, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, RunInUseError
from xray_bridge.model.times import iso_time
from xray_bridge.runs import json_files, parts, run_directory
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# States for people, in addition to those in ``state.json``.
RUNNING = "running"
KILLED = "killed"
MERGED = "merged"
PUT = "put"
DAMAGED = "damaged"
# Xray has the results, another run has them, or they are not to be sent.
OWES_NOTHING = frozenset({run_directory.DELIVERED, MERGED, PUT, run_directory.KEPT})
# Seconds until a half-made or half-removed run is deleted.
LEFTOVER = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    A run in the list; ``started`` is in seconds since the epoch.

    ``fields_unset``: the run was delivered, but not all fields of the Test Execution
    are set; ``resend`` sets them.
    """

    run: str
    path: str
    state: str
    in_use: bool = False
    run_id: str = ""
    test_execution: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    started: float = 0.0
    message: str = ""
    fields_unset: bool = False

    @property
    def age(self) -> float:
        """Age in seconds."""
        return time.time() - self.started

    def to_json(self) -> dict[str, Any]:
        """Return builtins for JSON."""
        return {**asdict(self), "started": iso_time(self.started)}


def list_rows(report_dir: Path) -> list[Row]:
    """List all runs, including parts in subfolders, oldest first."""
    if not report_dir.is_dir():
        return []
    found = (
        describe_run(directory, report_dir)
        for directory in parts.search_folder(report_dir)
    )
    return sorted(found, key=lambda row: (row.started, row.run))


def describe_run(directory: RunDirectory, report_dir: Path) -> Row:
    """
    Describe a run without reading its results.

    The counts come from its receipt, if there is one.
    """
    path = directory.path
    is_usual = path.parent == report_dir / run_directory.RUNS
    size = sum(_file_sizes(path))
    try:
        info, state = directory.info, directory.state
    except RunDirectoryError as error:
        return Row(
            run=directory.id if is_usual else str(path),
            path=str(path),
            state=DAMAGED,
            bytes=size,
            started=path.stat().st_mtime,
            message=str(error),
        )
    in_use = state.state in {run_directory.RECORDED, run_directory.SENDING} and _in_use(
        directory
    )
    name = state.state
    if name == run_directory.RECORDED:
        name = RUNNING if in_use else KILLED
    elif name == run_directory.REFUSED:
        name = run_directory.DELIVERED
    elif state.message.startswith(run_directory.MERGED):
        name = MERGED
    elif state.message.startswith(run_directory.PUT):
        name = PUT
    return Row(
        run=directory.id if is_usual else str(path),
        path=str(path),
        state=name,
        in_use=in_use,
        run_id=info.run_id,
        test_execution=state.test_execution,
        counts=_read_counts(path),
        bytes=size,
        started=info.started,
        message=state.message,
        fields_unset=state.state == run_directory.REFUSED,
    )


def _read_counts(path: Path) -> Mapping[str, int]:
    try:
        found = json_files.read_json(path / "receipt.json").get("counts")
    except RunDirectoryError:
        return {}
    return found if isinstance(found, dict) else {}


def _in_use(directory: RunDirectory) -> bool:
    try:
        with directory.look():
            return False
    except RunInUseError:
        return True


def _file_sizes(folder: Path) -> Iterator[int]:
    """Yield the sizes of all files; a file that disappears is skipped."""
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            if path.is_file():
                yield path.stat().st_size


def remove_run(path: Path) -> bool:
    """
    Remove a run, unless it is in use.

    ``run.json`` is removed first, so that a half-removed run is never sent.
    """
    try:
        with RunDirectory(path).claim():
            (path / "run.json").unlink()
    except RunInUseError:
        return False
    except OSError as error:
        msg = f"{path} cannot be removed: {error.strerror}"
        raise RunDirectoryError(msg) from None
    shutil.rmtree(path, ignore_errors=True)
    return True


def remove_leftovers(report_dir: Path) -> None:
    """Remove runs that a killed process has left half made or half removed."""
    for path in (report_dir / run_directory.RUNS).glob("*/"):
        is_old = time.time() - path.stat().st_mtime > LEFTOVER
        if is_old and not parts.is_run(path):
            shutil.rmtree(path, ignore_errors=True)
