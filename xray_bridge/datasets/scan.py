"""
Find the datasets that code names, so that one request of a session asks for all.

Only keys that are written as text are found; others are asked for when they are needed.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.model.keys import is_key, spell_key


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = "dataset"
# Folders without code of the project, besides those whose names begin with a dot.
SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "venv"})
# More are not read: the key that is needed at the moment is asked for in any case.
MOST_FILES = 20_000


def find_keys(places: Iterable[Path]) -> list[str]:
    """Return the keys of Tests whose datasets these files and folders name."""
    found: dict[str, None] = {}
    for number, path in enumerate(_files(places)):
        if number >= MOST_FILES:
            break
        found |= dict.fromkeys(_keys_in(path))
    return [*found]


def _files(places: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for place in places:
        for path in [place] if place.is_file() else _walk(place):
            if path not in seen:
                seen.add(path)
                yield path


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        is_environment = "pyvenv.cfg" in names
        folders[:] = sorted(
            name
            for name in folders
            if not (is_environment or name in SKIPPED or name.startswith("."))
        )
        if not is_environment:
            yield from (Path(parent, n) for n in sorted(names) if n.endswith(".py"))


def _keys_in(path: Path) -> Iterator[str]:
    try:
        content = path.read_bytes()
        if NAME.encode() not in content:
            return
        tree = ast.parse(content)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _keys_of(node)


def _keys_of(call: ast.Call) -> Iterator[str]:
    """Yield the keys of ``dataset("CALC-5")``, and of a mark with ``dataset=``."""
    function = call.func
    name = getattr(function, "attr", None) or getattr(function, "id", None)
    given = [each.value for each in call.keywords if each.arg == NAME]
    if name == NAME:
        values = call.args[:1]
    elif name == "xray" and given:
        is_own = isinstance(given[0], ast.Constant) and given[0].value is True
        values = call.args if is_own else given
    else:
        return
    for value in values:
        text = value.value if isinstance(value, ast.Constant) else None
        if isinstance(text, str) and is_key(text):
            yield spell_key(text)
