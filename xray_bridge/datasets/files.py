"""
Files with datasets: in the run directory those of a run, in ``.xray/datasets`` the
last ones of the project.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.model.dataset import Dataset
from xray_bridge.model.keys import KEY


if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "datasets"
CACHE = Path(".xray", FOLDER)
VERSION = 1
PRIVATE_FOLDER = 0o700


class DamagedError(ValueError):
    """A file is there, but cannot be read."""


def path_of(folder: Path, key: str) -> Path:
    """Return the file of a Test's dataset."""
    if not re.fullmatch(KEY, key):
        msg = f"{key!r} is not the key of a Test"
        raise ValueError(msg)
    return folder / f"{key}.json"


def write(folder: Path, dataset: Dataset) -> None:
    """
    Write the file of a dataset, readable by its owner only; one line for each row.

    Raises OSError.
    """
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    head = {
        "version": VERSION,
        "key": dataset.key,
        "fetched": dataset.fetched,
        "problem": dataset.problem,
        "notices": [*dataset.notices],
        "columns": [*dataset.columns],
    }
    lines = [f" {json.dumps(name)}: {json.dumps(head[name])}," for name in head]
    rows = ",\n  ".join(json.dumps([*row]) for row in dataset.rows)
    lines.append(f' "rows": [\n  {rows}\n ]' if rows else ' "rows": []')
    with replaced(path_of(folder, dataset.key), private=True) as file:
        file.write(("{\n" + "\n".join(lines) + "\n}\n").encode())


def write_cache(project: Path, datasets: Iterable[Dataset]) -> None:
    """
    Keep datasets with rows for sessions without a server; git ignores them.

    Raises OSError.
    """
    found = [each for each in datasets if each.rows]
    if not found:
        return
    folder = project / CACHE
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with (
        contextlib.suppress(FileExistsError),
        (folder.parent / ".gitignore").open("x", encoding="ascii") as ignore,
    ):
        ignore.write("*\n")
    for each in found:
        write(folder, each)


def read(folder: Path, key: str) -> Dataset | None:
    """
    Read the file of a dataset; None if there is none.

    Raises DamagedError.
    """
    path = path_of(folder, key)
    try:
        found: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from None
    try:
        return _make_dataset(found, key)
    except (KeyError, TypeError, ValueError, AttributeError):
        msg = f"{path} is damaged, or a newer version has written it"
        raise DamagedError(msg) from None


def _make_dataset(found: Any, key: str) -> Dataset:
    columns, rows = _texts(found["columns"]), tuple(map(_texts, found["rows"]))
    is_whole = all(len(row) == len(columns) for row in rows)
    if found["version"] != VERSION or found["key"] != key or not is_whole:
        raise ValueError(key)
    return Dataset(
        key=key,
        columns=columns,
        rows=rows,
        problem=_texts([found.get("problem", "")])[0],
        fetched=_texts([found.get("fetched", "")])[0],
        notices=_texts(found.get("notices", [])),
    )


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(e, str) for e in values):
        raise TypeError(type(values).__name__)
    return tuple(values)
