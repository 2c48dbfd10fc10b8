"""
The lock file: which test is which Test, and what the last sync has written.

One line of JSON for each test, sorted by name, so that a merge of two branches is
readable. Long texts are kept as hashes. Users commit the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CheckError, ReportError
from xray_bridge.model.keys import KEY


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LOCK_FILE = "xray-tests.lock"
VERSION = 1
HEAD = "xray-tests"
CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
TEXTS = ("test", "key", "file", "body", "summary", "description", "steps", "folder")
LISTS = ("labels", "requirements", "test_sets")
NEEDED = ("test", "key")
REMEDY = "correct the lines, or remove them: their Tests are found again by their names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    The line of a test.

    ``test`` is its name, ``key`` that of its Test, ``file`` a path relative to the
    lock file. ``body``, ``summary``, ``description`` and ``steps`` are hashes of what
    was in code at the last sync, the others are the values.
    """

    test: str
    key: str
    file: str = ""
    body: str = ""
    summary: str = ""
    description: str = ""
    steps: str = ""
    folder: str = ""
    labels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    test_sets: tuple[str, ...] = ()

    def to_line(self) -> str:
        """Return the line; what is empty is left out."""
        values = {name: getattr(self, name) for name in (*TEXTS, *LISTS)}
        found = {name: value for name, value in values.items() if value}
        return json.dumps(found, ensure_ascii=False)


def read_lock(path: Path, project: str) -> tuple[Entry, ...]:
    """
    Read the lock file of a project; empty if there is none.

    Raises CheckError, which lists all wrong lines, and ReportError for a file that
    cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise ReportError(msg, hint="git has the last version of it") from None
    entries: list[tuple[int, Entry]] = []
    faults: list[str] = []
    # A line separator of Unicode may be part of a name.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = _read_line(line.strip())
            if isinstance(found, Entry):
                entries.append((number, found))
            elif found != project:
                msg = f"it is for the project {found}, but this is {project}"
                faults.append(f"line {number}: {msg}")
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    faults += _find_doubles(entries)
    if faults:
        lines = "; ".join(f"{path.name}, {each}" for each in faults)
        raise CheckError(f"nothing was synced: {lines}", hint=REMEDY)
    return tuple(entry for _, entry in entries)


def _read_line(line: str) -> Entry | str:
    """Return an entry, or the project of the first line. Raises ValueError."""
    if line.startswith(CONFLICT_MARKS):
        msg = "a conflict of git is not resolved; keep the lines of both branches"
        raise ValueError(msg)
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        msg = "it is not JSON"
        raise ValueError(msg) from None
    if not isinstance(found, dict):
        msg = "it is not an object of JSON"
        raise ValueError(msg)  # noqa: TRY004 - one kind of error for all lines
    if HEAD in found:
        return _read_head(found)
    _check_types(found)
    lists = {name: tuple(found[name]) for name in LISTS if name in found}
    return Entry(**{**found, **lists})


def _read_head(found: dict[str, Any]) -> str:
    if found[HEAD] != VERSION:
        msg = f"version {found[HEAD]!r} of the file is not known; update xray-bridge"
        raise ValueError(msg)
    return str(found.get("project"))


def _check_types(found: dict[str, Any]) -> None:
    unknown = [name for name in found if name not in (*TEXTS, *LISTS)]
    if unknown:
        msg = f"there is no key {unknown[0]}"
        raise ValueError(msg)
    for name in NEEDED:
        if not found.get(name):
            msg = f"{name} is missing"
            raise ValueError(msg)
    for name, value in found.items():
        is_list = isinstance(value, list) and all(isinstance(e, str) for e in value)
        if not (is_list if name in LISTS else isinstance(value, str)):
            msg = f"{name} must be {'a list of texts' if name in LISTS else 'a text'}"
            raise ValueError(msg)
    if not re.fullmatch(KEY, found["key"]):
        msg = f"key is {found['key']!r}, and keys look like CALC-15"
        raise ValueError(msg)


def _find_doubles(entries: Sequence[tuple[int, Entry]]) -> Iterator[str]:
    for name, what in (("test", "the test"), ("key", "the key")):
        counts = Counter(getattr(entry, name) for _, entry in entries)
        for value, times in counts.items():
            if times > 1:
                lines = [n for n, entry in entries if getattr(entry, name) == value]
                numbers = " and ".join(map(str, lines))
                yield f"lines {numbers}: {what} {value} is there {times} times"


def write_lock(path: Path, project: str, entries: Iterable[Entry]) -> None:
    """
    Write the lock file; an unchanged one is left alone.

    Raises ReportError.
    """
    head = json.dumps({HEAD: VERSION, "project": project})
    ordered = sorted(entries, key=lambda each: (each.test, each.key))
    lines = [head, *(each.to_line() for each in ordered)]
    content = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    try:
        if not path.exists() or path.read_bytes() != content:
            with replaced(path) as file:
                file.write(content)
    except OSError as error:
        msg = f"{path.name} cannot be written: {error.strerror}"
        hint = "make it writable, and sync again: Tests are found by their names"
        raise ReportError(msg, hint=hint) from None
