"""
``xray-bridge upload``: report files, or run directories, several as one.
"""

from __future__ import annotations

import argparse
from typing import Any

from xray_bridge.cli import options, upload_files, upload_parts, upload_summary
from xray_bridge.model.formats import AUTO
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.send_run import send_run


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "upload",
        help=help_text,
        description="Sends report files of Xray's formats, or run directories of "
        "pytest and behave; all that is named becomes one Test Execution.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="report files, globs of them (also **), run directories or their names, "
        "or a folder with some in it; default: the run directories of this CI run in "
        "report_dir",
    )
    upload_files.add_flags(parser)
    upload_parts.add(parser)
    options.add(parser, helps={"format": upload_files.FORMAT})
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send files or runs, several as one; the receipt says what became of it."""
    command = options.effective(arguments, reads_frameworks=True)
    # More formats can be read than sessions write.
    of_files = command.with_flags({"format": AUTO})
    paths = upload_files.existing_paths(arguments, of_files)
    if upload_files.are_files(arguments.paths, paths):
        return upload_files.upload(arguments, of_files, paths)
    if upload_parts.are_parts(arguments, paths):
        receipt = upload_parts.send_all(arguments, command, paths)
    else:
        directory = RunDirectory(paths[0])
        receipt = send_run(directory, command, _now(arguments, directory))
    [receipt] = upload_summary.report_to_ci([receipt], command.local)
    upload_summary.emit(arguments, receipt.to_json(), [receipt])
    return receipt.exit_code


def _now(arguments: argparse.Namespace, directory: RunDirectory) -> dict[str, object]:
    """
    What was collected to be sent later is sent now.

    With ``--collect``, as the session itself calls it, its report is written only.
    """
    collect = arguments.set_collect or ""
    is_collected = directory.info.settings.get("collect") == "true"
    return {"collect": collect, **({"upload": "yes"} if is_collected else {})}
