"""
Publish a run directory and return its receipt: the one path for every upload.

``pytest``, ``behave``, ``xray-bridge upload`` and ``xray-bridge resend`` all end
here, with the same input: the files on disk.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.client.connection import connect
from xray_bridge.errors import (
    AmbiguousError,
    DeliveryError,
    NotXrayError,
    PartlyRefusedError,
    ReportError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.model import receipt
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.receipt import Receipt
from xray_bridge.runs import (
    attempts,
    json_files,
    report_files,
    run_directory,
    under_way,
)
from xray_bridge.runs.evidence import Limits
from xray_bridge.runs.failures import first_failures
from xray_bridge.runs.merge import Results
from xray_bridge.text import merge_lines
from xray_bridge.upload import after_results, run_state, sandbox_names, sessions
from xray_bridge.upload.draft import ReceiptDraft, do_nothing
from xray_bridge.upload.prepared_run import PreparedRun
from xray_bridge.upload.send import dry_run, send


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.runs.report_files import Files
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo
    from xray_bridge.upload.shipment import Upload

NO_KEY = "no test has a Test key (xray_only_keyed)"
ALL_WITHHELD = "every result is withheld, because its name contains a secret"
NOT_TAKEN_IN = (
    "the upload was killed before all files were read; upload the files again"
)


def publish(
    directory: RunDirectory,
    settings: Settings,
    *,
    shown: str = "",
    begin: Callable[[], None] = do_nothing,
) -> Receipt:
    """
    Render a run and upload it, as its settings say.

    ``shown`` is its name in messages. ``begin`` is called between the two. Raises
    RunDirectoryError if the run is damaged or in use; later errors are in the receipt.
    """
    with directory.claim():
        started = time.monotonic()
        run_state.refuse_sent(directory, settings)
        if not directory.is_sealed:
            # Killed before it was sealed: there will be no more results.
            under_way.settle_run(directory)
        attempts.complete_rerun(directory)
        work = _Publishing(directory, settings, directory.path, settings.report)
        found = work.receipt(begin)
        found = _with_trouble(
            found, lambda: run_state.note_ending(directory, settings, found)
        )
        found = _with_releases(found, settings)
        found = replace(
            found,
            run=shown or str(directory.path),
            attempts=directory.state.attempts,
            duration=round(time.monotonic() - started, 3),
        )
        path, content = directory.path / "receipt.json", found.to_json()
        found = _with_trouble(found, lambda: json_files.write_json(path, content))
    return found


def preview(
    directory: RunDirectory,
    settings: Settings,
    *,
    shown: str = "",
    copy_to: str = "",
    incomplete: tuple[str, ...] = (),
) -> Receipt:
    """
    Return the receipt of a dry run, which does not change the run directory.

    The report is written to ``copy_to`` only, if that is given. ``incomplete`` are
    further reasons why tests may be missing. Raises RunDirectoryError.
    """
    with directory.look(), tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        run_state.refuse_sent(directory, settings)
        work = _Publishing(directory, settings, Path(folder), copy_to, incomplete)
        found = replace(work.receipt(), attempts=directory.state.attempts)
    return replace(found, run=shown)


def _with_trouble(found: Receipt, write: Callable[[], None]) -> Receipt:
    """Return the receipt, with a notice if ``write`` fails."""
    try:
        write()
    except RunDirectoryError as error:
        code = found.exit_code or error.exit_code
        return replace(found, notices=(*found.notices, error.message), exit_code=code)
    return found


def _with_releases(found: Receipt, settings: Settings) -> Receipt:
    """Return the receipt with a notice for each test that may leave the quarantine."""
    if not settings.quarantine:
        return found
    from xray_bridge.quarantine.releases import propose_releases

    releases = propose_releases(settings, Path(settings.report_dir))
    return replace(found, notices=(*found.notices, *releases))


class _Publishing:
    """Publishes one run directory; reports are written into ``folder``."""

    def __init__(
        self,
        directory: RunDirectory,
        settings: Settings,
        folder: Path,
        copy_to: str,
        incomplete: tuple[str, ...] = (),
    ) -> None:
        self._directory = directory
        self._settings = settings
        self._folder = folder
        self._copy_to = copy_to
        self._info = directory.info
        self._before = directory.state
        self._files = report_files.load_files(directory)
        self._results = Results(
            [directory],
            only_keyed=settings.only_keyed and self._files is None,
            aggregate=settings.aggregate,
            limits=Limits.of(settings.evidence_limit),
        )
        missing = (directory.missing, incomplete, self._results.missing)
        self._incomplete = merge_lines(missing)
        failures = (
            self._files.failures if self._files else first_failures(self._results)
        )
        base = Receipt(
            status=receipt.KEPT,
            counts=dict((self._files or self._results).counts),
            failures=failures,
            incomplete=self._incomplete,
            ignored=self._before.ignored,
        )
        self._draft = ReceiptDraft(base)
        self._connection: Connection | None = None

    def receipt(self, begin: Callable[[], None] = do_nothing) -> Receipt:
        """Publish, and return the receipt without secrets that servers may repeat."""
        self._publish_run(begin)
        if self._settings.compare:
            self._compare()
        if self._settings.otlp and self._files is None:
            self._send_spans()
        return self._draft.receipt.cleaned(self._settings.redactor.clean)

    def _publish_run(self, begin: Callable[[], None]) -> None:
        why_empty = self._why_empty()
        if why_empty is not None:
            withheld = tuple(self._results.withheld)
            code = PartlyRefusedError.exit_code if withheld else 0
            self._draft.add(
                status=receipt.EMPTY,
                notices=why_empty,
                left_out=withheld,
                exit_code=code,
            )
            self._apply_steps_of_empty_run()
            return
        settings = self._settings
        connection: Connection | None = None
        upload: Upload | None = None
        try:
            if not settings.wants_upload:
                self._prepare_upload(None)
                return
            self._connection = connection = connect(settings)
            upload = self._prepare_upload(connection)
            if settings.dry_run:
                found = dry_run(upload, connection, self._draft.receipt)
                self._draft.receipt = after_results.describe(
                    upload.run, connection, found
                )
                return
            begin()
            self._draft.asked = True
            self._draft.receipt = send(upload, connection, self._draft.receipt)
            if settings.sandbox:
                sandbox_names.name_tests(upload.run, connection)
        except Exception as unexpected:  # noqa: BLE001 - a receipt, whatever a server says
            self._note_error(self._keep_doubt(self._as_own_error(unexpected)))
        if connection is not None and upload is not None:
            self._draft.receipt = after_results.apply(
                upload.run, connection, self._draft.receipt
            )

    def _compare(self) -> None:
        """Add what changed since an earlier run, or the plan of it."""
        from xray_bridge.changes.step import RunToCompare, compare_run, describe_plan

        found = self._draft.receipt
        # A part of a CI run is compared when all parts are merged.
        if found.status == receipt.EMPTY or self._settings.collect:
            return
        run = RunToCompare(
            settings=self._settings,
            directory=self._directory,
            info=self._info,
            results=self._results,
            connection=self._connection,
            test_execution=found.test_execution.get("key", ""),
            files=self._files,
        )
        if found.status == receipt.DRY_RUN:
            self._draft.add(plan=(*found.plan, describe_plan(run)))
        else:
            self._draft.add(changes=compare_run(run))

    def _send_spans(self) -> None:
        """Send the spans of the results, or add the plan of it."""
        from xray_bridge.spans.send import describe_spans, send_spans

        found, settings = self._draft.receipt, self._settings
        if found.status == receipt.EMPTY or settings.collect:
            return
        if found.status == receipt.DRY_RUN:
            plan = (*found.plan, describe_spans(settings, self._results))
            self._draft.add(plan=plan)
            return
        key = found.test_execution.get("key", "")
        if notice := send_spans(self._directory, settings, self._results, key):
            self._draft.add(notices=(*found.notices, notice))

    def _apply_steps_of_empty_run(self) -> None:
        """Do the steps in Jira that need no results, such as showing the build."""
        settings = self._settings
        is_sent = settings.wants_upload and not settings.dry_run
        is_session = self._info.framework != run_directory.REPORT_FILES
        if not (is_sent and is_session and after_results.is_wanted(settings)):
            return
        try:
            connection = connect(settings)
        except XrayBridgeError as error:
            notice = f"nothing was done in Jira: {error}"
            self._draft.add(notices=(*self._draft.receipt.notices, notice))
            return
        run = self._make_run(connection.dialect, self._info)
        self._draft.receipt = after_results.apply(run, connection, self._draft.receipt)

    def _why_empty(self) -> tuple[str, ...] | None:
        """Return notices if there is nothing to send; None if there is."""
        if self._files is not None:
            return None
        if self._info.framework == run_directory.REPORT_FILES:
            return (NOT_TAKEN_IN,)
        if len(self._results):
            return None
        if self._results.withheld:
            return (ALL_WITHHELD,)
        is_unkeyed = self._settings.only_keyed and len(Results([self._directory]))
        return (NO_KEY,) if is_unkeyed else ()

    def _prepare_upload(self, connection: Connection | None) -> Upload:
        settings, info = self._settings, self._info
        dialect = DIALECTS[SERVER]
        if connection is not None:
            dialect = connection.dialect
            # A preflight may have reported them already, or there was none.
            notices = merge_lines((info.notices, connection.notices))
            info = replace(info, notices=notices)
        run = self._make_run(dialect, info)
        if connection is not None and not settings.dry_run:
            run = after_results.settle_version(run, connection)
        if self._files is None:
            return sessions.prepare(run, self._draft)
        return _prepare_files(run, self._files, self._draft)

    def _make_run(self, dialect: Dialect, info: RunInfo) -> PreparedRun:
        return PreparedRun(
            directory=self._directory,
            folder=self._folder,
            copy_to=self._copy_to,
            settings=self._settings,
            info=info,
            results=self._results,
            dialect=dialect.with_statuses(self._settings.statuses),
            incomplete=self._incomplete,
        )

    def _as_own_error(self, error: Exception) -> XrayBridgeError:
        """Return our own errors unchanged, and any other error as one of ours."""
        if isinstance(error, XrayBridgeError):
            return error
        name = type(error).__name__
        if not self._draft.asked:
            if isinstance(error, MemoryError):
                msg = "there is not enough memory to prepare the upload"
                return ReportError(
                    msg, hint="raise the limit, or resend the run on another machine"
                )
            msg = f"the upload cannot be prepared ({name}: {error})"
            return ReportError(
                msg, hint="please report this error, with the run directory"
            )
        msg = f"the server's answer is not understood ({name})"
        state = self._directory.state
        is_unclear = state.state == run_directory.SENDING and not state.test_execution
        return AmbiguousError(msg) if is_unclear else NotXrayError(msg)

    def _keep_doubt(self, error: XrayBridgeError) -> XrayBridgeError:
        """Keep an earlier doubt, if this upload failed before any request."""
        before = self._before
        has_begun = self._directory.state.attempts > before.attempts
        in_doubt = before.state in run_directory.IN_DOUBT and not before.test_execution
        if in_doubt and not has_begun:
            return AmbiguousError(error.message, hint=error.hint)
        return error

    def _note_error(self, error: XrayBridgeError) -> None:
        if self._before.state == run_directory.REFUSED:
            self._draft.add(
                status=receipt.DELIVERED,
                test_execution={"key": self._before.test_execution},
                notices=(f"the remaining fields could not be set: {error}",),
                exit_code=PartlyRefusedError.exit_code,
            )
            return
        unclear = isinstance(error, AmbiguousError)
        self._draft.add(
            status=receipt.AMBIGUOUS if unclear else receipt.FAILED,
            error={"message": str(error), "slug": error.slug},
            exit_code=max(DeliveryError.exit_code, error.exit_code),
        )


def _prepare_files(run: PreparedRun, files: Files, draft: ReceiptDraft) -> Upload:
    """Prepare report files; sessions do not import the modules for this."""
    from xray_bridge.upload.report_files import prepare

    return prepare(run, files, draft)
