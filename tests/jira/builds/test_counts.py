"""Results, counted as Jira shows them."""

from __future__ import annotations

import pytest

from xray_bridge.jira.builds.counts import COUNTED_AS, Counts, count_results
from xray_bridge.model.results import Outcome


def test_each_outcome_is_counted() -> None:
    """The total is the sum; a test that did not run is not counted."""
    found = count_results({outcome.value: 1 for outcome in Outcome})

    assert found == Counts(passed=3, failed=1, skipped=2)
    assert found.total == 6
    assert set(COUNTED_AS) == set(Outcome) - {Outcome.NOT_RUN}


def test_an_unknown_outcome_is_a_failure() -> None:
    """A newer version may have written it."""
    assert count_results({"exploded": 2}) == Counts(failed=2)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Counts(passed=145, failed=3, skipped=2), "3 of 150 tests failed"),
        (Counts(passed=148, skipped=2), "148 of 150 tests passed"),
        (Counts(passed=1), "1 of 1 test passed"),
        (Counts(), "no test ran"),
    ],
)
def test_counts_in_words(counts: Counts, text: str) -> None:
    """Failures come first."""
    assert counts.describe() == text
