"""Where the inputs of this process are written, for readers that need files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Where the folder of this process is made, for whoever removes it after its end.
PLACE = "XRAY_BRIDGE_FUZZING"
MEMORY = Path(os.environ.get(PLACE, "/dev/shm"))  # noqa: S108 - a folder below it


@cache
def folder() -> Path:
    """A folder of this process, in memory where there is such a place."""
    place = MEMORY if MEMORY.is_dir() else None
    return Path(tempfile.mkdtemp(prefix="xray-bridge-fuzz-", dir=place))


def written(content: bytes, name: str) -> Path:
    """A file with that content."""
    path = folder() / name
    path.write_bytes(content)
    return path


@dataclass(frozen=True)
class Reader:
    """What reads, and what is known to be read."""

    read: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]] = field(default=tuple)

    def __call__(self, content: bytes) -> None:
        """Read; errors of ours are an answer."""
        with contextlib.suppress(XrayBridgeError):
            self.read(content)
