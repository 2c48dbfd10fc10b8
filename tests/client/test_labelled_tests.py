"""Tests with the label of a quarantine, from servers that answer in many ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scripted_xray import SEARCH, Xray
from xray_bridge.client.connection import connect
from xray_bridge.client.labelled_tests import list_quarantined
from xray_bridge.config.effective import effective_settings
from xray_bridge.errors import XrayBridgeError


def asked(server: Xray, *issues: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The answer to the question, from a Jira that has these issues."""
    listed = [{"key": key, "fields": fields} for key, fields in issues]
    server.script[SEARCH] = [{"startAt": 0, "total": len(listed), "issues": listed}]
    given = {"quarantine": json.dumps({"label": "quarantine"})}
    settings = effective_settings({}, given=given).settings
    return list_quarantined(settings, connect(settings))


def test_assignee_and_due_date(server: Xray) -> None:
    """They are the owner, and the last day."""
    fields = {"assignee": {"displayName": "Anna B"}, "duedate": "2999-12-31"}

    assert asked(server, ("CALC-2", fields), ("CALC-1", {})) == [
        {"test": "CALC-1", "issue": "CALC-1"},
        {
            "test": "CALC-2",
            "owner": "Anna B",
            "issue": "CALC-2",
            "until": "2999-12-31",
        },
    ]


@pytest.mark.parametrize("due", ["31.12.2026", "soon\n::error::x", 7, ["2026"], True])
def test_a_due_date_that_is_none(server: Xray, due: Any) -> None:
    """A session would not record its results with such an entry."""
    with pytest.raises(XrayBridgeError, match="until is ") as caught:
        asked(server, ("CALC-1", {"duedate": due}))

    assert "\n" not in caught.value.message


def test_one_key_twice(server: Xray) -> None:
    """As Jira never has it."""
    with pytest.raises(XrayBridgeError, match="CALC-1 is there 2 times"):
        asked(server, ("CALC-1", {}), ("calc-1", {}))
