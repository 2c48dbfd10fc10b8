"""Tables of the issues that belong to an issue, for its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from xray_pages import values
from xray_pages.values import Link, Table
from xray_sandbox.store.coverage import COVERABLE, coverage_of, last_status
from xray_sandbox.store.rows import (
    PRECONDITION,
    TEST,
    TEST_EXECUTION,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
)
from xray_sandbox.store.store import Store
from xray_sandbox.web.view import View, kind_of


# Of a requirement, as the kind of a badge.
COVERAGE = {
    "OK": values.PASSED,
    "NOK": values.FAILED,
    "NOTRUN": values.OTHER,
    "UNKNOWN": values.OTHER,
    "UNCOVERED": values.SKIPPED,
}
# The newest Test Runs of a Test on its page.
NEWEST = 20
TODO = "TODO"


class Related:
    """Finds the issues around an issue."""

    def __init__(self, store: Store, view: View) -> None:
        self._store = store
        self._view = view

    def list_tables(self, issue: IssueRow) -> tuple[Table, ...]:
        """Return the tables of an issue's page; none is empty."""
        if issue.type == TEST:
            found = [self._history(issue), self._holders(issue), self._covered(issue)]
        elif issue.type in {TEST_PLAN, TEST_SET, PRECONDITION}:
            members = self._store.plan_members(issue.key, TEST)
            found = [self._tests(members), self._executions(issue)]
        elif issue.type in COVERABLE:
            found = [self._tests(self._store.tests_covering(issue))]
        else:
            found = []
        return tuple(table for table in found if table.rows)

    def describe(self, issue: IssueRow) -> values.Run | None:
        """Return the progress of a Test Plan, or the coverage of a requirement."""
        if issue.type in {TEST_PLAN, TEST_SET}:
            tests = self._store.plan_members(issue.key, TEST)
        elif issue.type in COVERABLE:
            tests = self._store.tests_covering(issue)
        else:
            return None
        statuses = Counter(last_status(self._store, test, TODO) for test in tests)
        counts: Counter[str] = Counter()
        for status, times in statuses.items():
            counts[kind_of(status).name] += times
        words = ", ".join(f"{times} {status}" for status, times in statuses.items())
        verdict = next(
            (kind for kind in values.KINDS if counts[kind.name]), values.OTHER
        )
        if issue.type in COVERABLE:
            covered = coverage_of(self._store, issue)
            words = f"{covered}: {words}" if words else covered
            verdict = COVERAGE[covered]
        return values.Run(
            title=f"{issue.key} {issue.summary}",
            verdict=verdict,
            headline=words or "no Tests",
            counts=counts,
        )

    def _history(self, test: IssueRow) -> Table:
        rows = self._store.all(
            "SELECT issue.key, issue.summary, issue.environments, run.status, "
            "run.finished FROM run JOIN issue ON issue.id = run.execution_id "
            "WHERE run.test_id = ? ORDER BY run.id DESC LIMIT ?",
            (test.id, NEWEST),
        )
        head = ("Test Execution", "Summary", "Status", "Finished")
        cells = (
            (
                self._view.link(row["key"]),
                Link(row["summary"]),
                _badge(row["status"]),
                Link(row["finished"]),
            )
            for row in rows
        )
        return Table(title="Test Runs, newest first", head=head, rows=tuple(cells))

    def _tests(self, tests: Iterable[IssueRow]) -> Table:
        head = ("Test", "Summary", "Status")
        return Table(title="Tests", head=head, rows=tuple(self._test_rows(tests)))

    def _test_rows(
        self, tests: Iterable[IssueRow]
    ) -> Iterator[tuple[Link | values.Badge, ...]]:
        for test in tests:
            status = last_status(self._store, test, TODO)
            yield (self._view.link(test.key), Link(test.summary), _badge(status))

    def _executions(self, plan: IssueRow) -> Table:
        found = self._store.plan_members(plan.key, TEST_EXECUTION)
        rows = tuple(
            (
                self._view.link(each.key),
                Link(each.summary),
                Link(", ".join(each.environments)),
            )
            for each in found
        )
        head = ("Test Execution", "Summary", "Test Environments")
        return Table(title="Test Executions", head=head, rows=rows)

    def _holders(self, test: IssueRow) -> Table:
        found = self._store.holders_of(test.id)
        rows = tuple(
            (self._view.link(each.key), Link(each.summary), Link(each.type))
            for each in found
        )
        return Table(title="Part of", head=("Issue", "Summary", "Type"), rows=rows)

    def _covered(self, test: IssueRow) -> Table:
        found = filter(None, map(self._store.issue, test.requirements))
        rows = tuple(
            (
                self._view.link(each.key),
                Link(each.summary),
                _coverage(coverage_of(self._store, each)),
            )
            for each in found
        )
        head = ("Requirement", "Summary", "Coverage")
        return Table(title="Requirements", head=head, rows=rows)


def _coverage(status: str) -> values.Badge:
    return values.Badge(COVERAGE[status], status)


def _badge(status: str) -> values.Badge:
    return values.Badge(kind_of(status), status)
