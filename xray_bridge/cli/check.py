"""
``xray-bridge check``: can the upload work? One table, each line with its fix.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from xray_bridge.check import Finding, findings, refuse_impossible
from xray_bridge.cli import options
from xray_bridge.connection import connect
from xray_bridge.errors import CheckError, ConnectionDisabledError, SettingError
from xray_bridge.http import Deadline, Http
from xray_bridge.xray import client


if TYPE_CHECKING:
    from xray_bridge.connection import Connection
    from xray_bridge.settings import Settings

# Before the first test nobody waits long: the answer can wait, the tests cannot.
ATTEMPTS = 1
PATIENCE = 30.0
WORDS = {True: "ok", False: "WRONG", None: "?"}


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check", help=told, allow_abbrev=False
    )
    # For the adapters: only what needs no network.
    parser.add_argument("--offline", action="store_true", help=argparse.SUPPRESS)
    options.add(parser, options.OF_A_CHECK)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything; exit code 85 where something is wrong."""
    try:
        return _run(arguments)
    except ConnectionDisabledError as error:
        if not arguments.given:
            raise
        # A session goes on: its upload is skipped, which is said at its end.
        print(json.dumps({"findings": [], "notices": [str(error)]}))
        return 0


def _run(arguments: argparse.Namespace) -> int:
    with options.settings_of(arguments) as settings:
        connection = connect(settings)
        if arguments.given:
            refuse_impossible(settings, connection)
        found: list[Finding] = []
        if not arguments.offline:
            found = [*_findings(settings), *_impossible(settings, connection)]
        clean = connection.redactor.clean
        notices = [*connection.notices]
    # The address is not checked on its own: the line of the credentials says why.
    open_ = [each for each in found if each.ok is None and each.what != "address"]
    notices += [f"not checked: {each.what}: {each.message}" for each in open_]
    wrong = next((each for each in found if each.ok is False), None)
    if arguments.json:
        content: dict[str, Any] = {"findings": [asdict(each) for each in found]}
        content["notices"] = notices
        if wrong:
            error = {
                "message": wrong.message,
                "hint": wrong.hint,
                "slug": CheckError.slug,
            }
            content["error"] = error
        print(clean(json.dumps(content)))
    else:
        for each in found:
            hint = f" ({each.hint})" if each.hint else ""
            print(clean(f"{WORDS[each.ok]:6}{each.what:16}{each.message}{hint}"))
        for notice in connection.notices:
            print(clean(f"note: {notice}"))
    # A person asked whether an upload can work; no answer is not a yes.
    unanswered = any(f.ok is None and f.what == "credentials" for f in found)
    return CheckError.exit_code if wrong or unanswered else 0


def _impossible(settings: Settings, connection: Connection) -> list[Finding]:
    try:
        refuse_impossible(settings, connection)
    except SettingError as error:
        return [
            Finding(what="settings", ok=False, message=error.message, hint=error.hint)
        ]
    return []


def _findings(settings: Settings) -> list[Finding]:
    connection = connect(settings)
    deadline = Deadline(min(PATIENCE, settings.deadline))
    http = Http(connection, deadline, attempts=ATTEMPTS)
    return list(findings(settings, connection, client(connection, http)))
