"""
Find a run by its name or its path, or the newest one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import run_directory
from xray_bridge.runs.parts import is_run
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Callable

# Number of names in a hint.
NEWEST = 3


def run_path(name: str, report_dir: Path) -> Path | None:
    """Return the path of a run, given by path or name; None if there is none."""
    found = (Path(name), report_dir / run_directory.RUNS / name)
    return next((path for path in found if is_run(path)), None)


def find_run(name: str, report_dir: Path) -> RunDirectory:
    """
    Find the run with this path or name.

    Raises UsageError if there is none.
    """
    path = run_path(name, report_dir)
    if path is not None:
        return RunDirectory(path)
    known = [each.id for each in run_directory.find(report_dir)]
    newest = ", ".join(known[-NEWEST:])
    hint = f"the newest are {newest}" if known else f"{report_dir} has no runs"
    msg = f"there is no run {name}"
    raise UsageError(msg, hint=hint)


def find_newest(
    report_dir: Path, is_left_out: Callable[[RunDirectory], bool] = lambda _: False
) -> RunDirectory | None:
    """
    Return the run that began last; None if there is none.

    Damaged runs do not count, nor parts that were merged: their merged run has the
    name of the part that began first.
    """
    ranked = filter(None, map(_rank_of, run_directory.find(report_dir)))
    found = [each for each in ranked if not is_left_out(each[2])]
    return max(found, key=lambda each: each[:2])[2] if found else None


def _rank_of(directory: RunDirectory) -> tuple[float, str, RunDirectory] | None:
    """Return when a run began; None if it is damaged or was merged."""
    try:
        if directory.state.message.startswith(run_directory.MERGED):
            return None
        return directory.info.started, directory.id, directory
    except RunDirectoryError:
        return None
