"""Receipts that somebody else has written, or changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.changes import Baseline, Change, Changes
from xray_bridge.model.gate import GateRow, GateVerdict
from xray_bridge.model.receipt import DELIVERED, Failure, Receipt, Refused
from xray_bridge.runs.receipts import read_receipt


if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Receipt(
    status=DELIVERED,
    run="r",
    test_execution={"key": "CALC-20", "url": "https://jira.example.com"},
    counts={"passed": 1, "not run": 2},
    sent=3,
    refused=(Refused(key="CALC-1", tests=("t",), message="m"),),
    failures=(Failure(name="t", keys=("CALC-1",), message="m"),),
    notices=("a note",),
    changes=Changes(baseline=Baseline(name="b"), fixed=(Change(name="t"),)),
    gate=GateVerdict(rows=(GateRow(rule="min_tests", limit="1", found="0"),)),
)


def read(folder: Path, content: object) -> Receipt:
    """Read it from a file."""
    path = folder / "receipt.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_receipt(path)


def test_own_receipt_is_read(tmp_path: Path) -> None:
    """With all its parts."""
    assert read(tmp_path, WHOLE.to_json()) == WHOLE


def test_what_a_later_version_adds_is_ignored(tmp_path: Path) -> None:
    """In the receipt, in what changed, and in the rules of the gate."""
    content = WHOLE.to_json()
    changes = content["changes"]
    rules = content["gate"]["rules"]
    parts = (content, changes, changes["baseline"], *changes["fixed"], *rules)
    for each in (*parts, *content["refused"]):
        each["later"] = "x"

    assert read(tmp_path, content) == WHOLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 7),
        ("status", "sent"),
        ("exit_code", "0"),
        ("error", {"slug": "unreachable"}),
        ("counts", 5),
        ("counts", {"<img src=x>": 1}),
        ("counts", {"passed": "1 <img src=x>"}),
        ("sent", "![x](https://elsewhere.example.com)"),
        ("accepted", [1]),
        ("test_execution", ["CALC-20"]),
        ("test_execution", {"key": 7}),
        ("test_execution", {"url": "https://jira.example.com"}),
        ("refused", [7]),
        ("refused", [{"key": None, "tests": 5, "message": ""}]),
        ("failures", [{"name": "x"}]),
        ("failures", [{"name": 7, "keys": [], "message": ""}]),
        ("notices", [None]),
        ("left_out", 5),
        ("changes", 5),
        ("changes", {"counts": {"new": "<img>"}}),
        ("changes", {"fixed": [{"name": 7}]}),
        ("gate", "x"),
        ("gate", {"rules": [{"rule": "<img>", "limit": ""}]}),
        ("gate", {"rules": [{"rule": "min_tests", "limit": "", "result": "<img>"}]}),
        ("gate", {"rules": [{"rule": 5, "limit": ""}]}),
    ],
)
def test_what_no_receipt_has_is_an_error(tmp_path: Path, name: str, value: Any) -> None:
    """A comment on a pull request shows numbers and our own words as they are."""
    with pytest.raises(
        RunDirectoryError, match=r"receipt\.json was damaged or changed"
    ):
        read(tmp_path, {**WHOLE.to_json(), name: value})
