"""
Values that no report can say, in a result that is to be sent all the same.

A clock that jumped, or a library that measured nonsense: one odd value must not keep
a whole run from Xray.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from xray_bridge.model.results import Step, TestRun

# In seconds: what dates of four digits hold, and more than a test can last.
LATEST = 253_370_764_800.0
LONGEST = 315_360_000.0


def mended(run: TestRun) -> TestRun:
    """
    The result itself, where its times are some.

    Otherwise with a start of 1970 or a duration of nothing, and with that among what
    was left out of it.
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
    said = (f"its {name}, {_shown(getattr(run, name))}" for name in changes)
    return replace(run, **changes, left_out=(*run.left_out, *said))


def _with_mended_steps(run: TestRun) -> TestRun:
    """Those of a scenario, and of rows; of a step nobody misses how long it took."""
    rows = tuple(replace(row, steps=_mended_steps(row.steps)) for row in run.iterations)
    steps = _mended_steps(run.steps)
    if steps == run.steps and rows == run.iterations:
        return run
    return replace(run, steps=steps, iterations=rows)


def _mended_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(
        each if _is_within(each.duration, LONGEST) else replace(each, duration=0.0)
        for each in steps
    )


def _is_within(value: object, most: float) -> bool:
    return type(value) in {int, float} and 0 <= value <= most  # type: ignore[operator]


def _shown(value: object) -> str:
    return f"{value!s:.40}"
