"""
Repair invalid times in a result, so that it can be sent.

A clock may jump, or a library may measure nonsense: one invalid value must not stop
the upload of a run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from xray_bridge.model.results import Step, TestRun

# In seconds: the last date with a year of four digits, and a duration of ten years.
LATEST = 253_370_764_800.0
LONGEST = 315_360_000.0
# How many steps may be around a step.
DEEPEST = 1000


def mend_times(run: TestRun) -> TestRun:
    """
    Return the result, with valid times.

    An invalid start becomes 1970, an invalid duration 0; ``left_out`` names them.
    """
    changes: dict[str, Any] = {}
    if not _is_within(run.started, LATEST):
        changes["started"] = 0.0
    if not _is_within(run.duration, LONGEST):
        changes["duration"] = 0.0
    if run.steps or run.iterations:
        run = _with_mended_steps(run)
    if not changes:
        return run
    said = (
        f"its invalid {name}, {_format_value(getattr(run, name))}" for name in changes
    )
    return replace(run, **changes, left_out=(*run.left_out, *said))


def _with_mended_steps(run: TestRun) -> TestRun:
    """Repair durations and depths of steps; nobody needs a notice about these."""
    rows = tuple(replace(row, steps=_mended_steps(row.steps)) for row in run.iterations)
    steps = _mended_steps(run.steps)
    if steps == run.steps and rows == run.iterations:
        return run
    return replace(run, steps=steps, iterations=rows)


def _mended_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(map(_mend_step, steps))


def _mend_step(step: Step) -> Step:
    if not _is_within(step.duration, LONGEST):
        step = replace(step, duration=0.0)
    is_depth = type(step.depth) is int and 0 <= step.depth <= DEEPEST
    return step if is_depth else replace(step, depth=0)


def _is_within(value: object, most: float) -> bool:
    return type(value) in {int, float} and 0 <= value <= most  # type: ignore[operator]


def _format_value(value: object) -> str:
    return f"{value!s:.40}"
