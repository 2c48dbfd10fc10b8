"""Texts of an answer are escaped, and invalid keys are not accepted."""

from __future__ import annotations

import json

import pytest

from xray_bridge.client.import_answer import read_import_answer
from xray_bridge.client.response import LONGEST_TEXT, Answer, keys_found
from xray_bridge.errors import AmbiguousError, NotXrayError


ESCAPE = "\x1b]0;title\x07 red \x1b[31m"


def answer(issues: object, key: object = "CALC-77") -> Answer:
    """A 200 of an import."""
    content = {"testExecIssue": {"key": key}, "testIssues": issues}
    return Answer(
        status=200,
        url="https://jira.example.com/x",
        headers={},
        content=json.dumps(content).encode(),
    )


def test_refusals_are_escaped_and_shortened() -> None:
    """Refusals within a 200 are escaped and shortened."""
    error = {"key": "CALC-1", "message": ESCAPE + "x" * 10_000}

    (refused,) = read_import_answer(answer({"error": [error]})).refused

    assert refused.key == "CALC-1"
    assert refused.message.isprintable()
    assert len(refused.message) <= LONGEST_TEXT + 3


@pytest.mark.parametrize("key", [ESCAPE, "::set-output", "CALC", "../CALC-1", 7, None])
def test_a_key_that_is_no_key_is_not_believed(key: object) -> None:
    """Neither a Test's nor a Test Execution's key is accepted if invalid."""
    issues = {"success": [{"key": key}, {"key": "CALC-2"}], "error": [{"key": key}]}

    found = read_import_answer(answer(issues))

    assert found.accepted == ("CALC-2",)
    assert [refused.key for refused in found.refused] == [""]
    with pytest.raises(AmbiguousError):
        read_import_answer(answer({}, key))
    with pytest.raises(NotXrayError):
        keys_found([{"key": key}])
