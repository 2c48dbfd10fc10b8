"""
From the process where a test runs to the one that records: builtins only.

What is known of a test beyond its reports travels as a part of its line in the
journal, hung on a report. xdist carries attributes whose values are text,
numbers, tuples and dicts, and ends the session at anything else (a path, an
enum, a lone surrogate). So both ends of the wire are in this one module; without
workers the same values take the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    import pytest

    from xray_bridge.codec import Line

ATTRIBUTE = "xray_bridge"
FAULT = "xray_bridge_fault"


def pack(report: pytest.TestReport, line: Line) -> None:
    """Hang a part of a line on a report, if there is any."""
    if line:
        found = {name: sendable(value) for name, value in line.items() if value}
        setattr(report, ATTRIBUTE, found)


def unpack(report: pytest.TestReport) -> Line | None:
    """
    What ``pack`` hung on a report, taken off it.

    pytest keeps all reports to the end of the session; ours would stay with them.
    """
    found: Line | None = report.__dict__.pop(ATTRIBUTE, None)
    return found


def pack_fault(report: pytest.TestReport, error: BaseException) -> None:
    """Tell of a fault of ours where the test ran; it must not end the session."""
    setattr(report, FAULT, sendable(f"{type(error).__name__}: {error}"))


def unpack_fault(report: pytest.TestReport) -> str:
    """What ``pack_fault`` told."""
    return str(getattr(report, FAULT, ""))


def sendable(value: Any) -> Any:
    """Builtins that execnet takes: exact types, text without lone surrogates."""
    if isinstance(value, str):
        if value.isascii():
            return str(value)
        return str(value.encode("utf-8", "backslashreplace"), "utf-8")
    if isinstance(value, (list, tuple)):
        return [sendable(each) for each in value]
    if isinstance(value, dict):
        return {sendable(key): sendable(each) for key, each in value.items()}
    return value
