"""
``xray-bridge resend``: upload runs that were not delivered.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge import progress
from xray_bridge.cli import options, upload_summary
from xray_bridge.cli.gate_check import with_gate
from xray_bridge.config.places import is_bucket
from xray_bridge.config.settings import Settings
from xray_bridge.errors import (
    RunDirectoryError,
    RunInUseError,
    SettingError,
    XrayBridgeError,
)
from xray_bridge.recording.collecting import put_command
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.find import find_run
from xray_bridge.runs.split import identify_split
from xray_bridge.text import quote_command
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from xray_bridge.model.receipt import Receipt
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
    # By what they have in common: a run that was split has one gate.
    sent: dict[object, list[Receipt]] = {}
    skipped = []
    code = 0
    # The run of a dry run may be sent now, and the other way round.
    now = {"upload": "yes", "collect": "", "dry_run": command.local.dry_run}
    objects = []
    for directory in _choose_runs(
        arguments.path, report_dir, arguments.set_run_id or ""
    ):
        try:
            if _is_for_bucket(directory):
                objects.append(_put_again(directory, command.local))
            else:
                receipt = send_run(directory, command, now)
                whole = identify_split(directory.info) or directory.id
                sent.setdefault(whole, []).append(receipt)
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
    receipts = [done for each in sent.values() for done in with_gate(each, command)]
    receipts = upload_summary.report_to_ci(receipts, command.local)
    runs = [receipt.to_json() for receipt in receipts]
    others = [each["line"] for each in objects]
    others += [f"Skipped: {reason}" for reason in skipped]
    if not (receipts or others):
        others = [f"Nothing to send in {report_dir}."]
    document = {"runs": runs, "skipped": skipped, "objects": objects}
    upload_summary.emit(arguments, document, receipts, others)
    return max([code, *(receipt.exit_code for receipt in receipts)])


def _is_for_bucket(directory: RunDirectory) -> bool:
    """Return whether a run was collected for a bucket; merged runs never are."""
    return is_bucket(directory.info.settings.get(Settings.collect.name, ""))


def _put_again(directory: RunDirectory, settings: Settings) -> dict[str, Any]:
    """
    Put a run into the bucket of this machine's settings, never into that of the run.

    Raises SettingError if they name none or another one.
    """
    from xray_bridge.objects.bucket import open_bucket
    from xray_bridge.objects.transfer import put_run

    theirs = directory.info.settings.get(Settings.collect.name, "")
    if settings.bucket != theirs:
        here = f"here it is {settings.bucket}" if settings.bucket else "it is not set"
        msg = f"{directory.path} is for {Settings.collect.ini} = {theirs}, but {here}"
        path = str(directory.path)
        hint = f"if you trust this address: {put_command(theirs, path)}; to send it "
        hint += f"alone: {quote_command('xray-bridge', 'upload', path)}"
        raise SettingError(msg, hint=hint)
    with progress.step("putting the run into the bucket"):
        put = put_run(directory, open_bucket(settings.bucket), dry_run=settings.dry_run)
    done = "Would put" if settings.dry_run else "Put"
    line = f"{done} {put.object} ({put.bytes} bytes)."
    return {"object": put.object, "bytes": put.bytes, "line": line}


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
