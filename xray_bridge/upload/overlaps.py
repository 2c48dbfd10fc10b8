"""
Find Tests that have results in several report files.

In one Test Execution, results that are sent later replace earlier ones.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError
from xray_bridge.model.results import Outcome
from xray_bridge.upload.ranks import RanksOnDisk


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.formats.read.protocol import Case

# Names in a notice; there may be thousands.
SHOWN = 3
# Xray takes the worst of several results of one Test in one file.
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NEITHER = 1
OUTCOMES = {0: Outcome.PASSED, 2: Outcome.FAILED, NEITHER: Outcome.SKIPPED}
# Repeated names that are kept as text.
SHOWN_REPEATED = 4


class DifferError(UsageError):
    """A Test ended differently in several files; ``can_merge``: all are JUnit XML."""

    def __init__(self, message: str, *, hint: str, can_merge: bool) -> None:
        super().__init__(message, hint=hint)
        self.can_merge = can_merge


@dataclass(slots=True)
class Counted:
    """
    Counts the results of a report by Test; the worst result of a Test counts.

    Names are kept as hashes only, because there may be many: ``ranks`` has the worst
    rank of each Test. Beyond ``most`` Tests they are kept on disk, and ``ranks`` has
    only the last ones. ``results`` is the number of results; ``unsure`` are keys that
    may belong to requirements, with their worst rank. After ``settle``, ``by_rank`` has
    the number of Tests, and ``repeated`` that of names with several results.
    """

    most: int = sys.maxsize
    results: int = 0
    ranks: dict[int, int] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    unsure: dict[str, int] = field(default_factory=dict)
    unknown_words: dict[str, None] = field(default_factory=dict)
    by_rank: Mapping[int, int] = field(default_factory=dict)
    repeated: int = 0
    # The first names with several results.
    repeated_names: dict[str, None] = field(default_factory=dict)
    _repeated: set[int] = field(default_factory=set)
    _names: dict[str, set[int]] = field(default_factory=dict)
    # Those of ``ranks`` that are keys; only if some may be on disk.
    _keyed: set[int] = field(default_factory=set)
    _disk: RanksOnDisk | None = None

    def add(self, case: Case) -> None:
        """Count a result."""
        self.results += 1
        outcome = case.outcome
        # An outcome as a key of a dictionary would be slower.
        rank = 0 if outcome is PASSED else 2 if outcome is FAILED else NEITHER
        if case.word:
            self.unknown_words[case.word] = None
        if case.key and not case.is_key_sure:
            # These are looked up again at the end.
            self.most = sys.maxsize
            identity = case.definition or case.name
            self.unsure[case.key] = max(rank, self.unsure.get(case.key, 0))
            self._names.setdefault(case.key, set()).add(hash(identity))
        else:
            identity = case.identity
            if case.key:
                self.keys[case.key] = None
        self._note_rank(identity, rank, is_keyed=bool(case.key))

    def add_passed(self, name: str) -> None:
        """Count a test that passed and has no key."""
        self.results += 1
        number = hash(name)
        if number in self.ranks or len(self.ranks) >= self.most:
            self._note_rank(name, 0, is_keyed=False)
        else:
            self.ranks[number] = 0

    def _note_rank(self, identity: str, rank: int, *, is_keyed: bool) -> None:
        number = hash(identity)
        if number not in self.ranks:
            if len(self.ranks) >= self.most:
                self._move_to_disk()
            self.ranks[number] = rank
        else:
            self.ranks[number] = max(rank, self.ranks[number])
            if not is_keyed:
                self._note_repeated(number, identity)
        if is_keyed and self.most < sys.maxsize:
            self._keyed.add(number)

    def _note_repeated(self, number: int, identity: str) -> None:
        self._repeated.add(number)
        if identity and len(self.repeated_names) < SHOWN_REPEATED:
            self.repeated_names[identity] = None

    def _move_to_disk(self) -> None:
        self._disk = self._disk or RanksOnDisk()
        self._disk.add_run(self.ranks, self._keyed, self._repeated)
        for each in (self.ranks, self._keyed, self._repeated):
            each.clear()

    def settle(self) -> None:
        """After the last result: a key that only one test has belongs to a Test."""
        for key, names in self._names.items():
            if len(names) == 1:
                rank = self.ranks.pop(next(iter(names)))
                self.ranks[hash(key)] = max(rank, self.ranks.get(hash(key), 0))
                self.keys[key] = None
                del self.unsure[key]
        if self._disk is None:
            self.by_rank = Counter(self.ranks.values())
            self.repeated = len(self._repeated)
        else:
            self._move_to_disk()
            self.by_rank, self.repeated = self._disk.count()

    def close(self) -> None:
        """Remove what is on disk."""
        if self._disk is not None:
            self._disk.close()

    @property
    def tests(self) -> int:
        """The number of Tests."""
        return sum(self.by_rank.values())

    @property
    def counts(self) -> Mapping[str, int]:
        """Tests by outcome."""
        found = self.by_rank
        return {of.value: found[rank] for rank, of in OUTCOMES.items() if rank in found}


class Overlaps:
    """Tests that several files of one run have."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._ends: dict[int, tuple[int, str]] = {}
        self._unsure: dict[str, tuple[int, str]] = {}
        self._shared: dict[str, None] = {}
        self._differing: dict[str, None] = {}

    def note_shared(self, name: str, counted: Counted) -> None:
        """Note Tests that an earlier file has, too; only keys can be named."""
        for key in counted.keys:
            if hash(key) in self._seen:
                self._shared[key] = None
        twice = sum(each in self._seen for each in counted.ranks)
        unnamed = twice - sum(hash(key) in self._seen for key in counted.keys)
        if unnamed:
            self._shared[f"{unnamed} of {name}"] = None
        self._seen |= counted.ranks.keys()

    def note_differing(self, where: str, counted: Counted) -> None:
        """Note Tests that have another outcome in files before ``where``."""
        names = {hash(key): key for key in counted.keys}
        for identity, rank in counted.ranks.items():
            before, other = self._ends.get(identity, (rank, where))
            if other == where:
                self._ends[identity] = (max(before, rank), where)
            elif before != rank:
                who = names.get(identity, "a test without a key")
                self._differing[f"{who} in {other} and {where}"] = None
        self._note_unsure(where, counted)

    def _note_unsure(self, where: str, counted: Counted) -> None:
        """Compare unsure keys with keys that belong to a Test in another file."""
        for key, rank in counted.unsure.items():
            before, other = self._ends.get(hash(key), (rank, where))
            if before != rank and other != where:
                self._differing[f"{key} in {other} and {where}"] = None
            worst = max(rank, self._unsure.get(key, (0, ""))[0])
            self._unsure[key] = (worst, where)
        for key in counted.keys:
            rank, other = self._unsure.get(key, (0, where))
            if other != where and rank != counted.ranks[hash(key)]:
                self._differing[f"{key} in {other} and {where}"] = None

    def refuse_differing(self, formats: Iterable[str]) -> None:
        """
        Raise DifferError for Tests with different results: only the last would count.
        """
        if not self._differing:
            return
        can_merge = set(formats) == {"junit"}
        hint = "--separate-executions sends each file on its own"
        if can_merge:
            hint += "; pip install junitparser and --merge combine them"
        names = _join_first(self._differing)
        msg = f"the same Tests have different results in several files ({names})"
        raise DifferError(msg, hint=hint, can_merge=can_merge)

    def notices(self) -> Iterator[str]:
        """Yield a notice about Tests that are in several files."""
        if self._shared:
            names = _join_first(self._shared)
            yield (
                f"the same Tests are in several files ({names}): in one "
                "Test Execution, results that are sent later replace earlier ones; "
                "--merge combines JUnit files"
            )


def _join_first(names: Iterable[str]) -> str:
    found = [*names]
    return ", ".join([*found[:SHOWN], *(["..."] if len(found) > SHOWN else [])])
