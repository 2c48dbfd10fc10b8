"""
Split the parts of one CI run by their Test Environments.

Xray counts the status of a Test for each Test Environment by Test Execution, so each
group of parts becomes a Test Execution of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import UsageError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from xray_bridge.runs.parts import Found, Shard

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
        names = tuple(sorted(environments_of(shard)))
        groups.setdefault(names, []).append(shard)
    return [replace(found, shards=tuple(groups[names])) for names in sorted(groups)]


def refuse_split(found: Found) -> None:
    """Raise UsageError if an earlier attempt has split parts that are sent as one."""
    for shard in (*found.shards, *found.delivered):
        if shard.info.split_by:
            msg = f"{shard.id} has only the parts of one {shard.info.split_by}"
            raise UsageError(msg, hint=f"add --split-by {shard.info.split_by}")


def environments_of(shard: Shard) -> tuple[str, ...]:
    """Return the Test Environments of a run."""
    name = Settings.environments.name
    text = shard.info.settings.get(name, "")
    found: tuple[str, ...] = TABLE[name].parse(text) if text else ()
    return found
