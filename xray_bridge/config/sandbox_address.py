"""
The address at which ``xray-bridge sandbox`` serves a folder.

The serving process holds a lock, so an address of a process that was killed is never
taken for one that answers, and the sandbox of another folder is never taken for ours.
"""

from __future__ import annotations

import contextlib
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from xray_bridge import atomic
from xray_bridge.errors import RunDirectoryError, RunInUseError
from xray_bridge.locks import Lock


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS = "address"
LOCK = "address.lock"
# The address in the file; whoever can write there must not lead people elsewhere.
OURS = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}\n?")
# Attempts to get the lock, in case a session just looks who has it; and their pause.
ATTEMPTS = 20
PAUSE_SECONDS = 0.05


def find_address(folder: Path) -> str:
    """Return the address of the sandbox that serves this folder; empty if none does."""
    if not (folder / LOCK).exists():
        return ""
    try:
        Lock(folder / LOCK).release()
    except RunInUseError:
        return _read_address(folder)
    except RunDirectoryError:
        pass
    return ""


@contextlib.contextmanager
def announce_address(folder: Path, address: str) -> Iterator[None]:
    """Let others find this address for the length of a ``with`` block."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = _acquire_lock(folder / LOCK)
    if lock is None:
        yield
        return
    with suppress(OSError), atomic.replaced(folder / ADDRESS) as file:
        file.write(f"{address}\n".encode())
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / ADDRESS).unlink(missing_ok=True)
        lock.release()


def _acquire_lock(path: Path) -> Lock | None:
    """Return the lock; None if another process has it, or if there are no locks."""
    for _ in range(ATTEMPTS):
        try:
            return Lock(path)
        except RunInUseError:
            time.sleep(PAUSE_SECONDS)
        except RunDirectoryError:
            break
    return None


def _read_address(folder: Path) -> str:
    try:
        text = (folder / ADDRESS).read_text("ascii")
    except (OSError, UnicodeError):
        return ""
    return text.strip() if OURS.fullmatch(text) else ""
