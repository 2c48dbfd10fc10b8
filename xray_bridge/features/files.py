"""
Finds the files of an import, and their names for Xray.

Xray finds a scenario without a key by the path of its file, so a file's name is its
path from a fixed root.
"""

from __future__ import annotations

import glob
import math
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError
from xray_bridge.features.names import SUFFIX, name_fault


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ZIP = ".zip"
SUFFIXES = frozenset({SUFFIX, ZIP})
# Minutes in a unit, and in the steps in which an age is counted.
UNITS = {"": (60, 60), "m": (1, 1), "h": (60, 60), "d": (24 * 60, 60)}
_AGE = re.compile(r"([1-9][0-9]{0,5})\s*(m|h|d|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFile:
    """A file, and its name for Xray: its path from the root, with ``/``."""

    path: Path
    name: str

    @property
    def is_zip(self) -> bool:
        """Whether it is an archive, which is sent unchanged."""
        return self.path.suffix == ZIP


def find_files(patterns: Sequence[str], root: Path) -> tuple[ChosenFile, ...]:
    """
    Find the feature files and archives for paths, directories and globs.

    Raises UsageError for a pattern without files, and for a file outside of
    ``root``.
    """
    by_place: dict[Path, Path] = {}
    for pattern in patterns:
        # An empty pattern is an unset variable, not the current directory.
        matches = list(_match_pattern(pattern)) if pattern else []
        if not matches:
            msg = f"no {SUFFIX} or {ZIP} file: {pattern or repr(pattern)}"
            raise UsageError(msg, hint="name files, directories or globs")
        for path in matches:
            by_place.setdefault(path.resolve(), path)
    chosen = (_name_file(place, path, root) for place, path in by_place.items())
    return tuple(sorted(chosen, key=lambda each: each.name))


def _match_pattern(pattern: str) -> Iterator[Path]:
    path = Path(pattern)
    if path.is_file():
        if path.suffix not in SUFFIXES:
            msg = f"neither a {SUFFIX} nor a {ZIP} file: {pattern}"
            raise UsageError(msg)
        yield path
    elif path.is_dir():
        yield from _find_below(path)
    else:
        for match in map(Path, glob.glob(pattern, recursive=True)):  # noqa: PTH207 - a pattern may be absolute
            if match.is_dir():
                yield from _find_below(match)
            elif match.suffix in SUFFIXES and match.is_file():
                yield match


def _find_below(folder: Path) -> Iterator[Path]:
    """Find all files below a directory, except hidden ones and behind links."""
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(at, name) for name in names if Path(name).suffix in SUFFIXES)
        # Reading a pipe or a device might never end.
        yield from (path for path in paths if path.is_file())


def _name_file(place: Path, path: Path, root: Path) -> ChosenFile:
    """Name a file by its path from the root, through links as given."""
    pairs = (
        (os.path.abspath(path), os.path.abspath(root)),  # noqa: PTH100 - without ".."
        (place, root.resolve()),
    )
    inner = [Path(at).relative_to(top) for at, top in pairs if _is_below(at, top)]
    if not inner:
        msg = f"{path} is not below {root.resolve()}, so it has no name for Xray"
        raise UsageError(msg, hint="pass --relative-to with a directory above it")
    name = inner[0].as_posix()
    if fault := name_fault(name):
        msg = f"{name!a} {fault}"
        raise UsageError(msg, hint="rename it")
    return ChosenFile(path=path, name=name)


def _is_below(path: str | Path, top: str | Path) -> bool:
    return Path(path).is_relative_to(top)


def parse_age(text: str) -> tuple[int, int]:
    """
    Read the largest age of a file, and the unit for ages, in minutes.

    ``3`` are hours, as in Xray's plugin for Jenkins; also ``90m``, ``3h``, ``2d``.
    Raises UsageError.
    """
    match = _AGE.fullmatch(text.strip())
    if not match:
        msg = f"--modified-within: {text!r} is not a time; write 3h, 90m or 2d"
        raise UsageError(msg)
    unit, step = UNITS[match[2].lower()]
    return int(match[1]) * unit, step


def modified_within(
    chosen: Iterable[ChosenFile], text: str, now: float | None = None
) -> tuple[ChosenFile, ...]:
    """
    Return the files that are not older than the age in ``text``.

    Only complete hours count, as in Jenkins: ``3h`` includes a file that is three
    hours and fifty minutes old. For ``90m``, complete minutes count.
    """
    limit, step = parse_age(text)
    at = time.time() if now is None else now

    def age(each: ChosenFile) -> int:
        return math.floor((at - each.path.stat().st_mtime) / 60 / step) * step

    return tuple(each for each in chosen if age(each) <= limit)
