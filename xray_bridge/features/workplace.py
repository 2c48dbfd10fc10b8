"""
The folder beside the target in which one process at a time unpacks an export.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import FeaturesError


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.features.download import Limits

_LOCK_POLL_SECONDS = 0.05


def _lock_file(path: Path) -> int | None:
    """Open and lock a file; None if another process holds the lock."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o666)
    with ExitStack() as undo:
        undo.callback(os.close, descriptor)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Its last holder may have removed the file; then this is no lock.
                if not os.path.samestat(os.fstat(descriptor), path.stat()):
                    return None
        except (BlockingIOError, PermissionError, FileNotFoundError):
            return None
        undo.pop_all()
        return descriptor


@contextmanager
def hold_lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock ``path``; its file exists only during that time."""
    deadline = time.monotonic() + seconds
    while (descriptor := _lock_file(path)) is None:
        if time.monotonic() >= deadline:
            raise FeaturesError(
                f"another export into the same place took longer than {seconds:g} s",
                hint=f"try again later; its lock is {path}",
            )
        time.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows: not while it is open
            path.unlink()
        os.close(descriptor)
        if sys.platform == "win32":
            with suppress(OSError):
                path.unlink()


def _place_beside(directory: Path) -> Path:
    """
    Return the parent of ``directory``, or itself if it is a mount point.

    Files can be renamed only within one file system.
    """
    place = directory.parent
    if directory.exists() and directory.stat().st_dev != place.stat().st_dev:
        return directory
    return place


def _prefix_of(directory: Path) -> str:
    return f".{directory.name}.xray-new-"


@contextmanager
def lock_directory(directory: Path, limits: Limits) -> Iterator[None]:
    """Lock a directory against other exports."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(
        _place_beside(directory) / f".{directory.name}.xray-lock", limits.lock_seconds
    ):
        yield


def make_workplace(directory: Path) -> Path:
    """Make a folder to unpack in."""
    found = tempfile.mkdtemp(prefix=_prefix_of(directory), dir=_place_beside(directory))
    return Path(found)


def find_leftovers(directory: Path) -> list[Path]:
    """Find the folders of exports that were killed or could not be undone."""
    place = _place_beside(directory) if directory.parent.is_dir() else None
    if place is None:
        return []
    prefix = _prefix_of(directory)
    return sorted(path for path in place.iterdir() if path.name.startswith(prefix))


def remove_places(places: Iterable[Path]) -> None:
    """Remove the folders of old exports."""
    for path in places:
        shutil.rmtree(path, ignore_errors=True)
