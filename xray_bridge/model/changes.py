"""
What changed since an earlier run, and the causes of the failures.

These values are in ``receipt.json`` as ``changes``, with the same names.
"""

from __future__ import annotations

from dataclasses import asdict, field, fields, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass, read_flat
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Tests in a list, and causes; the numbers count all of them.
LISTED = 200
# Tests of each list on a screen.
SHOWN = 10
# Tests that are named for a cause.
NAMED = 3
RUN, EXECUTION = "run directory", "Test Execution"
# The lists of changes, what needs attention first, and their words for people.
KINDS = {
    "newly_failing": "newly failing",
    "newly_skipped": "newly skipped",
    "slower": "slower",
    "not_run": "not run",
    "fixed": "fixed",
    "new": "new",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """
    What a run is compared with: a run directory or a Test Execution, as ``kind`` says.

    ``branch`` is empty if it is not known. ``is_given``: a person has named it.
    """

    name: str
    kind: str = RUN
    branch: str = ""
    is_given: bool = False

    def __str__(self) -> str:
        """Return the name, with the branch."""
        if self.branch:
            return f"{self.name} ({self.branch})"
        # Outside of CI a run directory has no branch, which is no news.
        is_doubtful = self.kind == EXECUTION and not self.is_given
        return f"{self.name}{', branch not known' if is_doubtful else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A test whose result changed.

    ``before`` and ``now`` are outcomes; empty if the test has no result there.
    Durations are in seconds; 0 if they are not known. ``message`` is the main line of a
    failure.
    """

    name: str
    keys: tuple[str, ...] = ()
    before: str = ""
    now: str = ""
    seconds_before: float = 0.0
    seconds: float = 0.0
    message: str = ""

    @property
    def times(self) -> str:
        """Both durations in words; empty unless the test became slower."""
        if not (self.seconds_before and self.seconds):
            return ""
        return f"{self.seconds:.1f} s, before {self.seconds_before:.1f} s"

    @property
    def detail(self) -> str:
        """Both durations of a slower test, or the main line of a failure."""
        return self.times or self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCause:
    """
    Failures with the same type of exception at the same place of the project.

    ``tests`` are the names of the first ones, ``failures`` is the number of all.
    """

    type: str = ""
    place: str = ""
    failures: int = 0
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return type and place."""
        between = " in " if self.type and self.place else ""
        return f"{self.type}{between}{self.place}" or "no message"

    @property
    def unnamed(self) -> int:
        """The number of failures beside the NAMED first tests."""
        return max(0, self.failures - len(self.tests[:NAMED]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """
    What changed since the baseline, and the causes of this run's failures.

    ``baseline`` is None if the run was not compared; ``not_compared`` says why. Each
    list has the first LISTED tests; ``counts`` has the numbers of all, by the names of
    the lists. A new test that fails is in ``newly_failing`` and in ``new``. If
    ``is_part``, less than half of the baseline's tests ran, and none is in ``not_run``.
    ``cause_count`` is the number of all causes, ``failures`` that of failed results.
    """

    baseline: Baseline | None = None
    not_compared: str = ""
    is_part: bool = False
    newly_failing: tuple[Change, ...] = ()
    newly_skipped: tuple[Change, ...] = ()
    slower: tuple[Change, ...] = ()
    not_run: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    new: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
    cause_count: int = 0
    causes: tuple[FailureCause, ...] = ()

    def list_of(self, kind: str) -> tuple[Change, ...]:
        """Return one of the lists, by its name in KINDS."""
        found: tuple[Change, ...] = getattr(self, kind)
        return found

    @property
    def headline(self) -> str:
        """What it was compared with, and how many tests changed."""
        if self.baseline is None:
            return f"Not compared with an earlier run: {self.not_compared}"
        part = ", a part of its tests" if self.is_part else ""
        return f"Compared with {self.baseline}{part}: {self.summary}"

    @property
    def summary(self) -> str:
        """How many tests changed, in our own words and numbers."""
        found = [
            f"{self.counts[k]} {w}" for k, w in KINDS.items() if self.counts.get(k)
        ]
        return ", ".join(found) or "no change"

    @property
    def causes_headline(self) -> str:
        """How many failures there are, and how many causes; empty without failures."""
        if not self.failures:
            return ""
        return f"{count(self.failures, 'failure')}, {count(self.cause_count, 'cause')}"

    def lines(self) -> Iterator[str]:
        """Yield the lines for a terminal."""
        yield self.headline
        for kind, word in KINDS.items():
            listed = self.list_of(kind)
            yield from (f"  {word}: {describe(each)}" for each in listed[:SHOWN])
            more = self.counts.get(kind, 0) - SHOWN
            if more > 0:
                yield f"  {word}: and {more} more, see receipt.json"
        if self.causes_headline:
            yield self.causes_headline
        for cause in self.causes[:SHOWN]:
            yield f"  {cause.failures} x {cause}: {name_tests(cause)}"
        if self.cause_count > SHOWN:
            yield f"  and {count(self.cause_count - SHOWN, 'other cause')}"

    def cleaned(self, clean: Callable[[str], str]) -> Changes:
        """Return the changes with ``clean`` applied to all texts of others."""

        def clean_change(change: Change) -> Change:
            texts = clean(change.name), clean(change.message)
            return replace(change, name=texts[0], message=texts[1])

        lists: dict[str, Any] = {
            kind: tuple(map(clean_change, self.list_of(kind))) for kind in KINDS
        }
        causes = tuple(
            replace(
                each,
                type=clean(each.type),
                place=clean(each.place),
                tests=tuple(map(clean, each.tests)),
            )
            for each in self.causes
        )
        baseline = self.baseline
        if baseline is not None:
            texts = clean(baseline.name), clean(baseline.branch)
            baseline = replace(baseline, name=texts[0], branch=texts[1])
        return replace(
            self,
            **lists,
            baseline=baseline,
            causes=causes,
            not_compared=clean(self.not_compared),
        )

    def to_json(self) -> dict[str, Any]:
        """Convert to builtins, as they stand in ``receipt.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Changes:
        """Make the value from what ``to_json`` returned; ignore unknown keys."""
        known = {
            each.name: found[each.name] for each in fields(cls) if each.name in found
        }
        known |= {
            kind: tuple(read_flat(Change, each) for each in known.get(kind, ()))
            for kind in KINDS
        }
        causes = known.get("causes", ())
        known["causes"] = tuple(read_flat(FailureCause, each) for each in causes)
        given = known.get("baseline")
        known["baseline"] = read_flat(Baseline, given) if given else None
        return cls(**known)


def describe(change: Change) -> str:
    """Return the name of a test, its keys, and what changed, on one line."""
    keys = f" ({', '.join(change.keys)})" if change.keys else ""
    return f"{change.name}{keys}{': ' if change.detail else ''}{change.detail}"


def name_tests(cause: FailureCause) -> str:
    """Name the first tests of a cause, and count the others."""
    rest = f" and {cause.unnamed} more" if cause.unnamed else ""
    return f"{', '.join(cause.tests[:NAMED])}{rest}"
