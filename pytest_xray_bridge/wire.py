"""
From the process where a test runs to the one that records: builtins only.

What is known of a test beyond its reports travels as a part of its line in the
journal, hung on a report. xdist carries attributes whose values are text,
numbers, tuples and dicts, and ends the session at anything else (a path, an
enum, a lone surrogate). So both ends of the wire are in this one module; without
workers the same values take the same way.
"""

from __future__ import annotations

from reprlib import Repr
from typing import TYPE_CHECKING, Any

import pytest


if TYPE_CHECKING:
    from xray_bridge.runs.codec import Line

ATTRIBUTE = "xray_bridge"
FAULTS_OF = "xray_bridge_faults"
OURSELVES = "xray-bridge itself"
# What our own code, or a user's __repr__ or hook in it, may raise; pytest's
# outcomes are no Exceptions. Ctrl-C and exits go on.
FAULTS = (
    Exception,
    pytest.fail.Exception,
    pytest.skip.Exception,
    pytest.xfail.Exception,
)


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


def pack_faults(report: pytest.TestReport, faults: list[str]) -> None:
    """Tell of faults where the test ran; they must not end the session."""
    if faults:
        setattr(report, FAULTS_OF, [*unpack_faults(report), *sendable(faults)])


def unpack_faults(report: pytest.TestReport) -> list[str]:
    """What ``pack_faults`` told."""
    found: list[str] = getattr(report, FAULTS_OF, [])
    return found


def fault(where: str, error: BaseException) -> str:
    """What went wrong, in a line; ``where`` is a user's hook, or ourselves."""
    try:
        said = str(error)
    except FAULTS:
        said = "its text cannot be told"
    return f"{where}: {type(error).__name__}: {said}"


def sendable(value: Any, depth: int = 0) -> Any:
    """
    Builtins that execnet takes: exact types, text without lone surrogates.

    Anything else (a path, an enum, an object) becomes text.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _encodable(value)
    if value is None or kind in _AS_THEY_ARE:
        return value
    if kind is int:
        is_small = -_BIGGEST < value < _BIGGEST
        return value if is_small else f"<an int of {value.bit_length()} bits>"
    if depth < _DEEPEST and kind in _SEQUENCES:
        return kind(sendable(each, depth + 1) for each in value)
    if depth < _DEEPEST and kind is dict:
        return {
            sendable(key, depth + 1): sendable(each, depth + 1)
            for key, each in value.items()
        }
    return _encodable(shown(value))


_AS_THEY_ARE = frozenset({bool, float, bytes})
_SEQUENCES = frozenset({list, tuple, set, frozenset})
# ``str`` goes no further, and execnet sends numbers as texts.
_BIGGEST = 10**4000
_DEEPEST = 50


def _encodable(text: str) -> str:
    return str(text.encode("utf-8", "backslashreplace"), "utf-8")


def shown(value: object) -> str:
    """Any value as text, of a bounded length; whatever its ``repr`` does."""
    try:
        text = str.__str__(value) if isinstance(value, str) else _REPR.repr(value)
    except FAULTS as error:
        text = f"<{type(value).__name__}: {type(error).__name__} in repr()>"
    return f"{text[:LONGEST_SHOWN]}..." if len(text) > LONGEST_SHOWN else text


LONGEST_SHOWN = 200
# Bounded: a parameter may be a list of millions.
_REPR = Repr()
_REPR.maxstring = _REPR.maxother = LONGEST_SHOWN
