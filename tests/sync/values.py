"""Values of a sync, for tests that name only what they are about."""

from __future__ import annotations

from typing import Any

from xray_bridge.client.test_issues import TestTexts
from xray_bridge.client.test_types import CUCUMBER, GENERIC
from xray_bridge.sync.bodies import Steps
from xray_bridge.sync.code import CodeTest
from xray_bridge.sync.lock import Entry


def a_test(name: str = "test_a.test_one", **changes: Any) -> CodeTest:
    """Make a function in code."""
    given: dict[str, Any] = {
        "name": name,
        "xray_name": name,
        "where": "test_a.py:1",
        "kind": GENERIC,
        "file": "test_a.py",
        "inside": name.partition(".")[2],
        "row": name.partition("[")[2],
        "body": "b0d1",
        "summary": name.rpartition(".")[2],
    }
    return CodeTest(**{**given, **changes})


def a_scenario(name: str = "sum", **changes: Any) -> CodeTest:
    """Make a scenario in code."""
    given: dict[str, Any] = {
        "name": f"a.feature: {name}",
        "xray_name": name,
        "where": "a.feature:2",
        "kind": CUCUMBER,
        "file": "a.feature",
        "inside": name,
        "body": "5c3e",
        "summary": name,
        "steps": Steps(text="Given it is"),
    }
    return CodeTest(**{**given, **changes})


def a_line(test: str = "test_a.test_one", key: str = "CALC-1", **values: Any) -> Entry:
    """Make a line of the lock file."""
    return Entry(test=test, key=key, **{"file": "test_a.py", "body": "b0d1", **values})


def an_issue(key: str = "CALC-1", **values: Any) -> TestTexts:
    """Make a Generic Test in Xray."""
    given: dict[str, Any] = {
        "id": key.partition("-")[2],
        "key": key,
        "type": GENERIC,
        "summary": "test_one",
        "definition": "test_a.test_one",
        "folder": "/",
    }
    return TestTexts(**{**given, **values})
