"""
Installs exported feature files in a directory without touching the user's files.

An index in the directory holds the hash of each installed file. A file that is not
in the index, or was changed since, belongs to the user: it is neither overwritten nor
removed. All files are unpacked beside the directory first, then replaced one by one,
and moved back if a step fails. A journal beside the directory lists the steps: after
an export was killed, the next one first completes them.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError, UsageError
from xray_bridge.features import archive, journal
from xray_bridge.features.download import DEFAULT_LIMITS, Export, Limits, hash_of
from xray_bridge.features.index import Index, read_index, with_names_of
from xray_bridge.features.names import INDEX_NAME, show_name
from xray_bridge.features.swap import Swap
from xray_bridge.features.workplace import (
    find_leftovers,
    lock_directory,
    make_workplace,
    remove_places,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEPT = "no longer exported, but changed here, so it was kept"
_NAMES_IN_MESSAGE = 10


@dataclass(frozen=True)
class Installed:
    """The installed files, the removed files, and notices on skipped files."""

    files: tuple[Path, ...]
    removed: tuple[Path, ...]
    skipped: tuple[str, ...]


def install(
    download: Path, target: Path, *, limits: Limits = DEFAULT_LIMITS
) -> Installed:
    """
    Put the feature files in ``download``, a zip or a bare file, into ``target``.

    Files of an earlier export that are not in this one are removed, unless they
    were changed. Raises ``UsageError`` for an unsafe target, and ``FeaturesError`` for
    all other errors; ``target`` is then unchanged, or the hint names the files that
    could not be moved back.
    """
    directory = _resolve_target(target)
    swap = Swap()
    try:
        with (
            archive.open_export(download, limits) as export,
            lock_directory(directory, limits),
        ):
            _finish_killed(directory)
            old = find_leftovers(directory)
            plan = _install_export(export, directory, make_workplace(directory), swap)
            remove_places(old)
    except (OSError, UnicodeEncodeError) as error:  # or: a name not for this disk
        reason = f"the feature files could not be installed in {target}: {error}"
        raise FeaturesError(reason, hint=swap.hint()) from error
    return Installed(
        files=tuple(target / name for name in export.sizes),
        removed=tuple(target / name for name in plan.removed),
        skipped=export.skipped + plan.kept,
    )


def _install_export(export: Export, directory: Path, place: Path, swap: Swap) -> _Plan:
    """Unpack, plan, act; write the index before and after."""
    try:
        staged = {
            name: place / f"new-{number}" for number, name in enumerate(export.sizes)
        }
        new = {name: export.unpack(name, path) for name, path in staged.items()}
        before = read_index(directory)
        index = with_names_of(before, directory, new)
        plan = _make_plan(directory, index, new)
        with swap.undo:
            swap.undo.callback(_forget_journal, place, swap)
            put = {name: staged[name].name for name in plan.put}
            journal.Steps(put, plan.removed, plan.owned, new).write(place)
            swap.make_directory(directory)
            if Index(new) != before:
                _put_index(Index(plan.owned, new), directory, place, swap)
            for name in plan.put:
                path = directory / name
                swap.make_directory(path.parent)
                swap.put(staged[name], path, place)
            for name in plan.removed:
                swap.remove(directory / name, place)
            if Index(new) != before:
                _put_index(Index(new), directory, place, swap)
            swap.undo.pop_all()
        journal.remove_empty(directory, plan.removed)
        journal.forget(place)
        return plan
    finally:
        if not swap.not_undone:
            shutil.rmtree(place, ignore_errors=True)


def _forget_journal(place: Path, swap: Swap) -> None:
    """Remove the journal if all is undone; else the next export completes it."""
    if not swap.not_undone:
        journal.forget(place)


def finish_killed(target: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """
    Complete an export into ``target`` that was killed, if there is one.

    Raises FeaturesError, and UsageError like ``install``.
    """
    directory = _resolve_target(target)
    if not any(map(journal.is_unfinished, find_leftovers(directory))):
        return
    try:
        with lock_directory(directory, limits):
            _finish_killed(directory)
    except OSError as error:
        reason = f"an export into {target} was killed and cannot be completed: {error}"
        raise FeaturesError(reason, hint="fix the cause and export again") from error


def _finish_killed(directory: Path) -> None:
    for place in find_leftovers(directory):
        journal.finish(place, directory, _hash_at)


def _put_index(index: Index, directory: Path, place: Path, swap: Swap) -> None:
    path = place / ("index-pending" if index.pending else "index")
    path.write_text(index.text(), encoding="utf-8")
    swap.put(path, directory / INDEX_NAME, place)


@dataclass(frozen=True)
class _Plan:
    """The changes to the target, none of them to a user's file."""

    put: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    owned: Mapping[str, str]


@dataclass(frozen=True)
class _File:
    """
    A name with the hash of its file in the export, and of the file in the target.

    A hash is None without a file, and empty if it is not a plain file.
    """

    name: str
    new: str | None
    there: str | None
    is_ours: bool

    @property
    def is_users(self) -> bool:
        return self.there is not None and not self.is_ours

    @property
    def is_put(self) -> bool:
        return self.new is not None and self.new != self.there

    @property
    def is_stale(self) -> bool:
        return self.new is None and self.there is not None


def _compare_file(
    directory: Path, index: Index, name: str, new: Mapping[str, str]
) -> _File:
    there = _hash_at(directory, name)
    is_ours = there is not None and index.owns(name, there)
    return _File(name, new.get(name), there, is_ours)


def _hash_at(directory: Path, name: str) -> str | None:
    """Return the hash of a plain file; empty for anything else, None for no file."""
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


def _make_plan(directory: Path, index: Index, new: Mapping[str, str]) -> _Plan:
    """Plan the changes; raise ``FeaturesError`` if a user's file is in the way."""
    no_longer = [name for name in index.names() if name not in new]
    files = [_compare_file(directory, index, name, new) for name in (*new, *no_longer)]
    blocked = [file.name for file in files if file.is_put and file.is_users]
    if blocked:
        names = ", ".join(map(show_name, blocked[:_NAMES_IN_MESSAGE]))
        raise FeaturesError(
            f"{len(blocked)} files in {directory} are in the way: they are not from an "
            f"export, or were changed since: {names}",
            hint="nothing was changed; move them, or choose another features_dir",
        )
    stale = [file for file in files if file.is_stale]
    return _Plan(
        put=tuple(file.name for file in files if file.is_put),
        removed=tuple(file.name for file in stale if file.is_ours),
        kept=tuple(
            f"{show_name(file.name)}: {_KEPT}" for file in stale if file.is_users
        ),
        owned={file.name: file.there or "" for file in files if file.is_ours},
    )


_TARGET_CHECKS: tuple[tuple[Callable[[Path], bool], str], ...] = (
    (lambda path: path.is_symlink(), "is a symbolic link"),
    (lambda path: path.exists() and not path.is_dir(), "is not a directory"),
    (lambda path: path.resolve().parent == path.resolve(), "is the root directory"),
    (lambda path: _is_or_holds(path, "."), "is or contains the current directory"),
    (
        lambda path: _is_or_holds(path, _home_folder()),
        "is or contains your home directory",
    ),
)


def _home_folder() -> str:
    return os.path.expanduser("~")  # noqa: PTH111 - Path.home() may raise


def _is_or_holds(path: Path, other: str) -> bool:
    return Path(other).resolve().is_relative_to(path.resolve())


def _resolve_target(target: Path) -> Path:
    """Resolve ``target``; raise ``UsageError`` if it should not be used."""
    try:
        reasons = [reason for is_bad, reason in _TARGET_CHECKS if is_bad(target)]
        if not reasons:
            return target.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # such as a loop of links
        reasons = [f"cannot be read: {error}"]
    raise UsageError(
        f"features_dir {show_name(str(target))} {reasons[0]}",
        hint="use a directory that holds exports only, such as 'features'",
    )
