"""
Leave empty elements out of the copy of JUnit XML, because Xray fails on them.

Gradle writes an empty ``<properties/>`` into each suite of JUnit XML. Source:
xray-junit-extensions, pull requests 18 and 19, which write a dummy into it.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.formats.read.xml import find_starts


if TYPE_CHECKING:
    from xray_bridge.formats.read.protocol import Source

HOLLOW = re.compile(rb"<properties\s*(?:/>|>\s*</properties\s*>)")


def find_empty_properties(source: Source) -> list[tuple[int, int]]:
    """
    Find the start and the end of empty elements, in bytes.

    The same text in the output of a test is no element. Raises ReportError.
    """
    if not source.path.stat().st_size:
        return []
    with (
        source.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        found = dict(match.span() for match in HOLLOW.finditer(content))
    if not found:
        return []
    real = (place for place in find_starts(source, "properties") if place in found)
    return [(place, found[place]) for place in real]


def write_without(source: Source, places: list[tuple[int, int]], out: BinaryIO) -> None:
    """Write the file without these parts."""
    with source.path.open("rb") as file:
        for start, end in places:
            _copy_bytes(file, out, start - file.tell())
            file.seek(end)
        _copy_bytes(file, out, source.path.stat().st_size - file.tell())


def _copy_bytes(file: BinaryIO, out: BinaryIO, size: int) -> None:
    while size > 0 and (block := file.read(min(size, 1 << 20))):
        out.write(block)
        size -= len(block)
