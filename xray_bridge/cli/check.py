"""
``xray-bridge check``: check whether an upload can work; each line has its fix.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check import WAY, Finding, refuse_impossible, run_checks
from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.dataclass import dataclass
from xray_bridge.datasets.scan import find_keys
from xray_bridge.errors import (
    CheckError,
    ConnectionDisabledError,
    SettingError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.recording.questions import QUARANTINED
from xray_bridge.recording.second_process import SecondProcess, SecondProcessError
from xray_bridge.sync.rules import find_rules
from xray_bridge.text import format_table


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings

# Findings that end a session only if ``preflight`` is strict: its results are of use
# without defects, and can be sent later.
MAY_WAIT = frozenset({*WAY, "defects", "builds"})
WORDS = {True: "ok", False: "WRONG", None: "?"}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help=help_text,
        description="Checks with the server whether an upload with these settings can "
        "work. Changes nothing. Each line starts with ok, with WRONG, or with ? if it "
        "could not be checked.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--features",
        default="",
        metavar="NAME,NAME",
        help="also show the permissions that these features need: builds, defects, "
        "requirements, releases, execution, or all",
    )
    # For the adapters: only checks that need no network.
    parser.add_argument("--offline", action="store_true", help=argparse.SUPPRESS)
    # The framework, if none of its scenarios has a Test key.
    parser.add_argument("--without-keys", default="", help=argparse.SUPPRESS)
    # The usual format of a framework that knows its scenarios later.
    parser.add_argument("--keyless-later", default="", help=argparse.SUPPRESS)
    # For ``xfail_open_defects``.
    parser.add_argument("--open-defects", action="store_true", help=argparse.SUPPRESS)
    # For the label of a quarantine.
    parser.add_argument("--quarantined", action="store_true", help=argparse.SUPPRESS)
    # When the tests of the session begin, if Jira is to be told of a build.
    parser.add_argument("--announce", type=float, default=0.0, help=argparse.SUPPRESS)
    options.add_flags(parser, options.OF_A_CHECK)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run all checks; exit code 85 if something is wrong."""
    try:
        return _run_checks(arguments)
    except ConnectionDisabledError as error:
        if not arguments.given:
            raise
        # A session continues: its upload is skipped, and its last lines say so.
        console.emit(
            arguments, _make_document([], [str(error)]), _format_lines([], [str(error)])
        )
        return 0


def _run_checks(arguments: argparse.Namespace) -> int:
    names = _feature_names(arguments)
    with options.settings_with_server(arguments, looks_only=True) as settings:
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        if arguments.given:
            refuse_impossible(settings, connection, usual=arguments.without_keys)
        found: list[Finding] = []
        features = _Features()
        if not arguments.offline:
            found = _ask_server(arguments, settings, connection)
            found += _find_impossible(settings, connection)
            found += [] if arguments.given else _list_datasets()
        features = _check_features(names, settings, connection, found)
        notices = [*connection.notices]
        known = _find_open_defects(arguments, settings, connection, notices)
        known |= _find_quarantined(arguments, settings, connection, notices)
    if arguments.given:
        found = [_of_a_session(each, settings.preflight) for each in found]
    wrong = next((each for each in found if each.ok is False), None)
    if arguments.announce and not wrong:
        _announce(arguments, settings)
    document = {**_make_document(found, notices), **known, **features.document}
    if arguments.keyless_later:
        document["keyless"] = _why_refused(
            settings, connection, arguments.keyless_later
        )
    lines = [*_format_lines(found, notices), *features.lines]
    console.emit(arguments, document, lines)
    # Without an answer it is unknown whether an upload can work.
    answered = any(f.ok and f.what == "credentials" for f in found)
    unanswered = not (answered or arguments.offline)
    return CheckError.exit_code if wrong or unanswered else 0


def _ask_server(
    arguments: argparse.Namespace, settings: Settings, connection: Connection
) -> list[Finding]:
    # A person wants all checks; a session waits for the answer.
    if arguments.given:
        return run_checks(settings, connection, thorough=False)
    rules = find_rules(Path.cwd())[1]
    return run_checks(settings, connection, thorough=True, test_type=rules.issue_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Features:
    """What a check of features adds to the output."""

    document: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def _feature_names(arguments: argparse.Namespace) -> tuple[str, ...]:
    if not arguments.features:
        return ()
    from xray_bridge.check.features import parse_features

    return parse_features(arguments.features)


def _check_features(
    names: Sequence[str],
    settings: Settings,
    connection: Connection,
    found: list[Finding],
) -> _Features:
    """Check what these features need, and add a finding for each of them."""
    if not (names and any(each.ok and each.what == "credentials" for each in found)):
        return _Features()
    from xray_bridge.check import features

    report = features.check_features(settings, connection, names)
    found += report.findings
    table = format_table(features.list_cells(report))
    scopes = [
        f"scopes of an API token for {name}: {' '.join(wanted)}"
        for name, wanted in report.scopes.items()
    ]
    document = {"features": features.to_json(report)}
    return _Features(document=document, lines=(*table, *scopes))


def _announce(arguments: argparse.Namespace, settings: Settings) -> None:
    """Tell Jira that the tests begin, in a process for which nobody waits."""
    # At the end the same build is sent, and all errors are shown.
    with suppress(SecondProcessError):
        SecondProcess().start(
            "jira",
            "session",
            "--started",
            repr(arguments.announce),
            "--given",
            "-",
            deadline=settings.deadline,
            stdin=arguments.session_settings,
        )


def _of_a_session(finding: Finding, preflight: str) -> Finding:
    """
    Turn a finding that does not harm results into a note, unless the check is strict.
    """
    if finding.what not in MAY_WAIT or finding.ok:
        return finding
    return replace(finding, ok=False if preflight == "strict" else None)


def _make_document(found: Sequence[Finding], notices: Sequence[str]) -> dict[str, Any]:
    """Return the document; the first wrong finding is the error of a session."""
    unknown = [_as_notice(each) for each in found if each.ok is None]
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


def _as_notice(finding: Finding) -> str:
    if finding.what == "defects":
        hint = f" ({finding.hint})" if finding.hint else ""
        return f"bugs cannot be created like this: {finding.message}{hint}"
    return f"not checked: {finding.what}: {finding.message}"


def _list_datasets() -> list[Finding]:
    """Return the datasets that a session would fetch: those in this folder."""
    found = find_keys([Path()])
    if not found:
        return []
    message = f"a session fetches the rows of {', '.join(found)}"
    return [Finding(what="datasets", ok=True, message=message)]


def _find_open_defects(
    arguments: argparse.Namespace,
    settings: Settings,
    connection: Connection,
    notices: list[str],
) -> dict[str, Any]:
    """Return the open defects for a session that asks for them."""
    if not arguments.open_defects or settings.dry_run:
        return {}
    from xray_bridge.check.defects import list_open_defects

    try:
        return {"open_defects": list_open_defects(settings, connection)}
    except XrayBridgeError as error:
        notices.append(f"open bugs are not known, so failures count: {error}")
        return {}


def _find_quarantined(
    arguments: argparse.Namespace,
    settings: Settings,
    connection: Connection,
    notices: list[str],
) -> dict[str, Any]:
    """Return the Tests with the label of the quarantine, for a session that asks."""
    if not arguments.quarantined:
        return {}
    from xray_bridge.client.labelled_tests import list_quarantined

    try:
        if settings.dry_run:
            raise UsageError("a dry run asks nothing")
        return {"quarantined": list_quarantined(settings, connection)}
    except XrayBridgeError as error:
        notices.append(f"{QUARANTINED.unknown}: {error}")
        return {}


def _format_lines(found: Sequence[Finding], notices: Sequence[str]) -> Iterator[str]:
    for each in found:
        hint = f" ({each.hint})" if each.hint else ""
        yield f"{WORDS[each.ok]:6}{each.what:17}{each.message}{hint}"
    for notice in notices:
        yield f"note: {notice}"


def _why_refused(settings: Settings, connection: Connection, usual: str) -> str:
    """Return why scenarios without a Test key cannot be sent; empty if they can."""
    try:
        refuse_impossible(settings, connection, usual=usual)
    except SettingError as error:
        return str(error)
    return ""


def _find_impossible(settings: Settings, connection: Connection) -> list[Finding]:
    try:
        refuse_impossible(settings, connection)
    except SettingError as error:
        return [
            Finding(what="settings", ok=False, message=error.message, hint=error.hint)
        ]
    return []
