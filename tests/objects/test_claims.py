"""Claims: one merge job sends, whatever the others do."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.errors import ClaimedError
from xray_bridge.objects import claims
from xray_bridge.objects.claims import Merge, Outcome, Sent, Turn


if TYPE_CHECKING:
    from xray_bridge.objects.bucket import Bucket

PARTS = frozenset({"one", "two"})
DONE = Outcome(
    is_delivered=True,
    by="job a",
    parts=("one", "two"),
    executions=(Sent("CALC-7", "https://jira/browse/CALC-7", 2),),
)


def a_turn(bucket: Bucket, by: str = "job a") -> Turn:
    """The turn of a job."""
    turn = Merge(bucket, "4711", by).wait_for_turn(PARTS, 0)
    assert isinstance(turn, Turn)
    return turn


def names(bucket: Bucket) -> list[str]:
    """The objects of the merge."""
    return [entry.name.rpartition("/")[2] for entry in bucket.entries("4711/merge")]


def test_one_of_many_racing_jobs_has_its_turn(bucket: Bucket) -> None:
    """The others are told who has it."""
    turns: list[Turn | Outcome] = []
    said: list[str] = []
    barrier = threading.Barrier(16)

    def race(number: int) -> None:
        barrier.wait()
        try:
            turns.append(Merge(bucket, "4711", f"job {number}").wait_for_turn(PARTS, 0))
        except ClaimedError as error:
            said.append(error.message)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(turns) == 1
    assert len(set(said)) == 1
    assert said[0].endswith("has claimed these parts, and has not delivered them yet")


def test_a_later_job_gets_the_outcome(bucket: Bucket) -> None:
    """Which names the Test Execution, its Tests and the job that sent it."""
    a_turn(bucket).end(DONE)

    assert Merge(bucket, "4711", "job b").wait_for_turn(PARTS, 0) == DONE


def test_a_waiting_job_gets_the_outcome(bucket: Bucket) -> None:
    """It waits until its own time is up."""
    turn = a_turn(bucket)
    timer = threading.Timer(0.2, turn.end, [DONE])
    timer.start()

    assert Merge(bucket, "4711", "job b").wait_for_turn(PARTS, 30) == DONE


def test_a_part_that_came_late_is_sent(bucket: Bucket) -> None:
    """An outcome counts only for the parts that it had."""
    a_turn(bucket).end(DONE)
    more = PARTS | {"three"}

    assert isinstance(Merge(bucket, "4711").wait_for_turn(more, 0), Turn)


def test_a_failure_frees_the_parts_at_once(bucket: Bucket) -> None:
    """Nothing was sent, so nobody needs to wait."""
    a_turn(bucket).end(Outcome(is_delivered=False, by="job a"))

    assert isinstance(Merge(bucket, "4711").wait_for_turn(PARTS, 0), Turn)


def test_a_job_that_has_sent_nothing_frees_the_parts(bucket: Bucket) -> None:
    """One that was sending keeps its claim: nobody knows what arrived."""
    a_turn(bucket).give_up()
    second = a_turn(bucket, "job b")
    second.begin_sending(60)
    second.give_up()

    with pytest.raises(ClaimedError, match="job b has claimed these parts"):
        Merge(bucket, "4711").wait_for_turn(PARTS, 0)


@pytest.mark.parametrize("stage", [claims.READING, claims.SENDING])
def test_the_claim_of_a_dead_job_is_taken_over_after_its_time(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """By the claim with the next number; none is replaced."""
    # S3 notes whole seconds.
    monkeypatch.setattr(claims, "READS", 2.5)
    monkeypatch.setattr(claims, "SETTLES", 1.5)
    dead = a_turn(bucket)
    if stage == claims.SENDING:
        dead.begin_sending(1)
    before = names(bucket)

    with pytest.raises(ClaimedError):
        Merge(bucket, "4711").wait_for_turn(PARTS, 0)
    turn = Merge(bucket, "4711", "job b").wait_for_turn(PARTS, 30)

    assert isinstance(turn, Turn)
    assert names(bucket) == [*before, f"claim-{len(before) + 1:06}.json"]


def test_a_job_whose_claim_was_taken_over_sends_nothing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was slow or asleep, and is told who has taken over."""
    monkeypatch.setattr(claims, "READS", 0.0)
    slow = a_turn(bucket, "job a")
    a_turn(bucket, "job b")

    with pytest.raises(ClaimedError, match="job b has taken over"):
        slow.begin_sending(60)


def test_a_claim_is_kept_while_its_job_reads(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes; another job waits."""
    monkeypatch.setattr(claims, "READS", 3.0)
    turn = a_turn(bucket)
    with turn.kept(), pytest.raises(ClaimedError):
        Merge(bucket, "4711", "job b").wait_for_turn(PARTS, 3.5)
    kept = names(bucket)
    time.sleep(1.5)

    assert len(kept) > 2
    assert names(bucket) == kept


def test_a_claim_is_not_kept_while_its_job_sends(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That has a time of its own, which ends."""
    monkeypatch.setattr(claims, "READS", 0.1)
    turn = a_turn(bucket)
    with turn.kept():
        turn.begin_sending(60)
        sending = names(bucket)
        time.sleep(0.3)

    assert names(bucket) == sending


@pytest.mark.parametrize("ahead", [-7200.0, 7200.0])
def test_a_wrong_clock_of_a_machine_changes_nothing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """The times of claims are those of the store."""
    a_turn(bucket)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead)

    with pytest.raises(ClaimedError):
        Merge(bucket, "4711").wait_for_turn(PARTS, 0)
    monkeypatch.setattr(claims, "READS", 0.0)
    turns = [Merge(bucket, "4712").wait_for_turn(PARTS, 0) for _ in range(2)]

    assert all(isinstance(turn, Turn) for turn in turns)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"lasts": "x"}',
        b'{"lasts": 1%s}' % (b"0" * 400),
        json.dumps(
            {"token": "t", "by": "me", "stage": "reading", "lasts": 1e12}
        ).encode(),
    ],
)
def test_a_senseless_claim_holds_for_a_day(bucket: Bucket, content: bytes) -> None:
    """Nobody knows who wrote it, or for how long."""
    bucket.put_new("4711/merge/claim-000001.json", content)

    with pytest.raises(ClaimedError, match="another job has claimed"):
        Merge(bucket, "4711").wait_for_turn(PARTS, 0)


SENSE: dict[str, Any] = {
    "is_delivered": True,
    "by": "me",
    "parts": sorted(PARTS),
    "number": 2,
    "executions": [["CALC-7", "https://jira/browse/CALC-7", 2]],
    "split_by": "",
    "exit_code": 0,
}


def test_the_outcome_of_another_program_counts(bucket: Bucket) -> None:
    """It has all fields; those below differ in one."""
    a_turn(bucket)
    bucket.put_new("4711/merge/outcome-000001.json", json.dumps(SENSE).encode())

    assert isinstance(Merge(bucket, "4711").wait_for_turn(PARTS, 0), Outcome)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b'{"is_delivered": true}',
        b"\xff",
        *(
            json.dumps({**SENSE, **odd}).encode()
            for odd in (
                {"exit_code": math.inf},
                {"exit_code": 1 << 70},
                {"number": None},
                {"executions": ["CALC-7"]},
                {"split_by": None},
                {"split_by": ["environment"]},
                {"split_by": "x; a command"},
            )
        ),
    ],
)
def test_a_senseless_outcome_delivers_nothing(bucket: Bucket, content: bytes) -> None:
    """The parts are sent."""
    a_turn(bucket)
    bucket.put_new("4711/merge/outcome-000001.json", content)

    assert isinstance(Merge(bucket, "4711").wait_for_turn(PARTS, 0), Turn)


def test_a_claim_after_the_last_of_six_digits_is_seen(bucket: Bucket) -> None:
    """Else a job would try to write it for ever."""
    for name in ("claim-999999", "outcome-999999"):
        bucket.put_new(f"4711/merge/{name}.json", b"{}")
    a_turn(bucket, "job a")

    with pytest.raises(ClaimedError, match="job a has claimed"):
        Merge(bucket, "4711", "job b").wait_for_turn(PARTS, 0)


def test_texts_of_other_jobs_are_one_short_line(bucket: Bucket) -> None:
    """They come from a bucket that others may write to."""
    hostile: dict[str, Any] = {
        "token": "t",
        "by": "\x1b[31mjob\n::error::x" + "y" * 999,
        "stage": "reading",
        "lasts": 60,
    }
    bucket.put_new("4711/merge/claim-000001.json", json.dumps(hostile).encode())

    with pytest.raises(ClaimedError) as caught:
        Merge(bucket, "4711").wait_for_turn(PARTS, 0)

    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 500
