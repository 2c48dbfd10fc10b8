"""
Split the texts of failures into parts that a page shows apart.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass


# pytest's lines about the error, below the code.
MARKED = re.compile(r"E(?:$| {3})")
TRACEBACK = "Traceback (most recent call last):"
# What a doctest shows below the example: what it expected, and what it got.
DOCTEST = ("Expected:", "Expected nothing")
# Frames of a traceback, and the code below them, are indented.
INDENT = (" ", "\t")
# A line of a diff; pytest indents it by two below the assertion. " + where" is none.
DIFF = re.compile(r"(?:  )?(?P<sign>[-+?])(?: |$)")
SIGNS = {"-": "del", "+": "ins", "?": "hint"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a failure; ``sign`` is a value of SIGNS, or empty."""

    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """
    The parts of the text of a failure.

    ``lines`` are about the assertion or the error; ``rest`` is the whole text, where
    it has more than these lines, else empty.
    """

    lines: tuple[Line, ...]
    rest: str = ""


def split_failure(message: str) -> Failure:
    """
    Find what a failure says in a text of pytest, behave or a traceback of Python.

    pytest marks the lines of the error with ``E``; a traceback ends with them.
    """
    text = message.strip("\n")
    lines = text.splitlines()
    marked = [line[4:] for line in lines if MARKED.match(line)]
    found = textwrap.dedent("\n".join(marked or _end(lines))).splitlines()
    return Failure(
        tuple(map(_with_sign, found)), text if len(found) < len(lines) else ""
    )


def _end(lines: list[str]) -> list[str]:
    """Return the lines of a doctest's result, or those after the last traceback."""
    expected = [number for number, line in enumerate(lines) if line in DOCTEST]
    if expected and lines[-1].endswith("DocTestFailure"):
        return "\n".join(lines[expected[-1] : -1]).rstrip().splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip() == TRACEBACK]
    if not starts:
        return lines
    frames = lines[starts[-1] + 1 :]
    after = [n for n, line in enumerate(frames) if line and not line.startswith(INDENT)]
    return frames[after[0] :] if after else lines


def _with_sign(line: str) -> Line:
    found = DIFF.match(line)
    return Line(line, SIGNS[found["sign"]] if found else "")
