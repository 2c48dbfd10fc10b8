"""
Notes in a run directory about what was made in Jira, so that a resend finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs.json_files import read_json, write_json


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.runs.run_directory import RunDirectory

FILE = "jira.json"


def read_notes(directory: RunDirectory, name: str) -> dict[str, Any]:
    """Return the notes of one step; empty if there are none or they are damaged."""
    try:
        found = read_json(directory.path / FILE).get(name)
    except RunDirectoryError:
        return {}
    return found if isinstance(found, dict) else {}


def write_notes(directory: RunDirectory, name: str, notes: Mapping[str, Any]) -> None:
    """
    Replace the notes of one step; those of other steps stay.

    Raises RunDirectoryError if they cannot be written.
    """
    path = directory.path / FILE
    try:
        found = read_json(path) if path.exists() else {}
    except RunDirectoryError:
        found = {}
    write_json(path, {**found, name: dict(notes)})
