"""Several results of one Test become one."""

from __future__ import annotations

import errno
import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    STARTED,
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_session,
    a_test,
    recorded,
    results,
)
from xray_bridge import aggregate, journal, merge
from xray_bridge.errors import RunDirectoryError
from xray_bridge.journal import State
from xray_bridge.merge import Results
from xray_bridge.model import Iteration, Outcome


if TYPE_CHECKING:
    from pathlib import Path

RESULTS = [outcome for outcome in Outcome if outcome is not Outcome.NOT_RUN]


def test_nothing_recorded(tmp_path: Path) -> None:
    """An empty run has no results, no Tests and no times."""
    found = results(tmp_path)

    assert (len(found), found.tests) == (0, 0)
    assert (found.started, found.finished) == (None, None)
    assert list(found.merged()) == []


def test_each_definition_is_a_test(tmp_path: Path) -> None:
    """Without keys nothing is merged."""
    runs = [a_run(name="test_a"), a_run(name="test_b")]

    found = results(tmp_path, *runs)

    assert list(found.merged()) == runs


def test_several_keys_become_several_tests(tmp_path: Path) -> None:
    """One result of two Tests counts for each of them."""
    found = results(tmp_path, a_run(Outcome.FAILED, keys=["CALC-1", "CALC-2"]))

    merged = list(found.merged())

    assert [run.test.test_keys for run in merged] == [("CALC-1",), ("CALC-2",)]
    assert {run.outcome for run in merged} == {Outcome.FAILED}
    assert (len(found), found.tests) == (1, 2)


def test_key_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    """The same key twice on a test does not make two results of it."""
    found = results(tmp_path, a_run(keys=["CALC-1", "CALC-1"]))

    (merged,) = found.merged()

    assert merged.iterations == ()


def test_interrupted_tests_are_no_results(tmp_path: Path) -> None:
    """What was not run to its end does not appear."""
    found = results(tmp_path, a_run(), a_run(Outcome.NOT_RUN, name="test_cut_short"))

    assert [run.test.name for run in found.runs()] == ["test_add"]
    assert found.counts == {"passed": 1}


def test_only_keyed(tmp_path: Path) -> None:
    """Tests without a key are left out, counts included."""
    found = results(
        tmp_path, a_run(), a_run(name="test_b", keys=["CALC-1"]), only_keyed=True
    )

    assert [run.test.test_keys for run in found.runs()] == [("CALC-1",)]
    assert found.counts == {"passed": 1}


def test_counts_by_result_and_by_test(tmp_path: Path) -> None:
    """Two results of one Test are two results and one Test."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"]),
        a_run(Outcome.FAILED, keys=["CALC-1"]),
        a_run(Outcome.SKIPPED, name="test_b"),
    )

    assert found.counts == {"passed": 1, "failed": 1, "skipped": 1}
    assert found.merged_counts() == {Outcome.FAILED: 1, Outcome.SKIPPED: 1}


def test_times_span_all_results(tmp_path: Path) -> None:
    """From the first start to the last finish, whatever the order."""
    found = results(
        tmp_path,
        a_run(started=STARTED + 5, duration=1, name="test_late"),
        a_run(started=STARTED, duration=60, name="test_early_and_long"),
    )

    assert (found.started, found.finished) == (STARTED, STARTED + 60)


def test_shards_become_one(tmp_path: Path) -> None:
    """Results of several run directories, in their order."""
    shards = [
        recorded(tmp_path, a_run(keys=["CALC-1"])),
        recorded(tmp_path, a_run(Outcome.FAILED, keys=["CALC-1"])),
    ]

    found = Results(shards)

    assert [run.outcome for run in found.runs()] == [Outcome.PASSED, Outcome.FAILED]
    assert [run.outcome for run in found.merged()] == [Outcome.FAILED]


def test_lines_of_any_width_are_found_again(tmp_path: Path) -> None:
    """Places in the journal are bytes, not characters."""
    names = ["ä" * 10, "\U0001f600", "\ud800", "plain", "\n"]

    found = results(tmp_path, *(a_run(name=name, message="é") for name in names))

    assert [run.test.name for run in found.runs()] == names


def test_features_hold_their_scenarios(tmp_path: Path) -> None:
    """File by file; other tests do not appear."""
    other = a_feature(path="features/sub.feature", name="Subtracting")
    found = results(
        tmp_path,
        a_scenario_run(scenario=a_scenario("one")),
        a_run(name="test_without_a_feature"),
        a_scenario_run(scenario=a_scenario("two", feature=other)),
        a_scenario_run(scenario=a_scenario("three"), name="three", keys=[]),
    )

    names = [[run.test.name for run in runs] for runs in found.features()]

    assert names == [["one", "three"], ["two"]]
    assert (found.scenarios, found.unkeyed_scenarios) == (3, 3)


@pytest.mark.parametrize("size", [2, 3])
def test_no_mixture_is_better_than_its_worst(size: int) -> None:
    """A failure fails all; a skip is never a pass; the order does not matter."""
    for mixture in itertools.product(RESULTS, repeat=size):
        found = aggregate.worst(mixture)

        assert found in mixture
        assert (found is Outcome.FAILED) == (Outcome.FAILED in mixture)
        if Outcome.SKIPPED in mixture:
            assert found in {Outcome.FAILED, Outcome.SKIPPED}


@pytest.mark.parametrize("outcomes", [[], [Outcome.NOT_RUN]])
def test_nothing_known_is_a_failure(outcomes: list[Outcome]) -> None:
    """What has no result does not pass."""
    assert aggregate.worst(outcomes) is Outcome.FAILED


def test_merged_parts_stay_readable(tmp_path: Path) -> None:
    """Messages, comments, defects and each single result are kept."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], name="test_a[1]", parameters=(("n", "1"),)),
        a_run(
            Outcome.FAILED,
            keys=["CALC-1"],
            name="test_a[2]",
            parameters=(("n", "2"),),
            message="2 is wrong",
            comment="seen",
            defects=("CALC-9",),
        ),
        a_run(Outcome.SKIPPED, keys=["CALC-1"], name="test_a[3]", comment="seen"),
    )

    (merged,) = found.merged()

    assert merged.test.name == "test_a"
    assert merged.message == "test_a[2]: failed\n2 is wrong"
    assert (merged.comment, merged.defects) == ("seen", ("CALC-9",))
    assert merged.iterations == (
        Iteration(outcome=Outcome.PASSED, parameters=(("n", "1"),)),
        Iteration(
            outcome=Outcome.FAILED, parameters=(("n", "2"),), message="2 is wrong"
        ),
        Iteration(outcome=Outcome.SKIPPED, parameters=(("test", "test_a[3]"),)),
    )


@pytest.mark.parametrize("field", ["labels", "requirements"])
def test_merged_test_has_what_any_of_its_tests_has(tmp_path: Path, field: str) -> None:
    """Labels and requirements of the second test are not dropped."""
    tests = [
        a_test(name, test_keys=("CALC-1",), **{field: (f"of_{name}",)})
        for name in ("test_a", "test_b")
    ]
    found = results(tmp_path, *(a_run(test=test) for test in tests))

    (merged,) = found.merged()

    assert getattr(merged.test, field) == ("of_test_a", "of_test_b")


def test_merged_custom_fields_of_all(tmp_path: Path) -> None:
    """Custom fields of the second result are not dropped."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], custom_fields=(("Browser", "Chrome"),)),
        a_run(keys=["CALC-1"], custom_fields=(("System", "Linux"),)),
    )

    (merged,) = found.merged()

    assert merged.custom_fields == (("Browser", "Chrome"), ("System", "Linux"))


def test_merged_times_span_all_parts(tmp_path: Path) -> None:
    """A merged result starts with its first part and ends with its last."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], started=STARTED + 10, duration=1),
        a_run(keys=["CALC-1"], started=STARTED, duration=2),
    )

    (merged,) = found.merged()

    assert (merged.started, merged.duration) == (STARTED, 11)


def test_shard_without_a_journal(tmp_path: Path) -> None:
    """Archives may leave out what is empty; the others' results are there."""
    shards = [
        journal.create(tmp_path / ".xray", a_session()),
        recorded(tmp_path, a_run()),
    ]

    found = Results(shards)

    assert [run.test.name for run in found.runs()] == ["test_add"]


def test_joined_shards(tmp_path: Path) -> None:
    """One run with all results, and why some may be missing; parts are marked."""
    parts = [recorded(tmp_path, a_run(name=name)) for name in ("test_a", "test_b")]
    parts[1].state = replace(parts[1].state, incomplete=("killed",))

    whole = merge.join(parts, tmp_path / ".xray")

    assert [run.test.name for run in whole.runs()] == ["test_a", "test_b"]
    assert whole.state == State(state=journal.SEALED, incomplete=("killed",))
    assert {part.state.state for part in parts} == {journal.KEPT}


def test_joining_what_another_process_holds(tmp_path: Path) -> None:
    """Nothing is marked and nothing half-made stays, where one part is in use."""
    parts = [recorded(tmp_path, a_run(name=name)) for name in ("test_a", "test_b")]

    with parts[1].claim(), pytest.raises(RunDirectoryError, match="in use"):
        merge.join(parts, tmp_path / ".xray")

    assert {part.state.state for part in parts} == {journal.SEALED}
    assert len(journal.find(tmp_path / ".xray")) == 2


def test_joining_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that could not be copied are still to be sent."""
    parts = [recorded(tmp_path, a_run())]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(RunDirectoryError, match="No space left"):
            merge.join(parts, tmp_path / ".xray")

    assert parts[0].state.state == journal.SEALED


@given(st.lists(st.sampled_from(RESULTS), min_size=1, max_size=6))
def test_merging_is_as_bad_as_the_worst(outcomes: list[Outcome]) -> None:
    """Any list of results with a failure fails, and only those."""
    runs = [a_run(outcome, keys=["CALC-1"]) for outcome in outcomes]

    merged = aggregate.merge(("CALC-1",), runs, aggregate.worst(outcomes))

    assert (merged.outcome is Outcome.FAILED) == (Outcome.FAILED in outcomes)
    if any(each is not Outcome.PASSED for each in outcomes):
        assert merged.outcome is not Outcome.PASSED
