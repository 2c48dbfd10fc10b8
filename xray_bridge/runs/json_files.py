"""
JSON files of a run directory: read with checks, and replaced atomically.

A run directory may come from another machine, so the content is not trusted.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from json import dumps, loads
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import inside, shapes
from xray_bridge.runs.mending import LATEST


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NESTED = (dict, list, tuple)


def make_value(kind: type, found: dict[str, Any], path: Path) -> Any:
    """
    Make a dataclass from the content of a file, and check the types.

    Raises RunDirectoryError, naming ``path``. Unknown fields of a newer version are
    ignored: an important change has another version number.
    """
    names = _field_names(kind)
    if names[0] not in found:
        raise RunDirectoryError(f"{path} is damaged: no {names[0]}")
    known = {
        # JSON has lists where our values have tuples.
        name: tuple(found[name]) if type(found[name]) is list else found[name]
        for name in names
        if name in found
    }
    try:
        value = kind(**known)
    except TypeError:
        raise RunDirectoryError(f"{path} is damaged") from None
    odd = shapes.odd_field(value)
    for name in () if odd else _time_fields(kind):
        # Later than any calendar date.
        if not abs(getattr(value, name)) < LATEST:
            odd = name
    if odd:
        raise RunDirectoryError(f"{path} is damaged: {odd}")
    return value


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _time_fields(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.type == "float")


def read_json(path: Path) -> dict[str, Any]:
    """
    Read the JSON object in a file of a run directory.

    Raises RunDirectoryError if there is none.
    """
    try:
        return parse_json(inside.read_inside(path.parent, path.name), path)
    except OSError as error:
        raise unreadable_error(path, error) from None


def parse_json(content: bytes, path: Path) -> dict[str, Any]:
    """
    Return the JSON object in the content of a file.

    Raises RunDirectoryError, naming ``path``, if there is none.
    """
    try:
        found = loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise unreadable_error(path, error) from None
    if not isinstance(found, dict):
        msg = f"{path} is not a JSON object"
        raise RunDirectoryError(msg)
    return found


def unreadable_error(path: Path, error: Exception) -> RunDirectoryError:
    """Return the error of a file that cannot be read."""
    return RunDirectoryError(f"{path} cannot be read: {error}")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """
    Replace a file of a run directory atomically, and sync it to disk.

    Raises RunDirectoryError if it cannot be written.
    """
    try:
        with replaced(path, private=True) as file:
            file.write(_format_json(content).encode() + b"\n")
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise RunDirectoryError(msg) from None


def _format_json(content: Mapping[str, Any]) -> str:
    """Return JSON as with ``indent=1``; flat values use the faster encoder in C."""
    if any(each and isinstance(each, NESTED) for each in content.values()):
        return dumps(content, indent=1)
    flat = dumps(content, separators=(",\n ", ": "))
    return f"{{\n {flat[1:-1]}\n}}"
