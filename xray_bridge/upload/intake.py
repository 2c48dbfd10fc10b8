"""
Report files into a run directory: copied, checked, counted.

What is checked is the copy, and that is what goes out. A file that is no report
ends it, and leaves nothing behind.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field, replace
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
from xray_bridge.runs.report_files import Files, ReportFile
from xray_bridge.runs.scrub import Scrub, folders
from xray_bridge.text import one_line
from xray_bridge.upload.job import gist


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunDirectory

BLOCK = 1 << 20
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECLARED = re.compile(r"""(<\?xml[^>]*?encoding=)(["'])[^"']*\2""")
# Of what stands in several files; there may be thousands.
SHOWN = 3
# Of the results of one Test in one file, the worst is what Xray makes of them.
RANKS = {Outcome.PASSED: 0, Outcome.FAILED: 2}
NEITHER = 1
SCENARIOS = "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files, what is to be done with them, and what there is to say of it."""

    paths: Sequence[Path]
    format: str = "auto"
    merge: bool = False
    jobs: int = 1
    notices: tuple[str, ...] = ()


def take_in(wanted: Wanted, settings: Settings, ci: Mapping[str, str]) -> RunDirectory:
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
        return _taken(wanted, settings, info)
    except _DifferError as differ:
        # One report, in which every result counts, instead of several of which the
        # last one would.
        if not (differ.can_merge and merge_junit.is_possible()):
            raise
        together = replace(
            wanted, merge=True, notices=(f"{differ.message}: they are merged",)
        )
        return _taken(together, settings, info)


def _taken(
    wanted: Wanted, settings: Settings, info: run_directory.RunInfo
) -> RunDirectory:
    directory = run_directory.create(Path(settings.report_dir).absolute(), info)
    try:
        written = run_directory.Journal(directory)
        try:
            taken = _Intake(directory, settings, written).of(wanted)
            report_files.save(directory, taken)
        finally:
            written.close()
    except BaseException as error:
        shutil.rmtree(directory.path, ignore_errors=True)
        if isinstance(error, OSError):
            msg = f"{directory.path} cannot be written: {error.strerror}"
            raise RunDirectoryError(msg, hint="set xray_report_dir") from None
        raise
    return directory


class _DifferError(UsageError):
    """A Test ended differently in several files; ``can_merge``: all are JUnit XML."""

    can_merge = False


@dataclass(slots=True)
class _Counted:
    """What is counted while a report is read."""

    counts: Counter[str] = field(default_factory=Counter)
    seen: dict[int, int] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    def add(self, case: Case) -> None:
        """Count a result; names are kept as hashes only, there may be many."""
        self.counts[case.outcome.value] += 1
        identity, rank = hash(case.identity), RANKS.get(case.outcome, NEITHER)
        self.seen[identity] = max(rank, self.seen.get(identity, 0))
        if case.key:
            self.keys[case.key] = None
        if case.word:
            self.unknown[case.word] = None


class _Intake:
    """Takes in the files of one run directory, one after the other."""

    def __init__(
        self,
        directory: RunDirectory,
        settings: Settings,
        written: run_directory.Journal,
    ) -> None:
        clean = settings.redactor.clean
        limit = settings.evidence_limit[0]
        self._directory = directory
        self._settings = settings
        self._journal = written
        self._evidence = EvidenceFolder(directory.path, limit, clean)
        places = folders(str(Path.cwd()), os.environ)
        self._scrub = Scrub.of(settings.redactor, places)
        self._notices: list[str] = []
        self._left_out: list[str] = []
        self._failures: list[Failure] = []
        self._said: list[tuple[str, read.Said]] = []
        self._places: set[int] = set()
        self._ends: dict[int, tuple[int, str]] = {}
        self._shared: dict[str, None] = {}
        self._differing: dict[str, None] = {}

    def of(self, wanted: Wanted) -> Files:
        """All files, read to their ends."""
        sources = [
            _copied(path, self._directory.path / _file_name(number, path))
            for number, path in enumerate(wanted.paths, 1)
        ]
        known = [(each, read.recognised(each, wanted.format)) for each in sources]
        if wanted.merge:
            known = [(merge_junit.merged(known, self._directory.path), "junit")]
        self._notices += wanted.notices
        found = [self._one(source, name) for source, name in known]
        self._refuse_differing([each.format for each in found])
        kept = tuple(each for each in found if each.tests)
        self._note_shared(len(kept))
        moments = [said for _, said in self._said]
        return Files(
            files=kept,
            said=self._told(),
            started=min(filter(None, (s.started for s in moments)), default=None),
            finished=max(filter(None, (s.finished for s in moments)), default=None),
            notices=tuple(self._notices),
            left_out=tuple(self._left_out),
            jobs=wanted.jobs,
            failures=tuple(self._failures),
        )

    def _one(self, source: Source, name: str) -> ReportFile:
        if name == "junit" and (places := repair.hollows(source)):
            with replaced(source.path) as file:
                repair.without(source, places, file)
        counted = _Counted()
        cases = (
            self._scenarios(source, name)
            if name in SCENARIO_FORMATS
            else read.cases(source, name)
        )
        for case in cases:
            counted.add(case)
            if case.outcome is Outcome.FAILED and len(self._failures) < FAILURES:
                self._failures.append(_failure(case))
        for word in counted.unknown:
            what = f"{word!r} is no outcome that is known, and counts as failed"
            self._notices.append(f"{source.name}: {what}")
        if not counted.counts:
            self._left_out.append(f"{source.name}{report_files.NO_TESTS}")
        if name not in SCENARIO_FORMATS:
            self._look_for_others(source, counted)
        # All scenarios go out together, so these add up.
        together = SCENARIOS if name in SCENARIO_FORMATS else source.name
        self._look_for_differing(together, counted)
        said = xray.said(source) if name == "xray" else read.Said()
        if not said.is_silent and counted.counts:
            self._said.append((source.name, said))
            # Without a place to go to it is sent as it is.
            lost = said.lost if self._is_placed(said) else ()
            self._notices += [
                f"{source.name}: {what} cannot be sent along" for what in lost
            ]
        return ReportFile(
            name=source.name,
            file=source.path.name,
            format=name,
            tests=len(counted.seen),
            counts=dict(counted.counts),
            keys=tuple(counted.keys),
            is_headed=not said.is_silent,
            words=said.words,
        )

    def _is_placed(self, said: read.Said) -> bool:
        settings = self._settings
        own = settings.project or settings.test_execution or settings.sandbox
        return bool(own or {"project", "test_execution"} & said.settings.keys())

    def _scenarios(self, source: Source, name: str) -> Iterator[Case]:
        """Into the journal as well: what exists already is filled from there."""
        reader = read.ScenarioReader(
            behave=name == "behave",
            prefixes=self._settings.tag_prefixes,
            finished=source.path.stat().st_mtime,
            keep=self._evidence.add,
        )
        for run in reader.runs(source):
            self._journal.append_line(codec.redact_line(codec.encode(run), self._scrub))
            key = next(iter(run.test.test_keys), "")
            name = run.test.definition
            yield Case(name=name, outcome=run.outcome, key=key, message=run.message)
        if reader.is_bare:
            with replaced(source.path) as file:
                repair.with_signs(source, file)
        for word in reader.unknown:
            what = f"{word!r} is no status that is known, and counts as failed"
            self._notices.append(f"{source.name}: {what}")

    def _look_for_others(self, source: Source, counted: _Counted) -> None:
        """Tests that an earlier file has, too; keys alone can be named."""
        for key in counted.keys:
            if hash(key) in self._places:
                self._shared[key] = None
        twice = sum(each in self._places for each in counted.seen)
        unnamed = twice - sum(hash(key) in self._places for key in counted.keys)
        if unnamed:
            self._shared[f"{unnamed} of {source.name}"] = None
        self._places |= counted.seen.keys()

    def _look_for_differing(self, where: str, counted: _Counted) -> None:
        """Tests that ended otherwise in what goes out before."""
        named = {hash(key): key for key in counted.keys}
        for identity, rank in counted.seen.items():
            before, other = self._ends.get(identity, (rank, where))
            if other == where:
                self._ends[identity] = (max(before, rank), where)
            elif before != rank:
                who = named.get(identity, "a test without a key")
                self._differing[f"{who} in {other} and {where}"] = None

    def _refuse_differing(self, formats: Sequence[str]) -> None:
        """
        Refuse what would hide a result: in one Test Execution the last one counts.

        Raises _DifferError.
        """
        if not self._differing:
            return
        shown = ", ".join([*self._differing][:SHOWN])
        more = ", ..." if len(self._differing) > SHOWN else ""
        hint = "--separate-executions keeps them apart"
        all_junit = set(formats) == {"junit"}
        if all_junit:
            hint += "; pip install 'xray-bridge[merge]' and --merge add them up"
        msg = f"tests ended differently in several files ({shown}{more})"
        error = _DifferError(msg, hint=hint)
        error.can_merge = all_junit
        raise error

    def _note_shared(self, number: int) -> None:
        if not self._shared or number < 2:  # noqa: PLR2004 - several
            return
        shown = ", ".join([*self._shared][:SHOWN])
        more = ", ..." if len(self._shared) > SHOWN else ""
        self._notices.append(
            f"tests stand in several files ({shown}{more}): in one Test Execution, "
            "what is sent last replaces the rest; --merge adds JUnit files up"
        )

    def _told(self) -> Mapping[str, str]:
        """
        What the files say of the Test Execution; the first one counts.

        Raises UsageError where they are for different Test Executions.
        """
        found: dict[str, tuple[str, str]] = {}
        for name, said in self._said:
            for setting, text in said.settings.items():
                first, other = found.setdefault(setting, (text, name))
                if first == text:
                    continue
                differ = f"{other} says {first!r}, {name} says {text!r}"
                if setting == "test_execution":
                    hint = "set it, or use --separate-executions"
                    raise UsageError(f"{setting}: {differ}", hint=hint)
                self._notices.append(f"xray_{setting}: {differ}; the first one counts")
        return {setting: text for setting, (text, _) in found.items()}


def _failure(case: Case) -> Failure:
    return Failure(
        name=one_line(case.name or case.key),
        keys=(case.key,) if case.key else (),
        message=gist(case.message),
    )


def _file_name(number: int, path: Path) -> str:
    """A name that no other file has, and that every system takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[-60:]
    return f"{number:03d}-{plain}"


def _copied(path: Path, target: Path) -> Source:
    """
    A copy without what Xray does not read.

    Nothing may stand before an XML declaration, no mark and no blank (jenkins
    issue 74); UTF-16 becomes UTF-8. Raises ReportError.
    """
    source = Source(path=target, name=str(path))
    try:
        if path.exists() and not path.is_file():
            raise source.broken("is no file")
        written = path.stat().st_mtime
        original = path.open("rb")
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None
    with original as file, target.open("xb") as copy:
        mark = file.read(2)
        file.seek(0)
        try:
            for block in _utf_8(file) if mark in UTF_16 else _trimmed(file):
                copy.write(block)
        except UnicodeDecodeError:
            raise source.broken("begins as UTF-16 and is none") from None
    os.utime(target, (written, written))
    return source


def _trimmed(file: BinaryIO) -> Iterator[bytes]:
    first = file.read(BLOCK).removeprefix(codecs.BOM_UTF8)
    yield first.lstrip()
    while block := file.read(BLOCK):
        yield block


def _utf_8(file: BinaryIO) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    first = decoder.decode(file.read(BLOCK)).lstrip()
    yield DECLARED.sub(r"\1\2utf-8\2", first, count=1).encode()
    while block := file.read(BLOCK):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()
