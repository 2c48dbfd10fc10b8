"""
Convert the results of a run to what a page shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.changes.causes import shorten_place
from xray_bridge.model.changes import FailureCause
from xray_bridge.model.fingerprint import read_cause
from xray_bridge.model.results import Outcome
from xray_bridge.runs.evidence import format_size
from xray_bridge.runs.failures import text_of
from xray_pages import values


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xray_bridge.model.results import Evidence, Iteration, Step, TestRun

# In bytes: of one file, and of all files within a page.
LARGEST_FILE = 8 << 20
LARGEST_PAGE = 64 << 20
KIND_OF = {
    Outcome.PASSED: values.PASSED,
    Outcome.FAILED: values.FAILED,
    Outcome.SKIPPED: values.SKIPPED,
    Outcome.XFAILED: values.XFAILED,
    Outcome.XPASSED: values.XPASSED,
    Outcome.FLAKY: values.FLAKY,
    Outcome.NOT_RUN: values.OTHER,
}


class Converter:
    """
    Makes a page's values of results.

    ``link_of`` returns the web address of an issue, or an empty text. ``path_of``
    returns the file of a piece of evidence, or None if it is missing or changed.
    """

    def __init__(
        self,
        link_of: Callable[[str], str],
        path_of: Callable[[Evidence], Path | None],
    ) -> None:
        self._link_of = link_of
        self._path_of = path_of
        self._embedded = 0

    def convert(
        self, run: TestRun, environments: tuple[str, ...] = ()
    ) -> values.Result:
        """Return what a page shows of a result in these Test Environments."""
        test, scenario = run.test, run.scenario
        is_scenario = scenario is not None
        tags = (*scenario.feature.tags, *scenario.tags) if scenario else test.labels
        return values.Result(
            name=(scenario.name if scenario else test.name) or test.definition,
            kind=KIND_OF[run.outcome],
            status=run.outcome.value,
            group=scenario.feature.path if scenario else test.classname,
            keys=self._links(test.test_keys),
            summary="" if is_scenario else test.summary,
            tags=tuple(dict.fromkeys(tags)),
            environments=environments,
            started=run.started,
            duration=run.duration,
            message=run.message,
            cause=_name_cause(run),
            comment="\n".join(filter(None, (run.quarantined, run.comment))),
            log=run.output,
            parameters=run.parameters,
            fields=run.custom_fields,
            steps=self._steps(run.steps),
            iterations=tuple(map(self._iteration, run.iterations)),
            evidence=self._evidence(run.evidence),
            defects=self._links(run.defects),
            requirements=self._links(test.requirements),
            notices=(
                *run.left_out,
                *(f"Not sent to Xray: {w}" for w in [run.withheld] if w),
            ),
        )

    def _links(self, keys: Iterable[str]) -> tuple[values.Link, ...]:
        return tuple(values.Link(key, self._link_of(key)) for key in keys)

    def _iteration(self, found: Iteration) -> values.Iteration:
        return values.Iteration(
            kind=KIND_OF[found.outcome],
            status=found.outcome.value,
            parameters=found.parameters,
            message=found.message,
            steps=self._steps(found.steps),
        )

    def _steps(self, found: Iterable[Step]) -> tuple[values.Step, ...]:
        return tuple(
            values.Step(
                kind=KIND_OF[step.outcome],
                status=step.outcome.value,
                action=f"{step.keyword} {step.name}".strip(),
                data=step.data or step.text or _table_text(step.table),
                expected=step.expected,
                actual=step.message,
                duration=step.duration,
                depth=step.depth,
                evidence=self._evidence(step.evidence),
            )
            for step in found
        )

    def _evidence(self, found: Iterable[Evidence]) -> tuple[values.Evidence, ...]:
        return tuple(map(self._piece, found))

    def _piece(self, found: Evidence) -> values.Evidence:
        path = self._path_of(found)
        if path is None:
            missing = "the file is missing or changed"
        elif found.size > LARGEST_FILE:
            missing = f"over {format_size(LARGEST_FILE)}: see {path.name} in the run"
        elif self._embedded + found.size > LARGEST_PAGE:
            missing = f"the page is full: see {path.name} in the run directory"
        else:
            missing = ""
            self._embedded += found.size
        return values.Evidence(
            name=found.name,
            media_type=found.media_type,
            size=found.size,
            read=path.read_bytes if path and not missing else None,
            missing=missing,
        )


def _name_cause(run: TestRun) -> str:
    """Return the cause of a failure; empty for all other results."""
    if run.outcome is not Outcome.FAILED:
        return ""
    found = read_cause(text_of(run))
    return str(FailureCause(type=found.type, place=shorten_place(found)))


def _table_text(table: Iterable[Iterable[str]]) -> str:
    return "\n".join(" | ".join(row) for row in table)
