"""
Copy an XML report with changes, in one pass.

Reports are UTF-8 already (``upload.copying``), so tags can be read as bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from xray_bridge.formats.read.shape import Change

BLOCK = 1 << 20
# A start tag or end tag: ``>`` may stand in the values of attributes.
TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
# Bytes of a tag that are read first; an attribute may hold a log.
FIRST_LOOK = 1 << 12


class Editor:
    """Writes ``path`` to ``out``; changes must come in the order of the file."""

    def __init__(self, path: Path, out: BinaryIO) -> None:
        self._file = path.open("rb")
        self._tags = path.open("rb")
        self._out = out

    def close(self) -> None:
        """Write the rest."""
        self._copy_to(None)
        self._file.close()
        self._tags.close()

    def change_element(
        self,
        start: int,
        end: int,
        changes: Iterable[Change],
        children: Sequence[tuple[str, int, int]] = (),
    ) -> None:
        """
        Change an element.

        ``start`` is the place of its start tag and ``end`` expat's place at its end;
        ``children`` are tags and both places of the elements directly below it.
        """
        first = self._read_tag(start)
        is_closed = first.endswith(b"/>")
        given = list(changes)
        inside = "".join(each.child for each in given).encode()
        new = _with_attributes(first, given)
        if is_closed and inside:
            name = re.match(rb"<([^\s/>]+)", first)
            assert name  # noqa: S101 - expat has read it
            new = new[:-2].rstrip() + b">" + inside + b"</" + name[1] + b">"
        if new != first:
            self._replace_bytes(start, start + len(first), new)
        cut = {tag for each in given for tag in each.cut}
        for tag, child_start, child_end in children:
            if tag in cut:
                self.cut_element(child_start, child_end)
        if inside and not is_closed:
            self._replace_bytes(end, end, inside)

    def cut_element(self, start: int, end: int) -> None:
        """Leave out an element; places as in ``change_element``."""
        if not self._read_tag(start).endswith(b"/>"):
            end += len(self._read_tag(end))
        self._replace_bytes(start, end, b"")

    def _read_tag(self, start: int) -> bytes:
        size = FIRST_LOOK
        while True:
            self._tags.seek(start)
            block = self._tags.read(size)
            if found := TAG.match(block):
                return found[0]
            if len(block) < size:
                return block
            size *= 8

    def _replace_bytes(self, start: int, end: int, content: bytes) -> None:
        self._copy_to(start)
        self._out.write(content)
        self._file.seek(end)

    def _copy_to(self, end: int | None) -> None:
        left = None if end is None else end - self._file.tell()
        while left is None or left > 0:
            block = self._file.read(BLOCK if left is None else min(left, BLOCK))
            if not block:
                return
            self._out.write(block)
            left = None if left is None else left - len(block)


def _with_attributes(tag: bytes, changes: Iterable[Change]) -> bytes:
    """Change attributes of a start tag; None removes an attribute."""
    wanted: dict[str, str | None] = {}
    for each in changes:
        wanted |= each.attributes
    for name, value in wanted.items():
        tag = _with_attribute(tag, name, value)
    return tag


def _with_attribute(tag: bytes, name: str, value: str | None) -> bytes:
    given = b"" if value is None else f" {name}={quoteattr(value)}".encode()
    pattern = rb"""(<(?:[^<>"']|"[^"]*"|'[^']*')*?)\s+%s\s*=\s*(?:"[^"]*"|'[^']*')"""
    found = re.match(pattern % re.escape(name.encode()), tag)
    if found:
        return found[1] + given + tag[found.end() :]
    end = -2 if tag.endswith(b"/>") else -1
    return tag[:end].rstrip() + given + tag[end:]
