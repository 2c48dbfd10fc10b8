"""
What a session produced, free of frameworks and wires.

Values are frozen. Times are seconds since the epoch (UTC) as floats, durations
are seconds: recording a test must cost microseconds, and a float is what both
frameworks hand over.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar


class Outcome(enum.Enum):
    """What became of a test or a step; Xray's own words are in ``dialect``."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    # Passed, after attempts that failed.
    FLAKY = "flaky"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestIssue:
    """
    What is known of the Test that a test automates.

    ``classname`` and ``name`` together are the Generic Test definition, by
    which Xray finds or creates a Test that has no key (Xray's manual, "Taking
    advantage of JUnit XML reports").
    """

    __test__: ClassVar[bool] = False

    classname: str
    name: str
    test_keys: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()

    @property
    def definition(self) -> str:
        """The Generic Test definition, ``classname.name``."""
        return f"{self.classname}.{self.name}" if self.classname else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    A file that goes with a result.

    ``name`` is what Xray shows. ``file`` is its name below ``evidence/`` of the
    run directory, made of a hash of its content. ``size`` is in bytes.
    """

    name: str
    file: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of a scenario or of a test, with its own outcome.

    ``message`` is what it actually came to, ``data`` and ``expected`` what the
    test said before. ``text`` and ``table`` are a scenario's doc string and data
    table.
    """

    keyword: str
    name: str
    outcome: Outcome
    duration: float = 0.0
    message: str = ""
    line: int = 0
    text: str = ""
    table: tuple[tuple[str, ...], ...] = ()
    data: str = ""
    expected: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The feature file that a scenario stands in; tags have no ``@``."""

    path: str
    name: str
    keyword: str = "Feature"
    line: int = 1
    tags: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    Where a scenario stands; one per outline row.

    ``outline`` is the outline's own name, without the row's suffix, and empty
    for a plain scenario; ``row`` counts from 1. Tags have no ``@``.
    """

    feature: Feature
    name: str
    keyword: str = "Scenario"
    line: int = 1
    tags: tuple[str, ...] = ()
    description: str = ""
    outline: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """One of several results of the same Test, with its parameters."""

    outcome: Outcome
    parameters: tuple[tuple[str, str], ...] = ()
    message: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """
    One result of one Test within a Test Execution.

    ``message`` is the failure's text or the reason of a skip; ``output`` is what
    was captured. ``iterations`` are the subtests of one test, or what ``merge``
    made one of. ``left_out`` says what evidence was not kept, and why. ``position`` is
    the test's place in the order of the code, where results come in another; 0: they
    do not. ``withheld`` says what secret its name had, by which Xray would know it: the
    result is not sent.
    """

    __test__: ClassVar[bool] = False

    test: TestIssue
    outcome: Outcome
    started: float
    duration: float
    message: str = ""
    comment: str = ""
    defects: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    custom_fields: tuple[tuple[str, str], ...] = ()
    scenario: Scenario | None = None
    steps: tuple[Step, ...] = ()
    iterations: tuple[Iteration, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    output: str = ""
    left_out: tuple[str, ...] = ()
    position: int = 0
    withheld: str = ""
