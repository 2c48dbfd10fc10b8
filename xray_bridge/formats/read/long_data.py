"""
Cut evidence short while Xray JSON is read: nothing looks into it.

Evidence is the text of ``"data"``, often many megabytes of Base64. A parser would read
each of its bytes several times. What is cut is checked here: it is ASCII without
escapes and control characters, so the whole is valid JSON if the rest is.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

BLOCK = 1 << 18
# Bytes of a text that the parser gets; shorter ones are not cut.
HEAD = 1 << 14
NAME = b'"data"'
# After the name: the colon, and the quote that opens the text. More blanks are rare.
OPENING = re.compile(rb"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}\"")
LONGEST_OPENING = len(NAME) + 130
# Bytes that the parser need not check: ASCII without control characters and escapes.
PLAIN = bytes(each for each in range(32, 128) if each != ord("\\"))


class ShortData:
    """
    A binary file with JSON whose long evidence is cut.

    In place of what is cut there is a mark; ``restore`` puts it back into JSON that was
    written from the values.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # No report can guess it.
        self._token = secrets.token_hex(8)
        self._mark = re.compile(rb"\\u0000%s-(\d+)\." % self._token.encode())
        # What is cut: the places of the first byte and after the last one.
        self._cuts: list[tuple[int, int]] = []
        self._pieces = self._cut_blocks()

    def read(self, size: int = -1) -> bytes:
        """Read a piece, of at most a few hundred KiB; empty at the end."""
        return next(self._pieces, b"") if size else b""

    def restore(self, written: bytes) -> Iterator[bytes]:
        """Yield what was written, with all that was cut, in pieces."""
        at = 0
        for found in self._mark.finditer(written):
            yield written[at : found.start()]
            start, end = self._cuts[int(found[1])]
            self._file.seek(start)
            while start < end and (block := self._file.read(min(BLOCK, end - start))):
                yield block
                start += len(block)
            at = found.end()
        yield written[at:]

    def _cut_blocks(self) -> Iterator[bytes]:
        place = 0
        content = b""
        is_cutting = False
        is_last = False
        while not is_last:
            # Restoring moves the file.
            self._file.seek(place)
            block = self._file.read(BLOCK)
            place += len(block)
            is_last = not block
            content += block
            pieces: list[bytes] = []
            at = 0
            while True:
                if is_cutting:
                    at, is_cutting = self._cut_text(content, at, place)
                if is_cutting:
                    content = b""
                    break
                start, opens = _find_long_text(content, at, is_last=is_last)
                pieces.append(content[at:start])
                at = start
                if not opens:
                    content = content[at:]
                    break
                is_cutting = True
                first = place - len(content) + at
                pieces.append(f"\\u0000{self._token}-{len(self._cuts)}.".encode())
                self._cuts.append((first, first))
            if found := b"".join(pieces):
                yield found

    def _cut_text(self, content: bytes, at: int, place: int) -> tuple[int, bool]:
        """Cut to the end of a plain text; return where, and if it goes on."""
        quote = content.find(b'"', at)
        end = len(content) if quote < 0 else quote
        text = content[at:end]
        if not _is_plain(text):
            return at, False
        first, _ = self._cuts[-1]
        self._cuts[-1] = (first, place - len(content) + end)
        return end, quote < 0


def _is_plain(text: bytes) -> bool:
    return not text.translate(None, PLAIN)


def _find_long_text(content: bytes, at: int, *, is_last: bool) -> tuple[int, bool]:
    """
    Find where the next long text can be cut; or how far there is none.

    Inside of a text, a quote would be escaped: ``"data"`` is always a text of its own.
    """
    while True:
        name = content.find(NAME, at)
        if name < 0:
            # Its beginning may stand at the end.
            end = len(content) if is_last else max(at, len(content) - 2 * len(NAME))
            return end, False
        at = name + len(NAME)
        if content[name - 1 : name] == b"\\":
            continue
        if not is_last and len(content) - name < LONGEST_OPENING + HEAD:
            return name, False
        opening = OPENING.match(content, at)
        if opening:
            head = opening.end() + HEAD
            text = content[opening.end() : head]
            if head < len(content) and b'"' not in text and _is_plain(text):
                return head, True
            at = opening.end()
