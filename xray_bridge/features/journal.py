"""
The journal of an export: its steps, written before the first of them.

It remains if an export is killed. The next export first completes the steps, so that
the directory never stays half changed. Each step can be repeated.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.dataclass import dataclass
from xray_bridge.features.index import Index
from xray_bridge.features.names import INDEX_NAME, name_fault
from xray_bridge.features.swap import remove_if_empty


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "steps.json"


@dataclass(frozen=True)
class Steps:
    """
    The steps of an export.

    ``put`` maps names in the directory to unpacked files; ``removed`` are names to
    remove. ``owned`` are the hashes of exported files before, ``new`` after it.
    """

    put: Mapping[str, str]
    removed: tuple[str, ...]
    owned: Mapping[str, str]
    new: Mapping[str, str]

    def write(self, place: Path) -> None:
        """Write the journal; from now on the export will be completed."""
        with replaced(place / NAME) as file:
            file.write(json.dumps(asdict(self)).encode())


def forget(place: Path) -> None:
    """Remove the journal of an export that is done or undone."""
    (place / NAME).unlink(missing_ok=True)


def is_unfinished(place: Path) -> bool:
    """Whether an export was killed while it changed the directory."""
    return (place / NAME).is_file()


def finish(
    place: Path, directory: Path, hash_at: Callable[[Path, str], str | None]
) -> None:
    """Complete the steps; keep files that were changed since."""
    steps = _read_steps(place)
    if steps is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name, staged in steps.put.items():
        source = place / Path(staged).name
        ours = {None, steps.owned.get(name), steps.new.get(name)}
        if source.is_file() and hash_at(directory, name) in ours:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            source.replace(path)
    for name in steps.removed:
        if hash_at(directory, name) == steps.owned.get(name, ""):
            (directory / name).unlink()
    index = place / "index-finished"
    index.write_text(Index(steps.new).text(), encoding="utf-8")
    index.replace(directory / INDEX_NAME)
    remove_empty(directory, steps.removed)
    forget(place)
    shutil.rmtree(place, ignore_errors=True)


def remove_empty(directory: Path, removed: tuple[str, ...]) -> None:
    """Remove the folders of removed files if they are empty."""
    for name in removed:
        for parent in PurePosixPath(name).parents[:-1]:
            remove_if_empty(directory / parent)


def _read_steps(place: Path) -> Steps | None:
    """Read the steps; None if it is not a journal of this version."""
    try:
        found = json.loads((place / NAME).read_text("utf-8"))
        steps = Steps(**{**found, "removed": tuple(found["removed"])})
        names = (*steps.put, *steps.removed, *steps.owned, *steps.new)
        return None if any(map(name_fault, names)) else steps
    except (OSError, ValueError, TypeError, KeyError):
        return None
