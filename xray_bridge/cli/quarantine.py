"""
``xray-bridge quarantine``: list failures with their fingerprints, and add tests.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config.project_file import read_text
from xray_bridge.config.quarantine_table import Entry, parse_quarantine, spell_name
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.model.times import today_in_utc
from xray_bridge.quarantine.entries import normal_name
from xray_bridge.quarantine.listing import judge_run
from xray_bridge.quarantine.releases import propose_releases
from xray_bridge.quarantine.write import add_entry, find_file, format_entry
from xray_bridge.runs.find import find_newest, find_run
from xray_bridge.source.files import replace_all


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.config.quarantine_table import Quarantine
    from xray_bridge.quarantine.verdicts import Judged
    from xray_bridge.runs.run_directory import RunDirectory

RUN = "a run directory or its name; default: the newest run"
USED = (Settings.report_dir, Settings.project)


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "quarantine", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="list the tests in quarantine, and the failures of a run with their "
        "fingerprints",
        allow_abbrev=False,
    )
    listing.add_argument("name", nargs="?", metavar="RUN", help=RUN)
    options.add_flags(listing, USED)
    listing.set_defaults(run=run_list)
    add = actions.add_parser(
        "add",
        help="put a failed test into the quarantine of the project's file",
        allow_abbrev=False,
    )
    add.add_argument(
        "test",
        metavar="TEST",
        help="a Test key, a node id of pytest, or the name of a scenario",
    )
    add.add_argument("--run", dest="name", metavar="RUN", help=RUN)
    add.add_argument(
        "--owner",
        default="",
        metavar="NAME",
        help="who repairs it; not needed if the table has an owner for all",
    )
    add.add_argument("--issue", default="", metavar="KEY", help="the issue about it")
    add.add_argument(
        "--until",
        type=_parse_date,
        metavar="DATE",
        help="the last day, in UTC, as in 2026-12-31; not needed if the table has one",
    )
    add.add_argument(
        "--any-failure",
        action="store_true",
        help="spare all failures of the test, not only the one that the run has",
    )
    options.add_flags(add, USED)
    add.set_defaults(run=run_add)


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a date, such as 2026-12-31"
        raise argparse.ArgumentTypeError(msg) from None


def run_list(arguments: argparse.Namespace) -> int:
    """Print the quarantine of the project, and the failures of a run."""
    settings = options.resolve_settings(arguments, reads_frameworks=True).local
    quarantine = parse_quarantine(settings.quarantine)
    directory = _find_run(arguments.name, Path(settings.report_dir))
    judged = _judge(directory, quarantine, settings.project) if directory else []
    releases = propose_releases(settings, Path(settings.report_dir))
    document = {
        "tests": [_to_json(each) for each in quarantine.tests],
        "run": directory.id if directory else "",
        "failures": [_failure_to_json(each) for each in judged],
        "releases": releases,
    }
    lines = [*_lines_about(quarantine), *(each.line for each in judged), *releases]
    console.emit(arguments, document, lines or ["No test is in quarantine."])
    return 0


def run_add(arguments: argparse.Namespace) -> int:
    """
    Add a test to the project's file, with the fingerprint of its failure.

    Raises UsageError if the test has not failed in the run, or is there already, or
    if nobody says who repairs it and until when.
    """
    settings = options.resolve_settings(arguments, reads_frameworks=True).local
    entry = Entry(
        test=spell_name(arguments.test),
        owner=arguments.owner,
        issue=arguments.issue,
        until=arguments.until,
    )
    _refuse(entry, parse_quarantine(settings.quarantine))
    if not arguments.any_failure:
        directory = _find_run(arguments.name, Path(settings.report_dir))
        entry = _with_fingerprints(entry, directory, settings.project)
    path = find_file(Path.cwd())
    before = read_text(path)
    after = add_entry(path, before, entry).encode()
    if path.exists():
        replace_all({path: before.encode()}, {path: after})
    else:
        path.write_bytes(after)
    lines = format_entry(entry, path.name)
    document = {"file": str(path), "test": _to_json(entry)}
    console.emit(arguments, document, [f"{path.name} has now:", *lines])
    return 0


def _refuse(entry: Entry, quarantine: Quarantine) -> None:
    """Raise UsageError if the test is there already, or has no owner or last day."""
    known = {normal_name(each.test) for each in quarantine.tests}
    if normal_name(entry.test) in known:
        msg = f"{entry.test} is in quarantine already"
        raise UsageError(msg, hint="change its lines in the project's file")
    complete = quarantine.complete(entry)
    needed = {"--owner": complete.owner, "--until": complete.until}
    missing = [flag for flag, value in needed.items() if not value]
    if missing:
        msg = f"{entry.test} needs {' and '.join(missing)}"
        hint = "or write owner and until for all tests into the table of the quarantine"
        raise UsageError(msg, hint=hint)


def _find_run(name: str | None, report_dir: Path) -> RunDirectory | None:
    """Return the named run, or the newest one; None if there is none."""
    return find_run(name, report_dir) if name else find_newest(report_dir)


def _judge(
    directory: RunDirectory, quarantine: Quarantine, project: str
) -> Sequence[Judged]:
    # As the session that recorded the run has judged.
    known = project or directory.info.settings.get("project", "")
    return judge_run(directory, quarantine, project=known, today=today_in_utc())


def _with_fingerprints(
    entry: Entry, directory: RunDirectory | None, project: str
) -> Entry:
    if directory is None:
        raise UsageError("there is no run with a failure", hint="or give --any-failure")
    only = parse_quarantine({"tests": [{"test": entry.test}]})
    judged = [each for each in _judge(directory, only, project) if each.entry]
    if not judged:
        msg = f"{entry.test} has not failed in {directory.id}"
        hint = (
            "`xray-bridge quarantine list` shows what has; or name another run with "
            "--run, or give --any-failure"
        )
        raise UsageError(msg, hint=hint)
    known = dict.fromkeys(each.fingerprint for each in judged)
    return replace(entry, fingerprints=tuple(known))


def _lines_about(quarantine: Quarantine) -> Iterator[str]:
    today = today_in_utc()
    for each in quarantine.tests:
        state = each.why_invalid(today) or "in force"
        yield f"{each.test}: {each.terms or 'no terms'}: {state}"


def _to_json(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "until": str(entry.until or "")}


def _failure_to_json(judged: Judged) -> dict[str, object]:
    return {
        "name": judged.name,
        "fingerprint": judged.fingerprint,
        "quarantined": judged.entry is not None and not judged.reason,
        "reason": judged.reason,
    }
