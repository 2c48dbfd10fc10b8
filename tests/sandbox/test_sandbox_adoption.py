"""A sandbox that creates named issues, and the new Tests beside them."""

from __future__ import annotations

from typing import Any


def test_a_new_test_takes_no_key_that_is_named_later(new_server: Any) -> None:
    """A new Test does not get a key that a later result names."""
    info = {"summary": "no key", "projectKey": "MINE", "type": "Generic"}
    body = {
        "info": {"project": "MINE"},
        "tests": [
            {"testInfo": {**info, "definition": "a.b"}, "status": "PASS"},
            {"testKey": "MINE-101", "status": "FAIL"},
        ],
    }
    answer = new_server.post_json("", body)

    assert answer.status_code == 200, answer.text
    found = new_server.store.test_execution(answer.json()["testExecIssue"]["key"])
    statuses = {run.test_key: run.status for run in found.runs}
    assert statuses.pop("MINE-101") == "FAIL"
    assert list(statuses.values()) == ["PASS"]
