"""
Compare requirements with their Tests in Xray, their bugs in Jira and the marks in code.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.coverage import (
    UNCOVERED,
    Covered,
    coverage_of,
    worst_status,
)
from xray_bridge.client.jql import search_keys
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.requirements.pull import find_requirements
from xray_bridge.jira.requirements.requirement import read_linked_issue, read_links
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.client.coverage import CoveringTest
    from xray_bridge.client.jira import Jira
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.requirements.requirement import LinkedIssue, Requirement

# Xray's settings do not count issues of this type as requirements.
NOT_COVERABLE = "no requirement"
# English names of the usual type; another is in the rules for bugs.
BUG_TYPES = frozenset({"bug", "defect"})
DEFECT_FIELDS = ("summary", "status", "issuetype")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One requirement with its coverage.

    ``code`` names the tests in code that have a mark for it.
    """

    requirement: Requirement
    status: str
    tests: tuple[CoveringTest, ...] = ()
    total: int = 0
    open_defects: tuple[LinkedIssue, ...] = ()
    code: tuple[str, ...] = ()

    @property
    def results(self) -> dict[str, int]:
        """The number of its Tests by their last status."""
        return dict(Counter(test.status or "no result" for test in self.tests))

    def to_json(self) -> dict[str, Any]:
        """Return builtins for JSON."""
        return {
            **self.requirement.to_json(),
            "coverage": self.status,
            "tests": [
                {"key": e.key, "status": e.status, "summary": e.summary}
                for e in self.tests
            ],
            "results": self.results,
            "open_defects": [
                {"key": e.key, "status": e.status, "summary": e.summary}
                for e in self.open_defects
            ],
            "code": list(self.code),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """
    All requirements with their coverage.

    ``missing`` maps keys in code that are no issues to the tests with a mark for them,
    ``closed`` those of closed requirements.
    """

    rows: tuple[Row, ...]
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    closed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def totals(self) -> dict[str, int]:
        """The number of requirements by status."""
        return dict(Counter(row.status for row in self.rows))

    def to_json(self) -> dict[str, Any]:
        """Return builtins for JSON."""
        return {
            "requirements": [row.to_json() for row in self.rows],
            "totals": self.totals,
            "missing": {key: list(on) for key, on in self.missing.items()},
            "closed": {key: list(on) for key, on in self.closed.items()},
            "notices": list(self.notices),
        }


def report_coverage(
    jira: Jira,
    xray: XrayClient,
    settings: Settings,
    requirements: Sequence[Requirement],
    code: Mapping[str, Sequence[str]],
) -> CoverageReport:
    """
    Ask Xray for the Tests and their results, and Jira for open bugs.

    ``code`` maps keys of requirements to the tests with a mark for them. Raises
    DeliveryError.
    """
    tests = {each.key: each.tests for each in requirements}
    covered = coverage_of(xray).read(tests)
    bugs = _Bugs(jira, settings)
    bugs.read(covered.values())
    rows = [
        _make_row(each, covered.get(each.key), bugs, tuple(code.get(each.key, ())))
        for each in requirements
    ]
    known = {each.key: each for each in requirements}
    others = [key for key in code if key not in known]
    known |= {each.key: each for each in find_requirements(jira, settings, others)}
    notices = [
        f"{row.requirement.key} has {row.total} Tests; {len(row.tests)} are shown"
        for row in rows
        if row.total > len(row.tests)
    ]
    return CoverageReport(
        rows=tuple(_with_children(rows)),
        missing={key: on for key, on in code.items() if key not in known},
        closed={k: on for k, on in code.items() if k in known and known[k].is_closed},
        notices=tuple(notices),
    )


def _make_row(
    requirement: Requirement,
    covered: Covered | None,
    bugs: _Bugs,
    code: tuple[str, ...],
) -> Row:
    found = covered or Covered(status=NOT_COVERABLE)
    return Row(
        requirement=requirement,
        status=found.status,
        tests=found.tests,
        total=found.total,
        open_defects=tuple(bugs.open_ones(requirement, found)),
        code=code,
    )


def _with_children(rows: Sequence[Row]) -> list[Row]:
    """
    Give an Epic without Tests of its own the coverage of the issues below it.

    Xray counts them itself if its settings say so.
    """
    below: dict[str, list[Row]] = {}
    for row in rows:
        if row.requirement.parent:
            below.setdefault(row.requirement.parent, []).append(row)
    return [
        row
        if row.tests or row.status not in {UNCOVERED, NOT_COVERABLE}
        else _join_rows(row, below.get(row.requirement.key, ()))
        for row in rows
    ]


def _join_rows(row: Row, children: Sequence[Row]) -> Row:
    counted = [each for each in children if each.status != NOT_COVERABLE]
    if not counted:
        return row
    tests = {test.key: test for each in counted for test in each.tests}
    defects = {e.key: e for each in (row, *counted) for e in each.open_defects}
    return replace(
        row,
        status=worst_status(each.status for each in counted),
        tests=tuple(tests.values()),
        total=len(tests),
        open_defects=tuple(defects.values()),
    )


class _Bugs:
    """The open bugs of requirements, of their Tests, and of the last Test Runs."""

    def __init__(self, jira: Jira, settings: Settings) -> None:
        self._jira = jira
        own_type = settings.defect_rules.get("type")
        self._types = BUG_TYPES | {str(own_type).casefold()}
        self._of_tests: dict[str, tuple[LinkedIssue, ...]] = {}
        self._of_runs: dict[str, LinkedIssue] = {}

    def read(self, covered: Iterable[Covered]) -> None:
        """Read the links of all Tests, and the bugs of their last Test Runs."""
        tests = {test.key: test for each in covered for test in each.tests}
        for issue in search_keys(self._jira, list(tests), ("issuelinks",)):
            links = read_links(issue["fields"].get("issuelinks"))[1]
            self._of_tests[str(issue["key"])] = links
        named = {bug: None for test in tests.values() for bug in test.defects}
        for issue in search_keys(self._jira, list(named), DEFECT_FIELDS):
            bug = read_linked_issue(issue)
            # A Test Run on Cloud has the ids of its bugs, on Server their keys.
            self._of_runs |= {bug.key: bug, str(issue.get("id", "")): bug}

    def open_ones(
        self, requirement: Requirement, covered: Covered
    ) -> Iterable[LinkedIssue]:
        """Return the open bugs, each once."""
        linked = [*requirement.others]
        runs: list[LinkedIssue] = []
        for test in covered.tests:
            linked += self._of_tests.get(test.key, ())
            runs += [self._of_runs[e] for e in test.defects if e in self._of_runs]
        # Whatever is a defect of a Test Run is a bug, whatever its type is called.
        bugs = [*runs, *(e for e in linked if e.type.casefold() in self._types)]
        return {each.key: each for each in bugs if each.is_open}.values()


def describe_totals(report: CoverageReport) -> str:
    """Return one line with the number of requirements by status."""
    number = count(len(report.rows), "requirement")
    parts = [f"{n} {status}" for status, n in sorted(report.totals.items())]
    return f"{number}: {', '.join(parts)}" if parts else number
