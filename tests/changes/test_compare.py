"""Two runs are compared, test by test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_bridge.changes.causes import TESTS, Causes
from xray_bridge.changes.compare import Entry, compare, join_entries
from xray_bridge.model import changes as values
from xray_bridge.model.changes import Baseline, Changes
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Sequence

BASELINE = Baseline(name="CALC-19", kind=values.EXECUTION, branch="main")


def an_entry(
    outcome: Outcome = Outcome.PASSED,
    name: str = "t.test_add",
    seconds: float = 0.0,
    keys: tuple[str, ...] = (),
) -> Entry:
    """The result of one test."""
    return Entry(id=name, name=name, outcome=outcome, seconds=seconds, keys=keys)


def compared(before: Sequence[Entry], now: Sequence[Entry]) -> Changes:
    """What changed between these results."""
    return compare(join_entries(now), join_entries(before), BASELINE)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Outcome.PASSED, Outcome.PASSED, {}),
        (Outcome.PASSED, Outcome.FAILED, {"newly_failing": 1}),
        (Outcome.FLAKY, Outcome.FAILED, {"newly_failing": 1}),
        (Outcome.SKIPPED, Outcome.FAILED, {"newly_failing": 1}),
        (Outcome.NOT_RUN, Outcome.FAILED, {"newly_failing": 1}),
        (Outcome.FAILED, Outcome.FAILED, {}),
        (Outcome.FAILED, Outcome.PASSED, {"fixed": 1}),
        (Outcome.FAILED, Outcome.XFAILED, {"fixed": 1}),
        (Outcome.PASSED, Outcome.SKIPPED, {"newly_skipped": 1}),
        (Outcome.FAILED, Outcome.SKIPPED, {"newly_skipped": 1}),
        (Outcome.SKIPPED, Outcome.PASSED, {}),
        (Outcome.SKIPPED, Outcome.SKIPPED, {}),
    ],
)
def test_outcomes(before: Outcome, now: Outcome, expected: dict[str, int]) -> None:
    """Each pair of outcomes is one change, or none."""
    found = compared([an_entry(before)], [an_entry(now)])

    assert {kind: n for kind, n in found.counts.items() if n} == expected


def test_a_new_test_that_fails_is_both() -> None:
    """A gate counts it as a new failure."""
    found = compared([], [an_entry(Outcome.FAILED)])

    assert found.summary == "1 newly failing, 1 new"


def test_a_test_without_result_is_not_run() -> None:
    """It may be gone, or was not selected: nobody can tell."""
    other = an_entry(name="t.test_other")

    found = compared([an_entry(Outcome.FAILED), other], [other])

    assert found.summary == "1 not run"
    assert found.not_run[0].before == "failed"


def test_a_part_of_the_tests_leaves_none_out() -> None:
    """After ``-k`` the other tests are no news."""
    before = [an_entry(name=f"t.test_{n}") for n in range(9)]

    found = compared(before, [an_entry(Outcome.FAILED, "t.test_1")])

    assert found.is_part
    assert found.headline == (
        "Compared with CALC-19 (main), a part of its tests: 1 newly failing"
    )


def test_a_renamed_test_keeps_its_history_by_its_key() -> None:
    """It is neither new nor not run."""
    before = an_entry(Outcome.FAILED, "t.test_old", keys=("CALC-1",))
    now = an_entry(Outcome.PASSED, "t.test_new", keys=("CALC-1",))

    assert compared([before], [now]).summary == "1 fixed"


def test_a_test_that_gets_a_key_keeps_its_history() -> None:
    """Its name is still the same."""
    now = an_entry(Outcome.FAILED, keys=("CALC-1",))

    assert compared([an_entry()], [now]).summary == "1 newly failing"


def test_rows_that_share_a_key_are_compared_row_by_row() -> None:
    """One row fails as before, and the other one is fixed."""
    one, two = "t.test[1]", "t.test[2]"
    before = [
        an_entry(Outcome.FAILED, one, keys=("CALC-1",)),
        an_entry(Outcome.FAILED, two, keys=("CALC-1",)),
    ]
    now = [before[0], an_entry(Outcome.PASSED, two, keys=("CALC-1",))]

    found = compared(before, now)

    assert [each.name for each in found.fixed] == [two]
    assert found.summary == "1 fixed"


def test_the_worst_of_several_results_counts() -> None:
    """The same test ran in two Test Environments."""
    now = [an_entry(), an_entry(Outcome.FAILED), an_entry()]

    assert compared([an_entry()], now).summary == "1 newly failing"


@pytest.mark.parametrize(
    ("before", "now", "is_slower"),
    [
        (0.1, 1.9, False),  # many times as long, but short
        (3.0, 5.5, False),  # two seconds more, but not twice as long
        (3.0, 6.1, True),
        (0.0, 9.0, False),  # not known
    ],
)
def test_slower_is_more_than_noise(
    before: float, now: float, *, is_slower: bool
) -> None:
    """A test must take twice as long and two seconds more."""
    found = compared([an_entry(seconds=before)], [an_entry(seconds=now)])

    assert found.counts["slower"] == is_slower


def test_a_slow_machine_makes_no_test_slower() -> None:
    """All tests take three times as long; only one takes longer than that."""
    names = [f"t.test_{n}" for n in range(12)]
    before = [an_entry(name=name, seconds=2.0) for name in names]
    now = [an_entry(name=name, seconds=6.0) for name in names]
    now[3] = an_entry(name=names[3], seconds=15.0)

    found = compared(before, now)

    assert [each.name for each in found.slower] == ["t.test_3"]
    assert found.slower[0].times == "15.0 s, before 2.0 s"


def test_lists_are_cut_and_numbers_are_not() -> None:
    """A receipt with all tests of a large suite helps nobody."""
    before = [an_entry(name=f"t.test_{n}") for n in range(values.LISTED + 5)]
    now = [an_entry(Outcome.FAILED, each.name) for each in before]

    found = compared(before, now)

    assert len(found.newly_failing) == values.LISTED
    assert found.counts["newly_failing"] == values.LISTED + 5
    assert f"  newly failing: and {values.LISTED - 5} more, see receipt.json" in list(
        found.lines()
    )


def test_comes_back_from_json() -> None:
    """Through the very text of the receipt."""
    before = [an_entry(Outcome.FAILED, seconds=1.0, keys=("CALC-1",))]
    found = compared(before, [an_entry(name="t.test_new", seconds=4.0)])

    text = json.dumps(found.to_json())

    assert Changes.from_json(json.loads(text)) == found


def test_failures_with_one_cause() -> None:
    """The same type of exception at the same place; those with most come first."""
    causes = Causes()
    causes.add("t.test_other", "E   ValueError: 1\n\nt.py:3: ValueError")
    for number in range(TESTS + 3):
        text = f"    def connect():\nE   KeyError: '{number}'\n\ndb.py:9: KeyError"
        causes.add(f"t.test_{number}", text)

    first, second = causes.list_first()

    assert (first.type, first.place, first.failures) == (
        "KeyError",
        "db.py connect",
        TESTS + 3,
    )
    assert (str(second), second.tests) == ("ValueError in t.py", ("t.test_other",))
    assert (len(causes), causes.failures, len(first.tests)) == (2, TESTS + 4, TESTS)


def test_lines_for_a_person() -> None:
    """The headline, what changed, and the causes."""
    found = Changes(
        not_compared="there is no earlier run of CALC",
        failures=12,
        cause_count=1,
        causes=(
            values.FailureCause(
                type="KeyError", place="db.py connect", failures=12, tests=("a", "b")
            ),
        ),
    )

    assert list(found.lines()) == [
        "Not compared with an earlier run: there is no earlier run of CALC",
        "12 failures, 1 cause",
        "  12 x KeyError in db.py connect: a, b and 10 more",
    ]
