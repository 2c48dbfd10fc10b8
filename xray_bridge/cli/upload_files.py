"""
``xray-bridge upload`` of report files: find them, take them in, send them.
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
from xray_bridge.cli.gate_check import with_gate
from xray_bridge.errors import ReportError, UsageError
from xray_bridge.model.foreign_formats import FOREIGN_FORMATS, foreign_folder
from xray_bridge.model.formats import AUTO, FORMATS, WRITERS
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import report_files
from xray_bridge.runs.find import run_path
from xray_bridge.runs.parts import search_folder


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.effective import Effective

# Endings of report files that a folder is searched for.
REPORTS = frozenset({".xml", ".json", ".trx"})
FORMAT = (
    f"format of report files: auto, {', '.join(FORMATS)}; converted before sending: "
    f"{', '.join(FOREIGN_FORMATS)}; format of run directories: auto, "
    f"{', '.join(WRITERS)}"
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that are only for report files."""
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
        type=_parse_jobs,
        default=1,
        metavar="N",
        help="send N files at the same time, after the first one; default: 1",
    )
    group.add_argument(
        "--merge", action="store_true", help="merge JUnit files into one before sending"
    )
    group.add_argument(
        "--keep-converted",
        type=Path,
        metavar="DIR",
        help="keep the JUnit XML files that other formats are converted into, in this "
        "folder",
    )
    group.add_argument(
        "--strip-properties",
        action="store_true",
        help="leave out environment variables and system properties that tools write "
        "into reports",
    )
    group.add_argument(
        "--allow-empty",
        action="store_true",
        help="do not fail if no file is found, or no file contains a test",
    )


def _parse_jobs(text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= found <= 32:  # noqa: PLR2004 - more helps nobody
        msg = "expected a number from 1 to 32"
        raise argparse.ArgumentTypeError(msg)
    return found


def existing_paths(arguments: argparse.Namespace, command: Effective) -> list[Path]:
    """
    Return the existing paths, each once; glob patterns are expanded and sorted.

    A run may be given by its name. Raises UsageError if a path does not exist.
    """
    found: dict[Path, None] = {}
    for text in arguments.paths:
        matches = _find_matches(text, command)
        if not matches and not arguments.allow_empty:
            is_glob = glob.has_magic(text)
            msg = f"no file matches {text}" if is_glob else f"{text} does not exist"
            hint = f"searched in {Path.cwd()}; --allow-empty accepts this"
            raise UsageError(msg, hint=hint)
        found |= dict.fromkeys(matches)
    # Ignore folders that a glob pattern finds beside files.
    meant = [path for path in found if path.is_file() or str(path) in arguments.paths]
    return meant or list(found)


def _reports_in(path: Path) -> list[Path]:
    """Return the report files of a folder that is neither a run nor has runs in it."""
    if not path.is_dir() or foreign_folder(path) or any(search_folder(path)):
        return [path]
    below = (each.relative_to(path) for each in sorted(path.rglob("*")))
    # Hidden folders have tools' own files.
    shown = (each for each in below if not any(p.startswith(".") for p in each.parts))
    reports = (path / each for each in shown if each.suffix in REPORTS)
    return [each for each in reports if each.is_file()] or [path]


def _find_matches(text: str, command: Effective) -> list[Path]:
    if Path(text).exists():
        return _reports_in(Path(text))
    if glob.has_magic(text):
        # Also absolute patterns, which pathlib refuses.
        return [Path(each) for each in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207
    run = run_path(text, Path(command.local.report_dir))
    return [run] if run else []


def are_files(texts: Sequence[str], paths: Sequence[Path]) -> bool:
    """
    Return whether the paths, given as ``texts``, are report files.

    Raises UsageError for a mixture of report files and run directories.
    """
    folders = [path for path in paths if path.is_dir() and not foreign_folder(path)]
    if not texts or len(folders) == len(paths) > 0:
        return False
    if folders:
        msg = f"{folders[0]} is a directory, and cannot be sent together with files"
        raise UsageError(msg, hint="name either report files or run directories")
    return True


def upload_all(
    arguments: argparse.Namespace, command: Effective, paths: Sequence[Path]
) -> int:
    """
    Take in all files, then send them; return the worst exit code.

    A dry run takes them into a temporary folder. Raises UsageError and ReportError
    before anything is sent.
    """
    if arguments.merge and arguments.separate_executions:
        raise UsageError("--merge and --separate-executions cannot be combined")
    if not command.local.dry_run:
        return _upload_files(arguments, command, paths)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        return _upload_files(arguments, command, paths, Path(folder))


def _upload_files(
    arguments: argparse.Namespace,
    command: Effective,
    paths: Sequence[Path],
    report_dir: Path | None = None,
) -> int:
    # Sessions start this program, and do not need these modules.
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
            format=_parse_format(arguments.set_format),
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
        return _report_nothing(arguments, command, ready.empty)
    receipts = ready.send()
    if report_dir is not None:
        receipts = [replace(each, run="") for each in receipts]
    receipts = with_gate(receipts, command)
    receipts = upload_summary.report_to_ci(receipts, command.local)
    receipts += ready.empty
    _emit_receipts(arguments, receipts)
    return max(receipt.exit_code for receipt in receipts)


def _parse_format(text: str | None) -> str:
    name = (text or AUTO).strip().lower()
    known = (AUTO, *FORMATS, *FOREIGN_FORMATS)
    if name not in known:
        msg = f"--format: {text!r} is not one of {', '.join(known)}"
        raise UsageError(msg)
    return name


def _report_nothing(
    arguments: argparse.Namespace, command: Effective, receipts: Sequence[Receipt]
) -> int:
    """Report that there is no file, or no file with a test."""
    if not arguments.allow_empty:
        left_out = (what for each in receipts for what in each.left_out)
        names = ", ".join(what.removesuffix(report_files.NO_TESTS) for what in left_out)
        msg = f"no test was found in {names}"
        raise ReportError(msg, hint="--allow-empty accepts this")
    notice = f"no file matches {' '.join(arguments.paths)}"
    empty = Receipt(status=EMPTY, notices=(notice,))
    found = with_gate(receipts or [empty], command)
    _emit_receipts(arguments, found)
    return max(receipt.exit_code for receipt in found)


def _emit_receipts(arguments: argparse.Namespace, receipts: Sequence[Receipt]) -> None:
    is_list = arguments.separate_executions
    document = upload_summary.make_document(receipts, is_list=is_list)
    upload_summary.emit(arguments, document, receipts)
