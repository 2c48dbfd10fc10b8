"""
Recognise the format of a report to convert, by its beginning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.errors import ReportError
from xray_bridge.formats.convert.documents import parse_line
from xray_bridge.formats.read.json_stream import open_json, parse_events
from xray_bridge.formats.read.long_data import ShortData
from xray_bridge.formats.read.xml import namespaced_root_of
from xray_bridge.model.foreign_formats import (
    FOREIGN_FORMATS,
    ForeignFormat,
    Sign,
    foreign_folder,
)


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.read.protocol import Source

HEAD = 1 << 16
# Members of a JSON object and members of these; reports have few.
MOST_MEMBERS = 10_000
# Members of a test in Xray JSON, which may be too long to be read twice.
OF_XRAY = frozenset({"testInfo", "testKey"})


def recognise(source: Source) -> ForeignFormat | None:
    """
    Find the format to convert from; None if Xray imports it or it is unknown.

    A file that cannot be read gives None, too; the next reader says why.
    """
    if source.path.is_dir():
        return foreign_folder(source.path)
    try:
        with source.path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return None
    begin = head.lstrip().decode("latin-1")
    for each in _formats_by_sign(Sign.BYTES):
        if any(re.match(mark, begin) for mark in each.marks):
            return each
    try:
        return _recognise_content(source, head)
    except ReportError:
        return None


def _recognise_content(source: Source, head: bytes) -> ForeignFormat | None:
    first = head.lstrip()[:1]
    if first == b"<":
        root = namespaced_root_of(source)
        return next(
            (row for row in _formats_by_sign(Sign.ROOT) if root in row.marks), None
        )
    lines = head.decode("utf-8", "replace").splitlines()
    if found := _recognise_lines(lines):
        return found
    if first == b"{":
        return _recognise_object(source)
    # An array is a list of features.
    return None if first == b"[" else _recognise_text(lines)


def _formats_by_sign(sign: Sign) -> Iterator[ForeignFormat]:
    return (each for each in FOREIGN_FORMATS.values() if each.sign is sign)


def _recognise_lines(lines: list[str]) -> ForeignFormat | None:
    """Recognise the first line that is an object; a compiler may write lines before."""
    first = next(filter(None, map(parse_line, lines)), None)
    if first:
        for each in _formats_by_sign(Sign.LINE):
            if first.keys() <= set(each.marks):
                return each
    return None


def _recognise_object(source: Source) -> ForeignFormat | None:
    seen: set[str] = set()
    for path in _member_paths(source):
        seen.add(path)
        for each in _formats_by_sign(Sign.MEMBERS):
            if path in each.marks and seen.issuperset(each.marks):
                return each
        if len(seen) > MOST_MEMBERS:
            break
    return None


def _member_paths(source: Source) -> Iterator[str]:
    """Yield paths of an object's members and of theirs: ``results.tests``."""
    with open_json(source) as file:
        for prefix, event, value in parse_events(ShortData(file)):
            if event != "map_key":
                continue
            if prefix == "tests.item" and value in OF_XRAY:
                return
            if "." not in prefix:
                yield f"{prefix}.{value}" if prefix else value


def _recognise_text(lines: list[str]) -> ForeignFormat | None:
    for line in lines:
        for each in _formats_by_sign(Sign.TEXT):
            if any(re.fullmatch(mark, line) for mark in each.marks):
                return each
    return None
