"""The outcome of an upload."""

from __future__ import annotations

import json

import pytest

from xray_bridge import receipt
from xray_bridge.receipt import Receipt, Refused


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
    counts={"passed": 2, "failed": 1, "skipped": 0},
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
        "Results: 2 passed, 1 failed",
        "Refused by Xray: CALC-1 (t::a): not a Test",
        "Incomplete: interrupted",
        "Left out: a.mp4: 20 MB",
        "Note: look",
        "Run directory: .xray/runs/r",
    ]


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
    """What happened, where the data is, and the next command."""
    error = {"message": "nobody there", "slug": "unreachable"}

    text = "\n".join(Receipt(status=status, run="R", error=error).lines())

    assert "nobody there" in text
    assert "xray-bridge resend R" in text
