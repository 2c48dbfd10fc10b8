"""
JSON, member by member: never a whole report in memory.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ijson


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.read.protocol import Source

DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
# Above this many bytes nobody is told in which line the mistake is.
SEARCHED = 64 << 20


def members(source: Source, listed: str) -> Iterator[tuple[str, Any]]:
    """
    The members of a JSON object; those of the list ``listed`` one by one.

    Raises ReportError.
    """
    depth = floor = 0
    name = ""
    builder: Any = None
    for event, value in events(source):
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


def items(source: Source) -> Iterator[Any]:
    """
    The items of a JSON array, one by one.

    Raises ReportError.
    """
    depth = 0
    builder: Any = None
    for event, value in events(source):
        if depth == 1 and builder is None and not event.startswith("end_"):
            builder = ijson.ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
        depth += DEEPER.get(event, 0)
        if depth == 1 and builder is not None:
            yield builder.value
            builder = None


def events(source: Source) -> Iterator[tuple[str, Any]]:
    """
    What a parser meets on its way.

    Raises ReportError.
    """
    try:
        with source.path.open("rb") as file:
            yield from ijson.basic_parse(file, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        said, line = _mistake(source, error)
        hint = "was the report written to its end?"
        raise source.broken(f"is no JSON: {said}", line, hint) from None
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def _mistake(source: Source, error: Exception) -> tuple[str, int]:
    """In words and with a line, which the streaming parser does not know."""
    if source.path.stat().st_size <= SEARCHED:
        try:
            json.loads(source.path.read_bytes())
        except json.JSONDecodeError as found:
            return found.msg, found.lineno
        except (ValueError, RecursionError):
            pass
    return " ".join(str(error).split())[:200], 0
