"""
Find the Test Execution that a run is compared with, and read its Test Runs.

Comparable Test Executions have the same project, Test Plan and Test Environments. The
branch is a line of the description that xray-bridge writes, unless users set their own
description; then the branch is not known. This is the baseline in CI, where run
directories are usually not kept.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from xray_bridge.changes.compare import Entry, choose_first, compare
from xray_bridge.client.executions import list_executions
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.test_runs import open_test_runs
from xray_bridge.client.xray import make_client
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError
from xray_bridge.model.changes import EXECUTION, Baseline
from xray_bridge.model.keys import is_key, project_of, spell_key
from xray_bridge.model.results import Outcome
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.changes.step import RunToCompare
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.executions import ExecutionRef
    from xray_bridge.client.test_runs import RunRef
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.changes import Changes
    from xray_bridge.model.dialect import Dialect

# Seconds for all questions: results do not wait for them, but people do.
PATIENCE = 30.0
# Test Executions whose Test Runs are read, until one has half of this run's Tests: the
# others belong to another suite of the project, or have a part of the Tests.
CANDIDATES = 3
# The line in a description, as ``upload.execution`` writes it, and its length.
BRANCH = "Branch: "
LONGEST_BRANCH = 255
# Outcomes that people mean by a status, if it stands for several.
USUAL = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)

# Statuses of Test Runs that have not ended, on both products.
UNFINISHED = frozenset({"", "TODO", "TO DO", "EXECUTING"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    A Test Execution, and what comparable ones have in common with it.

    One of its ``plans`` is enough; without one, any plan will do. ``branches`` are its
    own, which is empty if it is not known, and those that it may be compared with.
    """

    key: str
    environments: tuple[str, ...]
    plans: tuple[str, ...]
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierExecution:
    """A Test Execution with its Test Runs; ``outcomes`` are those of its statuses."""

    baseline: Baseline
    runs: tuple[RunRef, ...]
    outcomes: Mapping[str, Outcome]

    def compare(self, now: Mapping[str, Entry]) -> Changes:
        """Compare entries of Tests, which ``entries.read_issues`` has read."""
        return compare(now, dict(self._entries(now)), self.baseline)

    def _entries(self, now: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
        for run in self.runs:
            known = _find_id(run, now)
            yield (
                known,
                Entry(
                    id=known,
                    name=one_line(run.definition or run.summary or run.test_key),
                    outcome=self.outcomes.get(run.status.upper(), Outcome.NOT_RUN),
                    keys=(one_line(run.test_key),),
                ),
            )


def find_execution(
    run: RunToCompare,
    connection: Connection,
    now: Mapping[str, Entry],
    *,
    seconds: float = PATIENCE,
) -> EarlierExecution | None:
    """
    Return the Test Execution that is set, or the last comparable one.

    ``now`` are the entries of the run's Tests, ``seconds`` the time that is left.
    Raises XrayBridgeError.
    """
    http = Http(connection, Deadline(min(PATIENCE, seconds)))
    xray = make_client(connection, http)
    dialect = connection.dialect.with_statuses(run.settings.statuses)
    given = spell_key(run.settings.compare)
    if is_key(given):
        if given == run.test_execution:
            msg = f"xray_compare: {given} has the results of this run"
            raise XrayBridgeError(msg)
        named = Baseline(name=given, kind=EXECUTION, is_given=True)
        earlier = _read(xray, dialect, named, now)
        if not earlier.runs:
            msg = f"xray_compare: {given} has no Test Runs"
            raise XrayBridgeError(msg)
        return earlier
    if not run.test_execution:
        msg = "the results are not in Xray"
        raise XrayBridgeError(msg)
    found = list_executions(
        xray, dialect, project_of(run.test_execution), run.test_execution
    )
    plan = run.settings.test_plan
    own = Place(
        key=run.test_execution,
        environments=run.settings.environments,
        plans=(plan,) if plan else (),
        branches=run.branches,
    )
    read = (
        _read(xray, dialect, baseline, now)
        for baseline in islice(choose_baselines(own, found), CANDIDATES)
    )
    return choose_first((_share_in(each, now), each) for each in read)


def _share_in(earlier: EarlierExecution, now: Mapping[str, Entry]) -> float:
    """Return the share of the Tests that are in a Test Execution, from 0 to 1."""
    shared = {_find_id(each, now) for each in earlier.runs} & now.keys()
    return len(shared) / len(now) if now else 1.0


def choose_baselines(own: Place, found: Iterable[ExecutionRef]) -> Iterator[Baseline]:
    """
    Yield the comparable Test Executions, newest first, those of the own branch first.

    Those after the own one are newer. ``found`` is newest first.
    """
    listed = list(found)
    keys = [each.key for each in listed]
    after = keys.index(own.key) + 1 if own.key in keys else 0
    same = [
        each
        for each in listed[after:]
        if set(each.environments) == set(own.environments)
        if not own.plans or set(own.plans) & set(each.plans)
    ]
    on_branches = [(each, read_branch(each)) for each in same]
    # A branch that is not known is better than none.
    wanted = [branch[:LONGEST_BRANCH] for branch in (*own.branches, "")]
    if own.branches[0]:
        on_branches = [pair for pair in on_branches if pair[1] in wanted]
        on_branches.sort(key=lambda pair: wanted.index(pair[1]))
    # Outside of CI, every branch will do.
    for each, branch in on_branches:
        yield Baseline(name=each.key, kind=EXECUTION, branch=branch)


def read_branch(execution: ExecutionRef) -> str:
    """Return the branch in a description; empty if it is not there."""
    found = (
        line.removeprefix(BRANCH)
        for line in map(one_line, execution.description)
        if line.startswith(BRANCH)
    )
    return next(found, "")


def list_outcomes(dialect: Dialect) -> dict[str, Outcome]:
    """Return the outcomes of statuses; the usual one, if several have one status."""
    ordered = (*(o for o in Outcome if o not in USUAL), *reversed(USUAL))
    return {dialect.statuses[outcome].upper(): outcome for outcome in ordered}


def is_failure(status: str, outcomes: Mapping[str, Outcome]) -> bool:
    """Whether a status is that of failures, or one that only this Xray knows."""
    word = status.upper()
    outcome = outcomes.get(word)
    return outcome is Outcome.FAILED or (outcome is None and word not in UNFINISHED)


def _read(
    xray: XrayClient, dialect: Dialect, baseline: Baseline, now: Mapping[str, Entry]
) -> EarlierExecution:
    # Server's list has no definitions: they are only needed for Tests without a key.
    is_keyed = all(entry.keys for entry in now.values())
    runs = open_test_runs(xray, dialect, baseline.name).list_statuses(
        None if is_keyed else now.keys()
    )
    outcomes = list_outcomes(dialect)
    return EarlierExecution(baseline=baseline, runs=tuple(runs), outcomes=outcomes)


def _find_id(run: RunRef, now: Mapping[str, Entry]) -> str:
    """Return what a Test is known by in this run: key, definition or summary."""
    names = (run.test_key, run.definition, run.summary)
    return next((each for each in names if each in now), run.test_key)
