"""
Compare the results of a run with those of earlier runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from xray_bridge.report.header import describe_run
from xray_bridge.report.overview import Seen
from xray_pages import values
from xray_pages.rendering import format_duration


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_bridge.runs.sessions import Run

# Earlier results of a test on a page.
LONGEST = 20
# Rows of a table.
MOST = 20


class History:
    """What earlier runs say, oldest run first."""

    def __init__(self, runs: Sequence[Run], browse: str = "") -> None:
        self.headers: list[values.Run] = []
        self.runs: list[Seen] = []
        for run in runs[-LONGEST:]:
            results = run.results()
            self.headers.append(describe_run(run, results, browse))
            seen = Seen(run)
            for part, each in results.runs_of_parts():
                seen.take(part, each)
            self.runs.append(seen)

    def add(self, results: Iterable[values.Result]) -> Iterator[values.Result]:
        """Yield the results with their earlier ones."""
        for result in results:
            past = tuple(
                values.Past(run.by_name[name], run.name)
                for run in self.runs
                if (name := _name(result)) in run.by_name
            )
            is_new = bool(past) and result.kind.is_bad and not past[-1].kind.is_bad
            yield replace(result, history=past, is_new=is_new)


def _name(result: values.Result) -> str:
    return f"{result.group}.{result.name}" if result.group else result.name


def list_tables(results: Sequence[values.Result]) -> tuple[values.Table, ...]:
    """Return new failures, the slowest and the flakiest tests; no empty table."""
    tables = (
        _new_failures(results),
        _flakiest(results),
        _slowest(results),
    )
    return tuple(table for table in tables if table.rows)


def _new_failures(results: Iterable[values.Result]) -> values.Table:
    rows = tuple(
        (values.Link(_name(each)), *_key(each)) for each in results if each.is_new
    )
    return values.Table(title="New failures", head=("Test", "Test key"), rows=rows)


def _flakiest(results: Iterable[values.Result]) -> values.Table:
    """Tests whose outcome changes from run to run, or within one."""
    changes: Counter[int] = Counter()
    known = list(results)
    for number, each in enumerate(known):
        kinds = [*(past.kind for past in each.history), each.kind]
        changes[number] = sum(kind == values.FLAKY for kind in kinds) + sum(
            one.is_bad != other.is_bad for one, other in pairwise(kinds)
        )
    rows = tuple(
        (
            values.Link(_name(known[number])),
            *_key(known[number]),
            values.Link(str(times)),
        )
        for number, times in changes.most_common(MOST)
        if times
    )
    head = ("Test", "Test key", "Changes of the outcome, and flaky results")
    return values.Table(title="Flakiest tests", head=head, rows=rows)


def _slowest(results: Iterable[values.Result]) -> values.Table:
    slow = sorted(results, key=lambda each: -each.duration)[:MOST]
    rows = tuple(
        (
            values.Link(_name(each)),
            *_key(each),
            values.Link(format_duration(each.duration)),
        )
        for each in slow
        if each.duration
    )
    head = ("Test", "Test key", "Duration")
    return values.Table(title="Slowest tests", head=head, rows=rows)


def _key(result: values.Result) -> tuple[values.Link]:
    return (result.keys[0] if result.keys else values.Link(""),)
