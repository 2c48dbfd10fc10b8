"""Times that are invalid, and how a result is sent all the same."""

from __future__ import annotations

import pytest

from tests.builders import a_run, a_step
from xray_bridge.model.results import Iteration, Outcome, TestRun
from xray_bridge.runs.mending import mend_times


YEAR = 365 * 86_400.0
# 9999-01-01 00:00:00 UTC, in seconds since the epoch.
LAST_YEAR = 253_370_764_800.0


def with_steps(*durations: float) -> TestRun:
    """Make a result with steps, and a row with the same steps."""
    steps = tuple(a_step(duration=each) for each in durations)
    row = Iteration(outcome=Outcome.PASSED, steps=steps)
    return a_run(steps=steps, iterations=(row,))


@pytest.mark.parametrize(
    ("started", "duration"), [(0.0, 0.0), (LAST_YEAR, 10 * YEAR), (7, 1)]
)
def test_possible_times(started: float, duration: float) -> None:
    """They stay, up to the year 9999 and ten years."""
    run = a_run(started=started, duration=duration)

    assert mend_times(run) is run


def test_impossible_times() -> None:
    """The notices have the values, and the result is at the beginning of 1970."""
    found = mend_times(a_run(started=LAST_YEAR + 0.5, duration=10 * YEAR + 0.5))

    assert (found.started, found.duration) == (0.0, 0.0)
    assert found.left_out == (
        "its invalid started, 253370764800.5",
        "its invalid duration, 315360000.5",
    )


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), 10 * YEAR + 1])
def test_steps_with_impossible_durations(bad: float) -> None:
    """They take no time, those of rows, too; no notice names them."""
    found = mend_times(with_steps(1.0, bad))

    (row,) = found.iterations
    assert [step.duration for step in found.steps] == [1.0, 0.0]
    assert [step.duration for step in row.steps] == [1.0, 0.0]
    assert found.left_out == ()


def test_steps_with_possible_durations() -> None:
    """Nothing is copied."""
    run = with_steps(0.0, 10 * YEAR)

    assert mend_times(run) is run


def test_row_with_an_impossible_duration() -> None:
    """Only the row is repaired."""
    bad = Iteration(outcome=Outcome.PASSED, steps=(a_step(duration=-1.0),))
    run = a_run(steps=(a_step(duration=2.0),), iterations=(bad,))

    found = mend_times(run)

    assert found.steps == run.steps
    assert found.iterations[0].steps[0].duration == 0.0
