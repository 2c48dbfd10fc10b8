"""
Leave empty elements out of the copy of JUnit XML, because Xray fails on them.

Gradle writes an empty ``<properties/>`` into each suite of JUnit XML. Source:
xray-junit-extensions, pull requests 18 and 19, which write a dummy into it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.formats.read.xml import find_starts


if TYPE_CHECKING:
    from xray_bridge.formats.read.protocol import Source

TAG = "properties"
# Blanks that are read at once.
BLANKS = 1 << 12


def is_empty_element(source: Source, place: int) -> bool:
    """Whether there is nothing but blanks in the element that begins here."""
    with source.path.open("rb") as file:
        return _end_of_empty(file, place) is not None


def write_without_empty(source: Source, out: BinaryIO) -> None:
    """
    Write the file without its empty elements.

    The same text in the output of a test is no element. Raises ReportError.
    """
    with source.path.open("rb") as file, source.path.open("rb") as looks:
        for place in find_starts(source, TAG):
            end = _end_of_empty(looks, place)
            if end is not None:
                _copy_bytes(file, out, place - file.tell())
                file.seek(end)
        _copy_bytes(file, out, source.path.stat().st_size - file.tell())


def _end_of_empty(file: BinaryIO, place: int) -> int | None:
    """Read the element, which may have blanks of any size; None if it has more."""
    file.seek(place)
    if file.read(len(TAG) + 1) != b"<" + TAG.encode():
        # It has a prefix.
        return None
    _skip_blanks(file)
    mark = file.read(1)
    if mark == b"/":
        return file.tell() + 1
    if mark != b">":
        return None
    _skip_blanks(file)
    if file.read(len(TAG) + 2) != b"</" + TAG.encode():
        return None
    _skip_blanks(file)
    return file.tell() + 1


def _skip_blanks(file: BinaryIO) -> None:
    while block := file.read(BLANKS):
        if rest := block.lstrip():
            file.seek(-len(rest), os.SEEK_CUR)
            return


def _copy_bytes(file: BinaryIO, out: BinaryIO, size: int) -> None:
    while size > 0 and (block := file.read(min(size, 1 << 18))):
        out.write(block)
        size -= len(block)
