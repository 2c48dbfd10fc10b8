"""
What a report writer is, and what the writers share.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Protocol

from xray_bridge.errors import ReportError


if TYPE_CHECKING:
    from xray_bridge.dialect import Dialect
    from xray_bridge.merge import Results
    from xray_bridge.model import Outcome

# CSI and OSC sequences: colours, cursor movements, titles, links.
ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])"
)
# What neither XML 1.0 nor a JSON reader at the other end can be trusted with:
# control characters, lone surrogates, non-characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

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


def readable(text: str) -> str:
    """
    Text that every reader takes: no colours, no control characters.

    What is not allowed stays visible as an escape such as ``\\x1b``.
    """
    if text.isascii() and text.isprintable():
        # Nearly all that is on one line.
        return text
    text = ANSI.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNPRINTABLE.sub(_escape, text)


def one_line(text: str) -> str:
    """A readable text without line ends: a name, the summary of an issue."""
    return " ".join(readable(text).split())


def plainly(outcome: Outcome, dialect: Dialect) -> Outcome:
    """
    ``PASSED``, ``FAILED`` or ``SKIPPED``, for a format that has no status words.

    Raises ReportError where the outcome has a status that leads to none of them.
    """
    plain = dialect.plainly(outcome)
    if plain is None:
        word = dialect.statuses[outcome]
        msg = f"only Xray JSON can say {word}, the status of {outcome.value} tests"
        raise ReportError(msg, hint="set xray_format = xray")
    return plain


def lasted(duration: float) -> float:
    """Seconds of a duration, whatever a patched clock made of it."""
    return duration if 0 <= duration <= LONGEST_DURATION else 0.0


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
