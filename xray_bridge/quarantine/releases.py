"""
Propose the release of tests that have passed many times in a row.

The run directories on this machine are the history. Nothing is released without a
person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.config.quarantine_table import Quarantine, parse_quarantine
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import DID_NOT_RUN, Outcome
from xray_bridge.quarantine.entries import Entries
from xray_bridge.runs import codec, run_directory
from xray_bridge.runs.sessions import group_runs


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.sessions import Run

GOOD = frozenset({Outcome.PASSED, Outcome.XPASSED})
PROPOSAL = (
    "{} has passed {} times in a row: it may leave the quarantine, in which it is for "
    "{}"
)


def propose_releases(settings: Settings, report_dir: Path) -> list[str]:
    """Return a line for each test that may leave the quarantine of the settings."""
    if not settings.quarantine:
        return []
    quarantine = parse_quarantine(settings.quarantine)
    try:
        runs = group_runs(run_directory.find(report_dir), damaged=[])
    except RunDirectoryError:
        return []
    return list_releases(runs[::-1], quarantine)


def list_releases(runs: Sequence[Run], quarantine: Quarantine) -> list[str]:
    """
    Return a line for each test that has passed in enough runs in a row.

    ``runs`` are the newest first. A run in which several tests of an entry ran counts
    as passed if all of them passed. A flaky result is no pass.
    """
    wanted = quarantine.release_after
    # No test has passed in more runs than there are.
    if not quarantine.tests or len(runs) < wanted:
        return []
    passes = dict.fromkeys((each.test for each in quarantine.tests), 0)
    ended: set[str] = set()
    for run in runs:
        for test, is_good in _results_of(run, quarantine).items():
            if test not in ended and is_good:
                passes[test] += 1
            else:
                ended.add(test)
        if all(t in ended or n >= wanted for t, n in passes.items()):
            break
    return [
        PROPOSAL.format(each.test, passes[each.test], each.terms or "nobody")
        for each in quarantine.tests
        if passes[each.test] >= wanted
    ]


def _results_of(run: Run, quarantine: Quarantine) -> dict[str, bool]:
    """Return whether the tests in quarantine passed, if they ran."""
    entries, found = Entries(quarantine), dict[str, bool]()
    try:
        for each in run.results().all_runs():
            line = codec.encode(each)
            entry = None if each.outcome in DID_NOT_RUN else entries.find(line)
            if entry is not None:
                is_good = each.outcome in GOOD
                found[entry.test] = found.get(entry.test, True) and is_good
    except RunDirectoryError:
        return {}
    return found
