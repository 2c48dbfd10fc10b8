"""
What a page shows.

All texts are as the tests and the servers gave them, and hostile: the templates
escape them. Times are seconds since the epoch, durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    A kind of outcome: its class in CSS, and its title above a list.

    ``is_bad`` kinds make a run red.
    """

    name: str
    title: str
    is_bad: bool = False


# In the order of a page: what needs attention comes first.
FAILED = Kind(name="failed", title="Failed", is_bad=True)
FLAKY = Kind(name="flaky", title="Flaky: passed after failed attempts")
XPASSED = Kind(name="xpassed", title="Passed, expected to fail")
OTHER = Kind(name="other", title="Not finished")
XFAILED = Kind(name="xfailed", title="Failed as expected")
SKIPPED = Kind(name="skipped", title="Skipped")
PASSED = Kind(name="passed", title="Passed")
KINDS = (FAILED, FLAKY, XPASSED, OTHER, XFAILED, SKIPPED, PASSED)


@dataclass(frozen=True, slots=True)
class Link:
    """A text, and the web address that it leads to; empty: no link."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A status in its colour."""

    kind: Kind
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    A file that goes with a result.

    ``url`` is where a server offers it; without one, ``read`` returns the content, and
    the page contains it. ``missing`` says why there is neither. ``size`` is in bytes.
    """

    name: str
    media_type: str
    size: int
    url: str = ""
    read: Callable[[], bytes] | None = None
    missing: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a test; ``depth`` is 0, and one more for each step around it."""

    kind: Kind
    status: str
    action: str
    data: str = ""
    expected: str = ""
    actual: str = ""
    comment: str = ""
    duration: float = 0.0
    depth: int = 0
    evidence: tuple[Evidence, ...] = ()
    defects: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """One of several results of a Test, with its parameters."""

    kind: Kind
    status: str
    name: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    message: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """The result of a test in an earlier run."""

    kind: Kind
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    The result of a test.

    ``group`` is the file that the test is in. ``status`` is the word that is shown for
    the outcome. ``message`` is the text of a failure or the reason of a skip, ``log``
    the captured output, ``comment`` is text in Jira's wiki markup. ``history`` has the
    earlier results, oldest first; ``is_new``: it failed, and not in the run before.
    ``cause`` is the same text for failures with the same cause.
    """

    name: str
    kind: Kind
    status: str
    group: str = ""
    keys: tuple[Link, ...] = ()
    summary: str = ""
    tags: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    started: float = 0.0
    duration: float = 0.0
    message: str = ""
    comment: str = ""
    log: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    iterations: tuple[Iteration, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    defects: tuple[Link, ...] = ()
    requirements: tuple[Link, ...] = ()
    notices: tuple[str, ...] = ()
    history: tuple[Past, ...] = ()
    is_new: bool = False
    cause: str = ""

    @property
    def has_details(self) -> bool:
        """Whether there is anything to show beside the line in the list."""
        return any(
            (
                self.message,
                self.comment,
                self.log,
                self.parameters,
                self.fields,
                self.steps,
                self.iterations,
                self.evidence,
                self.defects,
                self.requirements,
                self.notices,
                self.summary,
                self.history,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    A run of tests, or a Test Execution.

    ``verdict`` is the kind of the whole, ``headline`` says it in words. ``facts`` are
    shown by their names. ``notices`` say what was refused or left out. ``counts`` are
    results by the names of kinds.
    """

    title: str
    verdict: Kind
    headline: str
    counts: Mapping[str, int]
    started: float = 0.0
    duration: float = 0.0
    execution: Link | None = None
    facts: tuple[tuple[str, tuple[Link, ...]], ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The number of results."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of facts about several runs; the first row is its head."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Link | Badge, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Earlier runs, oldest first, and what changed since the one before."""

    runs: tuple[Run, ...] = ()
    tables: tuple[Table, ...] = ()
