"""
Read JSON of other tools in pieces: objects below a path, or a line at a time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ijson

from xray_bridge.formats.read.json_stream import DEEPER, open_json, parse_events


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from xray_bridge.formats.read.protocol import Source

DEEPEST = 200
# Bytes; Cucumber Messages may have a screenshot in one line.
LONGEST_LINE = 64 << 20


def read_values(
    source: Source, paths: Collection[str], without: Collection[str] = ()
) -> Iterator[tuple[str, Any]]:
    """
    Yield the values at some paths, such as ``results.tests.item``, in the file's order.

    Members whose names are in ``without`` are left out and never kept in memory.
    Raises ReportError.
    """
    builder: Any = None
    depth = skipped = 0
    name, is_skipping = "", False
    with open_json(source) as file:
        for prefix, event, value in parse_events(file):
            step = DEEPER.get(event, 0)
            if builder is None:
                if event == "map_key" or event.startswith("end_"):
                    continue
                if prefix not in paths:
                    continue
                builder, depth, name = ijson.ObjectBuilder(), 0, prefix
            if is_skipping:
                skipped += step
                is_skipping = skipped > 0
                continue
            if event == "map_key" and value in without:
                is_skipping, skipped = True, 0
                continue
            depth += step
            if depth > DEEPEST:
                raise source.broken("is nested too deeply")
            builder.event(event, value)
            if depth == 0:
                yield name, builder.value
                builder = None


def read_lines(source: Source) -> Iterator[tuple[int, str]]:
    """
    Yield the lines of a text without their ends, with their numbers from 1.

    Raises ReportError.
    """
    try:
        with source.path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise source.broken("has a line that is too long", number)
                yield number, line.decode("utf-8", "replace").rstrip("\r\n")
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def parse_line(line: str) -> dict[str, Any] | None:
    """Parse a line that is a JSON object; None for any other line."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
