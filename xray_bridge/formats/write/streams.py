"""
Write evidence from disk into a report as base64, block by block.

The rest of an element is small and written at once; a file may be as big as the limits
allow, and is never completely in memory.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.dataclass import dataclass
from xray_bridge.runs import evidence
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.results import Evidence
    from xray_bridge.runs.merge import Results

# Bytes. A multiple of 3, so that blocks of base64 can be joined.
BLOCK = 3 << 14
# A string that begins with NUL, as ``json`` writes it; no readable text does.
PLACE = re.compile(r'"\\u0000(\d+)"')


@dataclass(frozen=True, slots=True)
class Base64:
    """The content of a file as a JSON string; it is read while it is written."""

    path: Path


def dump_json(value: object, file: BinaryIO, *, ensure_ascii: bool = True) -> None:
    """
    Write JSON that may have a ``Base64`` in place of any string.

    All texts must be ``readable``.
    """
    paths: list[Path] = []

    def place(found: Any) -> str:
        paths.append(found.path)
        return f"\0{len(paths) - 1}"

    text = json.dumps(value, ensure_ascii=ensure_ascii, allow_nan=False, default=place)
    if not paths:
        file.write(text.encode())
        return
    before, *rest = PLACE.split(text)
    file.write(before.encode())
    for number, after in zip(rest[::2], rest[1::2], strict=True):
        file.write(b'"')
        file.writelines(base64_blocks(paths[int(number)]))
        file.write(b'"' + after.encode())


def base64_blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file as base64, in blocks."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield base64.b64encode(block)


def sendable_evidence(
    results: Results, found: Sequence[Evidence]
) -> Iterator[tuple[Evidence, Path]]:
    """
    Yield evidence that can be sent, and its files.

    Each piece has a different name, on one line. Missing and empty files are left out.
    """
    if not found:
        return
    named = (
        replace(
            each,
            name=one_line(each.name) or "evidence",
            media_type=one_line(each.media_type) or evidence.UNKNOWN,
        )
        for each in found
    )
    for each in evidence.with_distinct_names(named):
        path = results.path_of(each)
        if path is not None and path.stat().st_size:
            yield each, path
