"""
Read the receipt of a run directory, which may come from another machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.gate import RESULTS
from xray_bridge.model.receipt import STATUSES, Receipt
from xray_bridge.runs.json_files import read_json
from xray_bridge.runs.shapes import check_types


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Outcomes, and what other tools call theirs.
WORDS = re.compile("[A-Za-z_ -]+")


def read_receipt(path: Path) -> Receipt:
    """
    Read ``receipt.json``.

    Pages show its numbers and our own words in it as they are, so these are checked.
    Raises RunDirectoryError.
    """
    try:
        receipt = Receipt.from_json(read_json(path))
        parts = (*receipt.refused, *receipt.failures, receipt.changes, receipt.gate)
        for part in filter(None, parts):
            check_types(part)
        wrong = next(_list_wrong(receipt), "")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _changed_error(path, "a value of another type") from None
    if wrong:
        raise _changed_error(path, wrong)
    return receipt


def _changed_error(path: Path, wrong: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} was damaged or changed: it has {wrong}")


def _list_wrong(receipt: Receipt) -> Iterator[str]:
    """Yield what no receipt of ours has."""
    numbers: list[Any] = [
        *(receipt.sent, receipt.ignored, receipt.exit_code),
        *receipt.counts.values(),
    ]
    numbers += () if receipt.accepted is None else [receipt.accepted]
    lists = (receipt.left_out, receipt.incomplete, receipt.notices)
    texts: list[Any] = [
        *(receipt.status, receipt.run, *(text for each in lists for text in each)),
        *(*receipt.test_execution.values(), *receipt.error.values()),
    ]
    for kind, values in ((int, numbers), (str, texts)):
        yield from (f"{each!r}" for each in values if type(each) is not kind)
    if receipt.status not in STATUSES:
        yield f"the status {receipt.status!r}"
    if receipt.test_execution and "key" not in receipt.test_execution:
        yield "a Test Execution without a key"
    if receipt.error and "message" not in receipt.error:
        yield "an error without a message"
    yield from (f"{each!r}" for each in receipt.counts if not WORDS.fullmatch(each))
    for row in receipt.gate.rows if receipt.gate else ():
        if not row.rule.isidentifier():
            yield f"the rule {row.rule!r}"
        if row.result not in RESULTS:
            yield f"the result {row.result!r}"
