"""
Warn about tests without a Test key whose names can change.

Xray finds such a Test by its name: a new name makes a new Test, and the old one keeps
its last result. The warning is printed once, before the first test.
"""

from __future__ import annotations

import contextlib
import enum
import json
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import marks
from pytest_xray_bridge.guard import guard_hooks
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

BY_POSITION = "the position of the row"
BY_ENUM = "an enum member that Python 3.11 writes differently"
BY_LENGTH = (
    "a text of more than 100 characters, which pytest 9.2 replaces by its position,"
)
BY_REPEAT = "the number of a repetition"
BY_ADDRESS = "a memory address"
BY_UUID = "a UUID"
BY_TIME = "a date"
BY_FOLDER = "a temporary folder"
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DAY = 86_400
# Types whose values pytest puts into names.
NAMED = (str, bytes, int, float, complex, bool, type(None), enum.Enum, type, re.Pattern)
LONGEST = 100
# Since 9.2, pytest names long texts by their position.
NAMES_LONG_TEXTS = pytest.version_tuple[:2] < (9, 2)
# How many tests are shown for each reason.
SHOWN = 3


@guard_hooks
class NameNotices:
    """Passes lines about such names to ``tell``, before the first test."""

    NAME = "xray-bridge-names"

    def __init__(self, tell: Callable[[list[str]], None]) -> None:
        self._tell = tell

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Check the names of all tests that will run."""
        lines = describe_names(session.items)
        if lines:
            self._tell(lines)


def write(folder: str, worker: str, lines: list[str]) -> None:
    """Write the lines of a worker for the controller, before the tests."""
    with contextlib.suppress(OSError):
        _path(folder, worker).write_text(json.dumps(lines), encoding="ascii")


def read(folder: str, worker: str) -> list[str]:
    """Read the lines of a worker, and delete its file."""
    path = _path(folder, worker)
    try:
        found: list[str] = json.loads(path.read_text(encoding="ascii"))
        path.unlink()
    except (OSError, ValueError):
        return []
    return found


def _path(folder: str, worker: str) -> Path:
    return Path(folder, f"{worker}.names")


def describe_names(items: Iterable[pytest.Item]) -> list[str]:
    """Return one line for each reason, with the number of its tests."""
    found: dict[str, list[str]] = {}
    reasons = NameReasons()
    unused: list[str] = []
    for item in items:
        if reason := reasons.find_keyless(item):
            found.setdefault(reason, []).append(item.nodeid)
        if _has_unused_nodeid(item):
            unused.append(item.nodeid)
    lines = [_reason_line(reason, nodeids) for reason, nodeids in found.items()]
    return lines + ([_line_of_unused(unused)] if unused else [])


def _has_unused_nodeid(item: pytest.Item) -> bool:
    """Whether a ``conftest.py`` has set ``_nodeid``, which pytest 9.2 does not read."""
    given = vars(item).get("_nodeid")
    # xdist sets it, too: the same node id with the group appended.
    return given is not None and str(given).partition("@")[0] != item.nodeid


def _line_of_unused(nodeids: Sequence[str]) -> str:
    return (
        f"a conftest.py or a plugin sets _nodeid of {count(len(nodeids), 'test')}, but "
        f"pytest {pytest.__version__} ignores it. Xray gets the names that pytest "
        f"itself uses: {_show_some(nodeids)}"
    )


def _reason_line(reason: str, nodeids: Sequence[str]) -> str:
    tests = count(len(nodeids), "test")
    have = "has" if len(nodeids) == 1 else "have"
    return (
        f"{tests} without a Test key {have} {reason} in the name. "
        "Xray creates a new Test when the name changes; add a Test key or a fixed id: "
        f"{_show_some(nodeids)}"
    )


def _show_some(nodeids: Sequence[str]) -> str:
    more = f" and {len(nodeids) - SHOWN} more" if len(nodeids) > SHOWN else ""
    return f"{', '.join(nodeids[:SHOWN])}{more}"


class NameReasons:
    """Finds why names can change, with what is the same for all items."""

    def __init__(self) -> None:
        now = time.time()
        days = (now - DAY, now, now + DAY)
        self._days = {time.strftime("%Y-%m-%d", time.gmtime(each)) for each in days}
        self._folders = (tempfile.gettempdir(), "pytest-of-")

    def find_keyless(self, item: pytest.Item) -> str:
        """Return why the name of a test can change; empty if it needs no name."""
        reason = self._find(item)
        return "" if reason and _needs_no_name(item) else reason

    def _find(self, item: pytest.Item) -> str:
        callspec: Any = getattr(item, "callspec", None)
        if callspec is None:
            return ""
        return self._of_text(str(callspec.id)) or next(_of_values(callspec), "")

    def _of_text(self, text: str) -> str:
        if ADDRESS.search(text):
            return BY_ADDRESS
        if UUID.search(text):
            return BY_UUID
        if any(day in self._days for day in DATE.findall(text)):
            return BY_TIME
        return BY_FOLDER if any(each in text for each in self._folders) else ""


def _of_values(callspec: Any) -> Iterator[str]:
    text = f"-{callspec.id}-"
    for name, value in callspec.params.items():
        if name.startswith("__"):
            yield BY_REPEAT
        elif _is_by_position(callspec, name, value):
            yield BY_POSITION
        elif NAMES_LONG_TEXTS and _is_long(value) and _is_in_name(callspec, value):
            yield BY_LENGTH
        elif _is_other_in_python_311(value) and f"-{value}-" in text:
            yield BY_ENUM


def unnamed_values(item: pytest.Item) -> list[object]:
    """Return the parameters that pytest names only by their position."""
    callspec: Any = getattr(item, "callspec", None)
    params = callspec.params.items() if callspec is not None else ()
    return [v for name, v in params if _is_by_position(callspec, name, v)]


def _is_by_position(callspec: Any, name: str, value: object) -> bool:
    position = f"-{name}{callspec.indices.get(name, '')}-"
    return position in f"-{callspec.id}-" and _is_unnamed(value)


def _is_other_in_python_311(value: object) -> bool:
    """
    Whether Python 3.11 changed the ``str`` of a value, which is its name.

    It changed for ``IntEnum`` and ``IntFlag``, and the order within a ``Flag`` of
    several values (the "What's New" of Python 3.11).
    """
    if isinstance(value, (enum.IntEnum, enum.IntFlag)):
        return True
    return isinstance(value, enum.Flag) and "|" in str(value)


def _is_unnamed(value: object) -> bool:
    """Whether pytest has no name for a value; since 9.2 that includes long texts."""
    has_name = isinstance(value, NAMED) or isinstance(
        getattr(value, "__name__", None), str
    )
    return _is_long(value) or not has_name


def _is_long(value: object) -> bool:
    return isinstance(value, (str, bytes)) and len(value) > LONGEST


def _is_in_name(callspec: Any, value: Any) -> bool:
    """Whether a text is in the name as it is, so that the row has no id of its own."""
    is_text = isinstance(value, str)
    escaped = value.encode("unicode_escape").decode() if is_text else repr(value)[2:-1]
    return escaped in callspec.id


def _needs_no_name(item: pytest.Item) -> bool:
    """Whether Xray does not need the name of a test."""
    try:
        read = marks.read(item)
    except ValueError:
        return True
    return "ignored" in read or bool(read.get("test_keys"))
