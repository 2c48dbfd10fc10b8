"""
The data of a report and of its tests that an upload needs.
"""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import ReportError
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO


# Not frozen, which would be slower: there is one for each test of a report.
@dataclass(slots=True, kw_only=True)
class Case:
    """
    One result: the test's name, its Test key, and the message of its failure.

    ``word`` is the report's word for the outcome, if it is unknown. ``definition``
    identifies the Test for Xray if the name does not: rows of one method are one Test.
    Without ``is_key_sure`` the key may be that of a requirement.
    """

    name: str
    outcome: Outcome
    key: str = ""
    message: str = ""
    word: str = ""
    definition: str = ""
    is_key_sure: bool = True

    @property
    def identity(self) -> str:
        """The text that is the same for all results of a Test."""
        return self.key or self.definition or self.name


def as_case(result: Case | str) -> Case:
    """Return the case of one of a reading's results."""
    if isinstance(result, Case):
        return result
    return Case(name=result, outcome=Outcome.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The numbers of tests, failed and skipped ones; None if not counted."""

    tests: int | None = None
    failed: int | None = None
    skipped: int | None = None

    def plus(self, other: Totals | None) -> Totals:
        """Return the sum of both."""
        if other is None:
            return self
        return Totals(
            tests=_add_counts(self.tests, other.tests),
            failed=_add_counts(self.failed, other.failed),
            skipped=_add_counts(self.skipped, other.skipped),
        )


def _add_counts(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


class Reading(Protocol):
    """
    A report that is read once, and may be written again as a mended copy.

    After all cases were read, ``changes`` counts what is mended, ``disagreements`` says
    where its own totals differ, ``incomplete`` has failures that no test shows, and
    ``notices`` has other notices. ``has_hollow``: the copy has empty elements that
    ``repair`` must remove before ``write``.
    """

    @property
    def has_hollow(self) -> bool:
        """Whether it has empty elements that Xray fails on."""
        ...

    @property
    def changes(self) -> Mapping[str, int]:
        """The changes in the copy, and how often each is made."""
        ...

    @property
    def disagreements(self) -> Sequence[str]:
        """Lines about totals that differ from the tests."""
        ...

    @property
    def incomplete(self) -> Sequence[str]:
        """Lines about failures without a test."""
        ...

    @property
    def notices(self) -> Sequence[str]:
        """Other notices for the user."""
        ...

    def cases(self) -> Iterator[Case]:
        """Yield the results; raises ReportError."""
        ...

    def results(self) -> Iterator[Case | str]:
        """Yield the same, but tests that passed without a key may be their names."""
        ...

    def write(self, out: BinaryIO) -> None:
        """Write the mended copy; raises ReportError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A report: its path, and its name in messages."""

    path: Path
    name: str

    def broken(self, what: str, line: int = 0, hint: str = "") -> ReportError:
        """Make the error to raise; ``line`` counts from 1, and is 0 if unknown."""
        where = f"{self.name}, line {line}" if line else self.name
        return ReportError(f"{where}: {what}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome, and the report's word for it if that is unknown."""

    outcome: Outcome
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionData:
    """
    The data of the Test Execution in Xray JSON.

    ``settings`` are texts by name. ``started`` and ``finished`` are seconds since the
    epoch. ``lost`` are members that we cannot send. ``words`` are the statuses of its
    tests, steps and rows.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None
    lost: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether it has no data of the Test Execution."""
        return not (self.settings or self.started or self.finished or self.lost)


# The words of all formats; an unknown word is a failure with a warning, never a pass.
WORDS: Mapping[str, Outcome] = {
    **dict.fromkeys(("pass", "passed", "success", "true"), Outcome.PASSED),
    **dict.fromkeys(
        ("fail", "failed", "failure", "error", "false", "notrunnable", "cancelled"),
        Outcome.FAILED,
    ),
    **dict.fromkeys(
        (
            "skip",
            "skipped",
            "ignored",
            "ignore",
            "inconclusive",
            "warning",
            "notrun",
            "disabled",
            "suppressed",
            "success_percentage_failure",
            "not run",
            "not_run",
            "todo",
            "to do",
            "executing",
            "aborted",
            "pending",
            "blocked",
        ),
        Outcome.SKIPPED,
    ),
}


@lru_cache(maxsize=1000)
def verdict_of(word: str) -> Verdict:
    """Find the outcome of a report's word."""
    outcome = WORDS.get(word.strip().lower())
    if outcome is None:
        return Verdict(outcome=Outcome.FAILED, word=word or "(none)")
    return Verdict(outcome=outcome)
