"""The lock of an export and the folders beside its target."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from xray_bridge.errors import FeaturesError
from xray_bridge.features.workplace import find_leftovers, hold_lock, remove_places


def open_files() -> set[str]:
    """Return the open file descriptors of this process."""
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - they are no paths


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_lock_leaves_no_open_file(tmp_path: Path) -> None:
    """Neither a lock that was released nor one that was not free."""
    path = tmp_path / "lock"
    before = open_files()

    with hold_lock(path, 10):
        held = open_files()
        with pytest.raises(FeaturesError), hold_lock(path, 0.2):
            pass
        refused = open_files()

    assert len(held) == len(before) + 1
    assert refused == held
    assert open_files() == before


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of this process, during which only its clock goes on."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(found))
    return found


@pytest.mark.parametrize(("seconds", "expected"), [(0, 0), (0.22, 5), (0.98, 20)])
def test_lock_is_asked_for_twenty_times_a_second(
    tmp_path: Path, pauses: list[float], seconds: float, expected: int
) -> None:
    """An export that waits leaves the processor to the other one."""
    path = tmp_path / "lock"

    with hold_lock(path, 10), pytest.raises(FeaturesError), hold_lock(path, seconds):
        pass

    assert len(pauses) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_lock_may_be_taken_by_other_users(tmp_path: Path) -> None:
    """The umask decides, as for each file that is no secret."""
    path = tmp_path / "lock"
    before = os.umask(0)
    try:
        with hold_lock(path, 10):
            mode = path.stat().st_mode
    finally:
        os.umask(before)

    assert stat.S_IMODE(mode) == 0o666


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes it late")
def test_lock_that_is_taken_at_once_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that another process makes after the release is not removed."""
    path, real = tmp_path / "lock", os.close

    def close(descriptor: int) -> None:
        real(descriptor)
        path.write_text("of another process")

    with monkeypatch.context() as patched:
        with hold_lock(path, 10):
            patched.setattr(os, "close", close)
        is_there = path.exists()

    assert is_there


def test_leftover_that_is_gone_meanwhile(tmp_path: Path) -> None:
    """Another process may remove it first; the others are removed."""
    places = [tmp_path / "gone", tmp_path / "there"]
    places[1].mkdir()

    remove_places(places)

    assert list(tmp_path.iterdir()) == []


def test_leftovers_are_those_of_the_directory(tmp_path: Path) -> None:
    """Those of another one, and a target that is not there yet, have none."""
    for name in (".a.xray-new-2", ".a.xray-new-1", ".b.xray-new-1", "a"):
        (tmp_path / name).mkdir()

    found = find_leftovers(tmp_path / "a")

    assert [path.name for path in found] == [".a.xray-new-1", ".a.xray-new-2"]
    assert find_leftovers(tmp_path / "nowhere" / "a") == []
