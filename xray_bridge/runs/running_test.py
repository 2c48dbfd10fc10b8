"""
The short form of the note about a running test: bytes in a mapped file.

Most tests need only their node id and keys. The note is a copy into memory, which the
system writes to the file, even if the process is killed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from xray_bridge.runs.codec import Line

# Bytes of such a file; longer notes use the long form.
SIZE = 4096
SUFFIX = ".brief"
# 1, or 0 if no test is noted; the start; the lengths of the keys and of the node id.
_HEAD = struct.Struct("<BdHH")
_PACK = _HEAD.pack


def address_of(nodeid: str) -> tuple[str, str]:
    """
    Return class name and name as in pytest's own JUnit report.

    ``tests/test_a.py::TestB::test_c[x::y]``: ``tests.test_a.TestB``,
    ``test_c[x::y]``.
    """
    path, bracket, parameters = nodeid.partition("[")
    names = path.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    return ".".join(names[:-1]), f"{names[-1]}{bracket}{parameters}"


def pack_note(nodeid: str, keys: str, started: float) -> bytes:
    """
    Return a test as bytes; ``keys`` are separated by spaces.

    Raises ValueError if it does not fit into the file, or is not valid UTF-8.
    """
    name, known = nodeid.encode(), keys.encode()
    if len(name) + len(known) > SIZE - _HEAD.size:
        msg = f"{nodeid} is too long"
        raise ValueError(msg)
    return _PACK(1, started, len(known), len(name)) + known + name


def unpack_note(found: bytes) -> Line | None:
    """
    Return the test in a note, as the beginning of a line; None if no test is noted.

    Raises ValueError if the note is damaged.
    """
    if len(found) < _HEAD.size or not found[0]:
        return None
    _, started, length, rest = _HEAD.unpack_from(found)
    start = _HEAD.size + length
    keys = str(found[_HEAD.size : start], "utf-8").split()
    classname, name = address_of(str(found[start : start + rest], "utf-8"))
    line: Line = {"classname": classname, "name": name, "started": started}
    if keys:
        line["test_keys"] = keys
    return line
