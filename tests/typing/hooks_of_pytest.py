"""The types of the hooks of pytest; mypy and pyright read this."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import pytest
from typing_extensions import assert_type

from pytest_xray_bridge import hookspecs
from xray_bridge import EvidenceSource, Receipt


Keys: TypeAlias = Iterable[str] | str | None
Evidence: TypeAlias = Iterable[bytes | str | os.PathLike[str] | EvidenceSource] | None
Fields: TypeAlias = Mapping[str, object] | None


def called_with(
    item: pytest.Item,
    report: pytest.TestReport,
    config: pytest.Config,
    receipt: Receipt,
) -> None:
    """What each hook is given, and what it may return."""
    assert_type(hookspecs.pytest_xray_test_keys(item=item), Keys)
    assert_type(hookspecs.pytest_xray_evidence(item=item, report=report), Evidence)
    assert_type(hookspecs.pytest_xray_defects(item=item, report=report), Keys)
    assert_type(hookspecs.pytest_xray_execution_fields(config=config), Fields)
    assert_type(hookspecs.pytest_xray_uploaded(config=config, receipt=receipt), None)
