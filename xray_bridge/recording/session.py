"""
A session of tests, as both adapters see it: prepare, record, finish.

Everything that needs the network is a command in a second process; this module
only writes the journal.
"""

from __future__ import annotations

import contextlib
import platform
import shlex
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xray_bridge
from xray_bridge.ci import detect
from xray_bridge.errors import (
    AmbiguousError,
    FeaturesError,
    SelectionError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.model.receipt import AMBIGUOUS, FAILED, Receipt
from xray_bridge.recording.second_process import Launcher, LaunchError
from xray_bridge.runs import codec, run_directory
from xray_bridge.runs.evidence import EvidenceFolder
from xray_bridge.runs.scrub import Scrub, folders


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.codec import Line
    from xray_bridge.runs.run_directory import RunDirectory


# Of Tests that were selected and have no code, on a screen.
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """
    What a session says when it ends, and the exit code in place of 0.

    ``exit_code`` is 0 where the policy is to warn only.
    """

    lines: tuple[str, ...]
    exit_code: int
    receipt: Receipt | None = None


class Session:
    """
    One session of a framework, from its settings to its receipt.

    Built from plain values before the first test; raises errors where something
    is wrong that can be known by then. ``root`` is the project's folder: paths in
    texts become relative to it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        framework: str,
        versions: Mapping[str, str],
        root: str = "",
    ) -> None:
        self.settings = settings
        self.notices: list[str] = []
        self.launcher = Launcher()
        self.incomplete: dict[str, None] = {}
        places = folders(root or self.launcher.folder, self.launcher.environ)
        self._scrub = Scrub.of(settings.redactor, places)
        self._framework = framework
        self._versions = {
            framework: versions.get(framework, ""),
            **versions,
            "python": platform.python_version(),
            "xray-bridge": xray_bridge.__version__,
        }
        self._journal: run_directory.Journal | None = None
        self._evidence: EvidenceFolder | None = None

    def add_execution_fields(self, fields: Mapping[str, object]) -> None:
        """
        Jira fields that a user's hook adds; what the settings say wins.

        Before ``preflight`` and ``start``. Raises UsageError for what is not JSON.
        """
        try:
            self.settings = self.settings.with_execution_fields(fields)
        except (TypeError, ValueError) as error:
            msg = f"a hook gave Jira fields that are not JSON: {error}"
            raise UsageError(msg) from None

    def export_features(self) -> None:
        """
        Fetch feature files, where the settings ask for it.

        Raises FeaturesError, and UsageError for what the settings have wrong.
        """
        if not self.settings.wants_export:
            return
        answer = self.launcher.run(
            "features",
            "export",
            "--given",
            "-",
            deadline=self.settings.deadline,
            stdin=self.settings.given,
        )
        error = answer.content.get("error")
        if error:
            kind = UsageError if answer.exit_code == UsageError.exit_code else None
            raise (kind or FeaturesError)(error["message"], hint=error["hint"])
        self.notices += answer.content.get("notices", ())

    def selected(self) -> dict[str, str]:
        """
        The Tests that the setting ``select`` means, with their summaries.

        Raises SelectionError: without an answer nobody knows what is to run.
        """
        try:
            answer = self.launcher.run(
                "keys",
                "--selected",
                "--given",
                "-",
                deadline=self.settings.deadline,
                stdin=self.settings.given,
            )
        except LaunchError as problem:
            raise SelectionError(problem.message, hint=problem.hint) from None
        error = answer.content.get("error")
        if error:
            msg = f"xray_select: {error['message']}"
            raise SelectionError(msg, hint=error["hint"])
        self.notices += answer.content.get("notices", ())
        return dict(answer.content["tests"])

    def preflight(self) -> None:
        """
        Ask the server whether the upload can work, if it is to be asked.

        Raises UsageError for what would fail later for certain. A server that
        cannot be reached, or a process that cannot be started, is a notice only:
        results can be sent later.
        """
        settings = self.settings
        if not settings.wants_upload:
            return
        # The embedded sandbox makes whatever it is asked for: nothing to ask.
        ask = settings.preflight and not (settings.dry_run or settings.sandbox)
        try:
            answer = self.launcher.run(
                "check",
                "--given",
                "-",
                *(() if ask else ("--offline",)),
                deadline=settings.deadline,
                stdin=settings.given,
            )
        except LaunchError as problem:
            self.notices.append(f"not checked before the tests: {problem}")
            return
        error = answer.content.get("error")
        if error:
            raise UsageError(error["message"], hint=error["hint"])
        self.notices += answer.content.get("notices", ())

    def start(self) -> None:
        """
        Make the run directory and open its journal.

        Raises RunDirectoryError.
        """
        if not self.settings.wants_record:
            return
        now = time.time()
        directory = run_directory.create(
            Path(self.settings.report_dir).absolute(),
            run_directory.RunInfo(
                id=run_directory.new_id(now),
                framework=self._framework,
                versions=self._versions,
                started=now,
                settings=self.settings.given,
                ci=asdict(detect.detect(self.launcher.environ)),
                run_id=self.settings.run_id,
            ),
        )
        self._journal = run_directory.Journal(directory)
        # Made once, and now: tests patch files.
        limit = self.settings.evidence_limit[0]
        self._evidence = EvidenceFolder(directory.path, limit, self._scrub.clean)

    def clean(self, text: str) -> str:
        """A text without secrets and folders of this machine."""
        return self._scrub.clean(text)

    def discard(self) -> None:
        """Take back ``start``: the session ended before its first test."""
        if self._journal is None or self._journal.written or not self._journal.is_ours:
            return
        self._journal.close()
        shutil.rmtree(self._journal.directory.path, ignore_errors=True)
        self._journal = None

    def record(self, run: TestRun) -> None:
        """Append a finished test to the journal."""
        self.record_line(codec.encode(run))

    def record_line(self, line: Line) -> None:
        """
        Append a finished test that is a line of the journal already.

        What tests say may hold our own secrets (pytest's ``--showlocals`` prints
        environments) and folders of this machine; both are taken out here, before
        they reach any disk.
        """
        if self._journal is not None:
            self._journal.append_line(codec.cleaned(line, self._scrub))

    @property
    def folder(self) -> str:
        """The run directory; empty where nothing is recorded."""
        return str(self._journal.directory.path) if self._journal else ""

    @property
    def evidence(self) -> EvidenceFolder | None:
        """Where evidence of this run goes; None where nothing is recorded."""
        return self._evidence

    def saved(self) -> list[str]:
        """Where the results are and how to send them, where ``publish`` failed."""
        if self._journal is None:
            return []
        path = self._journal.directory.path
        return [_resend(_relative(path, self.launcher.folder))]

    def note(self, notice: str) -> None:
        """Remember something to say at the end, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def note_incomplete(self, reason: str) -> None:
        """Remember why tests are missing from this run."""
        self.incomplete[reason] = None

    def seal(self) -> str:
        """
        Close the journal; what it says is on disk. Returns trouble in words.
        """
        if self._journal is None:
            return ""
        try:
            self._journal.close(tuple(self.incomplete))
        except XrayBridgeError as error:
            return str(error)
        return ""

    def publish(self, *, interrupted: bool = False) -> Ending | None:
        """
        Render and upload the sealed run in the second process; never raises.

        An interrupted session is not uploaded: whoever pressed Ctrl-C may not
        want it. It can be sent later.
        """
        if self._journal is None or not self._journal.is_ours:
            return None
        shown = _relative(self._journal.directory.path, self.launcher.folder)
        warn_only = self.settings.on_upload_error == "warn"
        if self.settings.collect:
            return self._collected(self._journal, shown, warn_only=warn_only)
        if interrupted:
            said = f"Interrupted, so nothing was uploaded. {_resend(shown)}"
            return Ending(lines=(*self.said(), said), exit_code=80)
        try:
            receipt = self._upload(self._journal.directory, shown)
        except KeyboardInterrupt:
            said = "Interrupted while uploading; it may still arrive."
            return Ending(lines=(*self.said(), said, *self.saved()), exit_code=81)
        return Ending(
            # What both processes note is said once.
            lines=tuple(dict.fromkeys((*self.said(), *receipt.lines()))),
            exit_code=0 if warn_only else receipt.exit_code,
            receipt=receipt,
        )

    def _upload(self, directory: RunDirectory, shown: str, *flags: str) -> Receipt:
        try:
            answer = self.launcher.run(
                "upload", str(directory.path), *flags, deadline=self.settings.deadline
            )
            return Receipt.from_json(answer.content)
        except (LaunchError, TypeError, KeyError) as error:
            return _unanswered(directory, shown, error)

    def _collected(
        self, written: run_directory.Journal, shown: str, *, warn_only: bool
    ) -> Ending:
        """Where the results are; a report is written where one is asked for."""
        settings = self.settings
        number = written.written
        results = "1 result" if number == 1 else f"{number} results"
        lines = [f"Collected {results}; nothing was sent."]
        receipt = None
        if settings.report or len(settings.format) > 1:
            with contextlib.suppress(KeyboardInterrupt):
                # The flag keeps it from being sent.
                receipt = self._upload(written.directory, shown, "--collect")
        if receipt and receipt.error:
            lines.append(f"The report was not written: {receipt.error['message']}")
        lines += [f"Incomplete: {reason}" for reason in self.incomplete]
        run_id = shlex.quote(settings.run_id)
        what = f"--run-id {run_id} DIR" if settings.run_id else shown
        lines += [f"To send: xray-bridge upload {what}", f"Run directory: {shown}"]
        return Ending(
            lines=(*self.said(), *lines),
            exit_code=receipt.exit_code if receipt and not warn_only else 0,
            receipt=receipt,
        )

    def said(self) -> list[str]:
        """What there is to say besides what became of the upload."""
        return [f"Note: {notice}" for notice in self.notices]


def selection_said(
    selection: str, selected: Iterable[str], in_code: Container[str]
) -> str:
    """One line for the end: what was selected, and what of it has no code."""
    keys = list(selected)
    missing = [key for key in keys if key not in in_code]
    text = f"selected: {len(keys)} Tests of {selection}"
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        text += f"; nothing collected carries {', '.join(missing[:SHOWN])}{more}"
    return text


def _unanswered(directory: RunDirectory, shown: str, error: Exception) -> Receipt:
    """The second process said nothing; what it was at stands in the run directory."""
    sending = directory.state.state == run_directory.SENDING
    kind = AmbiguousError if sending else LaunchError
    return Receipt(
        status=AMBIGUOUS if sending else FAILED,
        run=shown,
        error={"message": str(error), "slug": kind.slug},
        exit_code=kind.exit_code,
    )


def _resend(run: str) -> str:
    return f"To send the results: xray-bridge resend {run}"


def _relative(path: Path, folder: str) -> str:
    try:
        return str(path.relative_to(folder))
    except ValueError:
        return str(path)
