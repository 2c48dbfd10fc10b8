"""
Send parts of journal lines from the process of a test to the one that records.

A part of the test's journal line is sent as an attribute of its reports. xdist sends
attributes whose values are text, numbers, tuples and dicts, and ends the session at
anything else (a path, an enum, a lone surrogate). Without workers the values are the
same.
"""

from __future__ import annotations

from reprlib import Repr
from typing import Any

import pytest

from pytest_xray_bridge.faults import FAULTS
from xray_bridge.runs.codec import Line


class WireLine(Line, total=False):
    """
    A part of a line, with fields that only the recorder reads.

    ``failed_call`` is the failure of a call whose report another plugin may hold back;
    ``no_test`` says that an item is not a test and has no result; ``ignored`` that its
    mark or tag leaves it out.
    """

    failed_call: str
    no_test: bool
    ignored: bool


ATTRIBUTE = "xray_bridge"
FAULTS_OF = "xray_bridge_faults"


def pack(report: pytest.TestReport, line: WireLine) -> None:
    """Put a part of a line on a report; an empty one, too, shows that it was packed."""
    setattr(report, ATTRIBUTE, to_line(line))


def to_line(line: WireLine) -> dict[str, Any]:
    """Return a part of a line without empty fields, and with builtins only."""
    return {name: to_sendable(value) for name, value in line.items() if value}


def unpack(report: pytest.TestReport) -> WireLine | None:
    """
    Take the part of a line off a report.

    pytest keeps all reports, with their attributes, to the end of the session.
    """
    found: WireLine | None = report.__dict__.pop(ATTRIBUTE, None)
    return found


def pack_faults(report: pytest.TestReport, faults: list[str]) -> None:
    """Put faults on a report, so that they do not end the session."""
    if faults:
        setattr(report, FAULTS_OF, [*unpack_faults(report), *to_sendable(faults)])


def unpack_faults(report: pytest.TestReport) -> list[str]:
    """Return the faults on a report."""
    found: list[str] = getattr(report, FAULTS_OF, [])
    return found


def to_sendable(value: Any, depth: int = 0) -> Any:
    """
    Convert a value to builtins that execnet can send, without lone surrogates.

    Anything else (a path, an enum, an object) becomes text.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _escape_surrogates(value)
    if kind in _SENT_UNCHANGED:
        return value
    if kind is int:
        is_small = -_BIGGEST < value < _BIGGEST
        return value if is_small else f"<an int of {value.bit_length()} bits>"
    if depth < _DEEPEST and kind in _SEQUENCES:
        return kind(to_sendable(each, depth + 1) for each in value)
    if depth < _DEEPEST and kind is dict:
        return {
            to_sendable(key, depth + 1): to_sendable(each, depth + 1)
            for key, each in value.items()
        }
    return _escape_surrogates(to_text(value))


_SENT_UNCHANGED = frozenset({bool, float, bytes, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})
# ``str`` refuses longer numbers, and execnet sends numbers as texts.
_BIGGEST = 10**4000
_DEEPEST = 50


def _escape_surrogates(text: str) -> str:
    return str(text.encode("utf-8", "backslashreplace"), "utf-8")


def to_text(value: object) -> str:
    """Convert any value to a text of limited length, even if its ``repr`` raises."""
    try:
        text = str.__str__(value) if isinstance(value, str) else _REPR.repr(value)
    except FAULTS as error:
        text = f"<{type(value).__name__}: {type(error).__name__} in repr()>"
    return f"{text[:LONGEST_TEXT]}..." if len(text) > LONGEST_TEXT else text


LONGEST_TEXT = 200
# Limited, because a parameter may be a list of millions.
_REPR = Repr()
_REPR.maxstring = _REPR.maxother = LONGEST_TEXT


# The attributes of a report that no plugin has changed.
_OWN = {*vars(pytest.TestReport("", ("", 0, ""), {}, "passed", None, "call"))}
_ATTRIBUTES = (_OWN, _OWN | {ATTRIBUTE})
_TEXT = {str}
_NUMBER = {int}
_TIMES = {float}
_PASSED = {("passed", "setup"), ("passed", "call"), ("passed", "teardown")}


class PlainReports:
    """
    Finds reports that execnet can send unchanged: passed, with nothing of users in it.

    Names and marks are the same in all reports of a test, and are checked once. The
    line of the test is sendable already.
    """

    def __init__(self) -> None:
        self._known: tuple[object, ...] = ()

    def is_plain(self, report: pytest.TestReport) -> bool:
        """Whether it is such a report; a quick answer, and False may be wrong."""
        found = report.__dict__
        names: Any = report.nodeid, found.get("location"), found.get("keywords")
        is_silent = (
            type(report) is pytest.TestReport
            and found.keys() in _ATTRIBUTES
            and (found["outcome"], found["when"]) in _PASSED
            and found["longrepr"] is None
            and not found["user_properties"]
            and not found["sections"]
            and {*map(type, (found["duration"], found["start"], found["stop"]))}
            == _TIMES
        )
        if is_silent and names != self._known and _are_plain(*names):
            self._known = names
        return is_silent and names == self._known


def _are_plain(nodeid: str, location: Any, keywords: dict[str, Any]) -> bool:
    file, number, name = location
    texts = [nodeid, file, name, *keywords]
    return (
        {*map(type, texts)} == _TEXT
        and "".join(texts).isascii()
        and (number is None or type(number) is int)
        and {*map(type, keywords.values())} == _NUMBER
        and {*keywords.values()} == {1}
    )
