"""
A session of tests for both adapters: prepare, record, finish.

A second process does everything that needs the network; this module only writes the
journal.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xray_bridge
from xray_bridge.config.execution_fields import with_execution_fields
from xray_bridge.errors import FeaturesError, UsageError, XrayBridgeError
from xray_bridge.model.receipt import UNKNOWN, Receipt
from xray_bridge.recording.build_news import BuildNews
from xray_bridge.recording.collecting import (
    describe_collected,
    refuse_bucket_without_means,
)
from xray_bridge.recording.ending import (
    Ending,
    flags_again,
    lines_about_gaps,
    lines_about_reports,
    receipt_in,
    receipt_without_answer,
    relative_path,
    without_notices,
)
from xray_bridge.recording.guard import OWN_FAULT, OWN_FAULTS, fault_line
from xray_bridge.recording.questions import choose_flags
from xray_bridge.recording.running_note import RunningNote
from xray_bridge.recording.second_process import SecondProcess, SecondProcessError
from xray_bridge.runs import run_directory
from xray_bridge.runs.evidence import EvidenceFolder
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.scrub import Scrub, local_folders
from xray_bridge.text import merge_lines, quote_command


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.recording.second_process import CommandResult
    from xray_bridge.runs.codec import Line
    from xray_bridge.runs.rerun_plan import RerunPlan
    from xray_bridge.runs.run_directory import RunDirectory


class Session:
    """
    One session of a framework, from its settings to its receipt.

    It is made before the first test, so that wrong settings are refused early. ``root``
    is the project's folder: paths in texts become relative to it. ``is_quiet``: nothing
    is shown on a terminal while the results are sent.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        framework: str,
        versions: Mapping[str, str],
        root: str = "",
        is_quiet: bool = False,
    ) -> None:
        self.settings = settings
        # Set by the adapter if it runs tests of an earlier run again.
        self.rerun: RerunPlan | None = None
        self.notices: list[str] = []
        self.keyless = ""
        # Answers of the check to ``questions``.
        self.answers: Mapping[str, Any] = {}
        self.second_process = SecondProcess(is_quiet=is_quiet)
        self.incomplete: dict[str, None] = {}
        # How many tests ran that users have left out.
        self.ignored = 0
        places = local_folders(
            root or self.second_process.folder, self.second_process.environ
        )
        self.scrub = Scrub.of(settings.redactor, places)
        self._framework = framework
        self._versions = {
            framework: versions.get(framework, ""),
            **versions,
            "python": platform.python_version(),
            "xray-bridge": xray_bridge.__version__,
        }
        self._journal: Journal | None = None
        self._evidence: EvidenceFolder | None = None
        self._note: RunningNote | None = None
        self._build_news = BuildNews(self.second_process)

    def add_execution_fields(self, fields: Mapping[str, object]) -> None:
        """
        Add Jira fields from a user's hook; fields from the settings win.

        Call it before ``preflight`` and ``start``. Raises UsageError for
        values that JSON cannot hold.
        """
        try:
            self.settings = with_execution_fields(self.settings, fields)
        except (TypeError, ValueError) as error:
            msg = f"a hook returned Jira fields that JSON cannot hold: {error}"
            raise UsageError(msg) from None

    def export_features(self) -> None:
        """
        Fetch feature files, if the settings ask for it.

        Raises FeaturesError, and UsageError for wrong settings.
        """
        if not self.settings.wants_export:
            return
        answer = self.run_command("features", "export")
        error = answer.content.get("error")
        if error:
            kind = UsageError if answer.exit_code == UsageError.exit_code else None
            raise (kind or FeaturesError)(error["message"], hint=error["hint"])
        self.add_notices_of(answer)

    def preflight(self, *, without_keys: bool = False, usual: str = "") -> None:
        """
        Check the upload before the first test, unless ``preflight`` is off.

        ``without_keys`` says that all tests are scenarios without a Test key. If only
        the collection can tell that, ``usual`` is their format, and ``keyless`` says
        afterwards why they could not be sent. Raises UsageError for anything that would
        certainly fail later. If the server cannot be reached, or the process cannot be
        started, this only adds a notice, because results can be sent later.
        """
        settings = self.settings
        questions = choose_flags(settings)
        is_asked = without_keys or usual or questions or settings.announces_builds
        if not settings.wants_upload or (settings.preflight == "off" and not is_asked):
            return
        # The embedded sandbox creates every missing issue, so no check is needed.
        ask = settings.preflight != "off" and not (settings.dry_run or settings.sandbox)
        try:
            answer = self.run_command(
                "check",
                *(() if ask else ("--offline",)),
                *(("--without-keys", self._framework) if without_keys else ()),
                *(("--keyless-later", usual) if usual else ()),
                *questions,
                *self._build_news.flags(settings),
            )
        except SecondProcessError as problem:
            if settings.preflight == "strict":
                raise UsageError(problem.message, hint=problem.hint) from None
            what = "upload not checked before the tests (xray_preflight)"
            self.notices.append(f"{what}: {problem}")
            return
        error = answer.content.get("error")
        if error:
            raise UsageError(error["message"], hint=error["hint"])
        self.keyless = answer.content.get("keyless", "")
        self.answers = answer.content
        self.add_notices_of(answer)

    def run_command(self, *words: str) -> CommandResult:
        """Run a command in the second process, with the settings of this session."""
        settings = self.settings
        return self.second_process.run(
            *words, "--given", "-", deadline=settings.deadline, stdin=settings.given
        )

    def start(self) -> None:
        """Make the run directory and open its journal. Raises RunDirectoryError."""
        if not self.settings.wants_record:
            return
        if self.rerun:
            self.rerun.refuse_other_place(self.settings)
        refuse_bucket_without_means(self.settings)
        now = self._build_news.started or time.time()
        directory = run_directory.create(
            Path(self.settings.report_dir).absolute(),
            run_directory.RunInfo(
                id=run_directory.new_id(now),
                framework=self._framework,
                versions=self._versions,
                started=now,
                settings=self.settings.given,
                ci=self._build_news.describe_ci(self.settings, self.redact),
                run_id=self.settings.run_id,
                **(self.rerun.describe_for(self.settings) if self.rerun else {}),
            ),
        )
        if self.rerun:
            self.rerun.fill(directory)
        self._journal = Journal(directory)
        # Made before the tests, because tests patch files.
        limit = self.settings.evidence_limit[0]
        self._evidence = EvidenceFolder(directory.path, limit, self.scrub.clean)
        path = directory.path / "session.note"
        self._note = RunningNote(path, self.scrub.encode_line)

    def redact(self, text: str) -> str:
        """Return the text without secrets and without folders of this machine."""
        return self.scrub.clean(text)

    def discard(self) -> None:
        """Delete the run directory: the session ended before its first test."""
        if self._journal is None or self._journal.written or not self._journal.is_ours:
            return
        self._journal.close()
        self.notices += self._build_news.cancel(self.settings, self.folder)
        shutil.rmtree(self._journal.directory.path, ignore_errors=True)
        self._journal = None

    def record_line(self, line: Line) -> None:
        """
        Append the journal line of a finished test.

        Texts of tests may contain our own secrets (pytest's ``--showlocals`` prints
        environments) and folders of this machine; both are removed here, before
        they reach any disk.
        """
        self.record_json(self.scrub.encode_line(line))

    def record_json(self, text: str) -> None:
        """Append a journal line as JSON that needs no cleaning."""
        if self._journal is not None:
            self._journal.append_json(text)

    def record_passed(
        self,
        nodeid: str,
        keys: Sequence[str],
        started: float,
        duration: float,
        position: int = 0,
    ) -> None:
        """Append a passed test with a name and keys only, which is code, not data."""
        if self._journal is not None:
            self._journal.append_passed(nodeid, keys, started, duration, position)

    @property
    def folder(self) -> str:
        """The path of the run directory; empty if nothing is recorded."""
        return str(self._journal.directory.path) if self._journal else ""

    @property
    def evidence(self) -> EvidenceFolder | None:
        """The folder of this run's evidence; None if nothing is recorded."""
        return self._evidence

    @property
    def note(self) -> RunningNote | None:
        """The note of the running test; None if nothing is recorded."""
        return self._note

    def resend_lines(self) -> list[str]:
        """Return the command that sends the results later, if ``publish`` failed."""
        if self._journal is None:
            return []
        path = self._journal.directory.path
        return [self._resend_line(relative_path(path, self.second_process.folder))]

    def _resend_line(self, run: str) -> str:
        flags = flags_again(self.settings)
        command = quote_command("xray-bridge", "resend", run, flags=flags)
        return f"To send the results: {command}"

    def own_fault_lines(self, faults: Sequence[str]) -> list[str]:
        """Return one line for internal errors, or none."""
        if not faults:
            return []
        run = relative_path(Path(self.folder), self.second_process.folder)
        return [self.redact(fault_line(faults, run if self.folder else ""))]

    def add_notice(self, notice: str) -> None:
        """Remember a notice to print at the end; the same one is printed once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def add_incomplete(self, reason: str) -> None:
        """Remember why tests are missing from this run."""
        self.incomplete[reason] = None

    def add_notices_of(self, result: CommandResult) -> None:
        """Add the notices of a command that no earlier command has given."""
        noted = result.content.get("notices", ())
        self.notices[:] = merge_lines((self.notices, noted))

    def seal(self) -> str:
        """Close the journal and sync it to disk; return an error as text."""
        if self._journal is None:
            return ""
        if OWN_FAULTS.texts:
            self.add_incomplete(OWN_FAULT)
        if self._note is not None and self._journal.is_ours:
            self._note.clear()
        try:
            self._journal.close(tuple(self.incomplete), self.ignored)
            if self.rerun:
                # Imported here, because other sessions do not read results.
                from xray_bridge.runs.attempts import complete_rerun

                complete_rerun(self._journal.directory)
        except XrayBridgeError as error:
            return str(error)
        return ""

    def publish(self, *, interrupted: bool = False) -> Ending | None:
        """
        Render and upload the sealed run in the second process; never raises.

        An interrupted session is not uploaded, because the person who pressed Ctrl-C
        may not want its results in Xray. They can be sent later.
        """
        if self._journal is None or not self._journal.is_ours:
            return None
        shown = relative_path(self._journal.directory.path, self.second_process.folder)
        warn_only = self.settings.on_upload_error == "warn"
        if self.settings.collect:
            return self._finish_collected(
                self._journal, shown, warn_only=warn_only, interrupted=interrupted
            )
        if interrupted:
            self.notices += self._build_news.cancel(self.settings, self.folder)
            line = f"Interrupted, so nothing was uploaded. {self._resend_line(shown)}"
            return Ending(lines=(*self.notice_lines(), line), exit_code=80)
        try:
            receipt = self._upload_run(self._journal.directory, shown)
        except KeyboardInterrupt:
            line = f"{UNKNOWN}: the upload was interrupted"
            lines = (*self.notice_lines(), line, *self.resend_lines())
            return Ending(lines=lines, exit_code=81)
        return Ending(
            lines=(*self.notice_lines(), *without_notices(receipt, self.notices)),
            exit_code=receipt.gate_code if warn_only else receipt.exit_code,
            receipt=receipt,
        )

    def _upload_run(self, directory: RunDirectory, shown: str, *flags: str) -> Receipt:
        deadline, timeout = self.settings.deadline, self.settings.timeout
        limits = f"--deadline={deadline:g}", f"--timeout={timeout:g}"
        try:
            answer = self.second_process.run(
                "upload",
                str(directory.path),
                *limits,
                *flags,
                # Address and credentials never come from the run directory.
                "--given",
                "-",
                # Steps before and after the results have a time of their own.
                deadline=deadline * self.settings.phases,
                stdin=self.settings.given,
            )
            receipt = receipt_in(answer.content)
        except (SecondProcessError, TypeError, KeyError) as error:
            receipt = receipt_without_answer(directory, shown, error)
        return replace(receipt, resend_flags=flags_again(self.settings))

    def _finish_collected(
        self, written: Journal, shown: str, *, warn_only: bool, interrupted: bool
    ) -> Ending:
        """
        Say where the results are, and put them into a bucket if it is set.

        Write a report if the settings ask for one.
        """
        settings = self.settings
        about, code = describe_collected(
            self.second_process,
            settings,
            written,
            is_rerun=self.rerun is not None,
            interrupted=interrupted,
        )
        lines = about[:1]
        receipt = None
        if settings.report or settings.html or len(settings.format) > 1:
            with contextlib.suppress(KeyboardInterrupt):
                # With this flag ``upload`` writes the report and sends nothing.
                receipt = self._upload_run(written.directory, shown, "--collect")
        if receipt:
            lines += lines_about_reports(receipt, has_page=bool(settings.html))
        lines += lines_about_gaps(self.ignored, self.incomplete)
        lines += about[1:]
        code = code or (receipt.exit_code if receipt else 0)
        lines[:0] = self.notice_lines()
        return Ending(
            lines=tuple(lines), exit_code=0 if warn_only else code, receipt=receipt
        )

    def notice_lines(self) -> list[str]:
        """Return the notices as lines for the end of the session."""
        return [f"Note: {notice}" for notice in self.notices]
