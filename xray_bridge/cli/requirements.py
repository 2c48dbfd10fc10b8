"""
``xray-bridge requirements``: list the requirements of a project, and their coverage.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check.collect import COMMANDS, collect_tests, framework_of
from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import make_client
from xray_bridge.config.settings import Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CheckError, ReportError, UsageError, XrayBridgeError
from xray_bridge.jira.requirements import pull, table
from xray_bridge.jira.requirements.coverage import report_coverage
from xray_bridge.jira.run import open_jira
from xray_bridge.model.times import iso_time
from xray_bridge.text import count, format_table


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.jira import Jira
    from xray_bridge.jira.requirements.requirement import Requirement

USED = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.release_date,
    Settings.defect_rules,
    Settings.tag_prefixes,
)
# A page of coverage without an answer is asked for again, smaller.
ATTEMPTS = 2


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "requirements", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    found = actions.add_parser(
        "pull",
        help="write the requirements of a project to a local list",
        description="Reads the requirements that a JQL query finds, or those of some "
        "issue types, and the issues below Epics among them.",
        allow_abbrev=False,
    )
    _add_query(found)
    found.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the local list; default: {pull.FILE} in report_dir",
    )
    options.add_flags(found, USED)
    found.set_defaults(run=run_pull)
    _register_coverage(actions)


def _register_coverage(actions: Any) -> None:
    found: argparse.ArgumentParser = actions.add_parser(
        "coverage",
        help="show the Tests, results, release and open bugs of each requirement",
        description="Shows the coverage of the requirements in the local list, or of "
        "those that a query finds. Names the marks in code that point to a missing or "
        "closed requirement; tests are collected for this, not run.",
        epilog="Arguments after -- are passed to the framework: "
        "xray-bridge requirements coverage -- -m smoke tests",
        allow_abbrev=False,
    )
    found.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    _add_query(found)
    found.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help=f"the local list; default: {pull.FILE} in report_dir",
    )
    found.add_argument(
        "--markdown", type=Path, metavar="FILE", help="also write a page of Markdown"
    )
    options.add_framework(found, COMMANDS)
    found.add_argument(
        "--no-collect", action="store_true", help="do not look at the marks in code"
    )
    options.add_flags(found, USED)
    found.set_defaults(run=run_coverage)


def _add_query(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--jql", default="", metavar="QUERY", help="a JQL query")
    group.add_argument(
        "--types",
        default="",
        metavar="TYPE,TYPE",
        help=f"issue types of the project; default: {','.join(pull.TYPES)}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """The server of a command, and its settings."""

    settings: Settings
    connection: Connection
    jira: Jira


@contextlib.contextmanager
def _server(arguments: argparse.Namespace) -> Iterator[_Server]:
    with options.settings_with_server(arguments, looks_only=True) as settings:
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        jira = open_jira(connection, Http(connection, Deadline(settings.deadline)))
        yield _Server(settings=settings, connection=connection, jira=jira)


def run_pull(arguments: argparse.Namespace) -> int:
    """Read the requirements and write the list."""
    with _server(arguments) as server:
        path = arguments.out or Path(server.settings.report_dir) / pull.FILE
        jql = _jql_of(arguments, server.settings)
        found = pull.pull_requirements(server.jira, server.settings, jql)
        pulled = iso_time(time.time())
        about = {"site": server.connection.site, "jql": jql, "pulled": pulled}
        pull.write_list(path, found, about)
    document = {**about, "file": str(path), "requirements": _to_json(found)}
    line = f"{count(len(found), 'requirement')} in {path}"
    rows = [(e.key, e.type, e.status, e.summary) for e in found]
    heads = ("KEY", "TYPE", "STATUS", "SUMMARY")
    lines = format_table([heads, *rows]) if rows else []
    console.emit(arguments, document, [*lines, line])
    return 0


def _to_json(requirements: Sequence[Requirement]) -> list[dict[str, Any]]:
    return [each.to_json() for each in requirements]


def _jql_of(arguments: argparse.Namespace, settings: Settings) -> str:
    types = [each.strip() for each in arguments.types.split(",") if each.strip()]
    return pull.jql_for(settings, arguments.jql, types)


def run_coverage(arguments: argparse.Namespace) -> int:
    """Compare, and print; exit code 85 for marks of issues that do not exist."""
    with _server(arguments) as server:
        settings, connection = server.settings, server.connection
        requirements = _find_requirements(arguments, server)
        code, notices = _collect_marks(arguments, settings)
        http = Http(connection, Deadline(settings.deadline), attempts=ATTEMPTS)
        xray = make_client(connection, http)
        report = report_coverage(server.jira, xray, settings, requirements, code)
        page = table.to_markdown(report, connection.site)
    if arguments.markdown:
        _write_page(arguments.markdown, settings.redactor.clean(page))
    document = report.to_json()
    document["notices"] += notices
    cells = [table.HEADS, *map(table.list_cells, report.rows)]
    lines = format_table(cells) if report.rows else []
    console.emit(arguments, document, [*lines, *notices, *table.list_sections(report)])
    return CheckError.exit_code if report.missing else 0


def _find_requirements(
    arguments: argparse.Namespace, server: _Server
) -> list[Requirement]:
    settings = server.settings
    if arguments.jql or arguments.types:
        jql = _jql_of(arguments, settings)
        return pull.pull_requirements(server.jira, settings, jql)
    path = arguments.list or Path(settings.report_dir) / pull.FILE
    keys = pull.read_list(path)
    found = {e.key: e for e in pull.find_requirements(server.jira, settings, keys)}
    # In the order of the list; moved issues come last.
    ordered = dict.fromkeys((*(key for key in keys if key in found), *found))
    return [found[key] for key in ordered]


def _collect_marks(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the tests in code by requirement, and notices."""
    if arguments.no_collect:
        return {}, []
    framework = framework_of(arguments.framework)
    try:
        listing = collect_tests(framework, arguments.arguments, settings.tag_prefixes)
    except XrayBridgeError as error:
        if arguments.arguments and isinstance(error, UsageError):
            raise
        return {}, [f"the marks in code were not looked at: {error}"]
    found: dict[str, list[str]] = {}
    for test in listing.tests:
        for key in test.requirements:
            if str(test) not in found.setdefault(key, []):
                found[key].append(str(test))
    return found, [f"incomplete: {reason}" for reason in listing.missing]


def _write_page(path: Path, page: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise ReportError(msg, hint="set --markdown to another path") from None
