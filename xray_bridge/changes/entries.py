"""
Read the entries of a run: by test from a journal, by Test to be compared with Xray.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from xray_bridge.changes.compare import Entry, join_entries
from xray_bridge.model.results import Outcome
from xray_bridge.runs.failures import main_line, name_of, text_of
from xray_bridge.runs.groups import DEFINITION
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.changes.causes import Causes
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.sessions import Run


def read_tests(
    runs: Iterable[TestRun], causes: Causes | None = None
) -> dict[str, Entry]:
    """Return an entry for each test, row by row; add its failures to ``causes``."""
    return join_entries(_read_entries(runs, causes))


def list_reported(earlier: Run, *, only_keyed: bool) -> Iterator[TestRun]:
    """Yield the results of an earlier run; damaged lines are left out."""
    for run in chain.from_iterable(each.runs([]) for each in earlier.directories):
        if not run.withheld and (run.test.test_keys or not only_keyed):
            yield run


def _read_entries(runs: Iterable[TestRun], causes: Causes | None) -> Iterator[Entry]:
    for run in runs:
        name, message = one_line(name_of(run, per_row=True)), ""
        if run.outcome is Outcome.FAILED:
            text = text_of(run)
            message = main_line(text)
            if causes is not None:
                causes.add(name, text)
        yield Entry(
            id=name,
            name=name,
            outcome=run.outcome,
            keys=run.test.test_keys,
            seconds=run.duration,
            message=message,
        )


def read_issues(results: Results) -> dict[str, Entry]:
    """
    Return an entry for each Test in Xray, by key or else by definition.

    Several results of one Test count as the setting ``aggregate`` says.
    """
    found = {}
    for identity, run, outcome in results.tests_with_outcomes():
        keys = () if identity.startswith(DEFINITION) else (identity,)
        known = keys[0] if keys else xray_name(run)
        is_bad = outcome is Outcome.FAILED
        found[known] = Entry(
            id=known,
            name=one_line(name_of(run, per_row=not keys)),
            outcome=outcome,
            keys=keys,
            message=main_line(text_of(run)) if is_bad else "",
        )
    return found


def xray_name(run: TestRun) -> str:
    """Return what Xray knows a Test without a key by: definition, or summary."""
    scenario = run.scenario
    return (scenario.outline or scenario.name) if scenario else run.test.definition
