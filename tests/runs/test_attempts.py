"""The results of a run and of its rerun become one."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.builders import a_run, a_scenario_run, a_test, recorded
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Outcome, TestRun
from xray_bridge.runs import attempts, run_directory
from xray_bridge.runs.attempts import complete_rerun, join_attempts, split_attempts
from xray_bridge.runs.run_directory import RunDirectory, State


FAILED = a_run(Outcome.FAILED, message="first\nE   one", position=7)


@pytest.mark.parametrize(
    ("later", "outcome", "message"),
    [
        (
            a_run(Outcome.PASSED),
            "flaky",
            "Failed attempts before this one: 1\nAttempt 1 failed: first\nE   one",
        ),
        (
            a_run(Outcome.FAILED, message="second"),
            "failed",
            (
                "second\nFailed attempts before this one: 1\n"
                "Attempt 1 failed: first\nE   one"
            ),
        ),
        (
            a_run(
                Outcome.FLAKY,
                message="Failed attempts before this one: 1\nAttempt 1 failed: again",
            ),
            "flaky",
            (
                "Failed attempts before this one: 2\nAttempt 1 failed: first\nE   one\n"
                "Attempt 2 failed: again"
            ),
        ),
        (
            a_run(Outcome.SKIPPED, message="no network"),
            "failed",
            "first\nE   one\nThe rerun skipped it: no network",
        ),
        (
            a_run(Outcome.XFAILED, message="known"),
            "xfailed",
            (
                "known\nFailed attempts before this one: 1\n"
                "Attempt 1 failed: first\nE   one"
            ),
        ),
    ],
    ids=lambda each: each.outcome.value if isinstance(each, TestRun) else "",
)
def test_a_failed_test_runs_again(later: TestRun, outcome: str, message: str) -> None:
    """A pass after a failure is flaky; a skip after it is no pass."""
    found = join_attempts(FAILED, later)

    assert (found.outcome.value, found.message) == (outcome, message)
    assert (found.started, found.position) == (later.started, 7)


def test_a_third_attempt_counts_two_before_it() -> None:
    """A rerun of a rerun names each failed attempt once."""
    second = join_attempts(FAILED, a_run(Outcome.FAILED, message="two\nlines"))
    third = join_attempts(second, a_run(Outcome.PASSED))

    assert third.message == (
        "Failed attempts before this one: 2\nAttempt 1 failed: first\nE   one\n"
        "Attempt 2 failed: two\nlines"
    )


def test_nothing_of_an_attempt_is_lost() -> None:
    """Comments, defects and fields of both attempts are kept."""
    earlier = replace(
        FAILED, comment="slow", defects=("CALC-9",), custom_fields=(("A", "1"),)
    )
    later = a_run(comment="fast", defects=("CALC-8",), custom_fields=(("B", "2"),))
    found = join_attempts(earlier, later)

    assert found.comment == "slow\nfast"
    assert found.defects == ("CALC-9", "CALC-8")
    assert found.custom_fields == (("A", "1"), ("B", "2"))


def test_a_message_like_ours_is_split_at_its_last_list() -> None:
    """A failure may quote another Test Run."""
    head = "Failed attempts before this one: 1"

    assert split_attempts("no list") == ("no list", [])
    assert split_attempts(f"{head}\nx\n{head}\nAttempt 1 failed: y") == (
        f"{head}\nx",
        ["y"],
    )


def a_rerun(
    tmp_path: Path, earlier: list[TestRun], later: list[TestRun], *parts: str
) -> RunDirectory:
    """The run directory of a rerun whose session has ended."""
    before = recorded(tmp_path / "a", *earlier)
    directory = recorded(tmp_path / "b", *later, parts=parts)
    content = before.journal.read_bytes()
    (directory.path / attempts.EARLIER).write_bytes(content)
    return directory


def outcomes(directory: RunDirectory) -> dict[str, str]:
    """The outcome of each test."""
    return {run.test.name: run.outcome.value for run in directory.runs()}


ROWS = [
    a_run(Outcome.FAILED, test=a_test("test_a[1]", test_keys=("CALC-1",))),
    a_run(Outcome.PASSED, test=a_test("test_a[2]", test_keys=("CALC-1",))),
    a_run(Outcome.PASSED, test=a_test("test_b", test_keys=("CALC-2",))),
    a_run(Outcome.FAILED, test=a_test("test_c", test_keys=("CALC-3",))),
]
AGAIN = [a_run(Outcome.PASSED, test=a_test("test_a[1]", test_keys=("CALC-1",)))]


def test_a_test_keeps_its_other_rows(tmp_path: Path) -> None:
    """Xray replaces the whole Test Run, so the row that passed is sent again."""
    directory = a_rerun(tmp_path, ROWS, AGAIN)
    complete_rerun(directory)

    assert outcomes(directory) == {"test_a[1]": "flaky", "test_a[2]": "passed"}


def test_a_run_that_was_not_delivered_is_sent_completely(tmp_path: Path) -> None:
    """Its results are in the rerun only."""
    directory = a_rerun(tmp_path, ROWS, AGAIN, "earlier")
    complete_rerun(directory)

    assert outcomes(directory) == {
        "test_a[1]": "flaky",
        "test_a[2]": "passed",
        "test_b": "passed",
        "test_c": "failed",
    }


@pytest.mark.parametrize("killed", ["never", "before", "between"])
def test_completing_twice_changes_nothing(tmp_path: Path, killed: str) -> None:
    """A process that was killed while it completed the run is repeated."""
    directory = a_rerun(tmp_path, ROWS, AGAIN)
    rerun = directory.path / attempts.RERUN
    if killed == "between":
        directory.journal.rename(rerun)
    complete_rerun(directory)
    first = directory.journal.read_bytes()
    if killed == "before":
        # After the rename, before the new journal was in place.
        directory.journal.unlink()
    complete_rerun(directory)

    assert directory.journal.read_bytes() == first
    assert outcomes(directory) == {"test_a[1]": "flaky", "test_a[2]": "passed"}


def test_a_full_disk_loses_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file, and the next attempt completes the run."""
    directory = a_rerun(tmp_path, ROWS, AGAIN)
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "encode_line", Mock(side_effect=full))
        with pytest.raises(RunDirectoryError, match="written: No space left"):
            complete_rerun(directory)
    complete_rerun(directory)

    assert outcomes(directory) == {"test_a[1]": "flaky", "test_a[2]": "passed"}


def test_results_that_cannot_be_kept_are_an_error(tmp_path: Path) -> None:
    """A merged run without them would know less than its parts."""
    directory = a_rerun(tmp_path, ROWS, AGAIN)
    whole = recorded(tmp_path)
    (whole.path / attempts.ELSEWHERE).mkdir()

    with pytest.raises(RunDirectoryError, match="cannot be written: Is a directory"):
        attempts.keep_elsewhere([directory], whole)


def test_a_damaged_line_stays_to_be_counted(tmp_path: Path) -> None:
    """A damaged line of either run is not dropped silently."""
    directory = a_rerun(tmp_path, ROWS, AGAIN)
    for path in (directory.journal, directory.path / attempts.EARLIER):
        path.write_bytes(path.read_bytes() + b'{"classname":\t00000000\n')
    complete_rerun(directory)
    damaged: list[str] = []

    assert len(list(directory.runs(damaged))) == 2
    assert len(damaged) == 2


def test_equal_tests_meet_in_order(tmp_path: Path) -> None:
    """Two scenarios with one name are two results, before and after."""
    one = a_scenario_run(Outcome.FAILED, message="x")
    directory = a_rerun(
        tmp_path,
        [one, one],
        [a_scenario_run(), a_scenario_run(Outcome.FAILED, message="y")],
    )
    complete_rerun(directory)

    assert [run.outcome.value for run in directory.runs()] == ["flaky", "failed"]


@pytest.mark.parametrize(
    ("message", "is_try"),
    [("", True), ("put into s3://results", False), ("merged into 2026", False)],
)
def test_a_rerun_whose_results_are_elsewhere_is_no_try(
    tmp_path: Path, message: str, is_try: bool
) -> None:
    """The next rerun is one of it."""
    run = recorded(tmp_path, a_run())
    (run.path / attempts.EARLIER).write_bytes(b"")
    run.state = State(state=run_directory.KEPT, message=message)

    assert attempts.is_try(run) is is_try
