"""
A checked feature export of Xray, not yet unpacked.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, NoReturn

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError
from xray_bridge.features.names import show_name


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HINT = "nothing was installed; export again, and check what the server sends"
_CHUNK = 1 << 16
# Exceptions of zipfile and zlib on damaged input.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)


@dataclass(frozen=True)
class Limits:
    """Limits for an export, far above the exports of real projects."""

    files: int = 10_000
    file_bytes: int = 16 << 20
    total_bytes: int = 256 << 20
    ratio: int = 200
    ratio_from_bytes: int = 1 << 20
    path_chars: int = 200
    lock_seconds: float = 30.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Export:
    """A download that passed all checks: its feature files and skipped files."""

    sizes: Mapping[str, int]
    skipped: tuple[str, ...]
    _open: Callable[[str], IO[bytes]]

    def unpack(self, name: str, path: Path) -> str:
        """
        Write one file to a new ``path``, check length and CRC; return its SHA-256.

        Raises ``FeaturesError`` if the content does not match its header.
        """
        left = self.sizes[name]
        digest = hashlib.sha256()
        try:
            with self._open(name) as stream, path.open("xb") as file:
                while left >= 0 and (chunk := stream.read(_CHUNK)):
                    left -= len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
        except BROKEN as error:
            refuse(f"{show_name(name)} is damaged: {error}", error)
        if left:
            refuse(f"{show_name(name)} does not have the length in its header")
        return digest.hexdigest()


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class UnsoundError(FeaturesError):
    """An archive that is refused for this ``reason``."""

    def __init__(self, reason: str, hint: str = _HINT) -> None:
        msg = f"the exported feature files were refused: {reason}"
        super().__init__(msg, hint=hint)
        self.reason = reason


class NothingError(UnsoundError):
    """An archive without feature files."""


def refuse_nothing(reason: str) -> NoReturn:
    """Raise NothingError: the server found no feature files."""
    hint = "nothing was installed; check that keys and filter name Cucumber Tests"
    raise NothingError(reason, hint)


def refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    """Raise the ``FeaturesError`` that refuses a download."""
    raise UnsoundError(reason) from cause
