"""
The states of stored connections: what the last check of each has found.

They are in a file beside a person's own connections, and hold no secrets. A file that
cannot be read or written is no error: then no state is known.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.config.stored_connections import own_file
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.config.stored_connections import StoredConnection

FILE = "connection-states.json"
ACTIVE, INACTIVE, ERROR, UNKNOWN = "Active", "Inactive", "Error", "Unknown"
DISABLED = "it is disabled"
NEVER = "it was not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """A state, the reason for it, and the time of the check (ISO 8601)."""

    state: str
    reason: str
    time: str = ""


def read_state(stored: StoredConnection, environ: Mapping[str, str]) -> ConnectionState:
    """
    Return the state of a connection: Inactive if it is disabled.

    A disabled connection keeps what its last check has found, for when it is enabled.
    """
    found = _read_all(environ).get(_name_of(stored))
    if not stored.is_enabled:
        time = found.time if found else ""
        return ConnectionState(state=INACTIVE, reason=DISABLED, time=time)
    return found or ConnectionState(state=UNKNOWN, reason=NEVER)


def note_state(
    stored: StoredConnection,
    state: ConnectionState | None,
    environ: Mapping[str, str],
) -> None:
    """Note the state after a check; None forgets it."""
    known = _read_all(environ)
    before = known.pop(_name_of(stored), None)
    if state is None and before is None:
        return
    if state is not None:
        known[_name_of(stored)] = state
    path = _path(environ)
    content = {name: asdict(each) for name, each in known.items()}
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replaced(path) as file:
            os.chmod(file.name, 0o600)  # noqa: PTH101 - of a file that is open
            file.write(json.dumps(content, indent=1).encode())


def _path(environ: Mapping[str, str]) -> Path:
    return own_file(environ).with_name(FILE)


def _name_of(stored: StoredConnection) -> str:
    """Return a name that is unique: two projects may have the same one."""
    return f"{stored.name} in {stored.source}"


def _read_all(environ: Mapping[str, str]) -> dict[str, ConnectionState]:
    try:
        found = json.loads(_path(environ).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    listed = found.items() if isinstance(found, dict) else ()
    read = {name: _read_one(each) for name, each in listed}
    return {name: each for name, each in read.items() if each is not None}


def _read_one(found: Any) -> ConnectionState | None:
    names = ConnectionState.__slots__
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) for name in names
    ):
        return None
    return ConnectionState(**{name: found[name] for name in names})
