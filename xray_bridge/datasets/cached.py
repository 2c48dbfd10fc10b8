"""
Read the rows that were fetched last, if the server cannot be asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.datasets import files
from xray_bridge.model.dataset import Dataset
from xray_bridge.text import first_names, quote_command


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

GIT = ".git"
FETCH = "xray-bridge datasets fetch"


def find_projects(start: Path) -> list[Path]:
    """Return the folders whose files count: this one, and up to that of the clone."""
    folders = [start, *start.parents]
    root = next((n for n, each in enumerate(folders) if (each / GIT).exists()), 0)
    return folders[: root + 1]


def read_cached(projects: Iterable[Path], key: str, why: str = "") -> Dataset:
    """
    Return the rows that were fetched last.

    Without rows, the problem says what to type; ``why`` says why nobody was asked.
    """
    damaged = ""
    for project in projects:
        try:
            found = files.read(project / files.CACHE, key)
        except files.DamagedError as error:
            damaged = f"; {error}, so it is not used"
            continue
        if found is not None and found.rows:
            return found
    reason = f" ({why})" if why else ""
    return Dataset(
        key=key,
        problem=f"the rows of {key} are not known{reason}{damaged}; to fetch them, "
        f"type {quote_command(*FETCH.split(), key)}",
    )


def note_cached(found: Sequence[Dataset], why: str) -> list[Dataset]:
    """Add one notice, the same to all that have rows, about where these come from."""
    cached = [each for each in found if each.rows]
    if not cached:
        return [*found]
    names = first_names([each.key for each in cached])
    oldest = min(each.fetched for each in cached)
    notice = f"rows of {names} are those of {oldest}, from {files.CACHE}: {why}"
    return [
        replace(each, notices=(*each.notices, notice)) if each.rows else each
        for each in found
    ]
