"""The types of what became of an upload; mypy and pyright read this."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import assert_type

from xray_bridge import Receipt
from xray_bridge.model.changes import Change, Changes


def reads(receipt: Receipt) -> None:
    """What ``pytest_xray_uploaded`` and ``xray_uploaded`` are given."""
    assert_type(receipt.status, str)
    assert_type(receipt.run, str)
    assert_type(receipt.test_execution, Mapping[str, str])
    assert_type(receipt.test_execution["key"], str)
    assert_type(receipt.counts, Mapping[str, int])
    assert_type(receipt.sent, int)
    assert_type(receipt.left_out, tuple[str, ...])
    assert_type(receipt.notices, tuple[str, ...])
    assert_type(receipt.changes, Changes | None)
    if receipt.changes:
        assert_type(receipt.changes.newly_failing, tuple[Change, ...])
        assert_type(receipt.changes.counts, Mapping[str, int])
    assert_type(receipt.duration, float)
    assert_type(receipt.exit_code, int)


def looks_closer(receipt: Receipt) -> None:
    """Refused results and failures; ``None`` where Xray does not say how many."""
    assert_type(receipt.accepted, int | None)
    for refused in receipt.refused:
        assert_type((refused.key, refused.message), tuple[str, str])
        assert_type(refused.tests, tuple[str, ...])
    for failure in receipt.failures:
        assert_type((failure.name, failure.message), tuple[str, str])
        assert_type(failure.keys, tuple[str, ...])
        assert_type((failure.file, failure.line), tuple[str, int])


def cannot_change_it(receipt: Receipt) -> None:
    """Whoever is given a receipt cannot change it for the others."""
    receipt.sent = 3  # type: ignore[misc]
    receipt.counts["passed"] = 3  # type: ignore[index]
