"""
Several runs of one Test become one; several run directories become one session.

Journals are read twice and never held: the first pass keeps, for each Test,
where its lines start; the second reads them group by group.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from xray_bridge import journal
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model import Iteration, Outcome, TestIssue, TestRun


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from pathlib import Path

    from xray_bridge.journal import RunDirectory

DEFINITION = "definition:"
# The first of these that any result has decides the whole.
WORST_FIRST = (
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.XPASSED,
    Outcome.XFAILED,
    Outcome.PASSED,
)


class _Place(NamedTuple):
    """Where a line stands: number of the journal, offset in bytes."""

    journal: int
    offset: int


class Results:
    """
    All finished tests of one or several run directories.

    Interrupted tests are not results and do not appear. ``only_keyed`` leaves
    out tests without a Test key, too.
    """

    def __init__(
        self, directories: Sequence[RunDirectory], *, only_keyed: bool = False
    ) -> None:
        self._journals = [directory.journal for directory in directories]
        self.counts: Counter[str] = Counter()
        self.scenarios = 0
        self.unkeyed_scenarios = 0
        self.started: float | None = None
        self.finished: float | None = None
        self._groups: dict[str, list[_Place]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._places: list[_Place] = []
        self._features: dict[str, list[_Place]] = {}
        for place, run in self._scan(directories):
            if only_keyed and not run.test.test_keys:
                continue
            self._index(place, run)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def tests(self) -> int:
        """How many Tests have results."""
        return len(self._groups)

    def _scan(
        self, directories: Sequence[RunDirectory]
    ) -> Iterator[tuple[_Place, TestRun]]:
        for number, directory in enumerate(directories):
            offset = 0
            for line in directory.lines():
                run = journal.parsed(line, directory.journal)
                if run.outcome is not Outcome.NOT_RUN:
                    yield _Place(number, offset), run
                offset += len(line)

    def _index(self, place: _Place, run: TestRun) -> None:
        self._places.append(place)
        self.counts[run.outcome.value] += 1
        finish = run.started + run.duration
        times = [self.started, self.finished, run.started, finish]
        known = [moment for moment in times if moment is not None]
        self.started, self.finished = min(known), max(known)
        if run.scenario:
            self.scenarios += 1
            self.unkeyed_scenarios += not run.test.test_keys
            self._features.setdefault(run.scenario.feature.path, []).append(place)
        for identity in identities(run):
            self._groups.setdefault(identity, []).append(place)
            decided = self._outcomes.get(identity, run.outcome)
            self._outcomes[identity] = worst((decided, run.outcome))

    @property
    def test_keys(self) -> list[str]:
        """The Test keys that have results."""
        return [key for key in self._groups if not key.startswith(DEFINITION)]

    def names(self, test_keys: Container[str]) -> dict[str, tuple[str, ...]]:
        """The tests behind some Test keys, by their definitions."""
        with closing(_Reader(self._journals)) as reader:
            return {
                key: tuple(reader.read(place).test.definition for place in places)
                for key, places in self._groups.items()
                if key in test_keys
            }

    def runs(self) -> Iterator[TestRun]:
        """Every single result, in the order in which it finished."""
        with closing(_Reader(self._journals)) as reader:
            yield from map(reader.read, self._places)

    def features(self) -> Iterator[list[TestRun]]:
        """The scenarios of each feature file, file by file."""
        with closing(_Reader(self._journals)) as reader:
            for places in self._features.values():
                yield [reader.read(place) for place in places]

    def merged(self) -> Iterator[TestRun]:
        """One result for each Test: with one key, or with none."""
        with closing(_Reader(self._journals)) as reader:
            for identity, places in self._groups.items():
                yield merge(identity, [reader.read(place) for place in places])

    def merged_counts(self) -> Counter[str]:
        """How many Tests end with which outcome."""
        return Counter(outcome.value for outcome in self._outcomes.values())


class _Reader:
    """Journals, read line by line; one is open at a time."""

    def __init__(self, journals: Sequence[Path]) -> None:
        self._paths = journals
        self._current = -1
        self._file: BinaryIO | None = None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def read(self, place: _Place) -> TestRun:
        """The result that stands there."""
        path = self._paths[place.journal]
        if self._file is None or place.journal != self._current:
            self.close()
            self._file = path.open("rb")
            self._current = place.journal
        self._file.seek(place.offset)
        return journal.parsed(self._file.readline(), path)


def join(parts: Sequence[RunDirectory], report_dir: Path) -> RunDirectory:
    """
    One run directory from several: the shards of a CI run, the parts of behavex.

    Settings and CI context are those of the first. The parts are marked once the
    whole is safe, so that they are not sent on their own as well. Raises
    RunDirectoryError; then nothing has changed.
    """
    with ExitStack() as claims:
        for part in parts:
            claims.enter_context(part.claim())
            state = part.state
            if state.state in journal.UNDER_WAY or state.test_execution:
                msg = f"{part.path} was sent before, or may have been"
                raise RunDirectoryError(msg, hint="leave it out, or resend it alone")
        whole = _joined(parts, report_dir)
        for part in parts:
            into = f"merged into {whole.id}"
            part.state = replace(part.state, state=journal.KEPT, message=into)
    return whole


def _joined(parts: Sequence[RunDirectory], report_dir: Path) -> RunDirectory:
    first = min((part.session for part in parts), key=lambda each: each.started)
    whole = journal.create(report_dir, replace(first, id=journal.new_id(first.started)))
    try:
        written = journal.Journal(whole)
        for part in parts:
            for line in part.lines():
                written.copy_line(line)
        written.close(_all(part.state.incomplete for part in parts))
    except RunDirectoryError:
        shutil.rmtree(whole.path, ignore_errors=True)
        raise
    return whole


def identities(run: TestRun) -> tuple[str, ...]:
    """What makes results belong to the same Test: its key, else its definition."""
    keys = tuple(dict.fromkeys(run.test.test_keys))
    kind = "scenario " if run.scenario else ""
    return keys or (f"{DEFINITION}{kind}{run.test.definition}",)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one that decides: any failure fails, any skip is not a pass."""
    found = set(outcomes)
    return next((each for each in WORST_FIRST if each in found), Outcome.FAILED)


def merge(identity: str, runs: Sequence[TestRun]) -> TestRun:
    """
    One result from all results of one Test.

    Nothing is averaged into green; each part stays readable in ``message`` and
    as an ``Iteration``.
    """
    first = runs[0]
    key = () if identity.startswith(DEFINITION) else (identity,)
    if len(runs) == 1:
        is_as_it_was = first.test.test_keys == key
        return first if is_as_it_was else replace(first, test=_with(first, key))
    started = min(run.started for run in runs)
    return replace(
        first,
        test=replace(
            _with(first, key),
            name=_common_name(runs) if key else first.test.name,
            labels=_all(run.test.labels for run in runs),
            requirements=_all(run.test.requirements for run in runs),
        ),
        outcome=worst(run.outcome for run in runs),
        started=started,
        duration=max(run.started + run.duration for run in runs) - started,
        message="\n\n".join(_part_message(run) for run in runs if run.message),
        comment="\n".join(dict.fromkeys(run.comment for run in runs if run.comment)),
        defects=_all(run.defects for run in runs),
        custom_fields=tuple(
            {
                name: (name, value) for run in runs for name, value in run.custom_fields
            }.values()
        ),
        parameters=(),
        iterations=tuple(
            Iteration(
                outcome=run.outcome,
                parameters=run.parameters or (("test", run.test.name),),
                message=run.message,
            )
            for run in runs
        ),
    )


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for part in parts for value in part))


def _with(run: TestRun, test_keys: tuple[str, ...]) -> TestIssue:
    return replace(run.test, test_keys=test_keys)


def _part_message(run: TestRun) -> str:
    return f"{run.test.name}: {run.outcome.value}\n{run.message}"


def _common_name(runs: Sequence[TestRun]) -> str:
    """The function's name where all are rows of one parametrized test."""
    names = {run.test.name.partition("[")[0] for run in runs}
    return names.pop() if len(names) == 1 else runs[0].test.name
