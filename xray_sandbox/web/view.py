"""Convert stored Test Executions to what a page shows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable

from xray_pages import values
from xray_pages.rendering import Section, group_results
from xray_sandbox.read.jira_fields import list_fields
from xray_sandbox.store.rows import (
    EvidenceRow,
    StepRow,
    TestExecutionRow,
    TestRunRow,
    step_place,
)


# Statuses of Server and Cloud; others were added by an administrator.
KIND_OF = {
    "PASS": values.PASSED,
    "PASSED": values.PASSED,
    "FAIL": values.FAILED,
    "FAILED": values.FAILED,
    "ABORTED": values.FAILED,
    "SKIPPED": values.SKIPPED,
    "XFAIL": values.XFAILED,
}


# Custom fields of Xray that a Test Execution has as facts.
SHOWN = frozenset({"Test Plan", "Test Environments", "Revision"})


def kind_of(status: str) -> values.Kind:
    """Return the kind of a status."""
    return KIND_OF.get(status, values.OTHER)


class View:
    """
    Makes a page's values of rows.

    `browse` returns the address of an issue, `evidence` that of a file.
    """

    def __init__(
        self, browse: Callable[[str], str], evidence: Callable[[int], str]
    ) -> None:
        self._browse = browse
        self._evidence = evidence

    def links(self, keys: Iterable[str]) -> tuple[values.Link, ...]:
        """Link to the pages of issues."""
        return tuple(map(self.link, keys))

    def link(self, key: str) -> values.Link:
        """Link to the page of an issue."""
        return values.Link(key, self._browse(key))

    def describe_execution(self, found: TestExecutionRow) -> values.Run:
        """The header of a Test Execution."""
        counts: Counter[str] = Counter()
        for status, times in found.counts.items():
            counts[kind_of(status).name] += times
        total, failed = sum(counts.values()), counts[values.FAILED.name]
        verdict = values.PASSED if total else values.OTHER
        open_ = counts[values.OTHER.name]
        words = [f"{times} {status}" for status, times in found.counts.items()]
        facts = {
            "Project": (values.Link(found.project),),
            "Test Plan": self.links(found.test_plans),
            "Test Environments": tuple(map(values.Link, found.environments)),
            "Revision": tuple(map(values.Link, filter(None, [found.revision]))),
            "Fix versions": tuple(map(values.Link, found.fix_versions)),
            "Labels": tuple(map(values.Link, found.labels)),
            "Description": tuple(map(values.Link, filter(None, [found.description]))),
            **_other_fields(found),
        }
        return values.Run(
            title=f"{found.key} {found.summary}",
            verdict=values.FAILED if failed else values.OTHER if open_ else verdict,
            headline=", ".join(words) or "No Test Runs",
            counts=counts,
            execution=values.Link(found.key, self._browse(found.key)),
            facts=tuple((name, links) for name, links in facts.items() if links),
        )

    def list_results(self, found: TestExecutionRow) -> list[Section]:
        """The Test Runs of a Test Execution, by kind."""
        return group_results(map(self.convert_run, found.runs))

    def convert_run(self, run: TestRunRow) -> values.Result:
        """Return what a page shows of a Test Run."""
        started, finished = _seconds(run.started), _seconds(run.finished)
        examples = tuple(
            values.Iteration(
                kind=kind_of(status), status=status, name=f"Example {number}"
            )
            for number, status in enumerate(run.examples, 1)
        )
        shown = {step_place(number) for number, _ in enumerate(run.steps, 1)}
        return values.Result(
            name=run.test_summary,
            kind=kind_of(run.status),
            status=run.status,
            keys=self.links([run.test_key]),
            started=started,
            duration=max(0.0, finished - started),
            comment=run.comment,
            log=run.log,
            fields=tuple(
                (name, str(value)) for name, value in run.custom_fields.items()
            ),
            steps=self._steps(run.steps, run.evidence),
            iterations=(
                *examples,
                *(
                    values.Iteration(
                        kind=kind_of(each.status),
                        status=each.status,
                        name=each.name,
                        parameters=each.parameters,
                        message=each.log,
                        steps=self._steps(each.steps, ()),
                    )
                    for each in run.iterations
                ),
            ),
            evidence=self._pieces(
                row for row in run.evidence if row.place not in shown
            ),
            defects=self.links(run.defects),
        )

    def _steps(
        self, steps: Iterable[StepRow], evidence: tuple[EvidenceRow, ...]
    ) -> tuple[values.Step, ...]:
        return tuple(
            values.Step(
                kind=kind_of(step.status),
                status=step.status,
                action=step.action,
                actual=step.actual_result,
                comment=step.comment,
                evidence=self._pieces(
                    row for row in evidence if row.place == step_place(number)
                ),
                defects=self.links(step.defects),
            )
            for number, step in enumerate(steps, 1)
        )

    def _pieces(self, rows: Iterable[EvidenceRow]) -> tuple[values.Evidence, ...]:
        return tuple(
            values.Evidence(
                name=row.filename,
                media_type=row.media_type,
                size=row.size,
                url=self._evidence(row.id),
                place=row.place,
            )
            for row in rows
        )


def _other_fields(found: TestExecutionRow) -> dict[str, tuple[values.Link, ...]]:
    """Custom fields by their names, without those that are columns of their own."""
    names = {each["id"]: each["name"] for each in list_fields()}
    named = {names.get(id_, id_): value for id_, value in found.fields.items()}
    return {
        name: tuple(map(values.Link, map(str, _as_list(value))))
        for name, value in named.items()
        if name not in SHOWN
    }


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _seconds(moment: str) -> float:
    """Return a moment of Xray in seconds since the epoch; 0 if it is unknown."""
    if not moment:
        return 0.0
    try:
        return dt.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
