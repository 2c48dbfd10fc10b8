"""
Several results of one Test become one, from one run directory or from several.

Journals are read twice and never held: the first pass keeps, for each Test,
where its lines start; the second reads them group by group.
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
from xray_bridge.runs.aggregate import AGGREGATES, WORST, merge
from xray_bridge.runs.journal_lines import parsed
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.runs.run_directory import RunDirectory

DEFINITION = "definition:"


class _Place(NamedTuple):
    """
    Where a line stands: number of the journal, offset in bytes.

    ``row`` is that of an outline, or the test's position: they finish in any order.
    """

    journal: int
    offset: int
    row: int


class Results:
    """
    All finished tests of one or several run directories.

    Interrupted tests are not results and do not appear. ``only_keyed`` leaves
    out tests without a Test key, too. ``aggregate`` is how several results of
    one Test decide. Evidence over ``limits`` is left out. ``withheld`` says of results
    that are not sent why, because their names held secrets.
    A line that is damaged is left out.
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
        for place, run in self._scan(directories):
            if only_keyed and not run.test.test_keys:
                continue
            if run.withheld:
                why = f"its name holds {run.withheld}, so it is not sent"
                self.withheld[f"{run.test.definition}: {why}"] = None
                continue
            self._index(place, run)
        self._dropped = self._over(limits)
        self._without: frozenset[str] = frozenset()
        self._without_tags: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def missing(self) -> tuple[str, ...]:
        """Why results are missing that were recorded."""
        if not self._damaged:
            return ()
        lines = count(self._damaged, "damaged line")
        return (f"{lines} in the journal, whose results are lost",)

    @property
    def tests(self) -> int:
        """How many Tests have results."""
        return len(self._groups)

    @property
    def pieces_of_evidence(self) -> int:
        """How many there are, those that are left out included."""
        return len(self._evidence)

    def _scan(
        self, directories: Sequence[RunDirectory]
    ) -> Iterator[tuple[_Place, TestRun]]:
        for number, directory in enumerate(directories):
            offset = 0
            for line in directory.lines():
                run = self._whole(line, directory.journal)
                if run is not None and run.outcome is not Outcome.NOT_RUN:
                    row = _row(run)
                    yield _Place(number, offset, row), run
                offset += len(line)

    def _whole(self, line: bytes, journal: Path) -> TestRun | None:
        """The result in a line; a damaged one keeps no other from being sent."""
        if not line.strip():
            return None
        try:
            return parsed(line, journal)
        except RunDirectoryError:
            self._damaged += 1
            return None

    def _index(self, place: _Place, run: TestRun) -> None:
        self._places.append(place)
        self.counts[run.outcome.value] += 1
        finish = run.started + run.duration
        times = [self.started, self.finished, run.started, finish]
        # At 0 is what began nobody knows when.
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
        found = identities(run)
        base = hash(_base(run))
        for identity in found:
            self._groups.setdefault(identity, []).append(place)
            self._decide(identity, finish, run.outcome)
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

    def _decide(self, identity: str, finish: float, outcome: Outcome) -> None:
        """By time, not by place: shards finish side by side."""
        so_far = self._decided.get(identity)
        if so_far is None:
            self._decided[identity] = (finish, outcome)
            return
        earlier, later = sorted((so_far, (finish, outcome)), key=lambda each: each[0])
        self._decided[identity] = (later[0], self._combined(earlier[1], later[1]))

    def _over(self, limits: evidence.Limits) -> Mapping[_Place, Sequence[int]]:
        dropped = evidence.over(self._evidence, limits)
        found = {self._places[owner]: gone for owner, gone in dropped.items()}
        with closing(_Reader(self._journals)) as reader:
            for place, gone in found.items():
                run = reader.read(place)
                whole = evidence.of_run(run)
                self.left_out += [
                    f"{run.test.definition}: {whole[number].name} "
                    f"({evidence.shown(whole[number].size)}), over xray_evidence_limit"
                    for number in sorted(gone)
                ]
        return found

    def path_of(self, piece: Evidence) -> Path | None:
        """
        The file of a piece of evidence; None where it is gone, or is another.

        A run directory may come from another machine: its journal must not be
        able to name files anywhere else.
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
        """The Test keys that have results."""
        return [key for key in self._groups if not key.startswith(DEFINITION)]

    @property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """
        Tests that several tests are results of, with these tests' names.

        Rows of one parametrized test, or of one outline, are one test here.
        """
        found: dict[str, dict[str, None]] = {}
        with closing(_Reader(self._journals)) as reader:
            for identity, places in self._groups.items():
                if identity in self._shared:
                    names = map(_base, map(reader.read, places))
                    found[identity.removeprefix(DEFINITION)] = dict.fromkeys(names)
        return {identity: tuple(names) for identity, names in found.items()}

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
            for place in self._places:
                yield self._read(reader, place)

    def all_runs(self) -> Iterator[TestRun]:
        """The same, as they were recorded."""
        with closing(_Reader(self._journals)) as reader:
            yield from map(reader.read, self._places)

    def leave_out_requirements(self, keys: Iterable[str], prefix: str) -> None:
        """Have no result name these requirements, nor a tag that begins so."""
        self._without = frozenset(keys)
        self._without_tags = frozenset(f"{prefix}{key}" for key in keys)

    def features(self) -> Iterator[Iterator[TestRun]]:
        """The scenarios of each feature file, file by file."""
        with closing(_Reader(self._journals)) as reader:
            for places in self._features.values():
                yield (self._read(reader, place) for place in places)

    def merged(self) -> Iterator[TestRun]:
        """One result for each Test: with one key, or with none; rows in order."""
        with closing(_Reader(self._journals)) as reader:
            for identity, places in self._groups.items():
                key = () if identity.startswith(DEFINITION) else (identity,)
                in_order = sorted(places, key=lambda place: place.row)
                runs = (self._read(reader, place) for place in in_order)
                yield merge(key, runs, self._decided[identity][1])

    def failures(self) -> Iterator[TestRun]:
        """For each Test that failed, the last of its results that did."""
        with closing(_Reader(self._journals)) as reader:
            for identity, (_, outcome) in self._decided.items():
                if outcome is Outcome.FAILED:
                    runs = map(reader.read, reversed(self._groups[identity]))
                    failed = (run for run in runs if run.outcome is Outcome.FAILED)
                    yield from islice(failed, 1)

    def _read(self, reader: _Reader, place: _Place) -> TestRun:
        run = reader.read(place)
        if self._without:
            run = without_requirements(run, self._without, self._without_tags)
        if not evidence.of_run(run):
            return run
        return evidence.without(run, self._dropped.get(place, ()))

    def merged_counts(self) -> Counter[Outcome]:
        """How many Tests end with which outcome."""
        return Counter(outcome for _, outcome in self._decided.values())


class _Reader:
    """Journals, read line by line; one is open at a time."""

    def __init__(self, journals: Sequence[Path]) -> None:
        self._paths = journals
        self._current: Path | None = None
        self._file: BinaryIO = BytesIO()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, place: _Place) -> TestRun:
        """The result that stands there."""
        path = self._paths[place.journal]
        if path != self._current:
            self.close()
            self._file = inside.open_inside(path.parent, path.name)
            self._current = path
        self._file.seek(place.offset)
        return parsed(self._file.readline(), path)


def identities(run: TestRun) -> tuple[str, ...]:
    """What makes results belong to the same Test: its key, else its definition."""
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
    """A result that names none of these requirements, and has none of these tags."""
    kept = tuple(key for key in run.test.requirements if key not in keys)
    run = replace(run, test=replace(run.test, requirements=kept))
    if run.scenario is None:
        return run
    feature = run.scenario.feature
    own = tuple(tag for tag in run.scenario.tags if tag not in tags)
    above = tuple(tag for tag in feature.tags if tag not in tags)
    scenario = replace(run.scenario, tags=own, feature=replace(feature, tags=above))
    return replace(run, scenario=scenario)


def _row(run: TestRun) -> int:
    return (run.scenario.row if run.scenario else 0) or run.position


def _base(run: TestRun) -> str:
    """What rows of one test, or of one outline, have in common."""
    base = run.test.definition.partition("[")[0]
    if not run.scenario:
        return base
    scenario = run.scenario
    name = scenario.outline or f"{scenario.name}, line {scenario.line}"
    return f"{scenario.feature.path}: {name}"
