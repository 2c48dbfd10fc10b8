"""
``xray-bridge upload`` for parts of one CI run: found, merged into one and sent.
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
from xray_bridge.runs.join import join, preview
from xray_bridge.text import merge_lines
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.runs.parts import Found


def add(parser: argparse.ArgumentParser) -> None:
    """Add what only parts need."""
    parser.add_argument(
        "--parts",
        type=_count,
        metavar="N",
        help="how many parts there are to be; with fewer, what is there is sent as "
        "incomplete, and the exit code is 83",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        msg = f"{text!r} is not a number of parts"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def are_parts(arguments: argparse.Namespace, paths: Sequence[Path]) -> bool:
    """Whether this is about parts, and not about the one run that is named."""
    is_one = len(paths) == 1 and parts.is_run(paths[0])
    return not is_one or bool(arguments.set_run_id or arguments.parts)


def send_all(
    arguments: argparse.Namespace, command: Effective, paths: Sequence[Path]
) -> Receipt:
    """
    Send them as one; or say what was sent before, where nothing is left.

    Raises UsageError and RunDirectoryError for parts that are not one whole.
    """
    settings = command.local
    report_dir = Path(settings.report_dir)
    run_id = _run_id(paths, settings)
    found = parts.find(paths or [report_dir], report_dir, run_id=run_id)
    missing = _missing(found, arguments.parts)
    if found.shards:
        receipt = _send_parts(found, arguments, command, missing)
    else:
        receipt = _earlier(found)
    extra = _extra(found, arguments.parts)
    code = RunDirectoryError.exit_code if missing else 0
    return replace(
        receipt,
        notices=(*receipt.notices, *found.sent, *extra),
        incomplete=merge_lines((receipt.incomplete, missing)),
        exit_code=receipt.exit_code or code,
    )


def _run_id(paths: Sequence[Path], settings: Settings) -> str:
    """
    The run id of the parts that are meant; empty: of all that are there.

    What CI tells is enough where nothing else says what is meant.
    """
    if paths and not settings.is_given(Settings.run_id):
        return ""
    if not paths and not settings.run_id:
        msg = "which results? No path is given, and no run id is known"
        raise UsageError(msg, hint="xray-bridge upload PATH, or --run-id ID")
    return settings.run_id


def _send_parts(
    found: Found,
    arguments: argparse.Namespace,
    command: Effective,
    missing: tuple[str, ...],
) -> Receipt:
    """Send them as one; in a dry run they stay as they are."""
    dry_run = command.local.dry_run
    report_dir = Path(command.local.report_dir)
    # Whatever the parts have recorded: this is the upload.
    now = {"upload": "yes", "collect": "", "dry_run": dry_run}
    given = frozenset(name for name in TABLE if options.is_flag_given(arguments, name))
    directories = [each.directory for each in found.shards]
    whole = found.whole
    if whole is None and dry_run:
        with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
            whole = preview(
                directories, report_dir, Path(folder), given=given, incomplete=missing
            )
            return replace(send_run(whole, command, now), run="")
    if whole is None:
        whole = join(directories, report_dir, given=given, incomplete=missing)
    elif missing and not dry_run:
        with whole.claim():
            state = whole.state
            incomplete = merge_lines((state.incomplete, missing))
            whole.state = replace(state, incomplete=incomplete)
    return send_run(whole, command, now, incomplete=missing)


def _missing(found: Found, expected: int | None) -> tuple[str, ...]:
    number = len(found.parts)
    if not expected or number >= expected:
        return ()
    return (f"{run_directory.PARTS_MISSING}: {number} of {expected} are there",)


def _extra(found: Found, expected: int | None) -> tuple[str, ...]:
    number = len(found.parts)
    if not expected or number <= expected:
        return ()
    return (f"there are {number} parts, not {expected}: did a job run twice?",)


def _earlier(found: Found) -> Receipt:
    """The receipt of the whole that was sent before; without one, a few words."""
    for each in found.delivered:
        path = each.directory.path / "receipt.json"
        if path.exists():
            return Receipt.from_json(run_directory.read_json(path))
    return Receipt(status=EMPTY)
