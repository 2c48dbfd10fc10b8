"""
The results of a session, independent of frameworks and of Xray's formats.

Values are frozen. Times are seconds since the epoch (UTC) as floats, durations are
seconds, because both frameworks give floats and recording a test must be fast.
"""

from __future__ import annotations

import enum
from typing import ClassVar

from xray_bridge.dataclass import dataclass


class Outcome(enum.Enum):
    """The outcome of a test or a step; Xray's own statuses are in ``dialect``."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    # Passed after failed attempts.
    FLAKY = "flaky"
    NOT_RUN = "not run"


# Outcomes of tests that did not run.
DID_NOT_RUN = frozenset({Outcome.SKIPPED, Outcome.NOT_RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class TestIssue:
    """
    The data of the Test that a test automates.

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

    Xray shows ``name``. ``file`` is its name below ``evidence/`` of the run directory,
    made of a hash of its content. ``size`` is in bytes.
    """

    name: str
    file: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of a scenario or of a test, with its own outcome.

    ``message`` is its actual result, ``data`` and ``expected`` are what the test gave
    before. ``text`` and ``table`` are a scenario's doc string and data table. ``depth``
    is the number of steps around it.
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
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The feature file of a scenario; tags have no ``@``."""

    path: str
    name: str
    keyword: str = "Feature"
    line: int = 1
    tags: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    A scenario and its place; each outline row is one.

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

    ``message`` is the failure's text or the reason of a skip; ``output`` is the
    captured output. ``iterations`` are the subtests of one test, or the results that
    ``merge`` joined. ``left_out`` says which evidence was not kept, and why.
    ``position`` is the test's place in the order of the code, if results come in
    another order, else 0. ``quarantined`` says who has spared the failure, and until
    when. ``withheld`` names a secret in the test's name: such a result
    is not sent, because Xray would show the name.
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
    quarantined: str = ""
