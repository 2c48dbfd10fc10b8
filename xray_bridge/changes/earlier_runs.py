"""
Find the earlier run directories that a run can be compared with.

Comparable runs have the same framework, project, Test Plan, Test Environments and
branch; for a pull request also the branch that it is to be merged into. A run that was
killed or interrupted has only some results, so an older one is taken. Nothing here asks
a server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.ci.pull_requests import TARGET
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.changes import Baseline
from xray_bridge.runs import run_directory
from xray_bridge.runs.attempts import is_partial_rerun
from xray_bridge.runs.find import run_path
from xray_bridge.runs.run_directory import (
    INTERRUPTED,
    KILLED,
    REPORT_FILES,
    RunDirectory,
    RunInfo,
)
from xray_bridge.runs.sessions import Run, environments_of, group_runs


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Run directories that are looked at, the newest ones.
MOST = 200
# Settings that comparable runs have in common.
SAME = ("project", "test_plan")
BRANCH = "branch"


def list_earlier_runs(
    report_dir: Path, directory: RunDirectory, info: RunInfo
) -> Iterator[tuple[Run, Baseline]]:
    """Yield the comparable runs before this one, newest first, own branch first."""
    own = describe_place(info)
    newest = run_directory.find(report_dir)[-MOST:]
    # A damaged run is no baseline, and no reason to stop.
    runs = group_runs(newest, damaged=[])
    same = [run for run in reversed(runs) if describe_place(run.info) == own]
    earlier = [run for run in same if _is_earlier(run, directory, info)]
    for branch in branches_of(info):
        for run in earlier:
            if branch_of(run.info) == branch and _is_whole(run):
                yield run, describe_baseline(run)


def find_named_run(name: str, report_dir: Path) -> tuple[Run, Baseline] | None:
    """
    Return the run with this name or path; None if there is none.

    Raises RunDirectoryError if it cannot be read.
    """
    path = run_path(name, report_dir)
    if path is None:
        return None
    (run,) = group_runs([RunDirectory(path)])
    return run, replace(describe_baseline(run), is_given=True)


def describe_baseline(run: Run) -> Baseline:
    """Describe a run as baseline."""
    return Baseline(name=run.directories[0].id, branch=branch_of(run.info))


def describe_place(info: RunInfo) -> tuple[str, ...]:
    """Return what comparable runs have in common, beside the branch."""
    settings = info.settings
    return (
        info.framework,
        *(settings.get(name, "").upper() for name in SAME),
        *sorted(set(environments_of(info))),
    )


def branch_of(info: RunInfo) -> str:
    """Return the branch that the CI system named; empty outside of CI."""
    return str(info.ci.get(BRANCH, ""))


def branches_of(info: RunInfo) -> tuple[str, ...]:
    """Return the branch, and that into which a pull request is to be merged."""
    target = str(info.ci.get(TARGET, ""))
    return tuple(dict.fromkeys((branch_of(info), *([target] if target else []))))


def _is_earlier(run: Run, directory: RunDirectory, info: RunInfo) -> bool:
    ids = {each.id for each in run.directories}
    is_own = ids & {directory.id, info.id, *info.parts}
    is_same = bool(info.run_id) and run.info.run_id == info.run_id
    return not (is_own or is_same) and run.info.started < info.started


def _is_whole(run: Run) -> bool:
    """Whether a run is a session that came to its end."""
    is_session = run.info.framework != REPORT_FILES
    return is_session and not any(map(_lacks_results, run.directories))


def _lacks_results(directory: RunDirectory) -> bool:
    if is_partial_rerun(directory):
        return True
    try:
        missing = directory.missing
    except RunDirectoryError:
        return True
    return any(why == KILLED or why.endswith(INTERRUPTED) for why in missing)
