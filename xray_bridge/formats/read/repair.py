"""
What Xray trips over in reports, mended in the copy that is sent.

Gradle writes an empty ``<properties/>`` into each suite of JUnit XML. Source:
xray-junit-extensions, pull requests 18 and 19, which write a dummy into it.
pytest-bdd leaves the ``@`` of tags out of Cucumber JSON, in which Xray looks for
``@TEST_CALC-1`` (its manual, "Import Execution Results"; Cucumber writes it).
"""

from __future__ import annotations

import json
import mmap
import re
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.formats.read.json_stream import items
from xray_bridge.formats.read.xml import starts


if TYPE_CHECKING:
    from xray_bridge.formats.read.protocol import Source

HOLLOW = re.compile(rb"<properties\s*(?:/>|>\s*</properties\s*>)")


def hollows(source: Source) -> list[tuple[int, int]]:
    """
    Where empty elements stand, from and to, in bytes.

    Only where they are elements: a test may have printed the same. Raises
    ReportError.
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
    real = (place for place in starts(source, "properties") if place in found)
    return [(place, found[place]) for place in real]


def has_bare_tags(feature: Any) -> bool:
    """Whether a feature of Cucumber JSON has a tag without its ``@``."""
    return any(not _name(tag).startswith("@") for tag in _tags(feature))


def with_signs(source: Source, out: BinaryIO) -> None:
    """
    Write Cucumber JSON with an ``@`` before each tag, feature by feature.

    Raises ReportError.
    """
    between = b"[\n"
    for feature in items(source):
        for tag in _tags(feature):
            tag["name"] = f"@{_name(tag).removeprefix('@')}"
        out.write(between + json.dumps(feature).encode())
        between = b",\n"
    out.write(b"\n]\n")


def _tags(feature: Any) -> list[dict[str, Any]]:
    holders = [feature, *(feature.get("elements") or ())]
    found = [tag for each in holders for tag in each.get("tags") or ()]
    return [tag for tag in found if isinstance(tag, dict) and tag.get("name")]


def _name(tag: dict[str, Any]) -> str:
    return str(tag["name"])


def without(source: Source, places: list[tuple[int, int]], out: BinaryIO) -> None:
    """Write the file without these places."""
    with source.path.open("rb") as file:
        for start, end in places:
            _copy(file, out, start - file.tell())
            file.seek(end)
        _copy(file, out, source.path.stat().st_size - file.tell())


def _copy(file: BinaryIO, out: BinaryIO, size: int) -> None:
    while size > 0 and (block := file.read(min(size, 1 << 20))):
        out.write(block)
        size -= len(block)
