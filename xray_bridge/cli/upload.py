"""
``xray-bridge upload``: upload report files or run directories.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import options, upload_files, upload_parts, upload_summary
from xray_bridge.cli.gate_check import with_gate
from xray_bridge.config.places import is_bucket
from xray_bridge.config.settings import Settings
from xray_bridge.errors import XrayBridgeError
from xray_bridge.model.formats import AUTO
from xray_bridge.runs.find import find_run
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.model.receipt import Receipt


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "upload",
        help=help_text,
        description="Uploads report files, or run directories of pytest and behave, "
        "into one Test Execution.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="report files or glob patterns (also with **), run directories or their "
        "names, a folder that contains one or the other, or a bucket with the parts "
        "of a CI run (s3://bucket/prefix); default: the run directories of this CI run "
        "in report_dir",
    )
    upload_files.add_flags(parser)
    upload_parts.add_flag(parser)
    options.add_flags(parser, helps={"format": upload_files.FORMAT})
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Upload files or runs, and print the receipt."""
    command = options.resolve_settings(arguments, reads_frameworks=True)
    if any(map(is_bucket, arguments.paths)):
        from xray_bridge.cli import upload_objects

        return _finish(arguments, command, upload_objects.send_all(arguments, command))
    # Report files have more formats than sessions write.
    of_files = command.with_flags({"format": AUTO})
    paths = upload_files.existing_paths(arguments, of_files)
    if upload_files.are_files(arguments.paths, paths):
        return upload_files.upload_all(arguments, of_files, paths)
    if upload_parts.are_parts(arguments, paths):
        receipts = upload_parts.send_all(arguments, command, paths)
    else:
        directory = RunDirectory(paths[0])
        settings = _settings_for_upload(arguments, directory)
        receipts = [send_run(directory, command, settings)]
    return _finish(arguments, command, receipts)


def _finish(
    arguments: argparse.Namespace, command: Effective, receipts: list[Receipt]
) -> int:
    """Check the gate, write the page, print the receipts; return the exit code."""
    receipts = with_gate(receipts, command)
    if command.local.html:
        receipts = _with_page(receipts, command.local)
    receipts = upload_summary.report_to_ci(receipts, command.local)
    is_list = bool(arguments.split_by)
    document = upload_summary.make_document(receipts, is_list=is_list)
    upload_summary.emit(arguments, document, receipts)
    return max(receipt.exit_code for receipt in receipts)


def _with_page(receipts: Sequence[Receipt], settings: Settings) -> list[Receipt]:
    """Write the HTML report; the last receipt has its name, or why it has none."""
    from xray_bridge.cli import report
    from xray_bridge.runs.sessions import group_runs

    report_dir = Path(settings.report_dir)
    *before, last = receipts
    if not all(receipt.run for receipt in receipts):
        notice = "no HTML report: there is no run directory of these results here"
        return [*before, replace(last, notices=(*last.notices, notice))]
    try:
        directories = [find_run(receipt.run, report_dir) for receipt in receipts]
        report.write_report(group_runs(directories), settings, settings.html)
    except XrayBridgeError as error:
        notice = f"the HTML report was not written: {error.message}"
    else:
        notice = f"HTML report: {settings.html}"
    return [*before, replace(last, notices=(*last.notices, notice))]


def _settings_for_upload(
    arguments: argparse.Namespace, directory: RunDirectory
) -> dict[str, object]:
    """
    Return the settings that send a collected run now.

    With ``--collect``, which the session itself uses, only the report is written.
    """
    collect = arguments.set_collect or ""
    is_collected = bool(directory.info.settings.get("collect"))
    return {"collect": collect, **({"upload": "yes"} if is_collected else {})}
