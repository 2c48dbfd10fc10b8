"""
``xray-bridge jira fields``: the fields of a new issue, for the rules about bugs.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.createmeta import list_fields, list_types
from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.jira.defects.settings import read_rules
from xray_bridge.jira.run import open_jira
from xray_bridge.text import format_table, one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.createmeta import FieldRule, IssueType
    from xray_bridge.client.jira import Jira

USED = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.test_execution,
    Settings.defect_rules,
)
# Allowed values that a table shows; ``--json`` has all.
SHOWN = 8
NEEDED = {True: "yes", False: ""}


def register(actions: Any) -> None:
    """Add the action."""
    parser: argparse.ArgumentParser = actions.add_parser(
        "fields",
        help="list the fields of a new issue, with their allowed values",
        description="Lists the fields on the screen for new issues of a type: which "
        "are required, and which values they take. They are what `fields` in the rules "
        "for bugs can name.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--type",
        default="",
        metavar="NAME",
        help="type of the issues; default: the one in the rules for bugs, or Bug",
    )
    options.add_flags(parser, USED)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask Jira, and print a table."""
    with options.settings_with_server(arguments, looks_only=True) as settings:
        rules = read_rules(settings)
        if not rules.project:
            msg = "no project: xray_project is not set"
            raise UsageError(msg, hint="give --project KEY")
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        jira = open_jira(connection, Http(connection, Deadline(settings.deadline)))
        chosen = _find_type(jira, rules.project, arguments.type or rules.type)
        found = list_fields(jira, rules.project, chosen.id)
    document = {
        "project": rules.project,
        "type": chosen.name,
        "fields": [asdict(each) for each in found],
    }
    console.emit(arguments, document, _format_lines(found))
    return 0


def _find_type(jira: Jira, project: str, name: str) -> IssueType:
    """Raise UsageError if the project has no such type."""
    types = list_types(jira, project)
    lower = name.lower()
    found = next((e for e in types if lower in {e.name.lower(), e.id}), None)
    if found is None:
        names = [each.name for each in types]
        near = get_close_matches(name, names, n=1)
        msg = f"{project} has no type {name}, only: {', '.join(names) or 'none'}"
        raise UsageError(msg, hint=f"did you mean {near[0]}?" if near else "")
    return found


def _format_lines(found: Sequence[FieldRule]) -> Iterator[str]:
    first = sorted(found, key=lambda each: (not each.needed, each.name.lower()))
    rows = [
        (one_line(e.name), e.id, NEEDED[e.needed], _type_of(e), _values_of(e))
        for e in first
    ]
    yield from format_table([("FIELD", "ID", "REQUIRED", "TYPE", "VALUES"), *rows])


def _type_of(rule: FieldRule) -> str:
    return f"list of {rule.items}" if rule.items else rule.type


def _values_of(rule: FieldRule) -> str:
    more = (
        f", and {len(rule.allowed) - SHOWN} more" if len(rule.allowed) > SHOWN else ""
    )
    return f"{', '.join(map(one_line, rule.allowed[:SHOWN]))}{more}"
