"""Requests about defects, and answers that are not Jira's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_connection
from tests.jira.defects.a_jira import PretendJira, answer, refusal
from xray_bridge.client.defects import (
    create_issue,
    has_comment,
    read_issue,
    read_property,
)
from xray_bridge.client.jira import Jira
from xray_bridge.errors import AmbiguousError, NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.response import Answer


def a_jira(reply: Callable[[], Answer]) -> Jira:
    """A Jira that always answers so."""
    server = PretendJira(fault=lambda _: reply())
    return Jira.for_connection(a_connection(), server)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [{}, [], None, {"id": "1"}, {"key": "CALC-1"}, {"id": "1", "key": "x"}]
)
def test_an_answer_without_an_issue_leaves_it_unknown(content: Any) -> None:
    """The issue may have been created, so nobody may try again."""
    with pytest.raises(AmbiguousError, match="names no new issue"):
        create_issue(a_jira(lambda: answer(201, content)), {})


def test_a_refusal_names_the_fields() -> None:
    """Jira says for each field why it does not take it."""
    jira = a_jira(lambda: refusal(400, "", priority="is invalid", team="is required"))

    with pytest.raises(RefusedError) as caught:
        create_issue(jira, {})

    assert caught.value.fields == {"priority": "is invalid", "team": "is required"}


def test_an_issue_that_does_not_exist_is_none() -> None:
    """Any other refusal is one."""
    assert read_issue(a_jira(lambda: refusal(404, "no")), "CALC-1", ["summary"]) is None
    with pytest.raises(RefusedError):
        read_issue(a_jira(lambda: refusal(403, "no")), "CALC-1", ["summary"])


@pytest.mark.parametrize("content", [{}, {"key": "CALC-1"}, {"key": "x", "fields": {}}])
def test_an_odd_issue_is_not_jiras(content: Any) -> None:
    """It is no reason to believe that there is no issue."""
    with pytest.raises(NotXrayError):
        read_issue(a_jira(lambda: answer(200, content)), "CALC-1", ["summary"])


def test_a_property_that_is_no_object_is_none() -> None:
    """Another program may have stored a text under this name."""
    assert read_property(a_jira(lambda: answer(200, {"value": "x"})), "1", "p") == {}
    assert read_property(a_jira(lambda: refusal(404, "no")), "1", "p") == {}
    with pytest.raises(RefusedError):
        read_property(a_jira(lambda: refusal(403, "no")), "1", "p")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"comments": [{"body": "a"}, {"body": "see:\r\n mark 7"}]}, True),
        ({"comments": [{"body": "see: mark 7"}, {"body": "mark 70"}]}, False),
        ({"comments": [{"body": "a"}, "mark 7", {"author": "mark 7"}]}, False),
        ({"comments": None}, False),
        ({}, False),
    ],
)
def test_a_comment_is_known_by_a_line(content: Any, expected: bool) -> None:
    """Only bodies count, and complete lines: a run's id may begin with another one."""
    assert has_comment(a_jira(lambda: answer(200, content)), "1", "mark 7") is expected
