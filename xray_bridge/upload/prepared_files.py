"""
Prepare report files: take all of them in and check them, or leave nothing behind.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from xray_bridge.client.connection import connect
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import ConnectionDisabledError
from xray_bridge.model.receipt import EMPTY, Receipt
from xray_bridge.runs import report_files
from xray_bridge.upload.intake import take_in
from xray_bridge.upload.report_files import refuse_impossible
from xray_bridge.upload.send_run import send_prepared


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.upload.intake import IntakeOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Runs that are ready to send, and receipts of files without tests."""

    runs: tuple[tuple[RunDirectory, Effective], ...]
    empty: tuple[Receipt, ...]

    def send(self) -> list[Receipt]:
        """Send them one after the other."""
        return [send_prepared(directory, run) for directory, run in self.runs]


def prepare(
    wanted: Sequence[IntakeOptions],
    command: Effective,
    also: Mapping[str, object],
    ci: Mapping[str, str],
    preflight: Callable[[Sequence[Settings]], None],
) -> Prepared:
    """
    Take in all files, refuse files that cannot be sent, and ask the server.

    ``also`` are flags for sending them. Raises UsageError and ReportError, and the
    errors of ``preflight``; then no run directory is left.
    """
    taken: list[RunDirectory] = []
    try:
        for each in wanted:
            # One by one: if the next one is broken, these are removed.
            taken.append(take_in(each, command.local, ci))  # noqa: PERF401
        runs = tuple(
            (directory, command.for_run(report_files.info_of(directory), also))
            for directory in taken
            if _has_tests(directory)
        )
        # Sending reports a disabled connection.
        with contextlib.suppress(ConnectionDisabledError):
            preflight([_refused_or_settings(*each) for each in runs])
    except BaseException:
        for directory in taken:
            shutil.rmtree(directory.path, ignore_errors=True)
        raise
    ready = [directory for directory, _ in runs]
    empty = tuple(_removed(each) for each in taken if each not in ready)
    return Prepared(runs=runs, empty=empty)


def _has_tests(directory: RunDirectory) -> bool:
    found = report_files.load_files(directory)
    return bool(found and found.files)


def _removed(directory: RunDirectory) -> Receipt:
    """Remove a run without tests, and return its receipt."""
    found = report_files.load_files(directory)
    shutil.rmtree(directory.path, ignore_errors=True)
    return Receipt(status=EMPTY, left_out=found.left_out if found else ())


def _refused_or_settings(directory: RunDirectory, run: Effective) -> Settings:
    """
    Return the settings of a run.

    Raises UsageError for errors that are known without asking the server.
    """
    settings = run.settings
    if not (settings.sandbox or settings.collect):
        connect(settings)
    found = report_files.load_files(directory)
    if found is not None:
        refuse_impossible(settings, found)
    return settings
