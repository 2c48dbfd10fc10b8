"""
Request bodies of known length that are streamed from disk.

``requests`` holds a form in memory (twice the file) and reads files in small
blocks; ``urllib3``'s encoder holds it, too. Here a form is a sequence of byte
strings and files.
"""

from __future__ import annotations

import io
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from xray_bridge.errors import AmbiguousError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xray_bridge.client.request import Part


class HasTime(Protocol):
    """An object that knows how many seconds are left."""

    @property
    def left(self) -> float:
        """Seconds."""
        ...


class Body:
    """
    Byte strings and files that are read as one; ``len`` is in bytes.

    ``on_read`` is told how many bytes were read.

    Reading raises AmbiguousError after the deadline: the server has a part by then.
    """

    media_type = "application/octet-stream"

    def __init__(
        self,
        pieces: Iterable[bytes | Path],
        deadline: HasTime,
        on_read: Callable[[int], object] = int,
    ) -> None:
        self._pieces = list(pieces)
        self._length = sum(map(_length_of, self._pieces))
        self._files: list[BinaryIO] = [_open_piece(piece) for piece in self._pieces]
        self._current = 0
        self._deadline = deadline
        # Once anything was read, a server may have it, so no error means "not sent".
        self.started = False
        self._is_withdrawn = False
        self._on_read = on_read
        self._begins = threading.Lock()

    def withdraw(self) -> bool:
        """Stop reading; True if no byte was read, so that nothing was sent."""
        with self._begins:
            self._is_withdrawn = not self.started
            return self._is_withdrawn

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes, fewer than ``size`` only at the end of a piece."""
        with self._begins:
            self.started = not self._is_withdrawn
        if self._is_withdrawn or self._deadline.left <= 0:
            msg = "the deadline passed while the report was being sent"
            raise AmbiguousError(msg)
        while self._current < len(self._files):
            block = self._files[self._current].read(size)
            if block:
                self._on_read(len(block))
                return block
            self._current += 1
        return b""

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


class FileBody(Body):
    """A raw body: one byte string or one file."""

    def __init__(
        self,
        content: bytes | Path,
        media_type: str,
        deadline: HasTime,
        on_read: Callable[[int], object] = int,
    ) -> None:
        super().__init__([content], deadline, on_read)
        self.media_type = media_type


class MultipartBody(Body):
    """A ``multipart/form-data`` body (RFC 7578)."""

    def __init__(
        self,
        parts: Sequence[Part],
        deadline: HasTime,
        on_read: Callable[[int], object] = int,
    ) -> None:
        boundary = f"xray-bridge-{secrets.token_hex(16)}"
        pieces: list[bytes | Path] = []
        for part in parts:
            head = (
                f"--{boundary}\r\n"
                f'Content-Disposition: form-data; name="{_quote_name(part.name)}"; '
                f'filename="{_quote_name(part.filename)}"\r\n'
                f"Content-Type: {part.media_type}\r\n\r\n"
            )
            pieces += [head.encode(), part.content, b"\r\n"]
        pieces.append(f"--{boundary}--\r\n".encode())
        super().__init__(pieces, deadline, on_read)
        self.media_type = f"multipart/form-data; boundary={boundary}"


def _quote_name(text: str) -> str:
    """Percent-encode quotes and line ends, as browsers do."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _length_of(piece: bytes | Path) -> int:
    return piece.stat().st_size if isinstance(piece, Path) else len(piece)


def _open_piece(piece: bytes | Path) -> BinaryIO:
    return piece.open("rb") if isinstance(piece, Path) else io.BytesIO(piece)
