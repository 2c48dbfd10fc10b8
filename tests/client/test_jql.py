"""Jira's search on both products, page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug import Response

from tests.builders import a_jira
from tests.scripted_xray import Xray
from xray_bridge.client import jql
from xray_bridge.client.jql import search_issues, search_keys
from xray_bridge.errors import NotXrayError, RefusedError
from xray_bridge.model.dialect import CLOUD, SERVER


SEARCH = "/rest/api/2/search"
OF_CLOUD = "/rest/api/2/search/jql"


def issues(*keys: str) -> list[dict[str, Any]]:
    """Issues as a search returns them."""
    return [{"id": key[5:], "key": key, "fields": {}} for key in keys]


def bodies(xray: Xray) -> list[dict[str, Any]]:
    """The received questions."""
    return [json.loads(each.body) for each in xray.sent]


def test_server_counts_positions(xray: Xray) -> None:
    """The next page starts after the issues that were read."""
    xray.script[SEARCH] = [
        {"issues": issues("CALC-1", "CALC-2"), "total": 3},
        {"issues": issues("CALC-3"), "total": 3},
    ]
    found = search_issues(a_jira(xray.url), "project = CALC", ("summary",))

    assert [each["key"] for each in found] == ["CALC-1", "CALC-2", "CALC-3"]
    assert [each.get("startAt") for each in bodies(xray)] == [None, 2]


def test_cloud_has_tokens(xray: Xray) -> None:
    """The path is the new one, and no total is needed."""
    xray.script[OF_CLOUD] = [
        {"issues": issues("CALC-1"), "nextPageToken": "abc", "isLast": False},
        {"issues": issues("CALC-2"), "isLast": True},
    ]
    found = search_issues(a_jira(xray.url, CLOUD), "project = CALC", ("summary",))

    assert [each["key"] for each in found] == ["CALC-1", "CALC-2"]
    assert [each.get("nextPageToken") for each in bodies(xray)] == [None, "abc"]


@pytest.mark.parametrize(("deployment", "told"), [(SERVER, None), (CLOUD, [7, 8])])
def test_only_cloud_is_told_of_changed_issues(
    xray: Xray, deployment: str, told: list[int] | None
) -> None:
    """Server refuses a member that it does not know."""
    answer = {"issues": [], "total": 0}
    xray.script |= {SEARCH: [answer], OF_CLOUD: [answer]}
    search_issues(a_jira(xray.url, deployment), "labels = x", (), changed=("7", "8"))

    assert bodies(xray)[0].get("reconcileIssues") == told


def test_a_limit_saves_pages(xray: Xray) -> None:
    """No further page is read once there are enough."""
    xray.script[SEARCH] = [{"issues": issues("CALC-1", "CALC-2"), "total": 300}]
    jira = a_jira(xray.url)
    found = [search_issues(jira, "project = CALC", (), most=most) for most in (1, 2)]

    assert [len(each) for each in found] == [1, 2]
    assert len(xray.sent) == 2


def test_a_server_that_repeats_its_page_is_an_error(xray: Xray) -> None:
    """Missing issues would go unnoticed."""
    xray.script[SEARCH] = [{"issues": issues("CALC-1"), "total": 9}]

    with pytest.raises(NotXrayError, match="returned only 1 issues"):
        search_issues(a_jira(xray.url), "project = CALC", ())


@pytest.mark.parametrize("odd", [{"issues": "none"}, {"issues": [{"id": "1"}]}, ["x"]])
def test_another_answer_is_an_error(xray: Xray, odd: Any) -> None:
    """It does not mean that there are no issues."""
    xray.script[SEARCH] = [odd]

    with pytest.raises(NotXrayError, match="does not answer like Jira's search"):
        search_issues(a_jira(xray.url), "project = CALC", ())


def test_unknown_key_costs_only_itself(xray: Xray) -> None:
    """Jira refuses a search for it, so the others are searched for again."""
    refused = Response("{}", status=400)
    xray.script[SEARCH] = [
        refused,
        refused,
        {"issues": issues("CALC-3"), "total": 1},
        refused,
        {"issues": issues("CALC-1"), "total": 1},
    ]
    found = search_keys(a_jira(xray.url), ["CALC-1", "CALC-404", "CALC-3"], ())

    assert {each["key"] for each in found} == {"CALC-1", "CALC-3"}
    assert [each["jql"] for each in bodies(xray)] == [
        "key in (CALC-1, CALC-404, CALC-3)",
        "key in (CALC-404, CALC-3)",
        "key in (CALC-3)",
        "key in (CALC-404)",
        "key in (CALC-1)",
    ]


def test_ids_are_searched_for_as_such(xray: Xray) -> None:
    """Xray Cloud names bugs by their ids."""
    xray.script[SEARCH] = [{"issues": [], "total": 0}]
    search_keys(a_jira(xray.url), ["CALC-1", "77", "78"], ())

    assert {each["jql"] for each in bodies(xray)} == {
        "key in (CALC-1)",
        "id in (77, 78)",
    }


def test_other_refusal_of_a_search_for_keys_is_an_error(xray: Xray) -> None:
    """It is not about one of the keys."""
    xray.script[SEARCH] = [Response("{}", status=403)]

    with pytest.raises(RefusedError):
        search_keys(a_jira(xray.url), ["CALC-1", "CALC-2"], ())


def test_no_keys_are_no_search(xray: Xray) -> None:
    """Jira would refuse an empty list."""
    assert search_keys(a_jira(xray.url), [], ()) == []
    assert not xray.sent


def test_what_is_no_key_does_not_change_the_query(xray: Xray) -> None:
    """Marks and answers of other servers may have any text instead of a key."""
    xray.script[SEARCH] = [{"issues": [], "total": 0}]
    odd = ["CALC-1) OR (project = HR", "", "\u0661\u0662", "9" * 5000]
    search_keys(a_jira(xray.url), [*odd, "CALC-1"], ())

    assert [each["jql"] for each in bodies(xray)] == ["key in (CALC-1)"]


def test_a_search_without_end_fits_into_memory(
    xray: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may return new issues on each page, whatever was asked."""
    monkeypatch.setattr(jql, "LARGEST_LIST", 200)
    xray.script[OF_CLOUD] = [
        {"issues": issues(f"CALC-{number}"), "nextPageToken": "abc"}
        for number in range(50)
    ]

    with pytest.raises(NotXrayError, match="only"):
        search_issues(a_jira(xray.url, CLOUD), "project = CALC", ())
    assert len(xray.sent) < 5
