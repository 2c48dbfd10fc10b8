"""
A line of a journal: JSON, a tab, and a checksum of the JSON.

What a disk or a copy has changed is told from what a test has recorded.
"""

from __future__ import annotations

from binascii import crc32
from json import JSONEncoder, loads
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import codec, shapes
from xray_bridge.runs.mending import mended


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.model.results import TestRun

# Bound once: this runs for every test.
compact_json = JSONEncoder(separators=(",", ":")).encode
# How the JSON begins.
BEGINNING = b'{"classname":'


def encoded(line: Mapping[str, Any]) -> bytes:
    """A result as a line, without its end."""
    return with_checksum(compact_json(line).encode("ascii"))


def with_checksum(text: bytes) -> bytes:
    """A line, without its end."""
    return b"%s\t%08x" % (text, crc32(text))


def content_of(line: bytes) -> bytes:
    """
    The JSON of a line, whose checksum is right; older lines have none.

    Of a line that a torn one runs into, its own part. Raises ValueError.
    """
    text, tab, said = line.rstrip(b"\n").rpartition(b"\t")
    if not tab:
        return line
    wanted = int(said, 16)
    start = 0
    while start >= 0:
        if crc32(text[start:]) == wanted:
            return text[start:]
        start = text.find(BEGINNING, start + 1)
    msg = "the checksum is wrong"
    raise ValueError(msg)


def parsed(line: bytes, path: Path) -> TestRun:
    """
    The result in a line of a journal, with times that are some.

    Raises RunDirectoryError, naming ``path``, where the line holds none.
    """
    try:
        return shapes.checked(mended(codec.decode(loads(content_of(line)))))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        start = line[:60].decode("utf-8", "backslashreplace").strip()
        msg = f"{path} has a damaged line: {start!r}"
        raise RunDirectoryError(
            msg, hint="take the line out to send the rest"
        ) from None
