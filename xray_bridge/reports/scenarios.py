"""
What Cucumber and Behave JSON say alike: tags that name Tests, steps that add up.

Xray judges a scenario by its steps. So what became of a scenario has to show in
them, also where a hook, a fixture or an expectation decided it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.model import Outcome, Step
from xray_bridge.reports.protocol import readable


if TYPE_CHECKING:
    from xray_bridge.model import Scenario, TestRun


def tags(run: TestRun, scenario: Scenario) -> list[str]:
    """All tags, and each Test key that none of them spells as Xray does."""
    found = list(scenario.tags)
    found += [
        key for key in run.test.test_keys if not any(_is_key(tag, key) for tag in found)
    ]
    return [readable(tag) for tag in found]


def _is_key(tag: str, key: str) -> bool:
    """Whether the tag is the key, plain or behind a prefix such as ``TEST_``."""
    prefix = tag.removesuffix(key)
    return prefix != tag and not prefix[-1:].isalnum()


def told(run: TestRun) -> list[Step]:
    """The steps, such that the worst of them is the scenario's outcome."""
    steps = list(run.steps)
    if run.outcome is Outcome.SKIPPED:
        skipped = Outcome.SKIPPED
        steps = [replace(s, outcome=skipped, duration=0.0, message="") for s in steps]
    elif run.outcome is Outcome.XFAILED:
        # Its steps stopped where they were expected to.
        steps = [replace(s, outcome=Outcome.XFAILED) for s in steps]
    shown = {step.outcome for step in steps}
    if run.outcome in shown or (run.outcome is Outcome.XPASSED and steps):
        return steps
    return _with_a_word(run, steps)


def _with_a_word(run: TestRun, steps: list[Step]) -> list[Step]:
    """A step of our own, before or after the others, that says what they do not."""
    ran = any(step.outcome is not Outcome.NOT_RUN for step in steps)
    step = Step(
        keyword="After" if ran else "Before",
        name="hook",
        outcome=run.outcome,
        message=run.message,
        line=run.scenario.line if run.scenario else 0,
    )
    return [*steps, step] if ran else [step, *steps]
