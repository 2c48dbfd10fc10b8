"""A sandbox that creates named issues, and the new Tests beside them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from xray_sandbox import RunningSandbox


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


@pytest.mark.parametrize("body", [[], ["MINE-7"], {"MINE-7": ""}, {"OUR-1": "x"}])
def test_names_that_name_nothing(adopting: RunningSandbox, body: object) -> None:
    """Only Tests that were made for their keys get names."""
    adopting.store.add_test("OUR-1", summary="ours")
    answer = requests.post(f"{adopting.url}/sandbox/names", json=body, timeout=30)

    assert answer.status_code == 204
    assert [each.summary for each in adopting.store.tests()] == ["ours"]
