"""
The items that a converter finds in another tool's report: results, failures outside of
tests, and the report's own totals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.keys import KeyFinder
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.results import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """
    One result of one test.

    ``classname`` and ``name`` identify the test, and are the same in each run.
    ``message`` is the failure's text, the reason of a skip, or the failure before a
    retry that passed. ``started`` is in seconds since the epoch, ``duration`` in
    seconds. ``word`` is the report's word for the outcome, if it is unknown.
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
    A failure outside of tests: a hook, a file, a build, a run without its end.

    ``name`` names what failed. It becomes a failed result of its own.
    """

    name: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    The report's own numbers of tests and failed tests.

    They are compared with the items that were found, and never trusted.
    """

    tests: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """
    The report says that the whole run failed.

    It becomes a failed result if nothing else in the report failed.
    """

    message: str


Item: TypeAlias = Converted | Red | Totals | RunFailed


def has_failed(item: Converted | Red) -> bool:
    """Whether an item is sent as a failure."""
    return isinstance(item, Red) or item.outcome is Outcome.FAILED


# The name of failures of the run itself.
RUN = "test run"
# Each raises ReportError if the file is not a report of its format, and nothing else.
Converter: TypeAlias = Callable[[Source, KeyFinder], Iterator[Item]]
