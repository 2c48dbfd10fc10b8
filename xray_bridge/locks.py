"""
Hold files in one process, even if tests close file descriptors.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError, RunInUseError


if TYPE_CHECKING:
    from pathlib import Path


# Another process has the lock; all other errors, such as those of a network disk
# without locks, say nothing about others.
IN_USE = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


class OwnFile:
    """
    A file whose descriptor other code in this process may close.

    If a test closes our descriptor, the next opened file gets its number, and our
    lines would go into the user's file. ``number`` is used only while it is still the
    same file.
    """

    __slots__ = ("_identity", "number")

    def __init__(self, path: Path, flags: int) -> None:
        self.number = os.open(path, flags | NO_LINKS, 0o600)
        self._identity = self._identify()

    def _identify(self) -> tuple[int, int]:
        found = os.fstat(self.number)
        return found.st_dev, found.st_ino

    @property
    def is_open(self) -> bool:
        """Whether the descriptor still belongs to this file."""
        try:
            return self._identify() == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """Close the file, unless other code has."""
        if self.is_open:
            os.close(self.number)


class Lock:
    """
    A lock that one process holds; the system releases it when the process ends.

    Raises RunInUseError if another process holds it. A file on a read-only disk can be
    locked, too.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = _open_lock(path)
        except OSError as error:
            msg = f"{path} cannot be opened: {error.strerror}"
            raise RunDirectoryError(msg) from None
        try:
            _lock_file(self._file.number)
        except OSError as error:
            self._file.close()
            if error.errno not in IN_USE:
                msg = f"it is unknown whether {path.parent} is in use: {error.strerror}"
                hint = "set xray_report_dir to a folder on a disk that has locks"
                raise RunDirectoryError(msg, hint=hint) from None
            msg = f"{path.parent} is in use by another process"
            raise RunInUseError(msg, hint="wait until that process has ended") from None

    def release(self) -> None:
        """Release the lock, also for children that inherited the file."""
        if self._file.is_open:
            _unlock_file(self._file.number)
            self._file.close()


def _open_lock(path: Path) -> OwnFile:
    try:
        return OwnFile(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EACCES}:
            raise
        return OwnFile(path, os.O_RDONLY)


if sys.platform == "win32":

    def _lock_file(file: int) -> None:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock_file(file: int) -> None:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:

    def _lock_file(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock_file(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
