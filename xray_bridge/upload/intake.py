"""
Report files into a run directory: copied, checked, counted.

What is checked is the copy, and that is what goes out. A file that is no report
ends it, and leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.formats import read
from xray_bridge.formats.read import merge_junit, repair, xray
from xray_bridge.formats.read.protocol import Case, Source
from xray_bridge.model.formats import SCENARIO_FORMATS
from xray_bridge.model.receipt import FAILURES, Failure
from xray_bridge.model.results import Outcome
from xray_bridge.runs import codec, report_files, run_directory
from xray_bridge.runs.evidence import EvidenceFolder
from xray_bridge.runs.failures import gist
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.report_files import Files, ReportFile
from xray_bridge.runs.scrub import Scrub, folders
from xray_bridge.text import one_line
from xray_bridge.upload.conversion import Conversion
from xray_bridge.upload.copying import copy_into
from xray_bridge.upload.masking import mask
from xray_bridge.upload.overlaps import Counted, DifferError, Overlaps
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
    Which files, and what is to be done with them.

    ``report_dir`` is where the run directory goes, if not where the settings say;
    ``keep_converted``, a folder for copies of what formats were converted into.
    ``strip_properties``: what suites say of the machine stays here.
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
    A sealed run directory with these reports.

    Raises ReportError for what is no report, UsageError for what contradicts
    each other, RunDirectoryError; then nothing is left behind.
    """
    now = time.time()
    info = run_directory.RunInfo(
        id=run_directory.new_id(now),
        framework=run_directory.REPORT_FILES,
        versions={},
        started=now,
        # Whoever sends it later means to.
        settings={**settings.given, "upload": "yes"},
        ci=ci,
    )
    try:
        return _take_all(options, settings, info)
    except DifferError as error:
        # One report, in which every result counts, instead of several of which the
        # last one would.
        if not (error.can_merge and merge_junit.is_possible()):
            raise
        notice = f"{error.message}: they are merged"
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
            files = _Intake(directory, settings, journal).take(options)
            report_files.save(directory, files)
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
        places = folders(str(Path.cwd()), os.environ)
        self._scrub = Scrub.of(settings.redactor, places)
        self._strip = False
        self._is_merged = False
        self._notices: list[str] = []
        self._incomplete: list[str] = []
        self._left_out: list[str] = []
        self._failures: list[Failure] = []
        # Of the file that is read: scenarios by outcome.
        self._rows: Counter[str] = Counter()
        self._headers: list[tuple[str, read.ExecutionData]] = []
        self._overlaps = Overlaps()

    def take(self, options: IntakeOptions) -> Files:
        """All files, read to their ends."""
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
            self._mask(source)
        if options.merge:
            conversion.keep()
            known = [(merge_junit.merge_reports(known, folder), "junit")]
        self._notices += options.notices
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

    def _mask(self, source: Source) -> None:
        """What is a secret of ours is none of Xray's."""
        if number := mask(source.path, self._settings.redactor.forms):
            what = (
                f"secrets of xray-bridge are masked in the copy that is sent ({number})"
            )
            self._notices.append(f"{source.name}: {what}")

    def _take_file(self, source: Source, name: str) -> ReportFile:
        if name == "junit":
            _repair(source)
        reading = self._opened(source, name)
        is_of_scenarios = name in SCENARIO_FORMATS
        # Names may well be repeated there.
        has_rows = is_of_scenarios or self._is_merged
        counted = self._count(source, reading, has_rows=has_rows)
        # All scenarios go out together, so these add up.
        together = SCENARIOS if is_of_scenarios else source.name
        if not is_of_scenarios:
            self._overlaps.note_shared(source.name, counted)
        self._overlaps.note_differing(together, counted)
        header = xray.read_execution(source) if name == "xray" else read.ExecutionData()
        if counted.results:
            self._note_header(source, header)
        return ReportFile(
            name=source.name,
            file=source.path.name,
            format=name,
            tests=len(counted.ranks),
            # Rows of an outline have statuses of their own in Xray.
            counts=dict(self._rows) if is_of_scenarios else counted.counts,
            keys=tuple(counted.keys),
            is_headed=not header.is_silent,
            words=header.words,
        )

    def _opened(self, source: Source, name: str) -> read.Reading:
        self._rows = Counter()
        if name not in SCENARIO_FORMATS:
            return read.open_reading(source, name, strip=self._strip)
        reader = read.ScenarioReader(
            behave=name == "behave",
            prefixes=self._settings.tag_prefixes,
            finished=source.path.stat().st_mtime,
            keep=self._evidence.add,
        )
        return read.ScenarioReading(source=source, reader=reader, note=self._journalled)

    def _journalled(self, run: TestRun) -> None:
        """Into the journal as well: what exists already is filled from there."""
        self._rows[run.outcome.value] += 1
        self._journal.append_line(self._scrub.clean_line(codec.encode(run)))

    def _count(
        self, source: Source, reading: read.Reading, *, has_rows: bool
    ) -> Counted:
        """What is in the copy, which is mended."""
        counted = Counted()
        for case in reading.cases():
            counted.add(case)
            if case.outcome is Outcome.FAILED and len(self._failures) < FAILURES:
                self._failures.append(_failure(case))
        counted.settle()
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
        # Without a place to go to it is sent as it is.
        if own or {"project", "test_execution"} & header.settings.keys():
            self._notices += [
                f"{source.name}: {what} cannot be sent along" for what in header.lost
            ]

    def _settings_of_headers(self) -> Mapping[str, str]:
        """
        What the files say of the Test Execution; the first one counts.

        Raises UsageError where they are for different Test Executions.
        """
        found: dict[str, tuple[str, str]] = {}
        for name, header in self._headers:
            for setting, text in header.settings.items():
                first, other = found.setdefault(setting, (text, name))
                if first == text:
                    continue
                differ = f"{other} says {first!r}, {name} says {text!r}"
                if setting == "test_execution":
                    hint = "set it, or use --separate-executions"
                    raise UsageError(f"{setting}: {differ}", hint=hint)
                self._notices.append(f"xray_{setting}: {differ}; the first one counts")
        return {setting: text for setting, (text, _) in found.items()}


def _repair(source: Source) -> None:
    if places := repair.find_empty_properties(source):
        with replaced(source.path, private=True) as file:
            repair.write_without(source, places, file)


def _failure(case: Case) -> Failure:
    return Failure(
        name=one_line(case.name or case.key),
        keys=(case.key,) if case.key else (),
        message=gist(case.message),
    )
