"""
Count results as Jira shows them: passed, failed and skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.results import Outcome
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Mapping

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
# As pytest counts in its JUnit reports: an expected failure is skipped, an unexpected
# pass and a pass after failed attempts are passed.
COUNTED_AS = {
    Outcome.PASSED: PASSED,
    Outcome.XPASSED: PASSED,
    Outcome.FLAKY: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.SKIPPED: SKIPPED,
    Outcome.XFAILED: SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The numbers of tests."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """All tests that have a result."""
        return self.passed + self.failed + self.skipped

    def describe(self) -> str:
        """``3 of 150 tests failed``, or how many passed."""
        if not self.total:
            return "no test ran"
        if self.failed:
            return f"{self.failed} of {count(self.total, 'test')} failed"
        return f"{self.passed} of {count(self.total, 'test')} passed"


def count_results(by_outcome: Mapping[str, int]) -> Counts:
    """Count results by outcome; an unknown outcome is a failure."""
    known = {outcome.value: word for outcome, word in COUNTED_AS.items()}
    found = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    for outcome, number in by_outcome.items():
        if outcome != Outcome.NOT_RUN.value:
            found[known.get(outcome, FAILED)] += number
    return Counts(**found)
