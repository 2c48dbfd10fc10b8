"""
Group run directories: the parts of one CI run are one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo


@dataclass(frozen=True, slots=True)
class Run:
    """
    The run directories of one run, with the description of the first of them.

    ``environments`` are the Test Environments of each run directory: jobs of one CI run
    may have different ones.
    """

    directories: tuple[RunDirectory, ...]
    info: RunInfo
    environments: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """The id of the CI run, or the name of the only run directory."""
        return self.info.run_id or self.directories[0].id

    def results(self) -> Results:
        """Read the journals."""
        return Results(self.directories)


def group_runs(
    directories: Iterable[RunDirectory], damaged: list[str] | None = None
) -> list[Run]:
    """
    Return the runs, oldest first.

    Parts that are contained in a merged run are left out. ``damaged`` gets a message
    for each run whose description cannot be read. Without it, such a run raises
    RunDirectoryError.
    """
    known = {}
    for directory in directories:
        try:
            known[directory.id] = (directory, directory.info)
        except RunDirectoryError as error:
            if damaged is None:
                raise
            damaged.append(error.message)
    merged = {part for _, info in known.values() for part in info.parts}
    groups: dict[tuple[str, str], list[tuple[RunDirectory, RunInfo]]] = {}
    for name, (directory, info) in known.items():
        if name not in merged:
            key = (info.framework, info.run_id or name)
            groups.setdefault(key, []).append((directory, info))
    runs = []
    for group in groups.values():
        group.sort(key=lambda each: each[1].started)
        parts = tuple(environments_of(info) for _, info in group)
        runs.append(Run(tuple(each for each, _ in group), group[0][1], parts))
    return sorted(runs, key=lambda run: run.info.started)


def environments_of(info: RunInfo) -> tuple[str, ...]:
    """Return the Test Environments that a session has recorded."""
    name = Settings.environments.name
    text = info.settings.get(name, "")
    found: tuple[str, ...] = TABLE[name].parse(text) if text else ()
    return found
