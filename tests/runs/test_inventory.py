"""The runs in a report directory: sizes, and runs that cannot be removed."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import inventory


if TYPE_CHECKING:
    from pathlib import Path


def test_size_of_a_run(tmp_path: Path) -> None:
    """Files below it count, however deep, and folders do not."""
    directory = recorded(tmp_path, a_run())
    before = inventory.describe_run(directory, tmp_path / ".xray").bytes
    deep = directory.path / "evidence" / "deep"
    deep.mkdir(parents=True)
    (deep / "log.txt").write_bytes(b"x" * 1000)

    after = inventory.describe_run(directory, tmp_path / ".xray").bytes

    assert before == sum(path.stat().st_size for path in directory.path.glob("*.*"))
    assert after == before + 1000


def test_run_that_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the reason of the system, and the run is whole."""
    directory = recorded(tmp_path, a_run())

    def refuse(_: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", refuse)
        with pytest.raises(RunDirectoryError) as caught:
            inventory.remove_run(directory.path)

    said = f"{directory.path} cannot be removed: Read-only file system"
    assert caught.value.message == said
    assert len(list(directory.runs())) == 1


def test_run_that_is_removed(tmp_path: Path) -> None:
    """Nothing of it stays."""
    directory = recorded(tmp_path, a_run())

    is_removed = inventory.remove_run(directory.path)

    assert is_removed
    assert not directory.path.exists()


def test_run_in_use_is_not_removed(tmp_path: Path) -> None:
    """It stays as it is."""
    directory = recorded(tmp_path, a_run())

    with directory.claim():
        is_removed = inventory.remove_run(directory.path)

    assert not is_removed
    assert len(list(directory.runs())) == 1
