"""
The table ``[allow]`` in a person's own file: what repositories may do on this machine.

A repository's files cannot allow anything, because a pull request could change them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW = "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """
    The permissions.

    ``commands`` and ``fork_upload`` are repositories: folders, or their names in CI.
    ``env`` are environment variables, ``http`` are hosts.
    """

    commands: tuple[str, ...] = ()
    fork_upload: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    http: tuple[str, ...] = ()


KINDS = tuple(each.name for each in fields(Allowed))


def read_allowed(table: object, where: str) -> Allowed:
    """
    Read the table ``[allow]``; ``where`` is the file for messages.

    Raises SettingError for unknown names and for values that are not lists of texts.
    """
    if not isinstance(table, dict):
        raise SettingError(f"{where}: {ALLOW} is not a table")
    for name, value in table.items():
        if name not in KINDS:
            known = ", ".join(KINDS)
            msg = f"{where}: [{ALLOW}] has no entry {name!r}"
            raise SettingError(msg, hint=f"use one of {known}")
        if not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            msg = f"{where}: [{ALLOW}] {name} is not a list of texts"
            raise SettingError(msg, hint=f'write {name} = ["..."]')
    return Allowed(**{name: tuple(value) for name, value in table.items()})


def list_lines(allowed: Allowed) -> list[str]:
    """Return the lines of the table in a file; none if nothing is allowed."""
    found = [
        f"{name} = {json.dumps(list(value), ensure_ascii=False)}"
        for name in KINDS
        if (value := getattr(allowed, name))
    ]
    return ["", f"[{ALLOW}]", *found] if found else []


def find_repository(start: Path) -> Path:
    """Return the folder of the repository around ``start``, or ``start`` itself."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder
    return here


def is_named(
    allowed: tuple[str, ...], folder: Path, environ: Mapping[str, str]
) -> bool:
    """Whether a list names the repository around a folder."""
    home = environ.get("HOME", "")
    wanted = str(find_repository(folder))
    texts = (f"{home}{each[1:]}" if each[:2] == "~/" else each for each in allowed)
    return any(str(Path(text)) == wanted for text in texts)


def hint_for(kind: str, value: str, own_file: Path) -> str:
    """Return the hint with the line that allows it."""
    line = f"{kind} = {json.dumps([value])}"
    return f"to allow it, add below [{ALLOW}] in {own_file}: {line}"
