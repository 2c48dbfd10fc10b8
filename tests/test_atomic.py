"""Replace files atomically."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from xray_bridge.atomic import replaced


def test_a_file_is_replaced_when_it_is_complete(tmp_path: Path) -> None:
    """A reader sees the old content until the new one is complete."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    with replaced(path) as file:
        file.write(b"new")
        file.flush()
        during = path.read_bytes()

    assert (during, path.read_bytes()) == (b"old", b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_kept_if_the_new_one_fails(tmp_path: Path) -> None:
    """An error leaves the old file, and no draft."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with replaced(path) as file:
            file.write(b"half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_half()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders")
def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    """A pipe takes the content; it does not become a file."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()

    with replaced(path) as file:
        file.write(b"content")
    reader.join(10)

    assert got == [b"content"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="no devices in folders")
def test_a_link_to_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    """The null device takes the content; its link stays a link."""
    path = tmp_path / "null"
    path.symlink_to(os.devnull)

    with replaced(path) as file:
        file.write(b"content")

    assert path.is_symlink()
    assert stat.S_ISCHR(path.stat().st_mode)


def test_a_link_to_a_file_is_replaced(tmp_path: Path) -> None:
    """A planted link must not lead the content to another file."""
    target = tmp_path / "target"
    target.write_bytes(b"old")
    path = tmp_path / "link"
    path.symlink_to(target)

    with replaced(path) as file:
        file.write(b"new")

    assert not path.is_symlink()
    assert (target.read_bytes(), path.read_bytes()) == (b"old", b"new")


def test_a_path_without_a_name_is_a_folder(tmp_path: Path) -> None:
    """``.`` fails as every other folder does."""
    for path in (Path(), Path("/"), tmp_path):
        with pytest.raises(IsADirectoryError), replaced(path):
            pass
