"""
Changes a directory file by file, so that the steps can be undone.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

_NAMES_IN_MESSAGE = 10


class Swap:
    """Steps that ``undo`` reverts, last first; ``pop_all`` keeps them."""

    def __init__(self) -> None:
        self.undo = ExitStack()
        self._backups = 0
        self.not_undone: list[str] = []

    def hint(self) -> str:
        """Return the hint for a user after a failure."""
        if not self.not_undone:
            return "nothing was changed; fix the cause and export again"
        names = ", ".join(self.not_undone[:_NAMES_IN_MESSAGE])
        return f"could not move back {names}; fix the cause and export again"

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents."""
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for directory in reversed(missing):
            directory.mkdir()
            self.undo.callback(remove_if_empty, directory)

    def put(self, source: Path, path: Path, backups: Path) -> None:
        """Move a file to its place; keep a copy of the file that it replaces."""
        if path.exists():
            backup = self._next_backup(backups)
            shutil.copy2(path, backup)
            self.undo.callback(self._move_back, backup, path)
        # The new file is moved back, too: a killed export can still be completed.
        self.undo.callback(self._take_back, path, source)
        source.replace(path)

    def remove(self, path: Path, backups: Path) -> None:
        """Move a file away."""
        backup = self._next_backup(backups)
        self.undo.callback(self._move_back, backup, path)
        path.replace(backup)

    def _next_backup(self, backups: Path) -> Path:
        self._backups += 1
        return backups / f"old-{self._backups}"

    def _take_back(self, path: Path, source: Path) -> None:
        if not source.exists():
            self._move_back(path, source)

    def _move_back(self, now: Path, before: Path) -> None:
        try:
            if now.exists():
                now.replace(before)
        except OSError:
            self.not_undone.append(f"{now} to {before}")


def remove_if_empty(directory: Path) -> None:
    """Remove a directory if it is empty."""
    with suppress(OSError):
        directory.rmdir()
