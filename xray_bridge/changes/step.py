"""
Compare a run with its baseline, and group its failures: the setting ``compare``.

The baseline is the one that is set; or else the last comparable run directory; or else
the last comparable Test Execution. Nothing here costs a result: a server that cannot be
asked leads to ``Changes.not_compared``.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.changes.causes import Causes
from xray_bridge.changes.compare import choose_first, compare, share_of
from xray_bridge.changes.earlier_runs import (
    branches_of,
    find_named_run,
    list_earlier_runs,
)
from xray_bridge.changes.entries import list_reported, read_issues, read_tests
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError
from xray_bridge.model.changes import Changes
from xray_bridge.model.keys import is_key
from xray_bridge.runs.attempts import is_partial_rerun
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.changes.compare import Entry
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.changes import Baseline
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.report_files import Files
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo
    from xray_bridge.runs.sessions import Run

YES = "yes"
# Earlier run directories that are read.
CANDIDATES = 5
# Of the setting ``deadline``: the process is ended after it.
SHARE_OF_TIME = 0.8
# Results that are read before the clock is looked at again.
BETWEEN_LOOKS = 1000
FILES = "the results of report files are not known test by test"
RERUN = "a rerun has only the results of Tests that had failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToCompare:
    """
    A run with its results.

    ``connection`` is None if nothing is sent, ``test_execution`` is empty if the
    results are not in Xray. ``files`` are the report files, if the run has some.
    """

    settings: Settings
    directory: RunDirectory
    info: RunInfo
    results: Results
    connection: Connection | None = None
    test_execution: str = ""
    files: Files | None = None

    @property
    def branches(self) -> tuple[str, ...]:
        """
        The branch that the CI system named, and that of the pull request's target.

        The branch is empty outside of CI.
        """
        return branches_of(self.info)

    @property
    def report_dir(self) -> Path:
        """The folder with the run directories."""
        return Path(self.settings.report_dir)


def compare_run(run: RunToCompare) -> Changes:
    """
    Compare a run with its baseline, and group its failures by cause.

    It never raises: whatever goes wrong is in ``not_compared``. It ends within the
    setting ``deadline``.
    """
    causes = Causes()
    comparison = _Comparison(run)
    try:
        if run.files is not None:
            return _of_files(run.files, causes)
        if is_partial_rerun(run.directory):
            return Changes(not_compared=RERUN)
        found = comparison.compare(causes)
    except XrayBridgeError as error:
        found = Changes(not_compared=str(error))
    except Exception as error:  # noqa: BLE001 - results were delivered already
        found = Changes(not_compared=f"unexpected {type(error).__name__}: {error}")
    return _with_causes(found, causes)


def describe_plan(run: RunToCompare) -> str:
    """Say what a run would be compared with, without asking a server."""
    if run.files is not None:
        return f"not compared with an earlier run: {FILES}"
    if is_partial_rerun(run.directory):
        return f"not compared with an earlier run: {RERUN}"
    try:
        earlier = _Comparison(run).find_run()
    except Exception as error:  # noqa: BLE001 - a dry run shows all else
        return f"not compared with an earlier run: {error}"
    if earlier is not None:
        return f"then compare with run {earlier[1]}"
    given = run.settings.compare
    wanted = given if given != YES else f"the last Test Execution {_describe_own(run)}"
    return f"then compare with {wanted}"


class _Comparison:
    """Compares one run, in limited time."""

    def __init__(self, run: RunToCompare) -> None:
        self._run = run
        self._end = time.monotonic() + run.settings.deadline * SHARE_OF_TIME
        self._tests: dict[str, Entry] = {}

    def compare(self, causes: Causes) -> Changes:
        """Compare with a run directory or a Test Execution. Raises XrayBridgeError."""
        earlier = self.find_run(causes)
        if earlier is not None:
            return compare(self._tests, *earlier)
        run = self._run
        none = Changes(not_compared=f"there is no earlier run {_describe_own(run)}")
        if run.connection is None:
            return none
        from xray_bridge.changes.executions import find_execution

        now = read_issues(run.results)
        left = max(0.0, self._end - time.monotonic())
        execution = find_execution(run, run.connection, now, seconds=left)
        return none if execution is None else execution.compare(now)

    def find_run(
        self, causes: Causes | None = None
    ) -> tuple[dict[str, Entry], Baseline] | None:
        """
        Return the entries of the run directory that is set, or of the last comparable.

        That has at least half of this run's tests; without one, it is the last one that
        has any. Raises XrayBridgeError.
        """
        run = self._run
        self._tests = read_tests(self._limit(run.results.all_runs()), causes)
        given = run.settings.compare
        if given != YES:
            named = find_named_run(given, run.report_dir)
            if named is None and not is_key(given):
                msg = f"xray_compare: there is no run {given}"
                raise XrayBridgeError(msg)
            return (self._read(named[0]), named[1]) if named else None
        earlier = list_earlier_runs(run.report_dir, run.directory, run.info)
        read = ((self._read(each), b) for each, b in islice(earlier, CANDIDATES))
        return choose_first((share_of(self._tests, pair[0]), pair) for pair in read)

    def _read(self, earlier: Run) -> dict[str, Entry]:
        only_keyed = self._run.settings.only_keyed
        return read_tests(self._limit(list_reported(earlier, only_keyed=only_keyed)))

    def _limit(self, runs: Iterable[TestRun]) -> Iterator[TestRun]:
        """Yield the results; raise XrayBridgeError if there is no time left."""
        for number, run in enumerate(runs):
            if number % BETWEEN_LOOKS == 0 and time.monotonic() > self._end:
                msg = "it takes too long"
                raise XrayBridgeError(msg, hint="raise xray_deadline")
            yield run


def _describe_own(run: RunToCompare) -> str:
    """Describe what comparable runs have in common."""
    settings = run.settings
    where = settings.test_plan or settings.project
    words = [
        *([f"of {where}"] if where else []),
        *([f"in {join_words(settings.environments)}"] if settings.environments else []),
        *([f"on the branch {' or '.join(run.branches)}"] if run.branches[0] else []),
    ]
    return " ".join(words) or "of these tests"


def _of_files(files: Files, causes: Causes) -> Changes:
    """Group the failures that are known of report files, usually the first 50."""
    for failure in files.failures:
        causes.add(failure.name, failure.message)
    return _with_causes(Changes(not_compared=FILES), causes)


def _with_causes(found: Changes, causes: Causes) -> Changes:
    first = causes.list_first()
    return replace(
        found,
        causes=first,
        cause_count=len(causes),
        failures=causes.failures,
    )
