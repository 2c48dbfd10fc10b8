"""Changes of a directory that can be undone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xray_bridge.features.swap import Swap


if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder for backups."""
    path = tmp_path / "place"
    path.mkdir()
    return path


def test_hint_names_ten_files(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint has ten of the files that could not be moved back."""
    swap = Swap()
    for number in range(12):
        path = tmp_path / f"{number}.feature"
        path.write_text("x")
        swap.remove(path, place)

    def refuse(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        swap.undo.close()

    assert len(swap.not_undone) == 12
    assert swap.hint().count(".feature") == 10
    assert swap.hint().endswith("; fix the cause and export again")


def _same(swap: Swap, place: Path, path: Path) -> None:
    """Put a file twice."""
    for text in ("2", "3"):
        (place / "new").write_text(text)
        swap.put(place / "new", path, place)


def _put_and_remove(swap: Swap, place: Path, path: Path) -> None:
    """Put a file, and remove it."""
    (place / "new").write_text("2")
    swap.put(place / "new", path, place)
    swap.remove(path, place)


@pytest.mark.parametrize("change", [_same, _put_and_remove])
def test_first_version_comes_back(
    tmp_path: Path, place: Path, change: Callable[[Swap, Path, Path], None]
) -> None:
    """Each step has a backup of its own, and the last step is undone first."""
    path = tmp_path / "a.feature"
    path.write_text("1")
    swap = Swap()

    change(swap, place, path)
    swap.undo.close()

    assert path.read_text() == "1"
    assert swap.hint() == "nothing was changed; fix the cause and export again"
