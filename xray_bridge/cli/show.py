"""
``xray-bridge show``: the failures of a Test Execution, for people and programs.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from xray_bridge.changes.executions import is_failure, list_outcomes
from xray_bridge.check.collect import COMMANDS, framework_of
from xray_bridge.ci.outputs.text import code_of, markdown_link
from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.run_details import Attachment, RunDetails, read_details
from xray_bridge.client.test_runs import open_test_runs
from xray_bridge.client.xray import make_client
from xray_bridge.config.settings import Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SelectionError, UsageError
from xray_bridge.model.keys import is_key, spell_key
from xray_bridge.text import count, one_line, readable


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.test_runs import RunRef

USED = (*options.OF_A_CONNECTION, Settings.statuses)
# Failures whose comments and evidence are read: one request each.
MOST_DETAILS = 50
# Lines of one comment in the terminal, and characters of one in Markdown.
SHOWN_LINES, LONGEST_COMMENT = 20, 10_000
# How to run these Tests again, without and with an upload.
AGAIN = {
    "pytest": ("pytest --xray-select {what}", " --xray-upload --xray-test-execution "),
    "behave": (
        "behave -D xray_select={what}",
        " -D xray_upload=yes -D xray_test_execution=",
    ),
}
# What no shell changes between double quotes.
PLAIN = re.compile(r"[\w ,.=-]+")
TICKS = re.compile(r"`+")
# Lines of Jira's markup around a text that is shown as it is.
NOFORMAT = re.compile(r"^\{noformat(?::[^}\n]*)?\}[ \t]*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFailure:
    """A Test Run that failed: its Test, its defects, its comment and evidence."""

    key: str
    url: str
    summary: str
    definition: str
    status: str
    defects: tuple[str, ...]
    comment: str
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExecution:
    """
    A Test Execution: its Test Runs by status, and those that failed.

    ``again`` are the commands that run the failed Tests: here, and with an upload.
    """

    key: str
    url: str
    counts: Mapping[str, int]
    failures: tuple[ShownFailure, ...]
    again: tuple[str, ...]
    notices: tuple[str, ...] = ()


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "show",
        help=help_text,
        description="Shows the failed Test Runs of a Test Execution in Xray, with "
        "their comments, defects and evidence, and the command that runs them again.",
        allow_abbrev=False,
    )
    parser.add_argument("key", metavar="KEY", help="the key of a Test Execution")
    parser.add_argument(
        "--markdown", action="store_true", help="print it as Markdown, with all texts"
    )
    options.add_framework(parser, COMMANDS, "in the commands")
    options.add_flags(parser, USED)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Ask Xray, and print.

    Raises UsageError for a text that is no key, and SelectionError for the key of
    something else.
    """
    key = spell_key(arguments.key)
    if not is_key(key):
        msg = f"{arguments.key!r} is not the key of a Test Execution, such as CALC-20"
        raise UsageError(msg)
    with options.settings_with_server(arguments, looks_only=True) as settings:
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        framework = framework_of(arguments.framework)
        found = _read_execution(connection, settings, key, framework)
    lines = _markdown_lines(found) if arguments.markdown else _text_lines(found)
    console.emit(arguments, asdict(found), [*lines])
    return 0


def _read_execution(
    connection: Connection, settings: Settings, key: str, framework: str
) -> ShownExecution:
    xray = make_client(connection, Http(connection, Deadline(settings.deadline)))
    if not xray.has_issue(key, "test_execution"):
        msg = f"{key} is not a Test Execution, or this account cannot see it"
        raise SelectionError(msg, hint="name the key of a Test Execution")
    dialect = connection.dialect.with_statuses(settings.statuses)
    runs = open_test_runs(xray, dialect, key).list_statuses(())
    outcomes = list_outcomes(dialect)
    failed = [each for each in runs if is_failure(each.status, outcomes)]
    details = [read_details(xray, dialect, each.id) for each in failed[:MOST_DETAILS]]
    details += [RunDetails()] * (len(failed) - len(details))
    notices = []
    if len(failed) > MOST_DETAILS:
        first = f"the first {MOST_DETAILS} of {count(len(failed), 'failure')}"
        notices.append(f"only {first} have their comments and evidence")
    failures = tuple(
        ShownFailure(
            key=each.test_key,
            url=_url_of(connection, each.test_key),
            summary=each.summary,
            definition=each.definition,
            status=each.status,
            defects=each.defects,
            comment=NOFORMAT.sub("", detail.comment).strip(),
            evidence=detail.evidence,
        )
        for each, detail in zip(failed, details, strict=True)
    )
    return ShownExecution(
        key=key,
        url=_url_of(connection, key),
        counts=dict(Counter(each.status or "no status" for each in runs)),
        failures=failures,
        again=list_commands(key, failed, framework),
        notices=tuple(notices),
    )


def _url_of(connection: Connection, key: str) -> str:
    return f"{connection.site}/browse/{key}" if connection.site else ""


def list_commands(
    key: str, failed: Sequence[RunRef], framework: str
) -> tuple[str, ...]:
    """Return the commands that run failed Tests again: here, and with an upload."""
    if not failed:
        return ()
    statuses = ",".join(dict.fromkeys(each.status for each in failed))
    what = _quote(f"{key} status={statuses}")
    here, send = AGAIN[framework]
    command = here.format(what=what)
    return (command, f"{command}{send}{key}")


def _quote(text: str) -> str:
    """Quote a word for any shell; a server's words never become commands there."""
    return f'"{text}"' if PLAIN.fullmatch(text) else shlex.quote(one_line(text))


def _text_lines(found: ShownExecution) -> Iterator[str]:
    yield f"{found.key} {found.url}".rstrip()
    yield _count_line(found)
    for each in found.failures:
        yield ""
        yield one_line(f"{each.key} {each.status}: {each.summary}")
        if each.definition and each.definition != each.summary:
            yield f"  {one_line(each.definition)}"
        lines = readable(each.comment).splitlines()
        yield from (f"  {line}" for line in lines[:SHOWN_LINES])
        if len(lines) > SHOWN_LINES:
            yield f"  ... {len(lines) - SHOWN_LINES} more lines: --markdown shows all"
        if each.defects:
            yield f"  Defects: {', '.join(map(one_line, each.defects))}"
        for piece in each.evidence:
            yield f"  Evidence: {one_line(f'{piece.name} {piece.url}')}"
    yield from _ending_lines(found)


def _count_line(found: ShownExecution) -> str:
    total = sum(found.counts.values())
    words = ", ".join(f"{n} {one_line(word)}" for word, n in found.counts.items())
    return f"Test Runs: {total}" + (f" ({words})" if words else "")


def _ending_lines(found: ShownExecution) -> Iterator[str]:
    yield from (f"Note: {notice}" for notice in found.notices)
    if found.again:
        here, send = found.again
        yield ""
        yield f"To run them again: {here}"
        yield f"To send the new results to {found.key}: {send}"


def _markdown_lines(found: ShownExecution) -> Iterator[str]:
    """Texts of tests and servers stand in code only."""
    yield f"# {markdown_link(found.key, found.url)}"
    yield ""
    yield f"{_count_line(found)}"
    for each in found.failures:
        yield ""
        title = f"{markdown_link(each.key, each.url)} {code_of(each.status)}"
        yield f"## {title}: {code_of(each.summary or each.definition)}"
        if each.definition:
            yield ""
            yield code_of(each.definition)
        if each.comment:
            yield ""
            yield from _fenced(each.comment[:LONGEST_COMMENT])
        if each.defects:
            yield ""
            yield f"Defects: {', '.join(map(code_of, each.defects))}"
        for piece in each.evidence:
            yield ""
            yield f"Evidence: {code_of(f'{piece.name} {piece.url}')}"
    yield from (f"\n{code_of(notice)}" for notice in found.notices)
    for command in found.again:
        yield ""
        yield from _fenced(command)


def _fenced(text: str) -> Iterator[str]:
    """Yield a block of code, with a fence that the text does not contain."""
    longest = max((len(found) for found in TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence
    yield from readable(text).splitlines()
    yield fence
