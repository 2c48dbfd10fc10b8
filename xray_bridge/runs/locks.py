"""
Files that one process holds, in a process where tests do as they please.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError, RunInUseError


if TYPE_CHECKING:
    from pathlib import Path


NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


class OwnFile:
    """
    A file that others in this process may close behind our back.

    A test that closes numbers it does not own hands ours to whoever opens a file
    next; what we wrote then would end up in the user's file. ``number`` is only
    used while it is the same file.
    """

    __slots__ = ("_identity", "number")

    def __init__(self, path: Path, flags: int) -> None:
        self.number = os.open(path, flags | NO_LINKS, 0o600)
        self._identity = self._look()

    def _look(self) -> tuple[int, int]:
        found = os.fstat(self.number)
        return found.st_dev, found.st_ino

    @property
    def is_open(self) -> bool:
        """Whether the number still means this file."""
        try:
            return self._look() == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """Close it, unless somebody else has."""
        if self.is_open:
            os.close(self.number)


class Lock:
    """
    A file that one process holds; the system lets go when the process ends.

    Raises RunInUseError where another process holds it. One that may only be read, as
    on a disk that is read-only, can be held all the same.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = _opened(path)
        except OSError as error:
            msg = f"{path} cannot be opened: {error.strerror}"
            raise RunDirectoryError(msg) from None
        try:
            _lock(self._file.number)
        except OSError:
            self._file.close()
            msg = f"{path.parent} is in use by another process"
            raise RunInUseError(msg, hint="wait until it has ended") from None

    def release(self) -> None:
        """Let go, also for children that inherited the file."""
        if self._file.is_open:
            _unlock(self._file.number)
            self._file.close()


def _opened(path: Path) -> OwnFile:
    try:
        return OwnFile(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EACCES}:
            raise
        return OwnFile(path, os.O_RDONLY)


if sys.platform == "win32":

    def _lock(file: int) -> None:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int) -> None:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:

    def _lock(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
