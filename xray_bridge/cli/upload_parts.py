"""
``xray-bridge upload`` for the parts of one CI run: find, merge and send them.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.cli import options
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.join import join_parts, preview_join
from xray_bridge.text import merge_lines
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.runs.parts import Found


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag that is only for parts."""
    parser.add_argument(
        "--parts",
        type=_parse_count,
        metavar="N",
        help="the expected number of parts; if there are fewer, they are sent as "
        "incomplete, and the exit code is 83",
    )


def _parse_count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        msg = f"{text!r} is not a number of parts"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def are_parts(arguments: argparse.Namespace, paths: Sequence[Path]) -> bool:
    """Return whether the paths mean parts, and not one named run."""
    is_one = len(paths) == 1 and parts.is_run(paths[0])
    return not is_one or bool(arguments.set_run_id or arguments.parts)


def send_all(
    arguments: argparse.Namespace, command: Effective, paths: Sequence[Path]
) -> Receipt:
    """
    Send the parts as one run; if all were sent before, return that receipt.

    Raises UsageError and RunDirectoryError for parts that do not belong together.
    """
    settings = command.local
    report_dir = Path(settings.report_dir)
    run_id = _run_id(paths, settings)
    found = parts.find_parts(paths or [report_dir], report_dir, run_id=run_id)
    missing = _missing_parts(found, arguments.parts)
    if found.shards:
        receipt = _send_parts(found, arguments, command, missing)
    else:
        receipt = _earlier_receipt(found)
    extra = _extra_parts(found, arguments.parts)
    code = RunDirectoryError.exit_code if missing else 0
    return replace(
        receipt,
        notices=(*receipt.notices, *found.sent, *extra),
        incomplete=merge_lines((receipt.incomplete, missing)),
        exit_code=receipt.exit_code or code,
    )


def _run_id(paths: Sequence[Path], settings: Settings) -> str:
    """
    Return the run id of the parts to send; empty: all parts.

    The run id of the CI system is used if no path is given.
    """
    if paths and not settings.is_given(Settings.run_id):
        return ""
    if not paths and not settings.run_id:
        msg = "no path is given, and the run id is not known"
        raise UsageError(msg, hint="give a path, or --run-id ID")
    return settings.run_id


def _send_parts(
    found: Found,
    arguments: argparse.Namespace,
    command: Effective,
    missing: tuple[str, ...],
) -> Receipt:
    """Send the parts as one run; a dry run does not change them."""
    dry_run = command.local.dry_run
    report_dir = Path(command.local.report_dir)
    # Settings that replace what the parts have recorded.
    now = {"upload": "yes", "collect": "", "dry_run": dry_run}
    given = frozenset(name for name in TABLE if options.is_flag_given(arguments, name))
    directories = [each.directory for each in found.shards]
    whole = found.whole
    if whole is None and dry_run:
        with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
            whole = preview_join(
                directories, report_dir, Path(folder), given=given, incomplete=missing
            )
            return replace(send_run(whole, command, now), run="")
    if whole is None:
        whole = join_parts(directories, report_dir, given=given, incomplete=missing)
    elif missing and not dry_run:
        with whole.claim():
            state = whole.state
            incomplete = merge_lines((state.incomplete, missing))
            whole.state = replace(state, incomplete=incomplete)
    return send_run(whole, command, now, incomplete=missing)


def _missing_parts(found: Found, expected: int | None) -> tuple[str, ...]:
    number = len(found.parts)
    if not expected or number >= expected:
        return ()
    return (f"{run_directory.PARTS_MISSING}: {number} of {expected} were found",)


def _extra_parts(found: Found, expected: int | None) -> tuple[str, ...]:
    number = len(found.parts)
    if not expected or number <= expected:
        return ()
    return (f"there are {number} parts, not {expected}: did a job run twice?",)


def _earlier_receipt(found: Found) -> Receipt:
    """Return the receipt of the merged run that was sent before."""
    for each in found.delivered:
        path = each.directory.path / "receipt.json"
        if path.exists():
            return Receipt.from_json(run_directory.read_json(path))
    return Receipt(status=EMPTY)
