"""
The coverage of requirements: a status from the Tests of each.

Source: Xray's manual, 'Requirements Coverage': a final status counts more than one
that is not final.
"""

from __future__ import annotations

from xray_sandbox.read.info import ISSUE_TYPES, SUBTASK, XRAY_TYPES
from xray_sandbox.store.rows import TEST_EXECUTION, IssueRow
from xray_sandbox.store.store import Store


# Xray's default: not bugs, and not parts of other issues.
COVERABLE = frozenset(ISSUE_TYPES.values()) - {*XRAY_TYPES.values(), "Bug", SUBTASK}
_FINAL = {"PASS": "OK", "PASSED": "OK", "FAIL": "NOK", "FAILED": "NOK"}
_OPEN = {"TODO": "NOTRUN", "EXECUTING": "NOTRUN", "ABORTED": "NOTRUN"}
# One Test with the first of these decides.
_WORST_FIRST = ("NOK", "UNKNOWN", "NOTRUN", "OK")


def coverage_of(store: Store, issue: IssueRow) -> str:
    """The coverage status of a requirement."""
    found = {_status_of(store, test) for test in store.tests_covering(issue)}
    return next((each for each in _WORST_FIRST if each in found), "UNCOVERED")


def _status_of(store: Store, test: IssueRow) -> str:
    """What the last status of a Test means for its requirements."""
    last = last_status(store, test, "TODO")
    return {**_FINAL, **_OPEN}.get(last, "UNKNOWN")


def last_status(store: Store, test: IssueRow, otherwise: str) -> str:
    """The last final status of a Test; without one, the last; without that, this."""
    return _last_of(store.statuses_of(test.id), otherwise)


def status_in_plan(store: Store, plan: IssueRow, test: IssueRow, otherwise: str) -> str:
    """The last status of a Test in the Test Executions of a Test Plan."""
    members = {each.id for each in store.plan_members(plan.key, TEST_EXECUTION)}
    runs = store.runs_of_test(test.id)
    found = tuple(run.status for execution, run in runs if execution.id in members)
    return _last_of(found, otherwise)


def _last_of(statuses: tuple[str, ...], otherwise: str) -> str:
    final = [each for each in statuses if each in _FINAL]
    return (final or statuses or (otherwise,))[-1]
