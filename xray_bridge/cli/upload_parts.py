"""
``xray-bridge upload`` for the parts of one CI run: find, merge and send them.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.cli import options
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.join import (
    JoinOptions,
    join_copies,
    join_parts,
    mark_merged,
    preview_join,
)
from xray_bridge.runs.receipts import read_receipt
from xray_bridge.runs.split import FLAG, WAYS, refuse_split, split_parts
from xray_bridge.text import merge_lines
from xray_bridge.upload.draft import do_nothing
from xray_bridge.upload.send_run import send_run


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.runs.parts import Found
    from xray_bridge.runs.run_directory import RunDirectory


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flags that are only for parts."""
    parser.add_argument(
        "--parts",
        type=_parse_count,
        metavar="N",
        help="the expected number of parts; if there are fewer, they are sent as "
        "incomplete, and the exit code is 83",
    )
    parser.add_argument(
        "--split-by",
        choices=WAYS,
        default="",
        help="merge the parts of each Test Environment on their own, into one Test "
        "Execution for each; without it, one Test Execution has all environments",
    )


def _parse_count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        msg = f"{text!r} is not a number of parts"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def are_parts(arguments: argparse.Namespace, paths: Sequence[Path]) -> bool:
    """Return whether the paths mean parts, and not one named run."""
    is_one = len(paths) == 1 and parts.is_run(paths[0])
    wants_parts = arguments.set_run_id or arguments.parts or arguments.split_by
    return not is_one or bool(wants_parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """
    Where parts come from.

    ``copies`` are the parts, if they are in a bucket; they are not marked as merged,
    because they are removed anyway. ``replaced`` are the ids of other parts there, of
    which copies are reruns. ``begin_sending`` is called before the first request of
    each run; it may raise an error.
    """

    copies: tuple[RunDirectory, ...] = ()
    replaced: frozenset[str] = frozenset()
    begin_sending: Callable[[], None] = do_nothing


HERE = Origin()


def send_all(
    arguments: argparse.Namespace,
    command: Effective,
    paths: Sequence[Path],
    origin: Origin = HERE,
) -> list[Receipt]:
    """
    Send the parts as one run, or as one for each group that ``--split-by`` makes.

    If all were sent before, return these receipts. Raises UsageError and
    RunDirectoryError for parts that do not belong together.
    """
    settings = command.local
    report_dir = Path(settings.report_dir)
    run_id = _run_id(paths, settings)
    found = parts.find_parts(
        paths or [report_dir],
        report_dir,
        run_id=run_id,
        copies=origin.copies,
        replaced=origin.replaced,
    )
    missing = missing_parts(len(found.parts), arguments.parts)
    sent = _send_groups(found, arguments, command, missing, origin)
    sent = with_missing(sent, missing)
    extra = _extra_parts(found, arguments.parts)
    notices = (*sent[-1].notices, *found.sent, *extra)
    return [*sent[:-1], replace(sent[-1], notices=notices)]


def _send_groups(
    found: Found,
    arguments: argparse.Namespace,
    command: Effective,
    missing: tuple[str, ...],
    origin: Origin,
) -> list[Receipt]:
    if arguments.split_by:
        _refuse_one_value(arguments)
        groups = split_parts(found)
    else:
        refuse_split(found)
        groups = [found]
    if not found.shards:
        return _earlier_receipts(found)
    return [_send_parts(each, arguments, command, missing, origin) for each in groups]


def _refuse_one_value(arguments: argparse.Namespace) -> None:
    """Raise UsageError for a flag that gives all groups one value."""
    for setting in (Settings.environments, Settings.test_execution):
        if options.is_flag_given(arguments, setting.name):
            flag = TABLE[setting.name].flag_name
            msg = f"{flag} is the same for all Test Executions of {FLAG}"
            raise UsageError(msg, hint="leave out one of them")


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
    origin: Origin,
) -> Receipt:
    """Send the parts as one run; a dry run does not change them."""
    dry_run = command.local.dry_run
    report_dir = Path(command.local.report_dir)
    # Settings that replace what the parts have recorded.
    now = {"upload": "yes", "collect": "", "dry_run": dry_run}
    given = frozenset(name for name in TABLE if options.is_flag_given(arguments, name))
    directories = [each.directory for each in found.shards]
    whole = found.whole
    how = JoinOptions(given=given, incomplete=missing, split_by=arguments.split_by)
    if whole is None and dry_run:
        with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
            whole = preview_join(directories, report_dir, Path(folder), how)
            return replace(send_run(whole, command, now), run="")
    if whole is None:
        join = join_copies if origin.copies else join_parts
        outdated = [each.directory for each in found.outdated]
        with ExitStack() as claims:
            for each in outdated:
                claims.enter_context(each.claim())
            whole = join(directories, report_dir, how)
            for each in outdated:
                mark_merged(each, whole)
    elif missing and not dry_run:
        with whole.claim():
            state = whole.state
            incomplete = merge_lines((state.incomplete, missing))
            whole.state = replace(state, incomplete=incomplete)
    return send_run(whole, command, now, incomplete=missing, begin=origin.begin_sending)


def missing_parts(number: int, expected: int | None) -> tuple[str, ...]:
    """Return why a run with this number of parts is incomplete; empty if it is not."""
    if not expected or number >= expected:
        return ()
    return (f"{run_directory.PARTS_MISSING}: {number} of {expected} were found",)


def with_missing(receipts: list[Receipt], missing: tuple[str, ...]) -> list[Receipt]:
    """Return the receipts of a run of which parts are missing."""
    code = RunDirectoryError.exit_code if missing else 0
    return [
        replace(
            receipt,
            incomplete=merge_lines((receipt.incomplete, missing)),
            exit_code=receipt.exit_code or code,
        )
        for receipt in receipts
    ]


def _extra_parts(found: Found, expected: int | None) -> tuple[str, ...]:
    number = len(found.parts)
    if not expected or number <= expected:
        return ()
    return (f"there are {number} parts, not {expected}: did a job run twice?",)


def _earlier_receipts(found: Found) -> list[Receipt]:
    """Return the receipts of the merged runs that were sent before."""
    paths = [each.directory.path / "receipt.json" for each in found.delivered]
    read = [read_receipt(path) for path in paths if path.exists()]
    return read or [Receipt(status=EMPTY)]
