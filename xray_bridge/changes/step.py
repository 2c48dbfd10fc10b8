"""
Compare a run with its baseline, and group its failures: the setting ``compare``.

The baseline is the one that is set; or else the last comparable run directory; or else
the last comparable Test Execution. Nothing here costs a result: a server that cannot be
asked leads to ``Changes.not_compared``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.changes.causes import Causes
from xray_bridge.changes.compare import ENOUGH_SHARED, compare, share_of
from xray_bridge.changes.earlier_runs import (
    branches_of,
    find_named_run,
    list_earlier_runs,
)
from xray_bridge.changes.entries import read_earlier, read_issues, read_tests
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError
from xray_bridge.model.changes import Changes
from xray_bridge.model.keys import is_key
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.changes.compare import Entry
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.changes import Baseline
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.report_files import Files
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

YES = "yes"
# Earlier run directories that are read.
CANDIDATES = 5
FILES = "the results of report files are not known test by test"


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

    It never raises: whatever goes wrong is in ``not_compared``.
    """
    causes = Causes()
    try:
        if run.files is not None:
            return _of_files(run.files, causes)
        tests = read_tests(run.results.all_runs(), causes)
    except Exception as error:  # noqa: BLE001 - results were delivered already
        return Changes(not_compared=_describe_fault(error))
    try:
        earlier = _find_run(run, tests)
        found = compare(tests, *earlier) if earlier else _compare_with_xray(run)
    except XrayBridgeError as error:
        found = Changes(not_compared=str(error))
    except Exception as error:  # noqa: BLE001 - results were delivered already
        found = Changes(not_compared=_describe_fault(error))
    return _with_causes(found, causes)


def describe_plan(run: RunToCompare) -> str:
    """Say what a run would be compared with, without asking a server."""
    if run.files is not None:
        return f"not compared with an earlier run: {FILES}"
    try:
        earlier = _find_run(run, read_tests(run.results.all_runs()))
    except Exception as error:  # noqa: BLE001 - a dry run shows all else
        return f"not compared with an earlier run: {error}"
    if earlier is not None:
        return f"then compare with run {earlier[1]}"
    given = run.settings.compare
    wanted = given if given != YES else f"the last Test Execution {_describe_own(run)}"
    return f"then compare with {wanted}"


def _compare_with_xray(run: RunToCompare) -> Changes:
    """Compare a run with a Test Execution. Raises XrayBridgeError."""
    none = Changes(not_compared=f"there is no earlier run {_describe_own(run)}")
    if run.connection is None:
        return none
    from xray_bridge.changes.executions import find_execution

    now = read_issues(run.results)
    execution = find_execution(run, run.connection, now)
    return none if execution is None else execution.compare(now)


def _find_run(
    run: RunToCompare, tests: Mapping[str, Entry]
) -> tuple[dict[str, Entry], Baseline] | None:
    """
    Return the entries of the run directory that is set, or of the last comparable one.

    That has at least half of these tests; without one, it is the last one that has any.
    Raises XrayBridgeError.
    """
    given = run.settings.compare
    read = partial(read_earlier, only_keyed=run.settings.only_keyed)
    if given != YES:
        named = find_named_run(given, run.report_dir)
        if named is None and not is_key(given):
            msg = f"xray_compare: there is no run {given}"
            raise XrayBridgeError(msg)
        return (read(named[0]), named[1]) if named else None
    part = None
    earlier = list_earlier_runs(run.report_dir, run.directory, run.info)
    for each, baseline in islice(earlier, CANDIDATES):
        before = read(each)
        share = share_of(tests, before)
        if share >= ENOUGH_SHARED:
            return before, baseline
        part = part or ((before, baseline) if share else None)
    return part


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


def _describe_fault(error: Exception) -> str:
    return f"unexpected {type(error).__name__}: {error}"
