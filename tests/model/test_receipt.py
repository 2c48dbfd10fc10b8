"""The outcome of an upload."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from xray_bridge.model import receipt
from xray_bridge.model.receipt import Receipt, Refused


STATUSES = [
    receipt.DELIVERED,
    receipt.PARTLY_REFUSED,
    receipt.FAILED,
    receipt.AMBIGUOUS,
    receipt.DRY_RUN,
    receipt.EMPTY,
    receipt.KEPT,
]
FULL = Receipt(
    status=receipt.PARTLY_REFUSED,
    run=".xray/runs/r",
    test_execution={"key": "CALC-7", "url": "https://j.example.com/browse/CALC-7"},
    counts={"passed": 2, "failed": 1, "skipped": 0, "flaky": 1},
    sent=3,
    accepted=2,
    refused=(Refused(key="CALC-1", tests=("t::a",), message="not a Test"),),
    left_out=("a.mp4: 20 MB",),
    incomplete=("interrupted",),
    notices=("look",),
    report={"format": "junit", "path": "report.xml", "bytes": 12},
    attempts=2,
    duration=1.5,
    exit_code=84,
)


def test_comes_back_from_json() -> None:
    """Through the very text of the file."""
    text = json.dumps(FULL.to_json())

    assert Receipt.from_json(json.loads(text)) == FULL


def test_keys_of_later_versions_are_left_out() -> None:
    """A newer command's receipt is still read."""
    found = {**FULL.to_json(), "new": 1}

    assert Receipt.from_json(found) == FULL


def test_lines_for_a_person() -> None:
    """Key, address, counts, what was refused, left out and missing, and where."""
    assert FULL.lines() == [
        "Test Execution: CALC-7 https://j.example.com/browse/CALC-7",
        "Tests: 3 sent, 2 accepted, 1 refused",
        "Results: 2 passed, 1 failed, 1 flaky",
        "Refused by Xray: CALC-1 (t::a): not a Test",
        "Incomplete: interrupted",
        "Left out: a.mp4: 20 MB",
        "Note: look",
        "Run directory: .xray/runs/r",
    ]


@pytest.mark.parametrize(("number", "last"), [(10, "Left out: a9.mp4"), (12, "...")])
def test_long_list_of_what_was_left_out(number: int, last: str) -> None:
    """Ten on the screen, the rest is counted; the receipt for machines has all."""
    left_out = tuple(f"a{each}.mp4" for each in range(number))

    found = Receipt(status=receipt.DELIVERED, left_out=left_out)

    lines = [line for line in found.lines() if line.startswith(("Left", "..."))]
    assert lines[:10] == [f"Left out: a{each}.mp4" for each in range(10)]
    assert lines[-1].startswith(last)
    assert lines[10:] == ["... and 2 more in receipt.json"][: number - 10]
    assert tuple(found.to_json()["left_out"]) == left_out


def test_texts_of_others_are_cleaned() -> None:
    """Names of evidence may hold a secret, as all that tests and servers say."""
    found = replace(FULL, left_out=("hunter22.png",), notices=("hunter22",))

    cleaned = found.cleaned(lambda text: text.replace("hunter22", "***"))

    assert "hunter22" not in json.dumps(cleaned.to_json())
    assert cleaned.left_out == ("***.png",)


def test_accepted_is_silent_where_xray_is() -> None:
    """Cloud does not say which Tests it accepted."""
    lines = Receipt(status=receipt.DELIVERED, sent=3).lines()

    assert "Tests: 3 sent, 0 refused" in lines


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_words(status: str) -> None:
    """And only a delivery claims one."""
    text = "\n".join(Receipt(status=status).lines())

    assert text
    assert ("Test Execution:" in text) == (
        status in {receipt.DELIVERED, receipt.PARTLY_REFUSED}
    )


@pytest.mark.parametrize("status", [receipt.FAILED, receipt.AMBIGUOUS])
def test_what_did_not_arrive_can_be_sent_again(status: str) -> None:
    """The lines say what happened, where the data is, and what to type next."""
    error = {"message": "nobody there", "slug": "unreachable"}

    text = "\n".join(Receipt(status=status, run="R", error=error).lines())

    assert "nobody there" in text
    assert "xray-bridge resend R" in text


def test_one_refusal_of_several_tests() -> None:
    """Sent, accepted and refused add up, also for Tests without a key."""
    refused = Refused(key="", message="2 results without a Test key were not accepted")

    found = Receipt(
        status=receipt.PARTLY_REFUSED, sent=3, accepted=1, refused=(refused,)
    )

    assert "Tests: 3 sent, 1 accepted, 2 refused" in found.lines()


def test_refusals_of_several_answers() -> None:
    """A Test that has a key is refused once; without a key, each refusal counts."""
    named = Refused(key="CALC-1", message="archived")
    nameless = Refused(key="", message="archived")

    found = receipt.join_refusals([[named, nameless, nameless], [named, nameless]])

    assert found == (named, nameless, nameless, nameless)
