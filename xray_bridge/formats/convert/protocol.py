"""
What a converter finds in another tool's report: results, red that is no test's, and
what the report says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from xray_bridge.formats.convert.keys import KeyFinder
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.results import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """
    One result of one test.

    ``classname`` and ``name`` are what the test is known by, the same in each run.
    ``message`` is the failure's text, the reason of a skip, or what failed before a
    retry passed. ``started`` is in seconds since the epoch, ``duration`` in seconds.
    ``word`` is the report's own for the outcome, where nobody knows it.
    """

    name: str
    outcome: Outcome
    classname: str = ""
    key: str = ""
    labels: tuple[str, ...] = ()
    message: str = ""
    started: float | None = None
    duration: float = 0.0
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Red:
    """
    A failure that is no test's: a hook, a file, a build, a run without its end.

    ``name`` is that of what failed; it becomes a failed result of its own.
    """

    name: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    How many tests a report says that it has, and how many failed.

    Compared with what was found, and never trusted.
    """

    tests: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """
    The report says that the whole run failed.

    It is red where nothing in the report is, which would be green without it.
    """

    message: str


Item: TypeAlias = Converted | Red | Totals | RunFailed


def has_failed(item: Converted | Red) -> bool:
    """Whether it is sent as a failure."""
    return isinstance(item, Red) or item.outcome is Outcome.FAILED


# What red is called that is the run's own.
RUN = "test run"
# Each raises ReportError for what is no report of its format, and nothing else.
Converter: TypeAlias = Callable[[Source, KeyFinder], Iterator[Item]]
