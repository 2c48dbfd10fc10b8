"""
What was said of a scenario while it ran, and in which of its steps.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.model.results import Evidence, Outcome, TestRun
from xray_bridge.model.results import Step as Told
from xray_bridge.recording.annotations import Annotations
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterator

    from behave.model import Scenario, Step

    from xray_bridge.runs.evidence import EvidenceFolder

# Owners of what no step said, beside the ids of behave's steps.
BEFORE = -1
AFTER = -2
# Of Gherkin: a step that is neither Given, When nor Then.
STEP_WITHIN = "*"
# Xray judges a scenario by its steps. A step of the code failed, but what it was
# a part of went on and did not fail.
GOT_OVER = {Outcome.FAILED: Outcome.XFAILED, Outcome.SKIPPED: Outcome.XFAILED}


class Noted:
    """
    What was said of one attempt at a scenario.

    ``layer`` is behave's layer of the context, which each attempt has its own of.
    """

    def __init__(self, folder: EvidenceFolder | None, layer: object) -> None:
        self.annotations = Annotations(folder)
        self.layer = layer
        # Of ``annotations.steps``, one by one.
        self._owners: list[int] = []
        self._evidence: defaultdict[int, list[Evidence]] = defaultdict(list)
        self._has_run_steps = False

    def until(self, step: Step | None) -> None:
        """What was said since the last call belongs to this step, or to none."""
        owner = AFTER if self._has_run_steps else BEFORE
        if step is not None:
            owner = id(step)
            self._has_run_steps = True
        said = self.annotations
        self._owners += [owner] * (len(said.steps) - len(self._owners))
        self._evidence[owner] += said.evidence
        said.evidence.clear()

    def added_to(self, run: TestRun, scenario: Scenario) -> TestRun:
        """The record of the scenario, with what was said of it."""
        self.until(None)
        said = self.annotations
        test = run.test
        return replace(
            run,
            test=replace(
                test,
                test_keys=unique((test.test_keys, tuple(said.test_keys))),
                requirements=unique((test.requirements, tuple(said.requirements))),
            ),
            comment="\n\n".join(said.comments),
            defects=tuple(said.defects),
            custom_fields=tuple(said.custom_fields.items()),
            evidence=(*self._evidence[BEFORE], *self._evidence[AFTER]),
            left_out=tuple(said.left_out),
            steps=tuple(self._steps(run, scenario)),
        )

    def _steps(self, run: TestRun, scenario: Scenario) -> Iterator[Told]:
        """behave's steps, and after each what its code has told of it."""
        yield from self._within(BEFORE, run.outcome, scenario.line)
        for step, told in zip(scenario.all_steps, run.steps, strict=True):
            owner = id(step)
            yield replace(told, evidence=tuple(self._evidence[owner]))
            yield from self._within(owner, told.outcome, told.line)
        yield from self._within(AFTER, run.outcome, scenario.line)

    def _within(self, owner: int, outcome: Outcome, line: int) -> Iterator[Told]:
        failed = outcome is Outcome.FAILED
        for step, own in zip(self.annotations.steps, self._owners, strict=True):
            if own == owner:
                came_to = GOT_OVER.get(step.outcome, step.outcome)
                yield replace(
                    step,
                    keyword=STEP_WITHIN,
                    line=line,
                    outcome=step.outcome if failed else came_to,
                )
