"""A lock of one process, and files that other code may close."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from xray_bridge.errors import RunDirectoryError, RunInUseError
from xray_bridge.locks import Lock


if TYPE_CHECKING:
    from pathlib import Path


def open_files() -> set[str]:
    """Return the open file descriptors of this process."""
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - they are no paths


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_lock_that_is_held_leaves_no_open_file(tmp_path: Path) -> None:
    """The error says how long to wait, and the lock stays with its holder."""
    held = Lock(tmp_path / "lock")
    before = open_files()

    with pytest.raises(RunInUseError, match="in use by another process") as caught:
        Lock(tmp_path / "lock")

    assert open_files() == before
    assert caught.value.hint == "wait until that process has ended"
    held.release()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks other files")
def test_lock_is_released_for_children_too(tmp_path: Path) -> None:
    """A child that inherited the file and lives on does not hold it."""
    held = Lock(tmp_path / "lock")
    inherited = os.dup(held._file.number)
    try:
        held.release()
        again = Lock(tmp_path / "lock")
        again.release()
    finally:
        os.close(inherited)

    assert not again._file.is_open


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_lock_is_private(tmp_path: Path) -> None:
    """Whatever the umask is."""
    before = os.umask(0)
    try:
        Lock(tmp_path / "lock").release()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks other files")
def test_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to wait for a process that does not exist."""

    def refuse(_file: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("xray_bridge.locks._lock_file", refuse)

    with pytest.raises(RunDirectoryError, match="unknown whether") as caught:
        Lock(tmp_path / "lock")

    assert not isinstance(caught.value, RunInUseError)
