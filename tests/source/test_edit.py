"""Files are edited in memory, and only those that change must be writable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xray_bridge.source.edit import edit_files
from xray_bridge.source.files import Checkout


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Locked(Checkout):
    """A checkout in which nothing may be written."""

    def find_fault(self, path: Path) -> str:
        """Return a reason for any file."""
        assert path.name == "a.py"
        return "it is locked"


@pytest.mark.parametrize("added", [b"", b"!"])
def test_only_a_changed_file_must_be_writable(tmp_path: Path, added: bytes) -> None:
    """Nobody has to commit a file first that stays as it is."""
    path = tmp_path / "a.py"
    path.write_bytes(b"x")

    def edit(content: bytes, items: Sequence[str]) -> tuple[bytes, list[str]]:
        return content + added, [each for each in items if each == "left"]

    edits, done, left = edit_files({path: ["new", "left"]}, Locked(tmp_path), edit)

    assert edits.faults == ((f"{path}: it is locked",) if added else ())
    assert (edits.after, done, left) == ({}, [], ["left"])
