"""
The protocol of report writers, and functions that they share.
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
    Writes results as bytes, never with a complete report in memory.

    The same results give the same bytes, because no writer reads a clock.
    """

    @property
    def format(self) -> str:
        """Xray's name of the format, as in the path of its endpoint."""
        ...

    @property
    def file_name(self) -> str:
        """The name of the report in a run directory."""
        ...

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """Write the report of ``results`` to ``file``."""
        ...


def plain_outcome(outcome: Outcome, dialect: Dialect) -> Outcome:
    """
    Return ``PASSED``, ``FAILED`` or ``SKIPPED``, for a format without statuses.

    Raises ReportError if the status of the outcome leads to none of them.
    """
    plain = dialect.plainly(outcome)
    if plain is None:
        word = dialect.statuses[outcome]
        msg = f"only Xray JSON can hold the status {word} of {outcome.value} tests"
        raise ReportError(msg, hint="set xray_format = xray")
    return plain


def limit_duration(duration: float) -> float:
    """Return a duration in seconds; 0 if a patched clock made it impossible."""
    return duration if 0 <= duration <= LONGEST_DURATION else 0.0
