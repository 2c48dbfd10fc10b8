"""
Read JSON in pieces: a report is never completely in memory.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import ijson

from xray_bridge.formats.read.long_data import ShortData


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.read.protocol import Source

# In files above this many bytes the line of a mistake is not searched.
SEARCHED = 64 << 20
# Bytes that the parser gets at once, at first.
BLOCK = 1 << 18


class HasRead(Protocol):
    """A binary file that can be read."""

    def read(self, size: int = -1, /) -> bytes:
        """Read the next bytes."""
        ...


class Blocks:
    """
    Gives a file to the parser in blocks that grow while nothing comes out of it.

    The parser looks through an unfinished text again with each block: in blocks of one
    size, the time for a text would grow with its square. ``had_events`` is to be set
    when something came out.
    """

    def __init__(self, file: HasRead) -> None:
        self._file = file
        self._size = BLOCK
        self.had_events = True

    def read(self, size: int = -1, /) -> bytes:
        """Read the next block, of any size; empty at the end."""
        if not size:
            # ijson asks for the type.
            return b""
        self._size = BLOCK if self.had_events else self._size * 2
        self.had_events = False
        pieces = []
        left = self._size
        while left > 0 and (piece := self._file.read(left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)


def read_keys(source: Source) -> Iterator[str]:
    """
    Yield the keys of a JSON object.

    Raises ReportError.
    """
    with open_json(source) as file:
        for prefix, event, value in parse_events(ShortData(file)):
            if not prefix and event == "map_key":
                yield value


def read_items(source: Source) -> Iterator[Any]:
    """
    Yield the items of a JSON array, one by one.

    Raises ReportError.
    """
    with open_json(source) as file:
        blocks = Blocks(file)
        for item in ijson.items(blocks, "item", use_float=True):
            blocks.had_events = True
            yield item


def read_members(source: Source, listed: str) -> Iterator[tuple[str, Any]]:
    """
    Yield the members of a JSON object, and the items of the list ``listed``.

    Raises ReportError.
    """
    with open_json(source) as file:
        yield from parse_members(file, listed)


def parse_members(file: HasRead, listed: str) -> Iterator[tuple[str, Any]]:
    """Yield the same of an open file; errors are those of the parser."""
    depth = floor = 0
    name = ""
    builder: Any = None
    blocks = Blocks(file)
    for event, value in ijson.basic_parse(blocks, use_float=True):
        blocks.had_events = True
        if builder is None:
            if depth == 1 and event == "map_key":
                name = value
                continue
            opens = depth == 0 or (depth, name, event) == (1, listed, "start_array")
            if opens or event.startswith("end_"):
                depth += DEEPER.get(event, 0)
                continue
            builder, floor = ijson.ObjectBuilder(), depth
        builder.event(event, value)
        depth += DEEPER.get(event, 0)
        if depth == floor:
            yield name, builder.value
            builder = None


def parse_events(file: HasRead) -> Iterator[tuple[str, str, Any]]:
    """Yield the events of a JSON text with their paths; errors are the parser's."""
    blocks = Blocks(file)
    for found in ijson.parse(blocks, use_float=True):
        blocks.had_events = True
        yield found


DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


@contextmanager
def open_json(source: Source) -> Iterator[BinaryIO]:
    """Open the file; errors of the JSON parser become a ReportError."""
    try:
        with source.path.open("rb") as file:
            yield file
    except (ijson.JSONError, UnicodeDecodeError) as error:
        mistake, line = _find_mistake(source, error)
        hint = "is the report complete?"
        raise source.broken(f"is not valid JSON: {mistake}", line, hint) from None
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def _find_mistake(source: Source, error: Exception) -> tuple[str, int]:
    """Find the mistake and its line, which the streaming parser does not know."""
    if source.path.stat().st_size <= SEARCHED:
        try:
            json.loads(source.path.read_bytes())
        except json.JSONDecodeError as found:
            return found.msg, found.lineno
        except (ValueError, RecursionError):
            pass
    return " ".join(str(error).split())[:200], 0
