"""
``xray-bridge connection``: manage stored connections by name.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check import stored_connection
from xray_bridge.check.stored_connection import Verdict, check_stored_connection
from xray_bridge.cli import connection_json, connection_push, console, options
from xray_bridge.cli.connection_json import read_payload
from xray_bridge.config import connection_states, secret_sources, stored_connections
from xray_bridge.config.connection_states import ConnectionState
from xray_bridge.config.settings import TABLE
from xray_bridge.config.stored_connections import StoredConnection
from xray_bridge.errors import CheckError, SecretInPlainSightError, UsageError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Help texts of fields that are not settings.
HELP = {
    "secret_env": "variable that contains the password, token or client secret",
    "secret_file": "file that contains the secret",
    "secret_command": "command that prints the secret, such as a password manager's",
    "secret_keyring": "the secret is in the keyring of this machine",
    "jira_secret_env": "variable that contains the API token of the Jira site (Cloud)",
    "jira_secret_file": "file that contains the API token",
    "jira_secret_command": "command that prints the API token",
    "jira_secret_keyring": "the API token is in the keyring of this machine",
    "description": "a description for people; at most 255 characters",
}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "connection", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (run, action_help, fields) in ACTIONS.items():
        action = actions.add_parser(name, help=action_help, allow_abbrev=False)
        if name != "list":
            # The name may also be in the file of --from-json.
            action.add_argument(
                "name",
                metavar="NAME",
                nargs="?" if name == "add" else None,
                help="name of the connection",
            )
        action.add_argument("--json", action="store_true", help="print JSON")
        options.add_verbose(action)
        if fields:
            _add_fields(action)
        if name == "add":
            connection_json.add_flag(action)
        if name == "push":
            connection_push.add_flags(action)
        action.set_defaults(run=run)


def _add_fields(parser: argparse.ArgumentParser) -> None:
    for field in stored_connections.FIELDS:
        if field == stored_connections.ENABLED:
            continue
        setting = TABLE.get(field)
        # The description here is that of the connection.
        text = HELP[field] if field in HELP or setting is None else setting.help
        keywords: dict[str, Any] = {"dest": f"field_{field}", "help": text}
        if field.endswith("_keyring") or (setting and setting.flag):
            keywords |= {"action": "store_const", "const": True}
        else:
            keywords["metavar"] = setting.metavar if setting else "TEXT"
        parser.add_argument(f"--{field.replace('_', '-')}", **keywords)
    for name, setting in TABLE.items():
        if setting.secret:
            # A secret's flag exists only for its error message.
            flag = setting.flag_name
            parser.add_argument(flag, dest=f"refused_{name}", help=argparse.SUPPRESS)
    parser.add_argument(
        "--ask-secret",
        action="store_true",
        help="ask for the secret and store it in the keyring",
    )
    parser.add_argument(
        "--no-check",
        action="store_true",
        help="store the connection without checking it",
    )


def add(arguments: argparse.Namespace) -> int:
    """Check a new connection and store it."""
    read_payload(arguments)
    stored = _known_connections()
    if arguments.name in stored:
        where = stored[arguments.name].source
        msg = f"a connection named {arguments.name!r} already exists in {where}"
        raise UsageError(msg, hint="change it with `xray-bridge connection update`")
    if not stored_connections.NAME.fullmatch(arguments.name):
        msg = f"{arguments.name!r} is not a valid name for a connection"
        raise UsageError(msg, hint="use letters, digits, dots and dashes")
    return _check_and_store(arguments, {})


def update(arguments: argparse.Namespace) -> int:
    """Change the given fields."""
    return _check_and_store(arguments, _find_own(arguments.name).values)


def _check_and_store(
    arguments: argparse.Namespace, before: Mapping[str, str | bool]
) -> int:
    for name, setting in TABLE.items():
        if getattr(arguments, f"refused_{name}", None) is not None:
            msg = f"{setting.flag_name} must not be on a command line"
            hint = (
                "say where the secret is: --secret-env, --secret-file, --secret-command"
            )
            raise SecretInPlainSightError(msg, hint=f"{hint} or --ask-secret")
    given = {
        field: value
        for field in stored_connections.FIELDS
        if (value := getattr(arguments, f"field_{field}", None)) is not None
    }
    if arguments.ask_secret:
        given["secret_keyring"] = True
    # One place for each secret: the new one.
    merged = {k: v for k, v in before.items() if not _is_replaced(k, given)} | given
    values = stored_connections.validate_connection(
        merged, f"connection {arguments.name}"
    )
    # A field that is given but empty is removed.
    values = {field: value for field, value in values.items() if value != ""}
    path = stored_connections.own_file(os.environ)
    stored = StoredConnection(
        name=arguments.name, values=values, source=path, is_own=True
    )
    if not stored.values.get("url") and not stored.values.get("client_id"):
        msg = "a connection needs --url, or --client-id for Xray Cloud"
        raise UsageError(msg, hint="for example: --url https://jira.example.com")
    known = _new_secrets(arguments, stored)
    verdict = None
    if not arguments.no_check:
        verdict = check_stored_connection(stored, os.environ, known)
        if verdict.state != stored_connection.HEALTHY:
            msg = f"not stored: {verdict.reason}"
            hint = verdict.hint or "--no-check stores it anyway"
            raise CheckError(msg, hint=hint)
    for which, secret in known.items():
        secret_sources.store_in_keyring(stored, which, secret)
    _save_connection(stored, path)
    _note_verdict(stored, verdict)
    console.emit(
        arguments, _as_document(stored), [f"{stored.name} is stored in {path}"]
    )
    return 0


def _new_secrets(
    arguments: argparse.Namespace, stored: StoredConnection
) -> dict[str, str]:
    """Return secrets that go into the keyring, by kind."""
    if arguments.ask_secret:
        return {"secret": _ask_secret(stored)}
    return dict(getattr(arguments, "new_secrets", {}))


def _note_verdict(stored: StoredConnection, verdict: Verdict | None) -> str:
    """Note what a check has found; return its time."""
    if verdict is None:
        connection_states.note_state(stored, None, os.environ)
        return ""
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    is_well = verdict.state == stored_connection.HEALTHY
    found = ConnectionState(
        state=connection_states.ACTIVE if is_well else connection_states.ERROR,
        reason=verdict.reason,
        time=time,
    )
    connection_states.note_state(stored, found, os.environ)
    return time


def _is_replaced(field: str, given: Mapping[str, object]) -> bool:
    which, _, place = field.rpartition("_")
    return which in stored_connections.SECRETS and any(
        f"{which}_{other}" in given
        for other in stored_connections.PLACES
        if other != place
    )


def _ask_secret(stored: StoredConnection) -> str:
    if not sys.stdin.isatty():
        secret = sys.stdin.readline().strip()
    else:
        secret = getpass.getpass(
            f"{stored_connections.secret_of(stored)} of {stored.name}: "
        )
    if not secret:
        raise UsageError("no secret was given")
    return secret


def _save_connection(
    stored: StoredConnection | None, path: Path, *, without: str = ""
) -> None:
    own = {name: each for name, each in _known_connections().items() if each.is_own}
    own.pop(without, None)
    if stored is not None:
        own[stored.name] = stored
    stored_connections.save_connections(own, path)


def list_(arguments: argparse.Namespace) -> int:
    """List all connections, one line each."""
    found = [_as_document(each) for each in _known_connections().values()]
    none = (
        "There are no connections. Add one: xray-bridge connection add NAME --url URL"
    )
    lines = [_format_line(each) for each in found] or [none]
    console.emit(arguments, found, lines)
    return 0


def _format_line(shown: Mapping[str, str | bool]) -> str:
    off = "" if shown["enabled"] else "  disabled"
    about = f"  {shown['description']}" if shown.get("description") else ""
    where = shown.get("url") or "Xray Cloud"
    why = f"  {shown['reason']}" if shown["state"] == connection_states.ERROR else ""
    state = f"{shown['state']:10}"
    return f"{shown['name']:16}{state}{where}  ({shown['source']}){off}{about}{why}"


def show(arguments: argparse.Namespace) -> int:
    """Show all fields of one connection, without secrets."""
    shown = _as_document(_find_connection(arguments.name))
    lines = (f"{name}: {value}" for name, value in shown.items())
    console.emit(arguments, shown, lines)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check one connection; exit code 85 unless it is healthy."""
    state = connection_states.ERROR
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    try:
        stored = _find_connection(arguments.name)
        verdict = check_stored_connection(stored, os.environ)
        time = _note_verdict(stored, verdict)
        state = connection_states.read_state(stored, os.environ).state
    except UsageError as error:
        verdict = Verdict(
            state=stored_connection.NOT_FOUND, reason=error.message, hint=error.hint
        )
    found = {
        "name": arguments.name,
        "status": verdict.state,
        "state": state,
        "reason": verdict.reason,
        "hint": verdict.hint,
        "time": time,
    }
    hint = f" ({verdict.hint})" if verdict.hint else ""
    line = f"{arguments.name}: {verdict.state}, {verdict.reason}{hint}"
    console.emit(arguments, found, [f"{line}, {found['time']}"])
    return 0 if verdict.state == stored_connection.HEALTHY else CheckError.exit_code


def enable(arguments: argparse.Namespace) -> int:
    """Enable a connection."""
    return _set_enabled(arguments, on=True)


def disable(arguments: argparse.Namespace) -> int:
    """Disable a connection: keep its settings, but upload nothing through it."""
    return _set_enabled(arguments, on=False)


def _set_enabled(arguments: argparse.Namespace, *, on: bool) -> int:
    before = _find_own(arguments.name)
    stored = replace(before, values={**before.values, stored_connections.ENABLED: on})
    _save_connection(stored, stored.source)
    line = f"{stored.name} is {'enabled' if on else 'disabled'}"
    console.emit(arguments, _as_document(stored), [line])
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Remove a connection; a secret in a keyring stays there."""
    before = _find_own(arguments.name)
    _save_connection(None, before.source, without=before.name)
    connection_states.note_state(before, None, os.environ)
    line = f"{before.name} is removed"
    console.emit(arguments, {"removed": before.name}, [line])
    return 0


def push(arguments: argparse.Namespace) -> int:
    """Create or update a JFrog platform's integration."""
    return connection_push.push(arguments, _find_connection(arguments.name))


def _known_connections() -> dict[str, StoredConnection]:
    return stored_connections.known_connections(Path.cwd(), os.environ)


def _find_connection(name: str) -> StoredConnection:
    return stored_connections.find_connection(name, Path.cwd(), os.environ)


def _find_own(name: str) -> StoredConnection:
    """Find a connection of this user; raise UsageError for a project's."""
    found = _find_connection(name)
    if not found.is_own:
        msg = f"the connection {name} belongs to the project: it is in {found.source}"
        raise UsageError(msg, hint="change it in that file")
    return found


def _as_document(stored: StoredConnection) -> dict[str, str | bool]:
    rest = {k: v for k, v in stored.values.items() if k != stored_connections.ENABLED}
    found = connection_states.read_state(stored, os.environ)
    return {
        "name": stored.name,
        **rest,
        "enabled": stored.is_enabled,
        "source": str(stored.source),
        "state": found.state,
        "reason": found.reason,
        "checked": found.time,
    }


ACTIONS: Mapping[str, tuple[Callable[[argparse.Namespace], int], str, bool]] = {
    "add": (add, "check a new connection and store it", True),
    "update": (update, "change the given fields; check them before storing", True),
    "list": (list_, "list all connections, one line each", False),
    "show": (show, "show one connection, without secrets", False),
    "check": (
        check,
        "check one connection: healthy, faulty, not found or unreachable",
        False,
    ),
    "enable": (enable, "use a disabled connection again", False),
    "disable": (disable, "keep the connection, but upload nothing through it", False),
    "remove": (remove, "remove the connection", False),
    "push": (
        push,
        "create or update the Jira integration of a JFrog platform from a connection",
        False,
    ),
}
