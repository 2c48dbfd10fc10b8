"""
Read the results of run directories, and merge several results of one Test.

A first pass over the journals notes which results each Test has; a second one reads
them Test by Test. Large journals are never held in memory.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge.errors import ReportError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import evidence, inside
from xray_bridge.runs.aggregate import AGGREGATES, WORST, merge_results
from xray_bridge.runs.groups import DEFINITION, Groups, digest_of
from xray_bridge.runs.journals import Journals
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xray_bridge.model.results import Evidence, TestRun
    from xray_bridge.runs.groups import Group, KeyList
    from xray_bridge.runs.journals import Reader
    from xray_bridge.runs.run_directory import RunDirectory

LAST_ROW = (1 << 63) - 1
# Outcomes by their numbers in memory.
OUTCOMES = tuple(Outcome)
NUMBERS = {outcome.value: number for number, outcome in enumerate(OUTCOMES)}


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
        self._combined = AGGREGATES[aggregate]
        self._only_keyed = only_keyed
        self.counts: Counter[str] = Counter()
        self.scenarios = 0
        self.unkeyed_scenarios = 0
        self.defects = 0
        self.steps = 0
        self.left_out: list[str] = []
        self.withheld: dict[str, None] = {}
        self.started: float | None = None
        self.finished: float | None = None
        self._groups = Groups()
        # By number of the result.
        self._finishes = array("d")
        self._outcomes = array("B")
        self._rows = array("q")
        self._decided: dict[int, Outcome] = {}
        self._features: dict[str, list[int]] = {}
        self._evidence: list[evidence.Item] = []
        self._paths_of_evidence: dict[str, Path | None] = {}
        self._journals = Journals(directories)
        with progress.step("reading results"):
            for number, run in enumerate(self._journals.scan(self._is_wanted)):
                self._index_run(number, run)
        self._dropped = self._drop_evidence(limits)
        self._without: frozenset[str] = frozenset()
        self._without_tags: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._outcomes)

    @property
    def missing(self) -> tuple[str, ...]:
        """Reasons why recorded results are missing."""
        return describe_damaged(self._journals.damaged)

    @property
    def tests(self) -> int:
        """The number of Tests with results."""
        return len(self._groups)

    @property
    def pieces_of_evidence(self) -> int:
        """The number of pieces, including left-out ones."""
        return len(self._evidence)

    def _is_wanted(self, run: TestRun) -> bool:
        """Return whether a result is sent; note one that is withheld."""
        if self._only_keyed and not run.test.test_keys:
            return False
        if run.withheld:
            why = f"its name contains {run.withheld}, so it is not sent"
            self.withheld[f"{run.test.definition}: {why}"] = None
        return not run.withheld

    def _index_run(self, number: int, run: TestRun) -> None:
        outcome = run.outcome.value
        self.counts[outcome] += 1
        finish = run.started + run.duration
        self._outcomes.append(NUMBERS[outcome])
        self._finishes.append(finish)
        # A start of 0 is unknown.
        if run.started:
            if self.started is None or run.started < self.started:
                self.started = run.started
            if self.finished is None or finish > self.finished:
                self.finished = finish
        self.defects += len(run.defects)
        for what in run.left_out:
            self.left_out.append(f"{run.test.definition}: {what}")
        self._rows.append(_row_of(run))
        if run.scenario:
            self.scenarios += 1
            self.unkeyed_scenarios += not run.test.test_keys
            self._features.setdefault(run.scenario.feature.path, []).append(number)
        else:
            self.steps += len(run.steps)
        found = identities_of(run)
        base = _base_name(run)
        for identity in found:
            self._groups.add(identity, number, base)
        for index, each in enumerate(evidence.of_run(run)):
            self._evidence.append(
                evidence.Item(
                    owner=number,
                    number=index,
                    size=each.size,
                    copies=len(found),
                    passed=run.outcome in evidence.UNSUSPICIOUS,
                )
            )

    def _decide_outcome(self, group: Group) -> Outcome:
        """Aggregate by time, not by order of lines: parts run at the same time."""
        digest, numbers = group
        if len(numbers) == 1:
            return OUTCOMES[self._outcomes[numbers[0]]]
        if digest not in self._decided:
            first, *others = numbers
            so_far = self._ending_of(first)
            for number in others:
                both = sorted((so_far, self._ending_of(number)), key=itemgetter(0))
                (_, earlier), (finish, later) = both
                so_far = (finish, self._combined(earlier, later))
            self._decided[digest] = so_far[1]
        return self._decided[digest]

    def _ending_of(self, number: int) -> tuple[float, Outcome]:
        return self._finishes[number], OUTCOMES[self._outcomes[number]]

    def _drop_evidence(self, limits: evidence.Limits) -> Mapping[int, Sequence[int]]:
        dropped = evidence.choose_dropped(self._evidence, limits)
        with self._journals.opened() as reader:
            for number, gone in dropped.items():
                run = reader.read(number)
                whole = evidence.of_run(run)
                self.left_out += [
                    f"{run.test.definition}: {piece.name} "
                    f"({evidence.format_size(piece.size)}), over xray_evidence_limit"
                    for piece in (whole[index] for index in sorted(gone))
                ]
        return dropped

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
    def test_keys(self) -> KeyList:
        """The Test keys of all results, in their order; some may come again."""
        return self._groups.test_keys

    @property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """
        Tests with results of several tests, and the names of these tests.

        Rows of one parametrized test, or of one outline, are one test here.
        """
        found: dict[str, tuple[str, ...]] = {}
        with self._journals.opened() as reader:
            for digest, numbers in self._groups.shared():
                first = reader.read(numbers[0])
                identity = next(
                    each for each in identities_of(first) if digest_of(each) == digest
                )
                names = map(_base_name, map(reader.read, numbers))
                found[identity.removeprefix(DEFINITION)] = tuple(dict.fromkeys(names))
        return found

    def names(self, test_keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the definitions of the tests with these Test keys."""
        with self._journals.opened() as reader:
            return {
                key: tuple(reader.read(each).test.definition for each in numbers)
                for key, numbers in self._groups.of_keys(test_keys)
            }

    def runs(self) -> Iterator[TestRun]:
        """Yield every single result, in the order in which the tests finished."""
        with self._journals.opened() as reader:
            for number in range(len(self)):
                yield self._read_run(reader, number)

    def runs_of_parts(self) -> Iterator[tuple[int, TestRun]]:
        """Yield every single result after the number of its run directory."""
        for number, run in enumerate(self.runs()):
            yield self._journals.part_of(number), run

    def all_runs(self) -> Iterator[TestRun]:
        """Yield every single result as it was recorded."""
        with self._journals.opened() as reader:
            yield from map(reader.read, range(len(self)))

    def leave_out_requirements(self, keys: Iterable[str], prefix: str) -> None:
        """Leave out these requirements, and tags that name them, from all results."""
        self._without = frozenset(keys)
        self._without_tags = frozenset(f"{prefix}{key}" for key in keys)

    def features(self) -> Iterator[Iterator[TestRun]]:
        """Yield the scenarios of each feature file."""
        with self._journals.opened() as reader:
            for numbers in self._features.values():
                yield (self._read_run(reader, number) for number in numbers)

    def merged(self) -> Iterator[TestRun]:
        """Yield one merged result for each Test, its rows in order."""
        named, names = -1, dict[int, str]()
        with self._journals.opened() as reader:
            for group in progress.counted(
                self._groups, "writing the report", self.tests
            ):
                digest, numbers = group
                first, *others = sorted(numbers, key=self._rows.__getitem__)
                run = self._read_run(reader, first)
                # One result may have thousands of keys.
                if first != named:
                    named = first
                    names = {digest_of(each): each for each in identities_of(run)}
                identity = names[digest]
                key = () if identity.startswith(DEFINITION) else (identity,)
                rest = self._read_others(reader, others, identity)
                outcome = self._decide_outcome(group)
                yield merge_results(key, chain((run,), rest), outcome)

    def _read_others(
        self, reader: Reader, numbers: Iterable[int], identity: str
    ) -> Iterator[TestRun]:
        """Yield results of a Test; raise ReportError if two Tests share a digest."""
        for number in numbers:
            run = self._read_run(reader, number)
            if identity not in identities_of(run):
                msg = f"{run.test.definition} cannot be told from another test"
                hint = "run `xray-bridge resend`: another process tells them apart"
                raise ReportError(msg, hint=hint)
            yield run

    def failures(self) -> Iterator[TestRun]:
        """Yield the last failed result of each failed Test."""
        failed = NUMBERS[Outcome.FAILED.value]
        if failed not in self._outcomes:
            return
        with self._journals.opened() as reader:
            for group in self._groups:
                if self._decide_outcome(group) is Outcome.FAILED:
                    numbers = reversed(group[1])
                    found = (each for each in numbers if self._outcomes[each] == failed)
                    yield from map(reader.read, islice(found, 1))

    def tests_with_outcomes(self) -> Iterator[tuple[str, TestRun, Outcome]]:
        """Yield identity, last result and outcome of each Test; a failed one if bad."""
        failed = NUMBERS[Outcome.FAILED.value]
        with self._journals.opened() as reader:
            for digest, numbers in self._groups:
                outcome = self._decide_outcome((digest, numbers))
                chosen = numbers[-1]
                if outcome is Outcome.FAILED:
                    bad = (each for each in numbers if self._outcomes[each] == failed)
                    chosen = next(bad, chosen)
                run = reader.read(chosen)
                names = (n for n in identities_of(run) if digest_of(n) == digest)
                for identity in islice(names, 1):
                    yield identity, run, outcome

    def _read_run(self, reader: Reader, number: int) -> TestRun:
        run = reader.read(number)
        if self._without:
            run = without_requirements(run, self._without, self._without_tags)
        if not evidence.of_run(run):
            return run
        return evidence.without_evidence(run, self._dropped.get(number, ()))

    def merged_counts(self) -> Counter[Outcome]:
        """Count Tests by outcome."""
        return Counter(map(self._decide_outcome, self._groups))


def describe_damaged(lines: int) -> tuple[str, ...]:
    """Say why results are missing if a journal has damaged lines; else nothing."""
    if not lines:
        return ()
    return (f"{count(lines, 'damaged line')} in the journal: results are lost",)


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
    """Return the place among the results of one Test, as 64 bits."""
    row = (run.scenario.row if run.scenario else 0) or run.position
    return max(-LAST_ROW, min(row, LAST_ROW))


def _base_name(run: TestRun) -> str:
    """Return the name that rows of one test, or of one outline, have in common."""
    base = run.test.definition.partition("[")[0]
    if not run.scenario:
        return base
    scenario = run.scenario
    name = scenario.outline or f"{scenario.name}, line {scenario.line}"
    return f"{scenario.feature.path}: {name}"
