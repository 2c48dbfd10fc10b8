"""
Evidence on its way from disk into a report: base64, block by block.

The rest of an element is small and written at once; a file may be as big as the
limits allow, and is never in memory.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.runs import evidence
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.results import Evidence
    from xray_bridge.runs.merge import Results

# Bytes. A multiple of 3, so that blocks of base64 can stand one after the other.
BLOCK = 3 << 14
# How ``json`` writes a string that begins with NUL, which no readable text does.
PLACE = re.compile(r'"\\u0000(\d+)"')


class _Target:
    """Remembers the first error of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self.error = self.error or error
            raise


@contextlib.contextmanager
def raises_what_failed(file: BinaryIO) -> Iterator[_Target]:
    """
    A file for lxml, which swallows what ``write`` raises.

    Raises it at the end: a report with a hole must not be sent.
    """
    target = _Target(file)
    try:
        yield target
    finally:
        if target.error is not None:
            raise target.error


@dataclass(frozen=True, slots=True)
class Base64:
    """The content of a file as a string of JSON; read when it is written."""

    path: Path


def dump_json(value: object, file: BinaryIO, *, ensure_ascii: bool = True) -> None:
    """
    Write JSON in which a ``Base64`` may stand wherever a string may.

    All texts have to be ``readable``.
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
    """The content of a file as base64, in pieces that belong together."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield base64.b64encode(block)


def sendable_evidence(
    results: Results, found: Sequence[Evidence]
) -> Iterator[tuple[Evidence, Path]]:
    """
    What can be sent, and the file that it is in.

    Each has a name of its own, on one line. What is gone, or has nothing in it
    any more, is left out.
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
    for each in evidence.distinct(named):
        path = results.path_of(each)
        if path is not None and path.stat().st_size:
            yield each, path
