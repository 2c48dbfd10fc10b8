"""
``xray-bridge upload`` of report files: found, taken in, sent.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.cli import console, options, upload_summary
from xray_bridge.client.connection import connect
from xray_bridge.errors import ConnectionDisabledError, ReportError, UsageError
from xray_bridge.model.formats import AUTO, FORMATS, WRITERS
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import report_files


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

    Send = Callable[[argparse.Namespace, RunDirectory, dict[str, object]], Receipt]

FORMAT = (
    f"of report files: auto, {', '.join(FORMATS)}; of run directories: auto, "
    f"{', '.join(WRITERS)}"
)
# What a server that answers can be asked for.
ASKED = frozenset(
    {"project", "test_plan", "test_execution", "fix_version", "environments"}
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that only report files know."""
    group = parser.add_argument_group("report files")
    together = group.add_mutually_exclusive_group()
    together.add_argument(
        "--same-execution",
        action="store_true",
        help="all files into one Test Execution; this is the default",
    )
    together.add_argument(
        "--separate-executions",
        action="store_true",
        help="a Test Execution for each file",
    )
    group.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="send N files at a time, once the first is there; default: 1",
    )
    group.add_argument(
        "--merge", action="store_true", help="join JUnit files into one before that"
    )
    group.add_argument(
        "--allow-empty",
        action="store_true",
        help="no file, or no test in any of them, is no error",
    )


def _jobs(text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= found <= 32:  # noqa: PLR2004 - more helps nobody
        msg = "1 to 32 is expected"
        raise argparse.ArgumentTypeError(msg)
    return found


def are_meant(arguments: argparse.Namespace) -> bool:
    """
    Whether the paths are report files; from now on ``paths`` are what is there.

    Raises UsageError where nothing is, or run directories are among the files.
    """
    texts = arguments.paths
    arguments.paths = paths = _expanded(texts, allow_empty=arguments.allow_empty)
    folders = [path for path in paths if path.is_dir()]
    if not texts or len(folders) == len(paths) > 0:
        return False
    if folders:
        msg = f"{folders[0]} is a directory; report files are sent on their own"
        raise UsageError(msg, hint="name either files or run directories")
    arguments.asked_for = texts
    return True


def _expanded(texts: Sequence[str], *, allow_empty: bool) -> list[Path]:
    """The paths that are there, each once; globs are expanded and sorted."""
    found: dict[Path, None] = {}
    for text in texts:
        is_there = Path(text).exists()
        matches = [text] if is_there else sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - absolute patterns, too
        if not matches and not allow_empty:
            what = "no file matches" if glob.has_magic(text) else "there is no"
            hint = f"looked in {Path.cwd()}; --allow-empty lets it pass"
            raise UsageError(f"{what} {text}", hint=hint)
        found |= dict.fromkeys(map(Path, matches))
    # Folders that a glob finds beside files were not meant.
    kept = [path for path in found if path.is_file() or str(path) in texts]
    return kept or list(found)


def upload(arguments: argparse.Namespace, send: Send) -> int:
    """
    Take in all files, then send them; the worst exit code of all.

    Those of a dry run are taken in elsewhere, and go. Raises UsageError and
    ReportError before anything was sent.
    """
    if arguments.merge and arguments.separate_executions:
        raise UsageError("--merge makes one file, --separate-executions wants several")
    if not arguments.set_dry_run:
        return _upload(arguments, send)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        return _upload(arguments, send, Path(folder))


def _upload(
    arguments: argparse.Namespace, send: Send, report_dir: Path | None = None
) -> int:
    taken: list[RunDirectory] = []
    try:
        for each in _take_in(arguments, report_dir):
            # One by one: what is there is taken back where the next one is broken.
            taken.append(each)  # noqa: PERF402
        kept = [each for each in taken if _has_tests(each)]
        if not kept:
            return _nothing(arguments, taken)
        with contextlib.suppress(ConnectionDisabledError):
            # Then they are kept, and sending says why.
            _preflight([_refuse(arguments, each) for each in kept])
    except BaseException:  # what is half done goes, whatever ended it
        for each in taken:
            shutil.rmtree(each.path, ignore_errors=True)
        raise
    also: dict[str, object] = {
        "format": AUTO,
        "upload": "yes",
        "collect": arguments.set_collect or "",
        "dry_run": arguments.set_dry_run or "",
    }
    receipts = [send(arguments, each, also) for each in kept]
    if report_dir is not None:
        receipts = [replace(each, run="") for each in receipts]
    receipts = upload_summary.told(receipts)
    receipts += [_empty(each) for each in taken if each not in kept]
    _say(arguments, receipts)
    return max(receipt.exit_code for receipt in receipts)


def _take_in(
    arguments: argparse.Namespace, report_dir: Path | None
) -> Iterator[RunDirectory]:
    # Sessions upload without it, and start this program each time.
    from xray_bridge.upload.intake import IntakeOptions, take_in

    paths: Sequence[Path] = arguments.paths
    settings = options.resolved(arguments, also={"format": AUTO})
    groups = [[path] for path in paths] if arguments.separate_executions else [paths]
    for group in filter(None, groups):
        wanted = IntakeOptions(
            paths=group,
            format=_format(arguments.set_format),
            merge=arguments.merge,
            jobs=arguments.jobs,
            report_dir=report_dir,
        )
        yield take_in(wanted, settings, asdict(detect.detect(os.environ)))


def _format(text: str | None) -> str:
    name = (text or AUTO).strip().lower()
    if name not in {AUTO, *FORMATS}:
        msg = f"--format: {text!r} is none of {AUTO}, {', '.join(FORMATS)}"
        raise UsageError(msg)
    return name


def _has_tests(directory: RunDirectory) -> bool:
    found = report_files.load(directory)
    return bool(found and found.files)


def _nothing(arguments: argparse.Namespace, taken: Sequence[RunDirectory]) -> int:
    """No file, or none with a test in it."""
    receipts = [_empty(each) for each in taken]
    left_out = tuple(what for each in receipts for what in each.left_out)
    if not arguments.allow_empty:
        names = ", ".join(what.removesuffix(report_files.NO_TESTS) for what in left_out)
        msg = f"there is no test in {names}"
        raise ReportError(msg, hint="--allow-empty lets it pass")
    notice = f"no file matches {' '.join(arguments.asked_for)}"
    _say(arguments, receipts or [Receipt(status=EMPTY, notices=(notice,))])
    return 0


def _empty(directory: RunDirectory) -> Receipt:
    """Of files without tests, whose copies go."""
    found = report_files.load(directory)
    shutil.rmtree(directory.path, ignore_errors=True)
    return Receipt(status=EMPTY, left_out=found.left_out if found else ())


def _refuse(arguments: argparse.Namespace, directory: RunDirectory) -> Settings:
    """
    Refuse what can be known to be wrong without asking; the settings of a run.

    Raises UsageError.
    """
    from xray_bridge.upload.report_files import refuse_impossible

    found = report_files.load(directory)
    info = info_of(directory)
    settings = options.expected(arguments, info, {"format": AUTO})
    if settings.sandbox:
        # It brings an address, credentials and a project.
        project = {"project": settings.project or options.SANDBOX_PROJECT}
        settings = options.expected(arguments, info, {"format": AUTO, **project})
    elif not settings.collect:
        connect(settings)
    if found is not None:
        refuse_impossible(settings, found)
    return settings


def _preflight(of_runs: Sequence[Settings]) -> None:
    """
    Ask the server for what would be refused, as sessions do before the first test.

    Address and credentials are left to the upload, which can be done again. Raises
    UsageError.
    """
    from xray_bridge.check import run_checks

    # Most often they are all the same.
    different = {str(each.given): each for each in of_runs}
    for settings in different.values():
        sends = settings.wants_upload and not (settings.dry_run or settings.sandbox)
        if not (sends and settings.preflight):
            continue
        found = run_checks(settings, connect(settings), thorough=False)
        wrong = (each for each in found if each.ok is False)
        first = next((each for each in wrong if each.what in ASKED), None)
        if first is not None:
            clean = settings.redactor.clean
            raise UsageError(clean(first.message), hint=clean(first.hint))


def info_of(directory: RunDirectory) -> RunInfo:
    """What a run has recorded; files may say more, where nobody else did."""
    info = directory.info
    found = report_files.load(directory)
    if found is None:
        return info
    return replace(info, settings={**found.said, **info.settings})


def _say(arguments: argparse.Namespace, receipts: Sequence[Receipt]) -> None:
    if not arguments.json:
        print(upload_summary.text(receipts))
        return
    found = [receipt.to_json() for receipt in receipts]
    console.document(found if arguments.separate_executions else found[0])
