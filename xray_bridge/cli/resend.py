"""
``xray-bridge resend``: upload runs that were not delivered.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import options, upload_summary
from xray_bridge.errors import RunDirectoryError, RunInUseError, XrayBridgeError
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.find import find_run
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from xray_bridge.runs.run_directory import RunDirectory


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "resend",
        help=help_text,
        description="Uploads results that were recorded but not delivered. First looks "
        "for a Test Execution that an earlier attempt may have created.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="RUN",
        help="a run directory or its name; default: all runs that were not delivered",
    )
    options.add_flags(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send the runs, oldest first; return the worst exit code."""
    command = options.resolve_settings(arguments, reads_frameworks=True)
    report_dir = Path(command.local.report_dir)
    receipts = []
    skipped = []
    code = 0
    # The run of a dry run may be sent now, and the other way round.
    now = {"upload": "yes", "collect": "", "dry_run": command.local.dry_run}
    for directory in _choose_runs(
        arguments.path, report_dir, arguments.set_run_id or ""
    ):
        try:
            receipts.append(send_run(directory, command, now))
        except XrayBridgeError as error:
            if arguments.path:
                raise
            # Still running, damaged, or from another version: the others can be sent.
            skipped.append(f"{directory.id}: {error}")
            if not isinstance(error, RunInUseError):
                code = max(code, error.exit_code)
        except Exception as error:  # one damaged run never stops the others
            if arguments.path:
                raise
            skipped.append(f"{directory.id}: cannot be read ({type(error).__name__})")
            code = max(code, RunDirectoryError.exit_code)
    receipts = upload_summary.report_to_ci(receipts, command.local)
    runs = [receipt.to_json() for receipt in receipts]
    others = [f"Skipped: {reason}" for reason in skipped]
    if not (receipts or others):
        others = [f"Nothing to send in {report_dir}."]
    document = {"runs": runs, "skipped": skipped}
    upload_summary.emit(arguments, document, receipts, others)
    return max([code, *(receipt.exit_code for receipt in receipts)])


def _is_unsent(directory: RunDirectory, run_id: str) -> bool:
    try:
        if directory.state.state not in run_directory.UNSENT:
            return False
        return not run_id or directory.info.run_id == run_id
    except (RunDirectoryError, OSError):
        # Sending it reports the error.
        return True


def _choose_runs(path: str | None, report_dir: Path, run_id: str) -> list[RunDirectory]:
    if path is None:
        found = run_directory.find(report_dir)
        merged = parts.in_wholes(found)
        unsent = (each for each in found if _is_unsent(each, run_id))
        return [each for each in unsent if each.id not in merged]
    return [find_run(path, report_dir)]
