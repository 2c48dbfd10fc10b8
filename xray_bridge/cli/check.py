"""
``xray-bridge check``: can the upload work? One table, each line with its fix.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.check import WAY, Finding, refuse_impossible, run_checks
from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.errors import CheckError, ConnectionDisabledError, SettingError


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings

WORDS = {True: "ok", False: "WRONG", None: "?"}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help=help_text,
        description="Asks the server whether an upload with these settings can work. "
        "Each line is ok, WRONG, or ? if it cannot be checked. Changes nothing.",
        allow_abbrev=False,
    )
    # For the adapters: only what needs no network.
    parser.add_argument("--offline", action="store_true", help=argparse.SUPPRESS)
    # The framework whose scenarios have no Test key, any of them.
    parser.add_argument("--without-keys", default="", help=argparse.SUPPRESS)
    # The usual format of a framework that knows its scenarios only later.
    parser.add_argument("--keyless-later", default="", help=argparse.SUPPRESS)
    options.add(parser, options.OF_A_CHECK)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything; exit code 85 where something is wrong."""
    try:
        return _run(arguments)
    except ConnectionDisabledError as error:
        if not arguments.given:
            raise
        # A session goes on: its upload is skipped, and its end says so.
        console.emit(arguments, _document([], [str(error)]), _lines([], [str(error)]))
        return 0


def _run(arguments: argparse.Namespace) -> int:
    with options.settings_with_server(arguments, looks_only=True) as settings:
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        if arguments.given:
            refuse_impossible(settings, connection, usual=arguments.without_keys)
        found: list[Finding] = []
        if not arguments.offline:
            # A person wants to know all; a session waits for the answer.
            found = run_checks(settings, connection, thorough=not arguments.given)
            found += _impossible(settings, connection)
        notices = [*connection.notices]
    if arguments.given:
        found = [_of_a_session(each, settings.preflight) for each in found]
    wrong = next((each for each in found if each.ok is False), None)
    document = _document(found, notices)
    if arguments.keyless_later:
        document["keyless"] = _refusal(settings, connection, arguments.keyless_later)
    console.emit(arguments, document, _lines(found, notices))
    # A person asked whether an upload can work; no answer is not a yes.
    answered = any(f.ok and f.what == "credentials" for f in found)
    unanswered = not (answered or arguments.offline)
    return CheckError.exit_code if wrong or unanswered else 0


def _of_a_session(finding: Finding, preflight: str) -> Finding:
    """
    What is wrong with the way to the server is a note, unless it has to be strict.

    Results can be sent later, over another way.
    """
    if finding.what not in WAY or finding.ok:
        return finding
    return replace(finding, ok=False if preflight == "strict" else None)


def _document(found: Sequence[Finding], notices: Sequence[str]) -> dict[str, Any]:
    """For sessions: the first finding that is wrong is their error."""
    unknown = [
        f"not checked: {each.what}: {each.message}" for each in found if each.ok is None
    ]
    content: dict[str, Any] = {
        "findings": [asdict(each) for each in found],
        "notices": [*notices, *unknown],
    }
    wrong = next((each for each in found if each.ok is False), None)
    if wrong:
        content["error"] = {
            "message": wrong.message,
            "hint": wrong.hint,
            "slug": CheckError.slug,
        }
    return content


def _lines(found: Sequence[Finding], notices: Sequence[str]) -> Iterator[str]:
    for each in found:
        hint = f" ({each.hint})" if each.hint else ""
        yield f"{WORDS[each.ok]:6}{each.what:17}{each.message}{hint}"
    for notice in notices:
        yield f"note: {notice}"


def _refusal(settings: Settings, connection: Connection, usual: str) -> str:
    """Why a session of scenarios without a Test key would have no place."""
    try:
        refuse_impossible(settings, connection, usual=usual)
    except SettingError as error:
        return str(error)
    return ""


def _impossible(settings: Settings, connection: Connection) -> list[Finding]:
    try:
        refuse_impossible(settings, connection)
    except SettingError as error:
        return [
            Finding(what="settings", ok=False, message=error.message, hint=error.hint)
        ]
    return []
