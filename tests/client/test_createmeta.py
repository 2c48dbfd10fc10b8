"""The fields of a new issue, as Data Center and Cloud list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_connection
from tests.jira.defects.a_jira import PretendJira, answer
from xray_bridge.client.createmeta import FieldRule, IssueType, list_fields, list_types
from xray_bridge.client.jira import Jira
from xray_bridge.errors import NotXrayError


if TYPE_CHECKING:
    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer


def a_jira(*pages: dict[str, Any]) -> tuple[Jira, list[str]]:
    """A Jira that answers with these pages, and what it was asked."""
    asked: list[str] = []

    def reply(request: Request) -> Answer:
        asked.append(request.target)
        return answer(200, pages[min(len(asked), len(pages)) - 1])

    server = PretendJira(fault=reply)
    return Jira.for_connection(a_connection(), server), asked  # type: ignore[arg-type]


def types(*names: str) -> list[dict[str, str]]:
    """Types of issues, as Jira lists them."""
    return [{"id": str(number), "name": name} for number, name in enumerate(names)]


@pytest.mark.parametrize("name", ["values", "issueTypes", "fields"])
def test_each_name_of_the_list_is_known(name: str) -> None:
    """It differs between products and versions."""
    jira, asked = a_jira({"total": 2, name: types("Bug", "Task")})

    assert list_types(jira, "CALC") == (
        IssueType(id="0", name="Bug"),
        IssueType(id="1", name="Task"),
    )
    assert len(asked) == 1


def test_pages_follow_each_other_up_to_the_total() -> None:
    """The next page begins after the items that were read."""
    jira, asked = a_jira(
        {"total": 3, "values": types("Bug", "Task")},
        {"total": 3, "values": types("Story")},
    )

    assert len(list_types(jira, "CALC")) == 3
    assert [each.partition("startAt=")[2] for each in asked] == ["0", "2"]
    assert "maxResults=50" in asked[0]


@pytest.mark.parametrize(
    "page",
    [
        {"values": types("Bug")},
        {"values": types("Bug"), "isLast": True, "total": 9},
        {"values": types("Bug"), "total": 1},
    ],
)
def test_a_list_ends_with_its_last_page(page: dict[str, Any]) -> None:
    """A list without a total is complete; so is a page that says that it is last."""
    jira, asked = a_jira(page)

    assert len(list_types(jira, "CALC")) == 1
    assert len(asked) == 1


def test_an_empty_page_ends_a_list_that_counts_wrong() -> None:
    """A server that promises more than it has is not asked for ever."""
    jira, asked = a_jira(
        {"total": 9, "values": types("Bug")}, {"total": 9, "values": []}
    )

    assert len(list_types(jira, "CALC")) == 1
    assert len(asked) == 2


def test_another_answer_is_not_an_empty_list() -> None:
    """Nobody knows then which fields there are."""
    jira, _ = a_jira({"message": "hello"})

    with pytest.raises(NotXrayError, match="does not answer like Jira"):
        list_types(jira, "CALC")


def test_fields_of_both_products_are_read() -> None:
    """Values are named by name or value; a default makes a field unneeded."""
    listed = [
        {
            "fieldId": "priority",
            "name": "Priority",
            "required": True,
            "hasDefaultValue": True,
            "schema": {"type": "priority"},
            "allowedValues": [{"id": "1", "name": "High"}, {"id": "2"}],
        },
        {
            "key": "customfield_1",
            "name": "Teams",
            "required": True,
            "schema": {"type": "array", "items": "option"},
            "allowedValues": [{"id": "3", "value": "Red"}],
        },
        {"fieldId": "x", "name": "X"},
    ]
    jira, asked = a_jira({"total": 3, "fields": listed})

    assert list_fields(jira, "CALC", "1/2") == (
        FieldRule(id="priority", name="Priority", type="priority", allowed=("High",)),
        FieldRule(
            id="customfield_1",
            name="Teams",
            needed=True,
            type="array",
            items="option",
            allowed=("Red",),
        ),
        FieldRule(id="x", name="X"),
    )
    assert asked[0].startswith(
        "/rest/api/2/issue/createmeta/CALC/issuetypes/1%2F2?maxResults=50"
    )


def test_a_list_that_repeats_itself_is_no_list() -> None:
    """A server that always returns the first page is asked twice."""
    jira, asked = a_jira({"total": 10**9, "values": types("Bug")})

    with pytest.raises(NotXrayError, match="without end"):
        list_types(jira, "CALC")
    assert len(asked) == 2
