"""
``xray-bridge upload``: report files, or run directories, several as one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from xray_bridge.cli import console, options, upload_files, upload_parts, upload_summary
from xray_bridge.errors import ConnectionDisabledError, UsageError
from xray_bridge.model.receipt import SKIPPED, Receipt
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.publish import preview, publish


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "upload",
        help=told,
        description="Sends report files of Xray's formats, or run directories of "
        "pytest and behave; all that is named becomes one Test Execution.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="report files, globs of them (also **), a run directory, or a folder "
        "with some in it; default: the run directories of this CI run in report_dir",
    )
    upload_files.add_flags(parser)
    upload_parts.add(parser)
    options.add(parser, helps={"format": upload_files.FORMAT})
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send files or runs, several as one; the receipt says what became of it."""
    if upload_files.are_meant(arguments):
        return upload_files.upload(arguments, send)
    if upload_parts.are_parts(arguments):
        receipt = upload_parts.send_all(arguments, send)
    else:
        directory = existing(arguments.paths[0])
        receipt = send(arguments, directory, _now(arguments, directory))
    [receipt] = upload_summary.told([receipt])
    if arguments.json:
        console.document(receipt.to_json())
    else:
        print(upload_summary.text([receipt]))
    return receipt.exit_code


def _now(arguments: argparse.Namespace, directory: RunDirectory) -> dict[str, object]:
    """
    What was collected to be sent later is sent now.

    With ``--collect``, as the session itself calls it, its report is written only.
    """
    collect = arguments.set_collect or ""
    is_collected = directory.info.settings.get("collect") == "true"
    return {"collect": collect, **({"upload": "yes"} if is_collected else {})}


def existing(path: Path) -> RunDirectory:
    """
    The run directory at a path.

    Raises UsageError where there is none.
    """
    if not (path / "run.json").is_file():
        msg = f"{path} is not a run directory"
        raise UsageError(msg, hint="they live in .xray/runs")
    return RunDirectory(path)


def send(
    arguments: argparse.Namespace,
    directory: RunDirectory,
    also: dict[str, object],
    incomplete: tuple[str, ...] = (),
) -> Receipt:
    """
    Publish one run with its own settings, and what the command line adds.

    A dry run that its session did not ask for itself leaves it as it is;
    ``incomplete`` says what that lacks besides.
    """
    shown = _shown(directory.path)
    info = upload_files.info_of(directory)
    is_own = info.settings.get("dry_run") == "true" and not arguments.set_dry_run
    try:
        with options.settings_of(arguments, info=info, also=also) as settings:
            if is_own or not settings.dry_run:
                return publish(directory, settings, shown=shown)
            copy_to = arguments.set_report or ""
            return preview(
                directory,
                settings,
                shown=shown,
                copy_to=copy_to,
                incomplete=incomplete,
            )
    except ConnectionDisabledError as error:
        # Switched off on purpose: nothing is wrong, and nothing is lost.
        return Receipt(status=SKIPPED, run=shown, notices=(str(error),))


def _shown(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
