"""
Split the parts of one CI run by their Test Environments.

Xray counts the status of a Test for each Test Environment by Test Execution, so each
group of parts becomes a Test Execution of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.config.settings import Settings
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import run_directory
from xray_bridge.runs.attempts import is_try
from xray_bridge.runs.sessions import environments_of
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.runs.parts import Found, Shard
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

ENVIRONMENT = "environment"
# What parts can be split by.
WAYS = (ENVIRONMENT,)
FLAG = f"--split-by {ENVIRONMENT}"


def split_parts(found: Found) -> list[Found]:
    """
    Return the runs to send for each group of Test Environments, by their names.

    Raises UsageError for parts that go into one Test Execution, or that were merged
    with parts of other environments.
    """
    groups: dict[tuple[str, ...], list[Shard]] = {}
    for shard in found.shards:
        if shard.is_whole and not shard.info.split_by:
            msg = f"the parts were merged into {shard.id} without {FLAG}"
            command = quote_command("xray-bridge", "resend", shard.id)
            raise UsageError(msg, hint=f"send all of them as one: {command}")
        if key := shard.info.settings.get(Settings.test_execution.name):
            msg = f"{FLAG} makes new Test Executions, but {shard.id} goes into {key}"
            raise UsageError(msg, hint=f"leave out {FLAG}")
        names = tuple(sorted(environments_of(shard.info)))
        groups.setdefault(names, []).append(shard)
    return [replace(found, shards=tuple(groups[names])) for names in sorted(groups)]


def refuse_split(found: Found) -> None:
    """Raise UsageError if an earlier attempt has split parts that are sent as one."""
    for shard in (*found.shards, *found.delivered):
        if shard.info.split_by:
            msg = f"{shard.id} has only the parts of one {shard.info.split_by}"
            raise UsageError(msg, hint=f"add --split-by {shard.info.split_by}")


def find_others(
    directories: Sequence[RunDirectory], report_dir: Path
) -> list[RunDirectory]:
    """
    Find the other Test Executions of a run that was split, by its run id.

    A Test Execution that was rerun has the newest of its run directories. Raises
    RunDirectoryError if one of ``directories`` cannot be read.
    """
    wanted = {identify_split(each.info) for each in directories} - {None}
    if not wanted:
        return []
    found = {}
    for info, directory in sorted(
        _list_split(report_dir), key=lambda each: each[0].started
    ):
        if identify_split(info) in wanted:
            found[_place_of(directory)] = directory
    for own in directories:
        found.pop(_place_of(own), None)
    return list(found.values())


def identify_split(info: RunInfo) -> tuple[str, str] | None:
    """
    Return what the Test Executions of a run that was split have in common.

    None for a run that was not split, or has no run id.
    """
    return (info.framework, info.run_id) if info.split_by and info.run_id else None


def _place_of(directory: RunDirectory) -> str:
    """Return the Test Execution with the results of a run, or else its own id."""
    given = directory.info.settings.get(Settings.test_execution.name, "")
    return directory.state.test_execution or given or directory.id


def _list_split(report_dir: Path) -> Iterator[tuple[RunInfo, RunDirectory]]:
    """Yield runs that were split; none that was a dry run or was merged again."""
    for directory in run_directory.find(report_dir):
        try:
            info, state = directory.info, directory.state.state
            # A dry run that was killed has no state.
            is_sent = state != run_directory.KEPT and not is_try(directory)
        except RunDirectoryError:
            # Whoever sends it reports the error.
            continue
        if info.split_by and is_sent:
            yield info, directory
