"""
Take report files into a run directory: copy, check and count them.

The copy is checked, and the copy is sent. A file that is not a report stops the
intake, and nothing is left behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge.atomic import replaced
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.formats import read
from xray_bridge.formats.read import merge_junit, repair, xray
from xray_bridge.formats.read.protocol import Case, Source
from xray_bridge.model.formats import SCENARIO_FORMATS
from xray_bridge.model.receipt import FAILURES, Failure
from xray_bridge.model.results import Outcome
from xray_bridge.runs import codec, report_files, run_directory
from xray_bridge.runs.evidence import EvidenceFolder
from xray_bridge.runs.failures import main_line
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.report_files import Files, ReportFile
from xray_bridge.runs.scrub import Scrub, local_folders
from xray_bridge.text import one_line
from xray_bridge.upload.conversion import Conversion
from xray_bridge.upload.copying import copy_into
from xray_bridge.upload.masking import mask_secrets
from xray_bridge.upload.overlaps import Counted, DifferError, Overlaps
from xray_bridge.upload.ranks import MOST_IN_MEMORY
from xray_bridge.upload.reading_notices import notices_of


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

SCENARIOS = "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOptions:
    """
    The files to take in, and how.

    ``report_dir``: folder for the run directory, if not the one in the settings.
    ``keep_converted``: folder for copies of converted files. ``strip_properties``:
    leave out environment variables and system properties.
    """

    paths: Sequence[Path]
    format: str = "auto"
    merge: bool = False
    jobs: int = 1
    notices: tuple[str, ...] = ()
    report_dir: Path | None = None
    keep_converted: Path | None = None
    strip_properties: bool = False


def take_in(
    options: IntakeOptions, settings: Settings, ci: Mapping[str, str]
) -> RunDirectory:
    """
    Return a sealed run directory with these reports.

    Raises ReportError for a file that is not a report, UsageError for files that
    contradict each other, and RunDirectoryError; then nothing is left behind.
    """
    now = time.time()
    info = run_directory.RunInfo(
        id=run_directory.new_id(now),
        framework=run_directory.REPORT_FILES,
        versions={},
        started=now,
        # A later resend shall upload it.
        settings={**settings.given, "upload": "yes"},
        ci=ci,
    )
    try:
        return _take_all(options, settings, info)
    except DifferError as error:
        # Merged into one report, every result counts; of several reports, only the
        # last one would.
        if not (error.can_merge and merge_junit.is_possible()):
            raise
        notice = f"{error.message}: the files are merged"
        merged = replace(options, merge=True, notices=(notice,))
        return _take_all(merged, settings, info)


def _take_all(
    options: IntakeOptions, settings: Settings, info: run_directory.RunInfo
) -> RunDirectory:
    report_dir = options.report_dir or Path(settings.report_dir).absolute()
    directory = run_directory.create(report_dir, info)
    try:
        journal = Journal(directory)
        try:
            with progress.step("reading the reports"):
                files = _Intake(directory, settings, journal).take(options)
            report_files.save_files(directory, files)
        finally:
            journal.close()
    except BaseException as error:
        shutil.rmtree(directory.path, ignore_errors=True)
        if isinstance(error, OSError):
            msg = f"{directory.path} cannot be written: {error.strerror}"
            raise RunDirectoryError(msg, hint="set xray_report_dir") from None
        raise
    return directory


class _Intake:
    """Takes in the files of one run directory, one after the other."""

    def __init__(
        self,
        directory: RunDirectory,
        settings: Settings,
        journal: Journal,
    ) -> None:
        clean = settings.redactor.clean
        limit = settings.evidence_limit[0]
        self._directory = directory
        self._settings = settings
        self._journal = journal
        self._evidence = EvidenceFolder(directory.path, limit, clean)
        places = local_folders(str(Path.cwd()), os.environ)
        self._scrub = Scrub.of(settings.redactor, places)
        self._strip = False
        self._is_merged = False
        self._notices: list[str] = []
        self._incomplete: list[str] = []
        self._left_out: list[str] = []
        self._failures: list[Failure] = []
        # Scenarios by outcome, in the file that is being read.
        self._rows: Counter[str] = Counter()
        self._headers: list[tuple[str, read.ExecutionData]] = []
        self._overlaps = Overlaps()
        # Tests of several files are compared with each other.
        self._is_alone = True

    def take(self, options: IntakeOptions) -> Files:
        """Read all files to their ends."""
        self._strip, self._is_merged = options.strip_properties, options.merge
        folder = self._directory.path
        sources = [
            copy_into(folder, path, number)
            for number, path in enumerate(options.paths, 1)
        ]
        conversion = Conversion(options, self._settings.tag_prefixes)
        known = [conversion.recognised(each, folder) for each in sources]
        self._notices += conversion.notices()
        for source, _ in known:
            self._mask_secrets(source)
        if options.merge:
            conversion.keep()
            known = [(merge_junit.merge_reports(known, folder), "junit")]
        self._notices += options.notices
        self._is_alone = len(known) == 1
        found = [self._take_file(source, name) for source, name in known]
        if not options.merge:
            conversion.keep()
        self._overlaps.refuse_differing(each.format for each in found)
        kept = tuple(each for each in found if each.tests)
        if len(kept) > 1:
            self._notices += self._overlaps.notices()
        headers = [header for _, header in self._headers]
        return Files(
            files=kept,
            said=self._settings_of_headers(),
            started=min(filter(None, (h.started for h in headers)), default=None),
            finished=max(filter(None, (h.finished for h in headers)), default=None),
            notices=tuple(self._notices),
            left_out=tuple(self._left_out),
            incomplete=tuple(self._incomplete),
            jobs=options.jobs,
            failures=tuple(self._failures),
        )

    def _mask_secrets(self, source: Source) -> None:
        """Mask our secrets in the copy."""
        if number := mask_secrets(source.path, self._settings.redactor.forms):
            what = (
                f"secrets of xray-bridge are masked in the copy that is sent ({number})"
            )
            self._notices.append(f"{source.name}: {what}")

    def _take_file(self, source: Source, name: str) -> ReportFile:
        reading = self._open_reading(source, name)
        is_of_scenarios = name in SCENARIO_FORMATS
        # Repeated names are normal there.
        has_rows = is_of_scenarios or self._is_merged
        counted = self._count_results(source, reading, has_rows=has_rows)
        if not self._is_alone:
            # All scenarios are sent together, so their results add up.
            together = SCENARIOS if is_of_scenarios else source.name
            if not is_of_scenarios:
                self._overlaps.note_shared(source.name, counted)
            self._overlaps.note_differing(together, counted)
        header = read.ExecutionData()
        if isinstance(reading, xray.XrayReading):
            header = reading.read_execution()
        if counted.results:
            self._note_header(source, header)
        return ReportFile(
            name=source.name,
            file=source.path.name,
            format=name,
            tests=counted.tests,
            # Rows of an outline have statuses of their own in Xray.
            counts=dict(self._rows) if is_of_scenarios else counted.counts,
            keys=tuple(counted.keys),
            is_headed=not header.is_silent,
            words=header.words,
        )

    def _open_reading(self, source: Source, name: str) -> read.Reading:
        self._rows = Counter()
        if name not in SCENARIO_FORMATS:
            return read.open_reading(source, name, strip=self._strip)
        reader = read.ScenarioReader(
            behave=name == "behave",
            prefixes=self._settings.tag_prefixes,
            finished=source.path.stat().st_mtime,
            keep=self._evidence.add,
        )
        return read.ScenarioReading(
            source=source, reader=reader, note=self._write_to_journal
        )

    def _write_to_journal(self, run: TestRun) -> None:
        """Write to the journal, too: an existing Test Execution is filled from it."""
        self._rows[run.outcome.value] += 1
        self._journal.append_line(self._scrub.clean_line(codec.encode(run)))

    def _count_results(
        self, source: Source, reading: read.Reading, *, has_rows: bool
    ) -> Counted:
        """Count the results in the copy, and repair it."""
        counted = Counted(most=MOST_IN_MEMORY if self._is_alone else sys.maxsize)
        with contextlib.closing(counted):
            for case in reading.results():
                if isinstance(case, str):
                    counted.add_passed(case)
                    continue
                counted.add(case)
                if case.outcome is Outcome.FAILED and len(self._failures) < FAILURES:
                    self._failures.append(_failure_of(case))
            counted.settle()
        if reading.has_hollow:
            with replaced(source.path, private=True) as file:
                repair.write_without_empty(source, file)
        if reading.changes:
            with replaced(source.path, private=True) as file:
                reading.write(file)
        for notice in notices_of(reading, counted, has_rows=has_rows):
            self._notices.append(f"{source.name}: {notice}")
        self._incomplete += [f"{source.name}: {what}" for what in reading.incomplete]
        if not counted.results:
            self._left_out.append(f"{source.name}{report_files.NO_TESTS}")
        return counted

    def _note_header(self, source: Source, header: read.ExecutionData) -> None:
        if header.is_silent:
            return
        self._headers.append((source.name, header))
        settings = self._settings
        own = settings.project or settings.test_execution or settings.sandbox
        # Without a project or Test Execution the file is sent unchanged.
        if own or {"project", "test_execution"} & header.settings.keys():
            self._notices += [
                f"{source.name}: {what} cannot be sent" for what in header.lost
            ]

    def _settings_of_headers(self) -> Mapping[str, str]:
        """
        Return the settings in the files; the first value is used.

        Raises UsageError if they name different Test Executions.
        """
        found: dict[str, tuple[str, str]] = {}
        for name, header in self._headers:
            for setting, text in header.settings.items():
                first, other = found.setdefault(setting, (text, name))
                if first == text:
                    continue
                differ = f"{other} says {first!r}, {name} says {text!r}"
                if setting == "test_execution":
                    hint = "set xray_test_execution, or use --separate-executions"
                    raise UsageError(f"{setting}: {differ}", hint=hint)
                self._notices.append(
                    f"xray_{setting}: {differ}; the first value is used"
                )
        return {setting: text for setting, (text, _) in found.items()}


def _failure_of(case: Case) -> Failure:
    return Failure(
        name=one_line(case.name or case.key),
        keys=(case.key,) if case.key else (),
        message=main_line(case.message),
    )
