"""
Run directories as a list: what became of each, how large it is, and its removal.

Made for ten thousand of them: no journal is read.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError, RunInUseError
from xray_bridge.model.times import iso_time
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a person calls it, where the name in ``state.json`` says less.
RUNNING = "running"
KILLED = "killed"
MERGED = "merged"
DAMAGED = "damaged"
# Xray has it, another run has it, or nobody wants it sent.
OWES_NOTHING = frozenset({run_directory.DELIVERED, MERGED, run_directory.KEPT})
# What was cut off while it was made or removed is left alone so long, in seconds.
LEFTOVER = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    A run as the list has it; ``started`` in seconds since the epoch.

    ``fields_unset``: it was delivered, and ``resend`` repeats what sets fields of the
    Test Execution.
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
        """In seconds."""
        return time.time() - self.started

    def to_json(self) -> dict[str, Any]:
        """Builtins."""
        return {**asdict(self), "started": iso_time(self.started)}


def rows(report_dir: Path) -> list[Row]:
    """All runs, parts that lie deeper included, oldest first."""
    if not report_dir.is_dir():
        return []
    found = (row(directory, report_dir) for directory in parts.search(report_dir))
    return sorted(found, key=lambda row: (row.started, row.run))


def row(directory: RunDirectory, report_dir: Path) -> Row:
    """
    What is to be known without reading its results.

    These are counted in its receipt, where there is one.
    """
    path = directory.path
    is_usual = path.parent == report_dir / run_directory.RUNS
    size = sum(_sizes(path))
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
    return Row(
        run=directory.id if is_usual else str(path),
        path=str(path),
        state=name,
        in_use=in_use,
        run_id=info.run_id,
        test_execution=state.test_execution,
        counts=_counted(path),
        bytes=size,
        started=info.started,
        message=state.message,
        fields_unset=state.state == run_directory.REFUSED,
    )


def _counted(path: Path) -> Mapping[str, int]:
    try:
        found = run_directory.read_json(path / "receipt.json").get("counts")
    except RunDirectoryError:
        return {}
    return found if isinstance(found, dict) else {}


def _in_use(directory: RunDirectory) -> bool:
    try:
        with directory.look():
            return False
    except RunInUseError:
        return True


def _sizes(folder: Path) -> Iterator[int]:
    """Of all files below; what goes while we look is nothing."""
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            if path.is_file():
                yield path.stat().st_size


def remove(path: Path) -> bool:
    """
    Remove a run, unless somebody uses it by now.

    Without its ``run.json`` it is no run any more: nothing half-removed is sent.
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
    """What a process that was killed has left half made, or half removed."""
    for path in (report_dir / run_directory.RUNS).glob("*/"):
        is_old = time.time() - path.stat().st_mtime > LEFTOVER
        if is_old and not parts.is_run(path):
            shutil.rmtree(path, ignore_errors=True)
