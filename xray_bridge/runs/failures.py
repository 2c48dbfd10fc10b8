"""
Describe failed tests: for receipts, for CI systems, and to know a failure again.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from xray_bridge.model.fingerprint import join_row, stable_name
from xray_bridge.model.receipt import FAILURES, Failure
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results

# In characters.
LONGEST_MESSAGE = 500
# A frame or the end of pytest's tracebacks, relative to its folder: "a.py:3: KeyError".
PLACE = re.compile(
    r"^(?P<file>[^\s:<~/][^:\n]{0,400}\.py):(?P<line>\d{1,7}):", re.MULTILINE
)
# The mark of pytest's error lines, below the code.
MARKED = "E   "


def first_failures(results: Results) -> tuple[Failure, ...]:
    """Return the first FAILURES failed Tests."""
    return tuple(map(_failure_of, islice(results.failures(), FAILURES)))


def _failure_of(run: TestRun) -> Failure:
    message = text_of(run)
    scenario = run.scenario
    if scenario:
        file, line = scenario.feature.path, scenario.line
    else:
        file, line = find_place(message, run.test.classname)
    return Failure(
        name=one_line(run.test.definition),
        keys=run.test.test_keys,
        message=main_line(message),
        file=file,
        line=line,
    )


def find_place(message: str, classname: str) -> tuple[str, int]:
    """
    Return the file and the line of a failure, as pytest's traceback names them.

    The last line in the test's own file tells most; without one, the last line of all.
    Empty and 0 if the text has no such line.
    """
    found = [(each["file"], int(each["line"])) for each in PLACE.finditer(message)]
    own = [each for each in found if _is_in(each[0], classname)]
    return next(reversed(own or found), ("", 0))


def _is_in(file: str, classname: str) -> bool:
    module = file.removesuffix(".py").replace("/", ".")
    return classname == module or classname.startswith(f"{module}.")


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


def name_of(run: TestRun, *, per_row: bool) -> str:
    """Return the stable name of a test."""
    parameters = ""
    if run.scenario is not None and run.scenario.outline:
        parameters = join_row(run.parameters)
    return stable_name(run.test, parameters, per_row=per_row)


def text_of(run: TestRun) -> str:
    """Return the text of a failure, or that of its first step that has one."""
    return run.message or next((s.message for s in run.steps if s.message), "")
