"""
Read the results of run directories, and merge several results of one Test.

Journals are read twice and never held in memory: the first pass notes where the
lines of each Test start; the second reads them group by group.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Evidence, Outcome, TestRun
from xray_bridge.runs import evidence, inside
from xray_bridge.runs.aggregate import AGGREGATES, WORST, merge_results
from xray_bridge.runs.journal_lines import parse_line
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.runs.run_directory import RunDirectory

DEFINITION = "definition:"


class _Place(NamedTuple):
    """
    The place of a line: number of the journal, offset in bytes.

    ``row`` is the row of an outline, or the position of the test: tests finish in any
    order.
    """

    journal: int
    offset: int
    row: int


class Results:
    """
    All finished tests of one or several run directories.

    Interrupted tests have no result and do not appear. ``only_keyed`` leaves out tests
    without a Test key, too. ``aggregate`` is the rule for several results of one Test.
    Evidence over ``limits`` is left out. ``withheld`` are results that are not sent
    because their names contain secrets. Damaged lines are left out.
    """

    def __init__(
        self,
        directories: Sequence[RunDirectory],
        *,
        only_keyed: bool = False,
        aggregate: str = WORST,
        limits: evidence.Limits = evidence.NO_LIMITS,
    ) -> None:
        self._folders = [directory.path for directory in directories]
        self._journals = [directory.journal for directory in directories]
        self._combined = AGGREGATES[aggregate]
        self.counts: Counter[str] = Counter()
        self.scenarios = 0
        self.unkeyed_scenarios = 0
        self.defects = 0
        self.steps = 0
        self.left_out: list[str] = []
        self.withheld: dict[str, None] = {}
        self._damaged = 0
        self.started: float | None = None
        self.finished: float | None = None
        self._groups: dict[str, list[_Place]] = {}
        self._decided: dict[str, tuple[float, Outcome]] = {}
        self._places: list[_Place] = []
        self._features: dict[str, list[_Place]] = {}
        self._bases: dict[str, int] = {}
        self._shared: set[str] = set()
        self._evidence: list[evidence.Item] = []
        self._paths_of_evidence: dict[str, Path | None] = {}
        for place, run in self._scan_journals(directories):
            if only_keyed and not run.test.test_keys:
                continue
            if run.withheld:
                why = f"its name contains {run.withheld}, so it is not sent"
                self.withheld[f"{run.test.definition}: {why}"] = None
                continue
            self._index_run(place, run)
        self._dropped = self._drop_evidence(limits)
        self._without: frozenset[str] = frozenset()
        self._without_tags: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def missing(self) -> tuple[str, ...]:
        """Reasons why recorded results are missing."""
        if not self._damaged:
            return ()
        lines = count(self._damaged, "damaged line")
        return (f"{lines} in the journal: results are lost",)

    @property
    def tests(self) -> int:
        """The number of Tests with results."""
        return len(self._groups)

    @property
    def pieces_of_evidence(self) -> int:
        """The number of pieces, including left-out ones."""
        return len(self._evidence)

    def _scan_journals(
        self, directories: Sequence[RunDirectory]
    ) -> Iterator[tuple[_Place, TestRun]]:
        for number, directory in enumerate(directories):
            offset = 0
            for line in directory.lines():
                run = self._parse_or_count(line, directory.journal)
                if run is not None and run.outcome is not Outcome.NOT_RUN:
                    row = _row_of(run)
                    yield _Place(number, offset, row), run
                offset += len(line)

    def _parse_or_count(self, line: bytes, journal: Path) -> TestRun | None:
        """Return the result in a line; count a damaged line."""
        if not line.strip():
            return None
        try:
            return parse_line(line, journal)
        except RunDirectoryError:
            self._damaged += 1
            return None

    def _index_run(self, place: _Place, run: TestRun) -> None:
        self._places.append(place)
        self.counts[run.outcome.value] += 1
        finish = run.started + run.duration
        times = [self.started, self.finished, run.started, finish]
        # A start of 0 is unknown.
        known = [moment for moment in times if moment is not None and run.started]
        if known:
            self.started, self.finished = min(known), max(known)
        self.defects += len(run.defects)
        self.left_out += [f"{run.test.definition}: {what}" for what in run.left_out]
        if run.scenario:
            self.scenarios += 1
            self.unkeyed_scenarios += not run.test.test_keys
            self._features.setdefault(run.scenario.feature.path, []).append(place)
        else:
            self.steps += len(run.steps)
        found = identities_of(run)
        base = hash(_base_name(run))
        for identity in found:
            self._groups.setdefault(identity, []).append(place)
            self._decide_outcome(identity, finish, run.outcome)
            if self._bases.setdefault(identity, base) != base:
                self._shared.add(identity)
        self._evidence += [
            evidence.Item(
                owner=len(self._places) - 1,
                number=number,
                size=each.size,
                copies=len(found),
                passed=run.outcome in evidence.UNSUSPICIOUS,
            )
            for number, each in enumerate(evidence.of_run(run))
        ]

    def _decide_outcome(self, identity: str, finish: float, outcome: Outcome) -> None:
        """Aggregate by time, not by order of lines: parts run at the same time."""
        so_far = self._decided.get(identity)
        if so_far is None:
            self._decided[identity] = (finish, outcome)
            return
        earlier, later = sorted((so_far, (finish, outcome)), key=lambda each: each[0])
        self._decided[identity] = (later[0], self._combined(earlier[1], later[1]))

    def _drop_evidence(self, limits: evidence.Limits) -> Mapping[_Place, Sequence[int]]:
        dropped = evidence.choose_dropped(self._evidence, limits)
        found = {self._places[owner]: gone for owner, gone in dropped.items()}
        with closing(_Reader(self._journals)) as reader:
            for place, gone in found.items():
                run = reader.read(place)
                whole = evidence.of_run(run)
                self.left_out += [
                    f"{run.test.definition}: {piece.name} "
                    f"({evidence.format_size(piece.size)}), over xray_evidence_limit"
                    for piece in (whole[number] for number in sorted(gone))
                ]
        return found

    def path_of(self, piece: Evidence) -> Path | None:
        """
        Return the file of a piece of evidence; None if it is missing or changed.

        A run directory may come from another machine: its journal must not name files
        elsewhere.
        """
        if piece.file not in self._paths_of_evidence:
            places = (folder / evidence.FOLDER for folder in self._folders)
            found = (
                place / piece.file
                for place in places
                if inside.has_its_content(place, piece.file)
            )
            self._paths_of_evidence[piece.file] = next(found, None)
        return self._paths_of_evidence[piece.file]

    @property
    def test_keys(self) -> list[str]:
        """The Test keys with results."""
        return [key for key in self._groups if not key.startswith(DEFINITION)]

    @property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """
        Tests with results of several tests, and the names of these tests.

        Rows of one parametrized test, or of one outline, are one test here.
        """
        found: dict[str, dict[str, None]] = {}
        with closing(_Reader(self._journals)) as reader:
            for identity, places in self._groups.items():
                if identity in self._shared:
                    names = map(_base_name, map(reader.read, places))
                    found[identity.removeprefix(DEFINITION)] = dict.fromkeys(names)
        return {identity: tuple(names) for identity, names in found.items()}

    def names(self, test_keys: Container[str]) -> dict[str, tuple[str, ...]]:
        """Return the definitions of the tests with these Test keys."""
        with closing(_Reader(self._journals)) as reader:
            return {
                key: tuple(reader.read(place).test.definition for place in places)
                for key, places in self._groups.items()
                if key in test_keys
            }

    def runs(self) -> Iterator[TestRun]:
        """Yield every single result, in the order in which the tests finished."""
        with closing(_Reader(self._journals)) as reader:
            for place in self._places:
                yield self._read_run(reader, place)

    def all_runs(self) -> Iterator[TestRun]:
        """Yield every single result as it was recorded."""
        with closing(_Reader(self._journals)) as reader:
            yield from map(reader.read, self._places)

    def leave_out_requirements(self, keys: Iterable[str], prefix: str) -> None:
        """Leave out these requirements, and tags that name them, from all results."""
        self._without = frozenset(keys)
        self._without_tags = frozenset(f"{prefix}{key}" for key in keys)

    def features(self) -> Iterator[Iterator[TestRun]]:
        """Yield the scenarios of each feature file."""
        with closing(_Reader(self._journals)) as reader:
            for places in self._features.values():
                yield (self._read_run(reader, place) for place in places)

    def merged(self) -> Iterator[TestRun]:
        """Yield one merged result for each Test, its rows in order."""
        with closing(_Reader(self._journals)) as reader:
            for identity, places in self._groups.items():
                key = () if identity.startswith(DEFINITION) else (identity,)
                in_order = sorted(places, key=lambda place: place.row)
                runs = (self._read_run(reader, place) for place in in_order)
                yield merge_results(key, runs, self._decided[identity][1])

    def failures(self) -> Iterator[TestRun]:
        """Yield the last failed result of each failed Test."""
        with closing(_Reader(self._journals)) as reader:
            for identity, (_, outcome) in self._decided.items():
                if outcome is Outcome.FAILED:
                    runs = map(reader.read, reversed(self._groups[identity]))
                    failed = (run for run in runs if run.outcome is Outcome.FAILED)
                    yield from islice(failed, 1)

    def _read_run(self, reader: _Reader, place: _Place) -> TestRun:
        run = reader.read(place)
        if self._without:
            run = without_requirements(run, self._without, self._without_tags)
        if not evidence.of_run(run):
            return run
        return evidence.without_evidence(run, self._dropped.get(place, ()))

    def merged_counts(self) -> Counter[Outcome]:
        """Count Tests by outcome."""
        return Counter(outcome for _, outcome in self._decided.values())


class _Reader:
    """Reads lines of journals; one file is open at a time."""

    def __init__(self, journals: Sequence[Path]) -> None:
        self._paths = journals
        self._current: Path | None = None
        self._file: BinaryIO = BytesIO()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, place: _Place) -> TestRun:
        """Return the result at a place."""
        path = self._paths[place.journal]
        if path != self._current:
            self.close()
            self._file = inside.open_inside(path.parent, path.name)
            self._current = path
        self._file.seek(place.offset)
        return parse_line(self._file.readline(), path)


def identities_of(run: TestRun) -> tuple[str, ...]:
    """Return the identities of a result's Tests: their keys, or else the definition."""
    keys = tuple(dict.fromkeys(run.test.test_keys))
    if keys or not run.scenario:
        return keys or (f"{DEFINITION}{run.test.definition}",)
    scenario = run.scenario
    # Xray finds a scenario by its file and name; the rows of an outline are one.
    name = scenario.outline or scenario.name
    return (f"{DEFINITION}scenario {scenario.feature.path}: {name}",)


def without_requirements(
    run: TestRun, keys: frozenset[str], tags: frozenset[str]
) -> TestRun:
    """Return a result without these requirements and tags."""
    kept = tuple(key for key in run.test.requirements if key not in keys)
    run = replace(run, test=replace(run.test, requirements=kept))
    if run.scenario is None:
        return run
    feature = run.scenario.feature
    own = tuple(tag for tag in run.scenario.tags if tag not in tags)
    above = tuple(tag for tag in feature.tags if tag not in tags)
    scenario = replace(run.scenario, tags=own, feature=replace(feature, tags=above))
    return replace(run, scenario=scenario)


def _row_of(run: TestRun) -> int:
    return (run.scenario.row if run.scenario else 0) or run.position


def _base_name(run: TestRun) -> str:
    """Return the name that rows of one test, or of one outline, have in common."""
    base = run.test.definition.partition("[")[0]
    if not run.scenario:
        return base
    scenario = run.scenario
    name = scenario.outline or f"{scenario.name}, line {scenario.line}"
    return f"{scenario.feature.path}: {name}"
