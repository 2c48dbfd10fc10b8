"""
The short form of the note about a running test: bytes in a file that is mapped.

Most tests are known by their node id and their keys. To note these costs a copy into
memory that the system writes to the file, also when the process is killed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from xray_bridge.runs.codec import Line

# Bytes of such a file; what does not fit takes the long form.
SIZE = 4096
SUFFIX = ".brief"
# A one, or a zero where no test is noted; when it began, and how long its keys and its
# node id are.
_HEAD = struct.Struct("<BdHH")
_PACK = _HEAD.pack


def address(nodeid: str) -> tuple[str, str]:
    """
    Class name and name as pytest's own JUnit report has them.

    ``tests/test_a.py::TestB::test_c[x::y]``: ``tests.test_a.TestB``,
    ``test_c[x::y]``.
    """
    path, bracket, parameters = nodeid.partition("[")
    names = path.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    return ".".join(names[:-1]), f"{names[-1]}{bracket}{parameters}"


def packed(nodeid: str, keys: str, started: float) -> bytes:
    """
    A test as bytes; ``keys`` are separated by spaces.

    Raises ValueError where it has no place in the file, or is no UTF-8.
    """
    name, known = nodeid.encode(), keys.encode()
    if len(name) + len(known) > SIZE - _HEAD.size:
        msg = f"{nodeid} is too long"
        raise ValueError(msg)
    return _PACK(1, started, len(known), len(name)) + known + name


def unpacked(found: bytes) -> Line | None:
    """
    What ``packed`` was given, as the beginning of a line; None where no test is noted.

    Raises ValueError where it is damaged.
    """
    if len(found) < _HEAD.size or not found[0]:
        return None
    _, started, length, rest = _HEAD.unpack_from(found)
    start = _HEAD.size + length
    keys = str(found[_HEAD.size : start], "utf-8").split()
    classname, name = address(str(found[start : start + rest], "utf-8"))
    line: Line = {"classname": classname, "name": name, "started": started}
    if keys:
        line["test_keys"] = keys
    return line
