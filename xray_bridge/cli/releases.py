"""
``xray-bridge releases``: list the versions and sprints of a project.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.jira.releases.list import list_releases
from xray_bridge.jira.run import open_jira
from xray_bridge.text import format_table, one_line


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.client.versions import Version
    from xray_bridge.jira.releases.list import Releases

USED = (*options.OF_A_CONNECTION, Settings.project, Settings.board)
# Characters of a date, without its time.
DATE = 10


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "releases", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    found = actions.add_parser(
        "list",
        help="list versions and sprints",
        description="Lists the versions of the project with their release dates, and "
        "the sprints of its board: what xray_fix_version and xray_sprint can be.",
        allow_abbrev=False,
    )
    found.add_argument(
        "--all", action="store_true", help="also archived versions and closed sprints"
    )
    options.add_flags(found, USED)
    found.set_defaults(run=run_list)


def run_list(arguments: argparse.Namespace) -> int:
    """Ask Jira, and print two tables."""
    with options.settings_with_server(arguments, looks_only=True) as settings:
        if not settings.project:
            msg = "no project: xray_project is not set"
            raise UsageError(msg, hint="give --project KEY")
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        jira = open_jira(connection, Http(connection, Deadline(settings.deadline)))
        found = list_releases(
            jira, settings, settings.project, all_of_them=arguments.all
        )
    console.emit(arguments, asdict(found), _format_lines(found))
    return 0


def _format_lines(found: Releases) -> Iterator[str]:
    rows = [
        (one_line(each.name), _state_of(each), each.start, each.release)
        for each in found.versions
    ]
    if rows:
        yield from format_table([("VERSION", "STATE", "START", "RELEASE"), *rows])
    else:
        yield f"{found.project} has no versions."
    if found.board is None:
        yield f"No sprints: {found.why}"
        return
    yield f"Sprints of board {found.board.id} {found.board.name}:"
    sprints = [
        (each.id, one_line(each.name), each.state, each.start[:DATE], each.end[:DATE])
        for each in found.sprints
    ]
    if sprints:
        yield from format_table([("ID", "SPRINT", "STATE", "START", "END"), *sprints])
    else:
        yield "There are none."


def _state_of(version: Version) -> str:
    if version.is_archived:
        return "archived"
    return "released" if version.is_released else "unreleased"
