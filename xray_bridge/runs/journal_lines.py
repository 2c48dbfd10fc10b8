"""
Write and read a line of a journal: JSON, a tab, and a checksum of the JSON.

The checksum shows whether a disk or a copy has damaged the line.
"""

from __future__ import annotations

from binascii import crc32
from functools import lru_cache
from json import JSONDecoder, JSONEncoder, loads
from json.encoder import encode_basestring_ascii as quote
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import codec, shapes
from xray_bridge.runs.mending import mend_times
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xray_bridge.model.results import TestRun

# Bound once, because it runs for every test.
compact_json = JSONEncoder(separators=(",", ":")).encode
decode_json = JSONDecoder().raw_decode
SEPARATOR = '","'
MILLION = 1_000_000
# How the JSON begins.
BEGINNING = b'{"classname":'


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return a result as a line, without line end."""
    return with_checksum(compact_json(line).encode("ascii"))


def encode_passed(
    nodeid: str,
    keys: Sequence[str],
    started: float,
    duration: float,
    position: int = 0,
) -> bytes:
    """
    Return the line of a passed test with these fields only.

    ``nodeid`` has no parameters, and ``keys`` are issue keys. ``started`` is exact, as
    in the note about the running test; ``duration`` is in microseconds. ``position`` is
    that of the test in the code; 0: the order of the lines is the same. Most lines of a
    journal are of this kind, and text is made quicker than JSON.
    """
    place, _, name = nodeid.rpartition("::")
    known = f',"test_keys":["{SEPARATOR.join(keys)}"]' if keys else ""
    place_in_code = f',"position":{position}' if position else ""
    text = (
        f'{_begin_line(place)}{quote(name)},"outcome":"passed",'
        f'"started":{_format_time(started)},"duration":{duration:.6f}{known}{place_in_code}}}'
    )
    return with_checksum(text.encode("ascii"))


def _format_time(seconds: float) -> str:
    """Return ``repr(seconds)``, quicker if these are whole microseconds."""
    whole = int(seconds * 1e6 + 0.5)
    if whole / 1e6 != seconds or whole < MILLION:
        return repr(seconds)
    digits = str(whole)
    return f"{digits[:-6]}.{digits[-6:]}"


@lru_cache(maxsize=8)
def _begin_line(place: str) -> str:
    """Return the line of a test in a file or class up to its name."""
    classname, _ = address_of(f"{place}::")
    return f'{{"classname":{quote(classname)},"name":'


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


def load_json(text: bytes) -> Any:
    """
    Return the value of JSON; quick if nothing precedes or follows it.

    Raises ValueError and RecursionError.
    """
    try:
        words = text.decode()
        found, end = decode_json(words)
    except ValueError:
        return loads(text)
    return found if end == len(words) else loads(text)


def parse_line(line: bytes, path: Path) -> TestRun:
    """
    Return the result in a line of a journal, with valid times.

    Raises RunDirectoryError, naming ``path``, if the line is damaged.
    """
    try:
        run = mend_times(codec.decode(load_json(content_of(line))))
        return shapes.check_types(run) if run.steps or run.iterations else run
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        start = line[:60].decode("utf-8", "backslashreplace").strip()
        msg = f"{path} has a damaged line: {start!r}"
        raise RunDirectoryError(
            msg, hint="remove the line to send the other results"
        ) from None
