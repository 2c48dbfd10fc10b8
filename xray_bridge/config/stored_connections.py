"""
Reads and writes stored connections, and makes layers of settings from them.

A project's connections are in its shared file, below ``connections``; a person's are
in a separate file, which ``xray-bridge connection`` writes. Both name the place of a
secret, and hold none.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.config import allow
from xray_bridge.config.allow import Allowed
from xray_bridge.config.parsers import boolean
from xray_bridge.config.resolve import Layer
from xray_bridge.config.settings import TABLE
from xray_bridge.config.shared_file import CONNECTIONS, read_shared_table, read_toml
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    RunDirectoryError,
    SecretInPlainSightError,
    SettingError,
    UsageError,
)
from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Settings that a connection may hold.
OF_SETTINGS = tuple(name for name, setting in TABLE.items() if setting.stored)
# Places of a secret; the second secret is for the Jira site of Xray Cloud.
PLACES = ("env", "file", "command", "keyring")
SECRETS = {"secret": "", "jira_secret": "jira_"}
OF_SECRETS = tuple(f"{which}_{place}" for which in SECRETS for place in PLACES)
DESCRIPTION, ENABLED = "description", "enabled"
FIELDS = (*OF_SETTINGS, *OF_SECRETS, DESCRIPTION, ENABLED)
# Other common spellings.
ALIASES = {"password_command": "secret_command", "keyring": "secret_keyring"}
LONGEST_DESCRIPTION = 255
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
FOLDER = "xray-bridge"
OWN_FILE = "connections.toml"
# The variable with the path of another file.
OWN_FILE_VARIABLE = "XRAY_CONNECTIONS_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConnection:
    """
    One stored connection.

    ``values`` are texts and booleans by field; ``source`` is their file. ``is_own``:
    it is the person's own file, which the command may change.
    """

    name: str
    values: Mapping[str, str | bool]
    source: Path
    is_own: bool

    @property
    def is_enabled(self) -> bool:
        """Whether uploads may use it."""
        return _is_yes(self.values.get(ENABLED, True))

    def place_of(self, which: str) -> tuple[str, str]:
        """Return the kind of place of a secret, and the place; both empty if none."""
        for place in PLACES:
            found = self.values.get(f"{which}_{place}")
            if found not in {None, "", False}:
                return place, str(found)
        return "", ""


def _is_yes(value: str | bool) -> bool:
    return value if isinstance(value, bool) else boolean(value)


def own_file(environ: Mapping[str, str]) -> Path:
    """Return the path of a person's own connections."""
    if named := environ.get(OWN_FILE_VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        base = Path(environ.get("APPDATA") or "~")
    else:
        base = Path(environ.get("XDG_CONFIG_HOME") or "~/.config")
    # Without a home directory the path is unchanged and names no file.
    text = os.path.expanduser(base / FOLDER / OWN_FILE)  # noqa: PTH111 - may not raise
    return Path(text)


def known_connections(
    start: Path, environ: Mapping[str, str]
) -> dict[str, StoredConnection]:
    """
    Return all connections that can be used in ``start``; a person's own win.

    Raises SettingError for an invalid connection, and for a file that others can
    write: it may hold commands.
    """
    found: dict[str, StoredConnection] = {}
    path, shared = read_shared_table(start)
    if path is not None:
        tables = shared.get(CONNECTIONS, {})
        found |= {each.name: each for each in _read_tables(tables, path, is_own=False)}
    own = own_file(environ)
    if own.is_file():
        tables = _own_tables(own)
        tables.pop(allow.ALLOW, None)
        found |= {each.name: each for each in _read_tables(tables, own, is_own=True)}
    return found


def read_allowed(environ: Mapping[str, str]) -> Allowed:
    """
    Read what a person allows repositories to do.

    Raises SettingError for a wrong table, and for a file that others can write.
    """
    return _read_allowed_in(own_file(environ))


def _read_allowed_in(path: Path) -> Allowed:
    if not path.is_file():
        return Allowed()
    return allow.read_allowed(_own_tables(path).get(allow.ALLOW, {}), path.name)


def _own_tables(path: Path) -> dict[str, Any]:
    _refuse_open(path)
    return read_toml(path)


def find_connection(
    name: str, start: Path, environ: Mapping[str, str]
) -> StoredConnection:
    """
    Find a connection by its name.

    Raises UsageError if there is none, with the most similar name.
    """
    stored = known_connections(start, environ)
    if name in stored:
        return stored[name]
    near = similar_word(name, stored)
    hint = (
        f"did you mean {near}?" if near else "`xray-bridge connection list` lists all"
    )
    msg = f"there is no connection {name!r}"
    raise UsageError(msg, hint=hint)


def connection_layer(stored: StoredConnection, secrets: Mapping[str, str]) -> Layer:
    """
    Make a layer of settings from a connection.

    ``secrets`` are the fetched ones, by kind (SECRETS). A connection with a secret
    clears other credentials and addresses: a secret is sent only to its own server.
    """
    values: dict[str, object] = {
        name: stored.values[name] for name in OF_SETTINGS if name in stored.values
    }
    if "secret" in secrets:
        kinds = ("url", "token", "password", "client_secret", "user", "client_id")
        values = dict.fromkeys(kinds, "") | values
        values[secret_of(stored)] = secrets["secret"]
    if "jira_secret" in secrets:
        values = dict.fromkeys(("jira_url", "jira_user"), "") | values
        values["jira_token"] = secrets["jira_secret"]
    folder = None if stored.is_own else stored.source.parent
    source = f"connection {stored.name}"
    return Layer(
        source,
        values,
        lambda s: s.name,
        holds_secrets=True,
        folder=folder,
        is_of_repository=not stored.is_own,
    )


def secret_of(stored: StoredConnection) -> str:
    """Return the setting for its secret, which depends on the user or client id."""
    if stored.values.get("client_id"):
        return "client_secret"
    return "password" if stored.values.get("user") else "token"


def validate_connection(
    values: Mapping[str, object], where: str
) -> dict[str, str | bool]:
    """
    Validate the fields of a connection and return them.

    Raises SettingError and SecretInPlainSightError, which name ``where``.
    """
    found: dict[str, str | bool] = {}
    for given, value in values.items():
        name = ALIASES.get(given, given)
        if name in TABLE and TABLE[name].secret:
            msg = f"{where}: {given} must not be in a file"
            hint = "name its place: secret_env, secret_file, secret_command or keyring"
            raise SecretInPlainSightError(msg, hint=hint)
        if name not in FIELDS:
            near = similar_word(given, (*FIELDS, *ALIASES))
            hint = (
                f"did you mean {near}?" if near else f"the fields are {_list_fields()}"
            )
            raise SettingError(f"{where}: there is no field {given!r}", hint=hint)
        if not isinstance(value, (str, bool)):
            raise SettingError(f"{where}: {given} is neither text nor true or false")
        found[name] = value
        try:
            _validate_field(name, value)
        except ValueError as error:
            raise SettingError(f"{where}: {given}: {error}") from None
    return found


def _list_fields() -> str:
    return ", ".join(FIELDS)


def _validate_field(name: str, value: str | bool) -> None:
    if name in {ENABLED, "secret_keyring", "jira_secret_keyring"}:
        _is_yes(value)
    elif name == DESCRIPTION and len(str(value)) > LONGEST_DESCRIPTION:
        msg = f"longer than {LONGEST_DESCRIPTION} characters"
        raise ValueError(msg)
    elif name in OF_SETTINGS and "${" not in str(value):
        text = str(value).lower() if isinstance(value, bool) else value
        TABLE[name].parse(text)
    if not str(value).isprintable():
        msg = "it has several lines, or characters that cannot be printed"
        raise ValueError(msg)


def _read_tables(
    tables: Mapping[str, Any] | Any, path: Path, *, is_own: bool
) -> Iterator[StoredConnection]:
    if not isinstance(tables, dict):
        msg = f"{path.name}: {CONNECTIONS} is not a table"
        raise SettingError(msg, hint='write [connections.NAME] and url = "..."')
    for name, values in tables.items():
        where = f"{path.name}: connection {name}"
        if not isinstance(values, dict) or not NAME.fullmatch(name):
            msg = f"{where} is not a table with a valid name"
            raise SettingError(msg, hint="names have letters, digits, dots and dashes")
        found = validate_connection(values, where)
        yield StoredConnection(name=name, values=found, source=path, is_own=is_own)


def _refuse_open(path: Path) -> None:
    """Refuse a file that others can write: they could change its commands."""
    if sys.platform != "win32" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        msg = f"{path} can be written by others"
        raise SettingError(msg, hint=f"run chmod 600 {path}")


def save_connections(stored: Mapping[str, StoredConnection], path: Path) -> None:
    """
    Write a person's own connections atomically, readable by that person only.

    Raises RunDirectoryError if the file cannot be written.
    """
    lines = ["# Written by `xray-bridge connection`; it holds no secrets."]
    for name, each in sorted(stored.items()):
        # A dot would start a nested table.
        lines += ["", f"[{_write_text(name) if '.' in name else name}]"]
        lines += [
            f"{field} = {_write_value(value)}" for field, value in each.values.items()
        ]
    lines += allow.list_lines(_read_allowed_in(path))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replaced(path) as file:
            os.chmod(file.name, 0o600)  # noqa: PTH101 - of a file that is open
            file.write("\n".join((*lines, "")).encode())
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise RunDirectoryError(
            msg, hint=f"set {OWN_FILE_VARIABLE} to another path"
        ) from None


def _write_value(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else _write_text(value)


def _write_text(value: str) -> str:
    """Write a basic string of TOML, which has JSON's escapes except for one."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
