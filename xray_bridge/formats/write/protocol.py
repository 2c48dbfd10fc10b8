"""
What a report writer is, and what the writers share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from xray_bridge.errors import ReportError


if TYPE_CHECKING:
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Outcome
    from xray_bridge.runs.merge import Results

# Jira's limit for the summary of an issue.
LONGEST_SUMMARY = 255
# A year, in seconds.
LONGEST_DURATION = 366 * 86_400


class ReportWriter(Protocol):
    """
    Runs in, bytes out: never a whole report in memory, and no clock.

    The same results give the same bytes.
    """

    @property
    def format(self) -> str:
        """Xray's name of the format, as in the path of its endpoint."""
        ...

    @property
    def file_name(self) -> str:
        """What the report is called in a run directory."""
        ...

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """Write the report of ``results`` to ``file``."""
        ...


def plain_outcome(outcome: Outcome, dialect: Dialect) -> Outcome:
    """
    ``PASSED``, ``FAILED`` or ``SKIPPED``, for a format that has no status words.

    Raises ReportError where the outcome has a status that leads to none of them.
    """
    plain = dialect.plainly(outcome)
    if plain is None:
        word = dialect.statuses[outcome]
        msg = f"only Xray JSON can hold the status {word} of {outcome.value} tests"
        raise ReportError(msg, hint="set xray_format = xray")
    return plain


def limit_duration(duration: float) -> float:
    """Seconds of a duration, whatever a patched clock made of it."""
    return duration if 0 <= duration <= LONGEST_DURATION else 0.0
