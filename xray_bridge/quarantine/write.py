"""
Write a test into the quarantine of the project's file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xray_bridge.config import shared_file
from xray_bridge.config.quarantine_table import parse_quarantine
from xray_bridge.config.shared_file import SHARED_FILE
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.config.quarantine_table import Entry

PROJECT_FILE = "pyproject.toml"
HEADS = {SHARED_FILE: "quarantine", PROJECT_FILE: "tool.xray-bridge.quarantine"}


def find_file(folder: Path) -> Path:
    """
    Return the project's file: the one with settings, or else pyproject.toml.

    Raises SettingError for a file that cannot be read.
    """
    path, _ = shared_file.read_shared_table(folder)
    project = folder / PROJECT_FILE
    return path or (project if project.exists() else folder / SHARED_FILE)


def format_entry(entry: Entry, file: str) -> list[str]:
    """Return the lines that put a test into the quarantine of this file."""
    lines = [f"[[{HEADS[file]}.tests]]", f"test = {_quote(entry.test)}"]
    lines += [f"owner = {_quote(entry.owner)}"] if entry.owner else ()
    lines += [f"issue = {_quote(entry.issue)}"] if entry.issue else ()
    # A text: behave 1.3 ends with a TypeError at any date in pyproject.toml; see
    # ``findings/behave-dies-at-a-toml-date.sh``.
    lines += [f"until = {_quote(str(entry.until))}"] if entry.until else ()
    if entry.fingerprints:
        one, *others = entry.fingerprints
        shown = _quote(one) if not others else json.dumps([one, *others])
        lines.append(f"fingerprint = {shown}")
    return lines


def _quote(text: str) -> str:
    """Return a basic string of TOML, which has the escapes of JSON, and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def add_entry(path: Path, text: str, entry: Entry) -> str:
    """
    Return the text of the project's file with one more test in quarantine.

    Raises UsageError if the file would not be valid afterwards.
    """
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    lines = format_entry(entry, path.name)
    gap = end_of_line if text and not text.endswith("\n") else ""
    gap += end_of_line if text else ""
    found = f"{text}{gap}{end_of_line.join(lines)}{end_of_line}"
    try:
        parse_quarantine(_read_table(found, path.name))
    except ValueError as error:
        msg = f"{path.name} cannot be extended: {error}"
        hint = f"write it yourself: {'; '.join(lines)}"
        raise UsageError(msg, hint=hint) from None
    return found


def _read_table(text: str, file: str) -> dict[str, Any]:
    """Raise ValueError for a text that is no TOML, or has no such table."""
    found: Any = shared_file.parse_toml(text)
    for name in HEADS[file].split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        msg = f"{HEADS[file]} is no table"
        raise ValueError(msg)  # noqa: TRY004 - as for all other mistakes
    return found
