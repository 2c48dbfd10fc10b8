"""
Feature files from Xray into a directory, without harm to what lies there.

Our own files are known by an index in the directory, which holds the hash of
each file as it was installed. What is not in the index, or was changed since,
belongs to the user: it is neither overwritten nor removed. All is unpacked
beside the directory first; then file by file is replaced, and put back when a
step fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeGuard

from xray_bridge.errors import FeaturesError, UsageError
from xray_bridge.features import archive
from xray_bridge.features.archive import (
    DEFAULT_LIMITS,
    INDEX_NAME,
    Limits,
    fold,
    hash_of,
    name_fault,
    shown,
)


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Installed", "Limits", "install"]

_INDEX_VERSION = 1
_KEPT = "no longer exported, but changed here, so it was kept"
_LOCK_POLL_SECONDS = 0.05
_NAMES_IN_MESSAGE = 10
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Installed:
    """All files of an export, our old ones now gone, and notes on the rest."""

    files: tuple[Path, ...]
    removed: tuple[Path, ...]
    skipped: tuple[str, ...]


def install(
    download: Path, target: Path, *, limits: Limits = DEFAULT_LIMITS
) -> Installed:
    """
    Put the feature files in ``download``, a zip or a bare file, into ``target``.

    Files of an earlier export that are not in this one are removed, unless they
    were changed. Raises ``UsageError`` for a target that cannot be meant, and
    ``FeaturesError`` for everything else; ``target`` is then as it was before, or
    the hint says what could not be moved back.
    """
    directory = _usable(target)
    swap = _Swap()
    try:
        with (
            archive.opened(download, limits) as export,
            _workplace(directory, limits) as place,
        ):
            plan = _install(export, directory, place, swap)
    except (OSError, UnicodeEncodeError) as error:  # or: a name not for this disk
        reason = f"the feature files could not be installed in {target}: {error}"
        raise FeaturesError(reason, hint=swap.hint()) from error
    return Installed(
        files=tuple(target / name for name in export.sizes),
        removed=tuple(target / name for name in plan.removed),
        skipped=export.skipped + plan.kept,
    )


# The target ---------------------------------------------------------------------

_TARGET_CHECKS: tuple[tuple[Callable[[Path], bool], str], ...] = (
    (lambda path: path.is_symlink(), "is a symbolic link"),
    (lambda path: path.exists() and not path.is_dir(), "is not a directory"),
    (lambda path: path.resolve().parent == path.resolve(), "is the root directory"),
    (lambda path: _is_or_holds(path, "."), "is or holds the current directory"),
    (lambda path: _is_or_holds(path, _home()), "is or holds your home"),
)


def _home() -> str:
    return os.path.expanduser("~")  # noqa: PTH111 - Path.home() may raise


def _is_or_holds(path: Path, other: str) -> bool:
    return Path(other).resolve().is_relative_to(path.resolve())


def _usable(target: Path) -> Path:
    """Where ``target`` really is; raises ``UsageError`` when it should not be used."""
    try:
        reasons = [reason for is_bad, reason in _TARGET_CHECKS if is_bad(target)]
        if not reasons:
            return target.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # such as a loop of links
        reasons = [f"cannot be looked at: {error}"]
    raise UsageError(
        f"features_dir {shown(str(target))} {reasons[0]}",
        hint="name a directory just for exports, such as 'features'",
    )


# One at a time, with a place to unpack ------------------------------------------


def _locked_file(path: Path) -> int | None:
    """An open descriptor that holds the lock; nothing when another process has it."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o666)
    with ExitStack() as undo:
        undo.callback(os.close, descriptor)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever had it may have removed the file; then this guards nothing.
                if not os.path.samestat(os.fstat(descriptor), path.stat()):
                    return None
        except (BlockingIOError, PermissionError, FileNotFoundError):
            return None
        undo.pop_all()
        return descriptor


@contextmanager
def _lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold ``path`` as a lock; its file is there only as long as that."""
    deadline = time.monotonic() + seconds
    while (descriptor := _locked_file(path)) is None:
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


@contextmanager
def _workplace(directory: Path, limits: Limits) -> Iterator[Path]:
    """
    Where to unpack: beside ``directory``, or in it when it is a mount point.

    Renames work only inside one file system. What a killed export left is
    removed when this one has succeeded.
    """
    place = directory.parent
    place.mkdir(parents=True, exist_ok=True)
    if directory.exists() and directory.stat().st_dev != place.stat().st_dev:
        place = directory
    with _lock(place / f".{directory.name}.xray-lock", limits.lock_seconds):
        prefix = f".{directory.name}.xray-new-"
        leftovers = [path for path in place.iterdir() if path.name.startswith(prefix)]
        yield Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        for path in leftovers:
            shutil.rmtree(path, ignore_errors=True)


# The index ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Index:
    """Hashes of our files; ``pending``: of an export that may have been killed."""

    files: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        return sorted({*self.files, *self.pending})

    def owns(self, name: str, digest: str) -> bool:
        return digest in (self.files.get(name), self.pending.get(name))

    def text(self) -> str:
        value = {"files": self.files, "pending": self.pending}
        versioned = {"version": _INDEX_VERSION, **value}
        return json.dumps(versioned, indent=1, sort_keys=True) + "\n"


def _is_table_of_hashes(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(
        isinstance(digest, str) and _DIGEST.fullmatch(digest) and not name_fault(name)
        for name, digest in value.items()
    )


def _read_index(directory: Path) -> _Index:
    path = directory / INDEX_NAME
    try:
        is_plain = stat.S_ISREG(path.lstat().st_mode)
        value = json.loads(path.read_text(encoding="utf-8")) if is_plain else None
    except FileNotFoundError:
        return _Index()
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and value.get("version") == _INDEX_VERSION:
        files, pending = value.get("files"), value.get("pending")
        if _is_table_of_hashes(files) and _is_table_of_hashes(pending):
            return _Index(files, pending)
    raise FeaturesError(
        f"the index {path} is damaged, or of another version of xray-bridge",
        hint="remove it and, unless they are yours, the feature files beside it",
    )


def _with_names_of(index: _Index, directory: Path, names: Mapping[str, str]) -> _Index:
    """The index, respelled where two names are one file here (``A`` and ``a``)."""
    spelling = {fold(name): name for name in names}

    def respell(old: str) -> str:
        new = spelling.get(fold(old), old)
        with suppress(OSError):
            if new != old and (directory / new).samefile(directory / old):
                return new
        return old

    def table(old: Mapping[str, str]) -> Mapping[str, str]:
        return {respell(name): digest for name, digest in old.items()}

    return _Index(table(index.files), table(index.pending))


# Plan, then act -----------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """What will be done to the target: nothing here is a user's own file."""

    put: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    owned: Mapping[str, str]


def _found(directory: Path, name: str) -> str | None:
    """The hash of a plain file; empty for anything else, None for nothing."""
    path = directory
    *parents, last = PurePosixPath(name).parts
    try:
        for part in parents:
            path /= part
            if not stat.S_ISDIR(path.lstat().st_mode):
                return ""  # also for a link, which would lead out of the target
        path /= last
        return hash_of(path) if stat.S_ISREG(path.lstat().st_mode) else ""
    except FileNotFoundError:
        return None


def _plan(directory: Path, index: _Index, new: Mapping[str, str]) -> _Plan:
    """Decide; raises ``FeaturesError`` when a user's file is in the way."""
    found = {name: _found(directory, name) for name in {*new, *index.names()}}
    put = [name for name in new if found[name] != new[name]]
    blocked = [n for n in put if (at := found[n]) is not None and not index.owns(n, at)]
    if blocked:
        names = ", ".join(map(shown, blocked[:_NAMES_IN_MESSAGE]))
        raise FeaturesError(
            f"{len(blocked)} files in {directory} are in the way, which are not from "
            f"an export or were changed since: {names}",
            hint="nothing was changed; move them, or choose another features_dir",
        )
    owned = {n: at for n in index.names() if (at := found[n]) and index.owns(n, at)}
    stale = [n for n in index.names() if n not in new and found[n] is not None]
    return _Plan(
        put=tuple(put),
        removed=tuple(name for name in stale if name in owned),
        kept=tuple(f"{shown(name)}: {_KEPT}" for name in stale if name not in owned),
        owned=owned,
    )


class _Swap:
    """Steps that ``undo`` takes back, last first; ``pop_all`` keeps them."""

    def __init__(self) -> None:
        self.undo = ExitStack()
        self._backups = 0
        self.not_undone: list[str] = []

    def hint(self) -> str:
        """What a user should know after a failure."""
        if not self.not_undone:
            return "nothing was changed; mend the cause and export again"
        names = ", ".join(self.not_undone[:_NAMES_IN_MESSAGE])
        return f"could not move back {names}; mend the cause and export again"

    def make_directory(self, path: Path) -> None:
        """Make a directory and those above it."""
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for directory in reversed(missing):
            directory.mkdir()
            self.undo.callback(_remove_if_empty, directory)

    def put(self, source: Path, path: Path, backups: Path) -> None:
        """Move a file to its place; a copy is made of what it replaces."""
        if path.exists():
            backup = self._backup(backups)
            shutil.copy2(path, backup)
            self.undo.callback(self._move_back, backup, path)
        else:
            self.undo.callback(self._move_back, path, source)
        source.replace(path)

    def remove(self, path: Path, backups: Path) -> None:
        """Move a file away."""
        backup = self._backup(backups)
        self.undo.callback(self._move_back, backup, path)
        path.replace(backup)

    def _backup(self, backups: Path) -> Path:
        self._backups += 1
        return backups / f"old-{self._backups}"

    def _move_back(self, now: Path, before: Path) -> None:
        try:
            if now.exists():
                now.replace(before)
        except OSError:
            self.not_undone.append(f"{now} to {before}")


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()


def _install(
    export: archive.Export, directory: Path, place: Path, swap: _Swap
) -> _Plan:
    """Unpack, plan, act; the index says before and after what is ours."""
    try:
        staged = {
            name: place / f"new-{number}" for number, name in enumerate(export.sizes)
        }
        new = {name: export.unpack(name, path) for name, path in staged.items()}
        before = _read_index(directory)
        index = _with_names_of(before, directory, new)
        plan = _plan(directory, index, new)
        with swap.undo:
            swap.make_directory(directory)
            if _Index(new) != before:
                _put_index(_Index(plan.owned, new), directory, place, swap)
            for name in plan.put:
                path = directory / name
                swap.make_directory(path.parent)
                swap.put(staged[name], path, place)
            for name in plan.removed:
                swap.remove(directory / name, place)
            if _Index(new) != before:
                _put_index(_Index(new), directory, place, swap)
            swap.undo.pop_all()
    finally:
        if not swap.not_undone:
            shutil.rmtree(place, ignore_errors=True)
    for name in plan.removed:
        for parent in PurePosixPath(name).parents[:-1]:
            _remove_if_empty(directory / parent)
    return plan


def _put_index(index: _Index, directory: Path, place: Path, swap: _Swap) -> None:
    path = place / ("index-pending" if index.pending else "index")
    path.write_text(index.text(), encoding="utf-8")
    swap.put(path, directory / INDEX_NAME, place)
