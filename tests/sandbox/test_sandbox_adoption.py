"""A sandbox that makes what is named, and what it makes besides."""

from __future__ import annotations

from typing import Any


def test_a_new_test_takes_no_key_that_is_named_later(new_server: Any) -> None:
    """Result by result, the one without a key would get the next one's."""
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
