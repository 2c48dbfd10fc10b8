"""
Read files of a checkout, and replace all of them or none.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import CheckError
from xray_bridge.git import run_git


if TYPE_CHECKING:
    from collections.abc import Mapping

INSTALLED = frozenset({"site-packages", "dist-packages"})


class Checkout:
    """The checkout around a folder, or the folder itself without git."""

    def __init__(self, folder: Path) -> None:
        top = _ask_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
        self.root = Path(top or folder).resolve()
        self._changed: frozenset[Path] | None = None

    def find_fault(self, path: Path) -> str:
        """Return why a file must not be written; empty if it may be."""
        place = path.resolve()
        if not place.is_relative_to(self.root):
            return f"it is outside of {self.root}"
        if INSTALLED.intersection(place.parts):
            return "it is an installed file"
        if place in self._find_changed():
            return "it has changes that are not committed"
        return _find_fault_of_mode(place)

    def _find_changed(self) -> frozenset[Path]:
        """Return changed files; new files that git does not know are none."""
        if self._changed is None:
            diff = ("diff", "--name-only", "-z", "--no-ext-diff", "HEAD", "--")
            listed = _ask_git(self.root, *diff)
            names = (name for name in listed.split("\0") if name)
            self._changed = frozenset((self.root / name).resolve() for name in names)
        return self._changed


def _find_fault_of_mode(place: Path) -> str:
    try:
        mode = place.stat().st_mode
    except OSError as error:
        return str(error.strerror)
    if not stat.S_ISREG(mode):
        return "it is not a file"
    is_writable = mode & stat.S_IWUSR and os.access(place, os.W_OK)
    return "" if is_writable else "it is read-only"


def _ask_git(folder: Path, *arguments: str) -> str:
    """Return git's output; empty without git or a repository."""
    try:
        done = run_git(folder, *arguments)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def replace_all(before: Mapping[Path, bytes], after: Mapping[Path, bytes]) -> None:
    """
    Replace files: all, or none if one cannot be written or was changed meanwhile.

    ``before`` is what was read from each. Raises CheckError.
    """
    drafts: dict[Path, Path] = {}
    replaced: list[Path] = []
    try:
        for path, content in after.items():
            drafts[path] = _write_draft(path, content)
        for path in after:
            _refuse_changed(path, before[path])
        for path, draft in drafts.items():
            draft.replace(path)
            replaced.append(path)
    except BaseException as error:
        for path in replaced:
            _write_draft(path, before[path]).replace(path)
        if not isinstance(error, OSError):
            raise
        msg = f"{error.filename or 'a file'} cannot be written: {error.strerror}"
        raise CheckError(f"{msg}; nothing was written") from None
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink()


def _refuse_changed(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        msg = f"{path} was changed meanwhile; nothing was written"
        raise CheckError(msg, hint="run the command again")


def _write_draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, draft)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
