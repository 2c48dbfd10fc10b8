"""
Write and read a line of a journal: JSON, a tab, and a checksum of the JSON.

The checksum shows whether a disk or a copy has damaged the line.
"""

from __future__ import annotations

from binascii import crc32
from json import JSONEncoder, loads
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import codec, shapes
from xray_bridge.runs.mending import mend_times


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.model.results import TestRun

# Bound once, because it runs for every test.
compact_json = JSONEncoder(separators=(",", ":")).encode
# How the JSON begins.
BEGINNING = b'{"classname":'


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return a result as a line, without line end."""
    return with_checksum(compact_json(line).encode("ascii"))


def with_checksum(text: bytes) -> bytes:
    """Return JSON with its checksum, without line end."""
    return b"%s\t%08x" % (text, crc32(text))


def content_of(line: bytes) -> bytes:
    """
    Return the JSON of a line with a correct checksum; older lines have none.

    If half a line precedes it, only the complete part is returned. Raises ValueError.
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


def parse_line(line: bytes, path: Path) -> TestRun:
    """
    Return the result in a line of a journal, with valid times.

    Raises RunDirectoryError, naming ``path``, if the line is damaged.
    """
    try:
        return shapes.check_types(mend_times(codec.decode(loads(content_of(line)))))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        start = line[:60].decode("utf-8", "backslashreplace").strip()
        msg = f"{path} has a damaged line: {start!r}"
        raise RunDirectoryError(
            msg, hint="remove the line to send the other results"
        ) from None
