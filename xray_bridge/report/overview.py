"""
Sum up what runs say about environments, Test Plans and requirements.

It is as much as these runs know: a Test that none of them ran is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.report.results import KIND_OF
from xray_bridge.text import count
from xray_pages import values


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.sessions import Run

# Rows of a table, so that 200,000 tests in ten environments make no page of 100 MB.
MOST = 100
# Coverage of a requirement as Xray counts it: the first kind that a test has.
COVERAGE = (
    (values.FAILED, "NOK"),
    (values.OTHER, "NOTRUN"),
    (values.SKIPPED, "NOTRUN"),
    (values.PASSED, "OK"),
)


class Seen:
    """
    What one run says: the worst kind of each test, and of each Test.

    ``by_environment`` has those of each Test Environment, ``by_requirement`` the tests
    that cover a requirement, by their definitions.
    """

    def __init__(self, run: Run) -> None:
        self.name = run.name
        self.plan = run.info.settings.get("test_plan", "")
        self._environments = run.environments
        self.by_environment: dict[str, dict[str, values.Kind]] = {}
        self.by_name: dict[str, values.Kind] = {}
        self.by_key: dict[str, values.Kind] = {}
        self.by_requirement: dict[str, set[str]] = {}

    def take(self, part: int, result: TestRun) -> None:
        """Note one result of a run directory, which is named by its number."""
        test, kind = result.test, KIND_OF[result.outcome]
        _note_worst(self.by_name, test.definition, kind)
        for name in self._environments[part]:
            found = self.by_environment.setdefault(name, {})
            _note_worst(found, test.definition, kind)
        for key in test.test_keys:
            _note_worst(self.by_key, key, kind)
        for key in test.requirements:
            self.by_requirement.setdefault(key, set()).add(test.definition)


def list_tables(runs: Sequence[Seen], browse: str) -> tuple[values.Table, ...]:
    """
    Return the tables of these runs, oldest run first; no empty one.

    ``browse`` is the address of issues, before the key; empty if it is unknown.
    """
    tables = (
        _environments(runs),
        *(_plan(key, runs, browse) for key in _unique(each.plan for each in runs)),
        _requirements(runs, browse),
    )
    return tuple(table for table in tables if table.rows)


def _environments(runs: Sequence[Seen]) -> values.Table:
    """The last kind of each test in each environment, unless it passed in all."""
    names = _unique(name for each in runs for name in each.by_environment)
    last: dict[str, dict[str, values.Kind]] = {name: {} for name in names}
    for run in runs:
        for name, kinds_of_run in run.by_environment.items():
            last[name] |= kinds_of_run
    tests = _unique(test for found in last.values() for test in found)
    kinds = {test: [found.get(test) for found in last.values()] for test in tests}
    telling = {
        test: found
        for test, found in kinds.items()
        if any(kind != values.PASSED for kind in found)
    }
    rows = (
        (values.Link(test), *map(_badge, telling[test]))
        for test in sorted(telling, key=lambda test: _rank(telling[test]))
    )
    totals = (
        values.Link(f"{_count_passed(found)} of {len(found):,} passed")
        for found in last.values()
    )
    return values.Table(
        title="Test Environments",
        head=("Test", *names),
        rows=((values.Link("All tests"), *totals), *_cut(rows, len(telling)))
        if len(names) > 1
        else (),
    )


def _plan(plan: str, runs: Sequence[Seen], browse: str) -> values.Table:
    """The last kind of each Test of a Test Plan, if several runs belong to it."""
    members = [run for run in runs if run.plan == plan]
    last: dict[str, tuple[values.Kind, str]] = {}
    for run in members:
        last |= {key: (kind, run.name) for key, kind in run.by_key.items()}
    rows = (
        (_issue(key, browse), _badge(last[key][0]), values.Link(last[key][1]))
        for key in sorted(last, key=lambda key: _rank([last[key][0]]))
    )
    passed = _count_passed({key: kind for key, (kind, _) in last.items()})
    return values.Table(
        title=f"Test Plan {plan}: {passed} of {count(len(last), 'Test')} passed",
        head=("Test", "Last result", "Run"),
        rows=tuple(_cut(rows, len(last))) if len(members) > 1 else (),
    )


def _requirements(runs: Sequence[Seen], browse: str) -> values.Table:
    """The coverage of each requirement that tests name, by their last kinds."""
    last: dict[str, values.Kind] = {}
    tests: dict[str, set[str]] = {}
    for run in runs:
        last |= run.by_name
        for key, found in run.by_requirement.items():
            tests.setdefault(key, set()).update(found)
    kinds = {key: [last[test] for test in found] for key, found in tests.items()}
    rows = (
        (
            _issue(key, browse),
            _coverage(kinds[key]),
            values.Link(f"{len(kinds[key]):,}"),
            values.Link(f"{kinds[key].count(values.PASSED):,}"),
        )
        for key in sorted(kinds, key=lambda key: _rank(kinds[key]))
    )
    return values.Table(
        title="Requirements",
        head=("Requirement", "Coverage", "Tests", "Passed"),
        rows=tuple(_cut(rows, len(kinds))),
    )


def _coverage(kinds: Sequence[values.Kind]) -> values.Badge:
    # Xray has PASS for the others: flaky ones, and those of expected failures.
    found = [(kind, word) for kind, word in COVERAGE if kind in kinds]
    return values.Badge(*(found or COVERAGE[-1:])[0])


def _badge(kind: values.Kind | None) -> values.Badge | values.Link:
    return values.Badge(kind, kind.name) if kind else values.Link("not run")


def _issue(key: str, browse: str) -> values.Link:
    return values.Link(key, f"{browse}{key}" if browse else "")


def _note_worst(found: dict[str, values.Kind], name: str, kind: values.Kind) -> None:
    """Xray shows the worst result of a Test; so does this page."""
    known = found.get(name, kind)
    found[name] = min(kind, known, key=values.KINDS.index)


def _rank(kinds: Iterable[values.Kind | None]) -> int:
    return min(values.KINDS.index(kind or values.OTHER) for kind in kinds)


def _count_passed(found: Mapping[str, values.Kind]) -> str:
    return f"{sum(kind == values.PASSED for kind in found.values()):,}"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _cut(
    rows: Iterable[tuple[values.Link | values.Badge, ...]], total: int
) -> Iterator[tuple[values.Link | values.Badge, ...]]:
    """Yield the first rows, and a last one that counts the others."""
    for number, row in enumerate(rows):
        if number == MOST:
            yield (values.Link(f"and {total - MOST:,} more"),)
            return
        yield row
