"""
Count failures with an open defect as expected: the setting ``xfail_open_defects``.

Only runs with this setting import it. behave has no expected failures: its own summary
counts them as failed, and only Xray and the exit code see the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.jira.defects.known import KnownDefects, from_content
from xray_bridge.model.fingerprint import join_row
from xray_bridge.model.results import Outcome, Step, TestRun
from xray_bridge.recording.questions import OPEN_DEFECTS, ask


if TYPE_CHECKING:
    from xray_bridge.recording.session import Session


class OpenDefects:
    """Turns failures with an open defect into expected ones; ``found`` counts them."""

    def __init__(self, known: KnownDefects) -> None:
        self.found = 0
        self._known = known

    def expect(self, run: TestRun) -> TestRun:
        """Return the result, or the expected failure if its defect is open."""
        if run.outcome is not Outcome.FAILED:
            return run
        is_row = run.scenario is not None and bool(run.scenario.outline)
        row = join_row(run.parameters) if is_row else ""
        key = self._known.find_key(run.test, run.message, row)
        if not key:
            return run
        self.found += 1
        return replace(
            run,
            outcome=Outcome.XFAILED,
            message=f"known bug {key}\n\n{run.message}",
            defects=(*run.defects, key),
            # Xray decides a scenario by its steps.
            steps=tuple(map(_expect_step, run.steps)),
        )


def _expect_step(step: Step) -> Step:
    is_failed = step.outcome is Outcome.FAILED
    return replace(step, outcome=Outcome.XFAILED) if is_failed else step


def make(session: Session) -> OpenDefects | None:
    """Ask which defects are open; None if there are none."""
    known = from_content(ask(session, OPEN_DEFECTS) or {}, session.redact)
    return OpenDefects(known) if known else None
