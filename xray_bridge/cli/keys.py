"""
``xray-bridge keys``: compare the Test keys of tests with Xray.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check import keys
from xray_bridge.check.collect import COMMANDS, collect_tests, framework_of
from xray_bridge.check.dataset_rows import RowsReport, compare_with_xray, rows_in_runs
from xray_bridge.cli import console, keys_remove, keys_write, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.key_lookup import look_up_keys, tests_of
from xray_bridge.client.xray import make_client
from xray_bridge.config.settings import Settings
from xray_bridge.errors import CheckError, SelectionError
from xray_bridge.runs.find import run_path
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.client.xray import XrayClient

USED = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.select,
    Settings.test_plan,
    Settings.tag_prefixes,
)


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "keys",
        help=help_text,
        description="Lists malformed marks and tags, tests without a Test key, keys "
        "that several tests have, keys that are not Tests in Xray, and Tests of "
        "xray_select (or of the Test Plan) that no code implements. Tests are "
        "collected, not run. If run directories are named, their tests are read "
        "instead.",
        epilog="Arguments after -- are passed to the framework: "
        "xray-bridge keys -- -m smoke tests",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", nargs="*", metavar="RUN", help="run directories or their names"
    )
    options.add_framework(parser, COMMANDS)
    parser.add_argument(
        "--offline",
        action="store_true",
        help="read the code only, without contacting the server",
    )
    parser.add_argument(
        "--require",
        action="store_true",
        help="a test without a Test key is wrong, too: exit code 85",
    )
    parser.add_argument(
        "--datasets",
        action="store_true",
        help="also compare rows that are written in code with the datasets of their "
        "Tests; on Server, one request for each Test",
    )
    keys_write.add_flags(parser)
    # For the adapters: only print the Tests that xray_select means.
    parser.add_argument("--selected", action="store_true", help=argparse.SUPPRESS)
    options.add_flags(parser, USED)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Collect tests, ask Xray, compare; exit code 85 for wrong keys."""
    if arguments.selected:
        return _print_selected(arguments)
    if keys_write.is_wanted(arguments):
        return keys_write.run(arguments)
    if arguments.remove:
        return keys_remove.run(arguments)
    with options.settings_with_server(arguments, looks_only=True) as settings:
        listing = _collect_tests(arguments, settings)
        carriers = keys.tests_by_key(listing.tests)
        asked, rows = keys.NOT_ASKED, RowsReport()
        if not arguments.offline:
            connection = connect(settings)
            http = Http(connection, Deadline(settings.deadline))
            xray = make_client(connection, http)
            asked = _ask_xray(xray, settings, carriers)
            http.renew_deadline()
            every, dialect = arguments.datasets, connection.dialect
            rows = compare_with_xray(listing.rows, xray, dialect, every=every)
        found = keys.compare_keys(listing, asked)
    lines = [*found.lines(carriers), *rows.lines()]
    if not (arguments.offline or asked.selection):
        lines.append("Tests without code are not listed: give --select or --test-plan")
    document = {**asdict(found), "datasets": asdict(rows)}
    console.emit(arguments, document, lines)
    wrong = (found.no_tests, found.not_asked, found.incomplete, found.malformed)
    is_missing = arguments.require and found.without_key
    is_wrong = any(wrong) or found.doubled or is_missing or rows.is_wrong
    return CheckError.exit_code if is_wrong else 0


def _ask_xray(
    xray: XrayClient, settings: Settings, by_key: Iterable[str]
) -> keys.XrayKeys:
    lookup = look_up_keys(xray, sorted(by_key))
    selection = settings.select or settings.test_plan
    return keys.XrayKeys(
        no_tests=lookup.others,
        unknown=tuple(lookup.unknown),
        wanted=tests_of(xray, selection) if selection else {},
        selection=selection,
    )


def _print_selected(arguments: argparse.Namespace) -> int:
    with options.settings_with_server(arguments, looks_only=True) as settings:
        if not settings.select:
            msg = "nothing is selected: xray_select is not set"
            raise SelectionError(msg)
        connection = connect(settings)
        xray = make_client(connection, Http(connection, Deadline(settings.deadline)))
        found = tests_of(xray, settings.select)
    notices = connection.notices
    lines = [f"{key} {summary}" for key, summary in found.items()]
    console.emit(arguments, {"tests": found, "notices": notices}, [*lines, *notices])
    return 0


def _collect_tests(arguments: argparse.Namespace, settings: Settings) -> keys.Listing:
    given: list[str] = arguments.paths
    report_dir = Path(settings.report_dir)
    runs = [path for name in given if (path := run_path(name, report_dir))]
    if runs and len(runs) == len(given):
        directories = [RunDirectory(path) for path in runs]
        missing = [reason for each in directories for reason in each.missing]
        damaged: list[str] = []
        tests = tuple(keys.tests_in_runs(directories, damaged))
        rows = tuple(rows_in_runs(directories, damaged))
        missing += damaged
        return keys.Listing(tests=tests, missing=tuple(missing), rows=rows)
    return collect_tests(
        framework_of(arguments.framework), given, settings.tag_prefixes
    )
