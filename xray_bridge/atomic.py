"""
Replace files atomically: a reader sees the old file or the new one.

Devices and pipes, such as ``/dev/null`` and ``/dev/stdout``, are written to and stay.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Folders with links to what the process has opened.
DEVICES = frozenset({"/dev", "/dev/fd", "/proc/self/fd"})


@contextlib.contextmanager
def replaced(path: Path, *, private: bool = False) -> Iterator[Any]:
    """
    Open a binary file that replaces ``path`` once it is complete.

    ``private``: only its owner may read it, with any umask; no link is followed.
    """
    if not private and _is_no_file(path):
        with path.open("wb") as file:
            yield file
        return
    if not path.name:
        # As the system does for every other folder, once the file is complete.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with open(draft, "xb", opener=_open_private if private else None) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:  # raised again; only the draft is removed
        draft.unlink(missing_ok=True)
        raise


def _is_no_file(path: Path) -> bool:
    """Whether it is a device or a pipe, or a link of the system such as /dev/stdout."""
    if str(path.absolute().parent) in DEVICES and path.is_symlink():
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
