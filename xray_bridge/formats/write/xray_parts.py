"""
Make the parts of a result in Xray JSON: steps, iterations, examples, evidence.

Source: as for ``xray``. Lists must not be empty, and a test has only one of ``steps``,
``iterations`` and ``examples``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.write.comment import given_lines, make_block
from xray_bridge.formats.write.step_numbers import number_steps
from xray_bridge.formats.write.streams import Base64, sendable_evidence
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.runs import evidence
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Evidence, Iteration, Outcome, Step, TestRun
    from xray_bridge.runs.merge import Results

# Xray's limit for the parameters of a dataset; only the comment has more.
MOST_PARAMETERS = 20
# Characters of a parameter's name or value; only the comment has longer ones.
LONGEST_PARAMETER = 255


class Parts:
    """Makes the parts of results in one product's Xray JSON."""

    def __init__(self, results: Results, dialect: Dialect) -> None:
        self._results = results
        self._dialect = dialect
        self._plain = DIALECTS[dialect.name].statuses

    def of_run(self, run: TestRun) -> dict[str, Any]:
        """
        Make ``examples``, ``iterations`` or ``steps``, for a Test that has a key.

        A scenario needs no steps, because Xray has its feature.
        """
        if not run.test.test_keys:
            return {}
        if run.scenario:
            examples = [self._status_of(each.outcome) for each in run.iterations]
            return {"examples": examples} if examples else {}
        if run.iterations:
            return {
                "iterations": [self._make_iteration(each) for each in run.iterations]
            }
        return self._make_steps(run.steps)

    def evidence(self, found: Sequence[Evidence]) -> list[dict[str, Any]]:
        """Make the objects of evidence that exists; its content stays on disk."""
        return [
            {
                "data": Base64(path),
                "filename": each.name,
                "contentType": each.media_type,
            }
            for each, path in sendable_evidence(self._results, found)
        ]

    def other_evidence(
        self, run: TestRun, members: Container[str]
    ) -> tuple[Evidence, ...]:
        """Return the evidence of a result that is not at its steps."""
        if "steps" in members:
            return run.evidence
        if "iterations" in members:
            return evidence.of_run(replace(run, iterations=()))
        return evidence.of_run(run)

    def _status_of(self, outcome: Outcome) -> str:
        """Return a status for examples and steps, which have only Xray's own."""
        word = self._dialect.statuses[outcome]
        known = word in self._dialect.example_statuses
        return word if known else self._plain[outcome]

    def _make_iteration(self, iteration: Iteration) -> dict[str, Any]:
        parameters = _make_parameters(iteration)
        return {
            **({"parameters": parameters} if parameters else {}),
            "status": self._dialect.statuses[iteration.outcome],
            **self._make_steps(iteration.steps),
        }

    def _make_steps(self, steps: Iterable[Step]) -> dict[str, Any]:
        made = [self._make_step(step) for step in number_steps(steps)]
        return {"steps": made} if made else {}

    def _make_step(self, step: Step) -> dict[str, Any]:
        name = f"{step.keyword} {step.name}".strip()
        found = {
            "status": self._status_of(step.outcome),
            "comment": make_block("\n".join((name, *given_lines(step)))),
            "actualResult": make_block(step.message),
            self._dialect.step_evidence_key: self.evidence(step.evidence),
        }
        return {name: value for name, value in found.items() if value}


def _make_parameters(iteration: Iteration) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for name, value in iteration.parameters:
        key = one_line(name)[:LONGEST_PARAMETER]
        if key and len(found) < MOST_PARAMETERS:
            found.setdefault(key, readable(value)[:LONGEST_PARAMETER])
    return [{"name": name, "value": value} for name, value in found.items()]
