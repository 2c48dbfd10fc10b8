"""
Summarise failed tests for receipts and for CI systems.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from xray_bridge.model.receipt import FAILURES, Failure
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results

# In characters.
LONGEST_MESSAGE = 500
# The mark of pytest's error lines, below the code.
MARKED = "E   "


def first_failures(results: Results) -> tuple[Failure, ...]:
    """Return the first FAILURES failed Tests."""
    return tuple(map(_failure_of, islice(results.failures(), FAILURES)))


def _failure_of(run: TestRun) -> Failure:
    message = run.message or next((s.message for s in run.steps if s.message), "")
    where = run.scenario
    return Failure(
        name=one_line(run.test.definition),
        keys=run.test.test_keys,
        message=main_line(message),
        file=where.feature.path if where else "",
        line=where.line if where else 0,
    )


def main_line(message: str) -> str:
    """Return the main line of a failure, at most LONGEST_MESSAGE characters."""
    return one_line(_telling_line(readable(message)))[:LONGEST_MESSAGE]


def _telling_line(text: str) -> str:
    """Find the line with the error: pytest marks it, tracebacks end with it."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = next((line for line in lines if line.startswith(MARKED)), "")
    if marked:
        return marked.removeprefix(MARKED)
    return lines[-1 if lines[0].startswith("Traceback (") else 0] if lines else ""
