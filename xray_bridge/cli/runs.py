"""
``xray-bridge runs``: list, show and remove run directories.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.ci import detect
from xray_bridge.cli import console, options
from xray_bridge.config.settings import Settings
from xray_bridge.errors import RunInUseError, UsageError
from xray_bridge.runs import evidence, inventory
from xray_bridge.runs.find import find_run
from xray_bridge.text import format_table


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.runs.inventory import Row

# Why a run is not finished.
UNSENT, UNSET = "not delivered", "delivered without all fields"
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands; without one, ``list`` runs."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "runs", help=help_text, allow_abbrev=False
    )
    parser.set_defaults(run=run_list, given=None, json=False, set_report_dir=None)
    _add_common_flags(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    found = actions.add_parser("list", help="list all runs, oldest first")
    found.set_defaults(run=run_list)
    _add_common_flags(found)
    show = actions.add_parser("show", help="show the details of one run")
    show.add_argument("name", metavar="RUN", help="a run directory or its name")
    show.set_defaults(run=run_show)
    _add_common_flags(show)
    prune = actions.add_parser(
        "prune", help="remove runs that have nothing left to upload", allow_abbrev=False
    )
    prune.add_argument(
        "names",
        nargs="*",
        metavar="RUN",
        help="remove only these runs: run directories or their names",
    )
    prune.add_argument(
        "--older-than",
        type=_parse_age,
        metavar="AGE",
        help="only runs older than this, as in 30d, 12h or 2w",
    )
    prune.add_argument(
        "--keep", type=_parse_number, metavar="N", help="keep the newest N runs"
    )
    prune.add_argument(
        "--unsent", action="store_true", help="also remove runs that were not delivered"
    )
    prune.add_argument(
        "--dry-run", action="store_true", help="only show what would be removed"
    )
    prune.set_defaults(run=run_prune)
    _add_common_flags(prune)


def _add_common_flags(parser: argparse.ArgumentParser) -> None:
    """Add flags that may be given before or after the name of an action."""
    unset: Any = argparse.SUPPRESS
    parser.add_argument("--json", action="store_true", default=unset, help="print JSON")
    parser.add_argument(
        Settings.report_dir.flag_name,
        dest="set_report_dir",
        metavar="PATH",
        default=unset,
        help=Settings.report_dir.help,
    )
    options.add_verbose(parser)


def _parse_age(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip().lower())
    if not found:
        msg = f"{text!r} is not an age such as 30d, 12h or 2w"
        raise argparse.ArgumentTypeError(msg)
    return float(found[1]) * UNITS[found[2]]


def _parse_number(text: str) -> int:
    if not text.isdecimal():
        msg = f"{text!r} is not a number"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def run_list(arguments: argparse.Namespace) -> int:
    """Print one line for each run, oldest first."""
    report_dir = options.report_dir(arguments)
    rows = inventory.list_rows(report_dir)
    document = {"runs": [row.to_json() for row in rows]}
    lines = _format_rows(rows) if rows else [f"There are no runs in {report_dir}."]
    console.emit(arguments, document, lines)
    return 0


def _format_rows(rows: Sequence[Row]) -> list[str]:
    heads = ("RUN", "STATE", "TEST EXECUTION", "RESULTS", "SIZE", "AGE")
    owed = Counter(_why_unfinished(row) for row in rows if not row.in_use)
    total = evidence.format_size(sum(row.bytes for row in rows))
    told = [f"{what}: {owed[what]}" for what in (UNSENT, UNSET) if owed[what]]
    send = f"; {', '.join(told)}, see xray-bridge resend" if told else ""
    table = format_table([heads, *map(_format_row, rows)])
    return [*table, f"{_count_runs(len(rows))}, {total}{send}"]


def _why_unfinished(row: Row) -> str:
    """Return why a run is not finished; empty if it is."""
    if row.fields_unset:
        return UNSET
    return "" if row.state in inventory.OWES_NOTHING else UNSENT


def run_show(arguments: argparse.Namespace) -> int:
    """
    Print the session, state, results, settings and files of one run.

    Raises RunDirectoryError if it cannot be read.
    """
    report_dir = options.report_dir(arguments)
    directory = find_run(arguments.name, report_dir)
    info, state = directory.info, directory.state
    damaged: list[str] = []
    counts = Counter(run.outcome.value for run in directory.runs(damaged))
    row = inventory.describe_run(directory, report_dir)
    files = {
        str(path.relative_to(directory.path)): path.stat().st_size
        for path in sorted(directory.path.rglob("*"))
        if path.is_file()
    }
    context = detect.read_context(info.ci)
    ci = " ".join(filter(None, map(str, asdict(context).values())))
    versions = ", ".join(f"{name} {version}" for name, version in info.versions.items())
    facts = {
        "Run": row.path,
        "State": row.state,
        "Test Execution": row.test_execution,
        "Results": _format_counts(counts),
        "Ignored": str(state.ignored or ""),
        "Started": row.to_json()["started"],
        "Run id": info.run_id,
        "Versions": versions,
        "CI": ci,
        "Parts": ", ".join(info.parts),
        "Attempts": str(state.attempts or ""),
        "Message": state.message,
        "Incomplete": "; ".join((*state.incomplete, *damaged)),
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    lines += ["Settings:", *(f"  {k} = {v}" for k, v in info.settings.items())]
    lines += [
        "Files:",
        *(f"  {k} ({evidence.format_size(v)})" for k, v in files.items()),
    ]
    known = {**asdict(info), **asdict(state), **row.to_json()}
    console.emit(arguments, {**known, "counts": counts, "files": files}, lines)
    return 0


def run_prune(arguments: argparse.Namespace) -> int:
    """
    Remove runs that are no longer needed, oldest first.

    Raises UsageError if a named run has results that were not delivered, and
    RunInUseError if it is in use; then nothing is removed.
    """
    report_dir = options.report_dir(arguments)
    by_rule = arguments.older_than is not None or arguments.keep is not None
    if not arguments.names and not by_rule:
        msg = "no runs to remove are named"
        raise UsageError(
            msg, hint="give --older-than 30d, --keep 100, or names of runs"
        )
    rows = inventory.list_rows(report_dir)
    if arguments.names:
        named = [find_run(name, report_dir) for name in arguments.names]
        rows = [inventory.describe_run(directory, report_dir) for directory in named]
        _refuse_needed(rows, unsent=arguments.unsent)
    newest = rows[-arguments.keep :] if arguments.keep else []
    old_enough = [
        row
        for row in rows
        if row not in newest and row.age >= (arguments.older_than or 0)
    ]
    chosen, kept = [], Counter[str]()
    for row in old_enough:
        if row.in_use:
            kept["in use"] += 1
        elif (owed := _why_unfinished(row)) and not arguments.unsent:
            kept[f"{owed}, which only --unsent removes"] += 1
        else:
            chosen.append(row)
    if not arguments.dry_run:
        chosen = [row for row in chosen if inventory.remove_run(Path(row.path))]
        if not arguments.names:
            inventory.remove_leftovers(report_dir)
    _emit_removed(arguments, chosen, kept)
    return 0


def _refuse_needed(rows: Sequence[Row], *, unsent: bool) -> None:
    for row in rows:
        if row.in_use:
            msg = f"{row.path} is in use by another process"
            raise RunInUseError(msg, hint="wait until that process has ended")
        if (owed := _why_unfinished(row)) and not unsent:
            msg = f"{row.path} was {owed}"
            raise UsageError(
                msg,
                hint="`xray-bridge resend` uploads it; --unsent loses its results",
            )


def _emit_removed(
    arguments: argparse.Namespace, chosen: Sequence[Row], kept: Mapping[str, int]
) -> None:
    size = sum(row.bytes for row in chosen)
    names = [row.run for row in chosen]
    verb = "Would remove" if arguments.dry_run else "Removed"
    lines = [f"{verb} {_count_runs(len(chosen))}, {evidence.format_size(size)}."]
    lines += [f"Kept {_count_runs(number)}: {why}." for why, number in kept.items()]
    document = {"removed": names, "bytes": size, "kept": kept}
    console.emit(arguments, document, lines)


def _format_row(row: Row) -> tuple[str, ...]:
    return (
        row.run,
        row.state + (", fields unset" if row.fields_unset else ""),
        row.test_execution,
        _format_counts(row.counts),
        evidence.format_size(row.bytes),
        _format_age(row.age),
    )


def _format_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {word}" for word, n in counts.items() if n)


def _format_age(seconds: float) -> str:
    """Return an age in the largest unit of which there are at least two."""
    for name in ("d", "h", "m"):
        if seconds >= 2 * UNITS[name]:
            return f"{seconds // UNITS[name]:.0f} {name}"
    return "now"


def _count_runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"
