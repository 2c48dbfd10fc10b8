"""
``xray-bridge upload`` of report files: found, taken in, sent.
"""

from __future__ import annotations

import argparse
import glob
import os
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.cli import upload_summary
from xray_bridge.errors import ReportError, UsageError
from xray_bridge.model.foreign_formats import FOREIGN_FORMATS, foreign_folder
from xray_bridge.model.formats import AUTO, FORMATS, WRITERS
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import report_files
from xray_bridge.runs.find import run_path


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.effective import Effective

FORMAT = (
    f"of report files: auto, {', '.join(FORMATS)}; converted before they are sent: "
    f"{', '.join(FOREIGN_FORMATS)}; of run directories: auto, {', '.join(WRITERS)}"
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that only report files know."""
    group = parser.add_argument_group("report files")
    together = group.add_mutually_exclusive_group()
    together.add_argument(
        "--same-execution",
        action="store_true",
        help="send all files into one Test Execution; this is the default",
    )
    together.add_argument(
        "--separate-executions",
        action="store_true",
        help="create a Test Execution for each file",
    )
    group.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="send N files at a time, after the first; default: 1",
    )
    group.add_argument(
        "--merge", action="store_true", help="merge JUnit files into one before sending"
    )
    group.add_argument(
        "--keep-converted",
        type=Path,
        metavar="DIR",
        help="keep what reports of other formats are converted into, in this folder",
    )
    group.add_argument(
        "--strip-properties",
        action="store_true",
        help="leave out what suites say of the machine: environment variables and "
        "system properties",
    )
    group.add_argument(
        "--allow-empty",
        action="store_true",
        help="do not fail if there is no file, or no test in any of them",
    )


def _jobs(text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= found <= 32:  # noqa: PLR2004 - more helps nobody
        msg = "1 to 32 is expected"
        raise argparse.ArgumentTypeError(msg)
    return found


def existing_paths(arguments: argparse.Namespace, command: Effective) -> list[Path]:
    """
    The paths that are there, each once; globs are expanded and sorted.

    A run may be given by its bare name. Raises UsageError where nothing is there.
    """
    found: dict[Path, None] = {}
    for text in arguments.paths:
        matches = _matches(text, command)
        if not matches and not arguments.allow_empty:
            what = "no file matches" if glob.has_magic(text) else "there is no"
            hint = f"looked in {Path.cwd()}; --allow-empty lets it pass"
            raise UsageError(f"{what} {text}", hint=hint)
        found |= dict.fromkeys(matches)
    # Folders that a glob finds beside files were not meant.
    meant = [path for path in found if path.is_file() or str(path) in arguments.paths]
    return meant or list(found)


def _matches(text: str, command: Effective) -> list[Path]:
    if Path(text).exists():
        return [Path(text)]
    if glob.has_magic(text):
        # Also absolute patterns, which pathlib refuses.
        return [Path(each) for each in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207
    run = run_path(text, Path(command.local.report_dir))
    return [run] if run else []


def are_files(texts: Sequence[str], paths: Sequence[Path]) -> bool:
    """
    Whether the paths, as ``texts`` name them, are report files.

    Raises UsageError where run directories are among the files.
    """
    folders = [path for path in paths if path.is_dir() and not foreign_folder(path)]
    if not texts or len(folders) == len(paths) > 0:
        return False
    if folders:
        msg = f"{folders[0]} is a directory; report files are sent on their own"
        raise UsageError(msg, hint="name either files or run directories")
    return True


def upload(
    arguments: argparse.Namespace, command: Effective, paths: Sequence[Path]
) -> int:
    """
    Take in all files, then send them; the worst exit code of all.

    Those of a dry run are taken in elsewhere, and removed. Raises UsageError and
    ReportError before anything was sent.
    """
    if arguments.merge and arguments.separate_executions:
        raise UsageError("--merge makes one file, --separate-executions wants several")
    if not command.local.dry_run:
        return _upload(arguments, command, paths)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        return _upload(arguments, command, paths, Path(folder))


def _upload(
    arguments: argparse.Namespace,
    command: Effective,
    paths: Sequence[Path],
    report_dir: Path | None = None,
) -> int:
    # Sessions upload without these, and start this program each time.
    from xray_bridge.check.preflight import run_preflight
    from xray_bridge.upload.intake import IntakeOptions
    from xray_bridge.upload.prepared_files import prepare

    also: dict[str, object] = {
        "format": AUTO,
        "upload": "yes",
        "collect": arguments.set_collect or "",
        "dry_run": command.local.dry_run,
    }
    groups = [[path] for path in paths] if arguments.separate_executions else [paths]
    wanted = [
        IntakeOptions(
            paths=group,
            format=_format(arguments.set_format),
            merge=arguments.merge,
            jobs=arguments.jobs,
            report_dir=report_dir,
            keep_converted=arguments.keep_converted,
            strip_properties=arguments.strip_properties,
        )
        for group in groups
        if group
    ]
    ci = asdict(detect.detect(os.environ))
    ready = prepare(wanted, command, also, ci, run_preflight)
    if not ready.runs:
        return _report_nothing(arguments, ready.empty)
    receipts = ready.send()
    if report_dir is not None:
        receipts = [replace(each, run="") for each in receipts]
    receipts = upload_summary.report_to_ci(receipts, command.local)
    receipts += ready.empty
    _emit(arguments, receipts)
    return max(receipt.exit_code for receipt in receipts)


def _format(text: str | None) -> str:
    name = (text or AUTO).strip().lower()
    known = (AUTO, *FORMATS, *FOREIGN_FORMATS)
    if name not in known:
        msg = f"--format: {text!r} is none of {', '.join(known)}"
        raise UsageError(msg)
    return name


def _report_nothing(arguments: argparse.Namespace, receipts: Sequence[Receipt]) -> int:
    """No file, or none with a test in it."""
    if not arguments.allow_empty:
        left_out = (what for each in receipts for what in each.left_out)
        names = ", ".join(what.removesuffix(report_files.NO_TESTS) for what in left_out)
        msg = f"there is no test in {names}"
        raise ReportError(msg, hint="--allow-empty lets it pass")
    notice = f"no file matches {' '.join(arguments.paths)}"
    _emit(arguments, receipts or [Receipt(status=EMPTY, notices=(notice,))])
    return 0


def _emit(arguments: argparse.Namespace, receipts: Sequence[Receipt]) -> None:
    found = [receipt.to_json() for receipt in receipts]
    document = found if arguments.separate_executions else found[0]
    upload_summary.emit(arguments, document, receipts)
