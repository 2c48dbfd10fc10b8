"""
The failures of a run, grouped by fingerprint.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.jira.defects.rules import PER_ROW
from xray_bridge.model.fingerprint import (
    failure_label,
    name_label,
    read_cause,
)
from xray_bridge.model.jira_text import shorten
from xray_bridge.model.results import Outcome, TestIssue, TestRun
from xray_bridge.runs.failures import main_line, name_of, text_of
from xray_bridge.runs.report_files import load_files
from xray_bridge.text import count, one_line


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.jira.defects.rules import Rules
    from xray_bridge.jira.run import JiraRun
    from xray_bridge.model.results import Evidence
    from xray_bridge.runs.report_files import Files

# Rows of one group that are named in a text.
NAMED = 20
# Characters of the text of a failure that are kept.
LONGEST = 20_000
# Of the name of a test in texts and messages.
LONGEST_NAME = 500
# Groups whose texts are kept in memory; more never get a defect of their own.
MOST_TEXTS = 1000


@dataclass(slots=True, kw_only=True)
class FailureGroup:
    """
    Failures with the same fingerprint: usually rows of one test.

    ``label`` is that of the failure, ``test_label`` that of the test. ``rows`` are the
    names of the tests, without repetition. ``identities`` find the Test Runs: Test
    keys and definitions. Texts and evidence are those of the first failure.
    """

    label: str
    test_label: str
    name: str
    error_type: str
    message: str
    text: str
    rows: dict[str, None] = field(default_factory=dict)
    test_keys: dict[str, None] = field(default_factory=dict)
    definitions: dict[str, None] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def first_key(self) -> str:
        """The first Test key; empty if the tests have none."""
        return next(iter(self.test_keys), "")


@dataclass(slots=True)
class Outcomes:
    """
    What a run says about defects.

    ``groups`` are the failures by label, ``passed`` the labels of tests that passed
    in all their results. ``total`` and ``failed`` are numbers of results.
    """

    groups: dict[str, FailureGroup] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    total: int = 0
    failed: int = 0
    notices: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The part of the results that are failures, from 0 to 1."""
        return self.failed / self.total if self.total else 0.0


def read_run(run: JiraRun, rules: Rules, *, wants_passed: bool = False) -> Outcomes:
    """Group the failures of a session, or of the report files in a run directory."""
    files = load_files(run.directory)
    if files is not None:
        return read_reports(files, rules)
    return read_outcomes(run.results.runs(), rules, wants_passed=wants_passed)


def read_reports(files: Files, rules: Rules) -> Outcomes:
    """
    Group the failures in report files, of which the first ones are known.

    They have no traceback, so the main line of the message counts. Passes are not
    known, so no defect is closed.
    """
    found = Outcomes()
    for each in files.failures:
        test = TestIssue(classname="", name=each.name, test_keys=each.keys)
        run = TestRun(
            test=test,
            outcome=Outcome.FAILED,
            started=0.0,
            duration=0.0,
            message=each.message,
        )
        name = name_of(run, per_row=rules.per == PER_ROW)
        _add_failure(found, run, name, rules)
    found.total = sum(files.counts.values())
    found.failed = files.counts.get(Outcome.FAILED.value, 0)
    if found.failed > len(files.failures):
        known = count(len(files.failures), "failure")
        found.notices.append(f"only the first {known} of report files get bugs")
    return found


def read_outcomes(
    runs: Iterable[TestRun], rules: Rules, *, wants_passed: bool = False
) -> Outcomes:
    """
    Group the failures of a run.

    ``wants_passed``: also note the tests that passed, which takes some memory. A test
    that passed after failed attempts has not passed.
    """
    found = Outcomes()
    bad: set[str] = set()
    per_row = rules.per == PER_ROW
    for run in runs:
        name = name_of(run, per_row=per_row)
        is_failed = run.outcome is Outcome.FAILED
        found.total += 1
        if is_failed:
            found.failed += 1
            _add_failure(found, run, name, rules)
        if wants_passed:
            label = name_label(rules.project, name)
            is_clean = run.outcome is Outcome.PASSED
            (found.passed if is_clean else bad).add(label)
    found.passed -= bad
    return found


def label_of(run: TestRun, project: str, *, per_row: bool) -> str:
    """Return the label of a failure."""
    cause = read_cause(text_of(run))
    return failure_label(project, name_of(run, per_row=per_row), cause)


def _add_failure(found: Outcomes, run: TestRun, name: str, rules: Rules) -> None:
    text = text_of(run)
    cause = read_cause(text)
    label = failure_label(rules.project, name, cause)
    group = found.groups.get(label)
    if group is None:
        group = found.groups[label] = FailureGroup(
            label=label,
            test_label=name_label(rules.project, name),
            name=shorten(one_line(name), LONGEST_NAME),
            error_type=cause.type,
            message=_without_type(main_line(text), cause.type),
            text=text[:LONGEST] if len(found.groups) < MOST_TEXTS else "",
            labels=run.test.labels,
            evidence=(*run.evidence, *(e for s in run.steps for e in s.evidence)),
        )
    group.rows[shorten(one_line(_row_name(run)), LONGEST_NAME)] = None
    group.test_keys |= dict.fromkeys(run.test.test_keys)
    if not run.test.test_keys:
        group.definitions[_definition_of(run)] = None


def _row_name(run: TestRun) -> str:
    scenario = run.scenario
    if scenario is not None and scenario.row:
        values = ", ".join(f"{name}={value}" for name, value in run.parameters)
        return f"{run.test.definition} ({values or scenario.row})"
    return run.test.definition


def _definition_of(run: TestRun) -> str:
    """Return what Xray knows a Test without a key by: definition, or summary."""
    scenario = run.scenario
    return (scenario.outline or scenario.name) if scenario else run.test.definition


def _without_type(message: str, error_type: str) -> str:
    """Return a message without the type of its exception, which is named before."""
    before, colon, rest = message.partition(": ")
    is_type = bool(error_type) and before.rpartition(".")[2] == error_type
    return rest if colon and is_type else message
