"""
The tests that failed, in few words: for receipts, and for what CI systems show.
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
# How pytest shows the error itself, below the code.
MARKED = "E   "


def first_failures(results: Results) -> tuple[Failure, ...]:
    """The first FAILURES of the Tests that failed."""
    return tuple(map(_failure, islice(results.failures(), FAILURES)))


def _failure(run: TestRun) -> Failure:
    message = run.message or next((s.message for s in run.steps if s.message), "")
    where = run.scenario
    return Failure(
        name=one_line(run.test.definition),
        keys=run.test.test_keys,
        message=gist(message),
        file=where.feature.path if where else "",
        line=where.line if where else 0,
    )


def gist(message: str) -> str:
    """The line of a failure that says most, of at most LONGEST_MESSAGE characters."""
    return one_line(_telling_line(readable(message)))[:LONGEST_MESSAGE]


def _telling_line(text: str) -> str:
    """The line that says what went wrong: pytest marks it, tracebacks end with it."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = next((line for line in lines if line.startswith(MARKED)), "")
    if marked:
        return marked.removeprefix(MARKED)
    return lines[-1 if lines[0].startswith("Traceback (") else 0] if lines else ""
