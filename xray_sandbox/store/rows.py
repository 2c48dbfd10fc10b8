"""Frozen values for the stored data, for tests and pages to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


TEST = "Test"
TEST_PLAN = "Test Plan"
TEST_EXECUTION = "Test Execution"
TEST_SET = "Test Set"
PRECONDITION = "Pre-Condition"
STORY = "Story"


@dataclass(frozen=True)
class IssueRow:
    """A Jira issue of any type, with the fields that Xray adds to some."""

    id: int
    key: str
    project: str
    type: str
    summary: str
    description: str = ""
    labels: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    revision: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    definition: str = ""
    scenario: str = ""
    requirements: tuple[str, ...] = ()
    adopted: bool = False
    created: str = ""


@dataclass(frozen=True)
class TestRow:
    """A Test; `type` is Xray's Test type: Generic, Cucumber or Manual."""

    __test__ = False

    key: str
    id: int
    project: str
    type: str
    summary: str
    description: str
    labels: tuple[str, ...]
    definition: str
    scenario: str
    requirements: tuple[str, ...]
    test_plans: tuple[str, ...]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class EvidenceRow:
    """One evidence file; `place` names its step, and is empty without one."""

    id: int
    filename: str
    media_type: str
    size: int
    sha256: str
    place: str = ""


def iteration_place(number: int) -> str:
    """The prefix of the places of steps in an iteration; counted from 1."""
    return f"iteration {number}, "


def step_place(number: int, prefix: str = "") -> str:
    """The place of a step's evidence; counted from 1."""
    return f"{prefix}step {number}"


@dataclass(frozen=True)
class StepRow:
    """One step of a Test Run."""

    status: str
    action: str = ""
    comment: str = ""
    actual_result: str = ""
    defects: tuple[str, ...] = ()


@dataclass(frozen=True)
class IterationRow:
    """One iteration of a data-driven Test Run."""

    status: str
    name: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    log: str = ""
    steps: tuple[StepRow, ...] = ()


@dataclass(frozen=True)
class TestRunRow:
    """One Test Run: the result of one Test in one Test Execution."""

    __test__ = False

    id: int
    test_key: str
    test_summary: str
    status: str
    comment: str
    log: str
    started: str
    finished: str
    executed_by: str
    defects: tuple[str, ...]
    evidence: tuple[EvidenceRow, ...]
    steps: tuple[StepRow, ...]
    iterations: tuple[IterationRow, ...]
    examples: tuple[str, ...]
    custom_fields: Mapping[str, Any]


@dataclass(frozen=True)
class TestExecutionRow:
    """A Test Execution with its Test Runs."""

    __test__ = False

    key: str
    id: int
    project: str
    summary: str
    description: str
    labels: tuple[str, ...]
    fix_versions: tuple[str, ...]
    test_plans: tuple[str, ...]
    environments: tuple[str, ...]
    revision: str
    fields: Mapping[str, Any]
    created: str
    runs: tuple[TestRunRow, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class PartRow:
    """One part of a received multipart body; the content is not kept."""

    name: str
    filename: str
    content_type: str


@dataclass(frozen=True)
class RequestRow:
    """One received request, without any credential."""

    method: str
    path: str
    query: str
    status: int
    content_type: str
    parts: tuple[PartRow, ...] = ()
