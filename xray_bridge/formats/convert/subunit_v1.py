"""
The lines of subunit version 1, event by event.

Source: subunit's README, "Protocol". Details end where they say so and not where
their lengths do: paths in them are shortened by those who pass reports on.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.documents import LONGEST_LINE
from xray_bridge.formats.convert.values import LONGEST_TEXT, to_time


if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# The words of the protocol, and what version 2 calls them.
WORDS = {
    "test": "inprogress",
    "testing": "inprogress",
    "success": "success",
    "successful": "success",
    "failure": "fail",
    "error": "fail",
    "skip": "skip",
    "xfail": "xfail",
    "uxsuccess": "uxsuccess",
}
_EVENT = re.compile(rf"({'|'.join(WORDS)}): ?(.*?)(?: (\[)( multipart)?)?")
_LENGTH = re.compile(rb"[0-9A-Fa-f]+\r\n")
_LAST = b"0\r\n"


@dataclass(slots=True)
class Event:
    """The begin or end of a test, with its time and details."""

    name: str
    status: str
    at: float | None
    tags: frozenset[str]
    details: list[str] = field(default_factory=list)


def read_events(file: BinaryIO) -> Iterator[Event]:
    """Yield all events; output of tests between them is left out."""
    at: float | None = None
    tags: dict[str, None] = {}
    while line := file.readline(LONGEST_LINE):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        word, _, rest = text.partition(": ")
        if word == "time":
            at = to_time(rest.strip().replace(" ", "T", 1)) or at
        elif word == "tags":
            _change_tags(tags, rest.split())
        elif match := _EVENT.fullmatch(text):
            event = Event(match[2], WORDS[match[1]], at, frozenset(tags))
            if match[3]:
                event.details = list(_read_details(file, is_multipart=bool(match[4])))
            yield event


def _change_tags(tags: dict[str, None], given: list[str]) -> None:
    for tag in given:
        if tag.startswith("-"):
            tags.pop(tag[1:], None)
        else:
            tags[tag] = None


def _read_details(file: BinaryIO, *, is_multipart: bool) -> Iterator[str]:
    """Yield the parts as texts; a plain detail has only one."""
    found = bytearray()
    # Empty details end at once.
    before = _LAST
    while line := file.readline(LONGEST_LINE):
        is_end = line.rstrip(b"\r\n") == b"]"
        if is_end and (not is_multipart or before.endswith(_LAST)):
            break
        before = line
        if is_multipart and line.startswith(b"Content-Type: "):
            # The name of the part, and the length of its first chunk.
            yield _to_text(found)
            found.clear()
            file.readline(LONGEST_LINE)
        elif len(found) < LONGEST_TEXT and not _is_length(line, is_multipart):
            found += line.removesuffix(_LAST) if is_multipart else line
    yield _to_text(found)


def _is_length(line: bytes, is_multipart: bool) -> bool:
    return is_multipart and bool(_LENGTH.fullmatch(line))


def _to_text(found: bytearray) -> str:
    return found.decode("utf-8", "replace").strip()
