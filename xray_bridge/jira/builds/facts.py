"""
The facts about a run that a build or a deployment shows.

A run was recorded in one CI job, and may be sent by another one or from a person's
machine. What the run directory does not tell is read from the CI system and from git,
if this process runs in the same CI run.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.ci.commit import read_message, read_repository
from xray_bridge.ci.details import Details, fill_gaps, read_details, read_recorded
from xray_bridge.ci.detect import Context
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.builds.counts import Counts, count_results
from xray_bridge.model.results import Outcome
from xray_bridge.runs.report_files import load_files
from xray_bridge.text import count, merge_lines


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this process runs: its environment and its folder."""

    environ: Mapping[str, str]
    folder: Path

    @classmethod
    def here(cls) -> Place:
        """Return the place of this process."""
        return cls(environ=os.environ, folder=Path.cwd())


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What is known of a run, or of a CI job without tests.

    ``counts``: None if there are no tests. ``requirements`` and ``tests`` are the keys
    of the tests that ran. Times are in seconds since the epoch. ``directory``: None
    if there is no run.
    """

    context: Context
    details: Details
    started: float
    finished: float
    counts: Counts | None = None
    incomplete: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    directory: RunDirectory | None = None


def read_facts(directory: RunDirectory, info: RunInfo, place: Place) -> Facts:
    """
    Read the facts of a run.

    All tests that ran count, also those that are not sent to Xray. Raises
    RunDirectoryError.
    """
    context = detect.read_context(info.ci)
    details = _find_details(context, info, place)
    found = _Tests(directory)
    # The start of a test may be unknown, which is 0.
    finished = max(found.finished, info.started)
    return Facts(
        context=context,
        details=details,
        started=info.started,
        finished=finished,
        counts=count_results(found.outcomes),
        incomplete=merge_lines((directory.missing, found.incomplete)),
        requirements=tuple(found.requirements),
        tests=tuple(found.tests),
        directory=directory,
    )


def facts_of_job(place: Place, now: float) -> Facts:
    """Return the facts of a CI job without results, or before its tests."""
    context = detect.detect(place.environ)
    details = read_details(place.environ, place.folder, platform.python_version())
    return Facts(
        context=context,
        details=_ask_git(details, context, place),
        started=now,
        finished=now,
    )


def _find_details(context: Context, info: RunInfo, place: Place) -> Details:
    details = read_recorded(info.ci)
    here = detect.detect(place.environ)
    is_here = (here.name, here.run_id) == (context.name, context.run_id)
    python = info.versions.get("python", "")
    mine = read_details(place.environ, place.folder, python) if is_here else Details()
    if info.parts:
        # Merged from several jobs: the name is that of the job that merges.
        details = replace(details, job="", variant="", folder="", attempt="")
        mine = replace(mine, variant="", folder="")
    details = fill_gaps(details, mine)
    return _ask_git(details, context, place) if is_here else details


def _ask_git(details: Details, context: Context, place: Place) -> Details:
    """Fill what the CI system does not tell."""
    message = details.message or read_message(place.folder, context.revision)
    repository = details.repository or read_repository(place.folder)
    return replace(details, message=message, repository=repository)


class _Tests:
    """The outcomes and keys of all tests of a run."""

    def __init__(self, directory: RunDirectory) -> None:
        self.outcomes: Counter[str] = Counter()
        self.requirements: dict[str, None] = {}
        self.tests: dict[str, None] = {}
        self.finished = 0.0
        self.incomplete: list[str] = []
        files = load_files(directory)
        if files is not None:
            self.outcomes.update(files.counts)
            self.tests |= dict.fromkeys(files.keys)
            self.finished = files.finished or 0.0
            self.incomplete += files.incomplete
            return
        damaged: list[str] = []
        for run in directory.runs(damaged):
            if run.outcome is Outcome.NOT_RUN:
                continue
            self.outcomes[run.outcome.value] += 1
            self.requirements |= dict.fromkeys(run.test.requirements)
            self.tests |= dict.fromkeys(run.test.test_keys)
            self.finished = max(self.finished, run.started + run.duration)
        if damaged:
            # Without their messages, which have paths of this machine.
            lines = count(len(damaged), "damaged line")
            self.incomplete.append(f"{lines} in the journal")
