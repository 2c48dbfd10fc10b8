"""
``xray-bridge resend``: send what earlier runs could not.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options, upload, upload_summary
from xray_bridge.cli.runs import find_run
from xray_bridge.errors import RunDirectoryError, RunInUseError, XrayBridgeError
from xray_bridge.runs import parts, run_directory


if TYPE_CHECKING:
    from xray_bridge.runs.run_directory import RunDirectory


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "resend",
        help=told,
        description="Sends what was recorded and not delivered. What an earlier "
        "attempt may have made is looked for first.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="RUN",
        help="a run directory or its name; default: all that are not delivered",
    )
    options.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send them, oldest first; the worst exit code of all."""
    with options.settings_of(arguments, also={"sandbox": ""}) as settings:
        report_dir = Path(settings.report_dir)
    receipts = []
    skipped = []
    code = 0
    # A rehearsal that is named may be sent for real, and the other way round.
    dry_run = arguments.set_dry_run or ""
    wanted = {"upload": "yes", "collect": "", "dry_run": dry_run}
    for directory in _chosen(arguments.path, report_dir, arguments.set_run_id or ""):
        try:
            receipts.append(upload.send(arguments, directory, wanted))
        except XrayBridgeError as error:
            if arguments.path:
                raise
            # Still running, damaged, or from another version: the others can go.
            skipped.append(f"{directory.id}: {error}")
            if not isinstance(error, RunInUseError):
                code = max(code, error.exit_code)
    receipts = upload_summary.told(receipts)
    if arguments.json:
        found = [receipt.to_json() for receipt in receipts]
        console.document({"runs": found, "skipped": skipped})
    else:
        said = [f"Skipped: {reason}" for reason in skipped]
        print(
            upload_summary.text(receipts, said) or f"Nothing to send in {report_dir}."
        )
    return max([code, *(receipt.exit_code for receipt in receipts)])


def _is_unsent(directory: RunDirectory, run_id: str) -> bool:
    try:
        if directory.state.state not in run_directory.UNSENT:
            return False
        return not run_id or directory.info.run_id == run_id
    except RunDirectoryError:
        # To be told of, in its turn.
        return True


def _chosen(path: str | None, report_dir: Path, run_id: str) -> list[RunDirectory]:
    if path is None:
        found = run_directory.find(report_dir)
        merged = parts.in_wholes(found)
        unsent = (each for each in found if _is_unsent(each, run_id))
        return [each for each in unsent if each.id not in merged]
    return [find_run(path, report_dir)]
