"""
Which run is meant: by its bare name, or by its path.
"""

from __future__ import annotations

from pathlib import Path

from xray_bridge.errors import UsageError
from xray_bridge.runs import run_directory
from xray_bridge.runs.parts import is_run
from xray_bridge.runs.run_directory import RunDirectory


# Names in the hint of an error.
NEWEST = 3


def run_path(name: str, report_dir: Path) -> Path | None:
    """Where the run lies that a path or a name means; None where there is none."""
    found = (Path(name), report_dir / run_directory.RUNS / name)
    return next((path for path in found if is_run(path)), None)


def find_run(name: str, report_dir: Path) -> RunDirectory:
    """
    The run that a path or a name means.

    Raises UsageError where there is none.
    """
    path = run_path(name, report_dir)
    if path is not None:
        return RunDirectory(path)
    known = [each.id for each in run_directory.find(report_dir)]
    hint = f"there are {', '.join(known[-NEWEST:])}" if known else "there are none"
    msg = f"there is no run {name}"
    raise UsageError(msg, hint=hint)
