"""
A request as a value that can be printed and compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = "application/json"
XML = "application/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One part of a form: bytes, or a file that is streamed from disk.

    Each part has a file name; without one Xray Cloud refuses the info part
    (xray-automation-js, issue 15).
    """

    name: str
    filename: str
    media_type: str
    content: bytes | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    One request, relative to the base URL.

    ``parts`` make it a form; ``content`` is a raw body; at most one is given.
    ``repeatable``: sending it twice has the same effect as once. ``is_question``: it
    changes nothing on the server, so a lost answer does no harm.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    content: bytes | Path | None = None
    media_type: str = ""
    repeatable: bool = False
    is_question: bool = False

    @property
    def target(self) -> str:
        """Path and query, encoded."""
        query = "&".join(f"{_quote_text(k)}={_quote_text(v)}" for k, v in self.query)
        return f"{self.path}?{query}" if query else self.path

    @property
    def size(self) -> int:
        """The size of the content in bytes, without the frame of a form."""
        content = (self.content,) if self.content is not None else ()
        return sum(map(_length_of, (*content, *(part.content for part in self.parts))))

    def describe(self) -> Iterable[str]:
        """List the request and its parts for a person."""
        yield f"{self.method} {self.target}"
        for part in self.parts:
            yield f"  part {part.name}: {part.filename}, {_format_size(part.content)}"
        if self.content is not None:
            yield f"  body: {self.media_type}, {_format_size(self.content)}"


def make_question(path: str, query: Iterable[tuple[str, str]] = ()) -> Request:
    """Make a GET request, which changes nothing on the server."""
    return Request(
        method="GET",
        path=path,
        query=tuple(query),
        repeatable=True,
        is_question=True,
    )


def _quote_text(text: str) -> str:
    return quote(text, safe="")


def _format_size(content: bytes | Path) -> str:
    return f"{_length_of(content):,} bytes"


def _length_of(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
