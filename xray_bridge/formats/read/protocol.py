"""
What an upload has to know of a test in somebody's report, and of a report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from xray_bridge.errors import ReportError
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One result: the test's name, its Test key, and what it says of its failure.

    ``word`` is the report's own for the outcome, where nobody knows it.
    ``definition`` is what Xray knows the Test by where that is not the name: rows of
    one method are one Test. ``is_key_sure``: the key may be a requirement's otherwise.
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
        """What makes results belong to the same Test."""
        return self.key or self.definition or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many tests there are, failed and were skipped; None where nobody counts."""

    tests: int | None = None
    failed: int | None = None
    skipped: int | None = None

    def plus(self, other: Totals | None) -> Totals:
        """Both together."""
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
    A report that is read once, and may be written once more as it is to be sent.

    When all cases were taken, ``changes`` are what is mended and how often,
    ``disagreements`` what its own totals say otherwise, ``incomplete`` the failures
    that nothing in it shows, and ``notices`` what else is to be known.
    """

    @property
    def changes(self) -> Mapping[str, int]:
        """What is mended."""
        ...

    @property
    def disagreements(self) -> Sequence[str]:
        """Where its totals differ from its tests."""
        ...

    @property
    def incomplete(self) -> Sequence[str]:
        """Failures without a test."""
        ...

    @property
    def notices(self) -> Sequence[str]:
        """What else is to be known."""
        ...

    def cases(self) -> Iterator[Case]:
        """The results; raises ReportError."""
        ...

    def write(self, out: BinaryIO) -> None:
        """Write the mended copy; raises ReportError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A report: where it lies, and what people call it."""

    path: Path
    name: str

    def broken(self, what: str, line: int = 0, hint: str = "") -> ReportError:
        """The error to raise; ``line`` counts from 1, 0 where it is not known."""
        where = f"{self.name}, line {line}" if line else self.name
        return ReportError(f"{where}: {what}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome, and the report's word for it where nobody knows that."""

    outcome: Outcome
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    What Xray JSON says itself of the Test Execution.

    ``settings`` are by name, as text. ``started`` and ``finished`` are seconds
    since the epoch. ``lost`` is what nothing of ours can carry. ``words`` are the
    statuses that its tests, steps and rows have.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None
    lost: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether it says nothing of the Test Execution."""
        return not (self.settings or self.started or self.finished or self.lost)


# Of all the formats; what nobody knows is a failure with a warning, never a pass.
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


def verdict_of(word: str) -> Verdict:
    """What a report's word means."""
    outcome = WORDS.get(word.strip().lower())
    if outcome is None:
        return Verdict(outcome=Outcome.FAILED, word=word or "(none)")
    return Verdict(outcome=outcome)
