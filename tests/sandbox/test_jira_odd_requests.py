"""Odd and wrong requests to the sandbox's Jira, each with the answer to it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import JiraClient


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/issue/createmeta/CALC/issuetypes?startAt=x", {}, 400),
        ("GET", "/issueLink/99", {}, 404),
        ("DELETE", "/issueLink/x", {}, 404),
        ("GET", "/attachment/x", {}, 404),
        ("GET", "/version/99", {}, 404),
        ("GET", "/issue/99999999999999999999999", {}, 400),
        ("DELETE", "/issue/CALC-1/remotelink", {}, 404),
        ("PUT", "/issue/CALC-1/properties/x", {"data": "{"}, 400),
        ("PUT", "/issue/CALC-1/properties/x", {"data": "1" * 40_000}, 400),
        ("PUT", f"/issue/CALC-1/properties/{'x' * 256}", {"json": 1}, 400),
        ("PUT", "/issue/CALC-1/properties/x", {"data": "null"}, 201),
        ("POST", "/issue", {"data": "{"}, 400),
        ("POST", "/issueLink", {"json": {"type": {"name": "Blocks"}}}, 404),
        ("POST", "/issue/CALC-1/comment", {"json": []}, 400),
        ("POST", "/issue/CALC-1/transitions", {"json": {"transition": "31"}}, 400),
        ("POST", "/version", {"json": {"name": "x"}}, 400),
    ],
)
def test_wrong_requests(
    jira: JiraClient, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    """Each of these has its own answer, and never that of a broken server."""
    assert jira.call(method, path, **options).status_code == status


@pytest.mark.parametrize("header", ["", "Bearer sandbox-token", "Basic %", "Odd"])
def test_wrong_logins_on_cloud(jira_cloud: JiraClient, header: str) -> None:
    """Cloud takes only the user with the API token."""
    headers = {"Authorization": header} if header else {}

    answer = jira_cloud.call("GET", "/myself", auth=None, headers=headers)

    assert answer.status_code == 401


def test_permissions_without_names(jira: JiraClient) -> None:
    """Cloud wants the names of permissions; Data Center lists all without them."""
    answer = jira.call("GET", "/mypermissions", params={"projectKey": "CALC"})

    assert answer.status_code == (400 if jira.is_cloud else 200)


def test_global_permission(jira: JiraClient) -> None:
    """The permission to administer Jira is no permission of a project."""
    query = {"permissions": "ADMINISTER,TRANSITION_ISSUES"}
    found = jira.call("GET", "/mypermissions", params=query).json()["permissions"]

    assert found["ADMINISTER"]["type"] == "GLOBAL"
    assert found["TRANSITION_ISSUES"]["type"] == "PROJECT"


def id_of(jira: JiraClient, key: str) -> str:
    """The id of an issue."""
    return str(jira.call("GET", f"/issue/{key}").json()["id"])


def test_values_by_id(jira: JiraClient) -> None:
    """Priorities, options, links and projects are named by their ids, too."""
    project = jira.store.project_id("CALC")
    answer = jira.make(
        project={"id": str(project)},
        issuetype={"id": "10004"},
        priority={"id": "1"},
        customfield_11520={"id": "3"},
    )
    key = answer.json()["key"]
    link = {
        "type": {"id": "10000"},
        "inwardIssue": {"id": answer.json()["id"]},
        "outwardIssue": {"id": id_of(jira, "CALC-70")},
        "comment": {"body": "linked"},
    }
    linked = jira.call("POST", "/issueLink", json=link)

    found = jira.fields(key)
    assert linked.status_code == 201
    assert found["issuetype"]["name"] == "Bug"
    assert found["priority"]["name"] == "Highest"
    assert found["customfield_11520"]["value"] == "Minor"
    assert found["issuelinks"][0]["type"]["name"] == "Blocks"
    assert found["comment"]["total"] == 1
    [link_id] = [each["id"] for each in found["issuelinks"]]
    both = jira.call("GET", f"/issueLink/{link_id}").json()
    assert both["inwardIssue"]["key"] == key
    assert both["outwardIssue"]["key"] == "CALC-70"


def test_sub_task(jira: JiraClient) -> None:
    """A sub-task needs a parent that is neither an epic nor a sub-task."""
    without = jira.make("Sub-task")
    epic = jira.make_key("Epic")
    of_epic = jira.make("Sub-task", parent={"key": epic})
    made = jira.make("Sub-task", parent={"key": "CALC-70"})
    nested = jira.make("Sub-task", parent={"id": made.json()["id"]})

    assert without.json()["errors"] == {"parent": "Parent is required."}
    assert [of_epic.status_code, made.status_code] == [400, 201]
    assert list(nested.json()["errors"]) == ["parent"]


@pytest.mark.parametrize(
    "fields",
    [
        {"customfield_11520": {"id": "9"}},
        {"customfield_11523": {"value": "Unit"}},
        {"customfield_11523": [{"value": "Odd"}]},
        {"customfield_10020": "1"},
        {"customfield_11521": "x" * 32_768},
        {"components": [{"id": "999"}]},
        {"versions": "v1.0"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_more_refused_values(jira: JiraClient, fields: dict[str, Any]) -> None:
    """Values of lists and of texts are checked, too."""
    answer = jira.make(**fields)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(fields)


def test_sprint_of_a_new_issue(jira: JiraClient) -> None:
    """A new issue can be put into a sprint at once, and values can be cleared."""
    sprint = jira.store.add_sprint(jira.store.add_board("CALC"), "S", "active")
    key = jira.make_key(customfield_10020=sprint, labels=["a"], description="x")
    cleared = {"labels": None, "description": None, "duedate": None}
    answer = jira.call("PUT", f"/issue/{key}", json={"fields": cleared})

    found = jira.fields(key)
    assert answer.status_code == 204
    assert found["customfield_10020"][0]["id"] == sprint
    assert (found["labels"], found["description"]) == ([], None)


def test_link_to_an_inward_issue(jira: JiraClient) -> None:
    """An edit links in both directions."""
    key = jira.make_key()
    add = {"add": {"type": {"name": "Blocks"}, "inwardIssue": {"key": "CALC-70"}}}
    body = {"update": {"issuelinks": [add]}}

    answer = jira.call("PUT", f"/issue/{key}", json=body)

    [found] = jira.fields(key)["issuelinks"]
    assert answer.status_code == 204
    assert found["inwardIssue"]["key"] == "CALC-70"


def test_attachments_that_are_off(jira: JiraClient) -> None:
    """Attachments can be off, and want a form with parts."""
    path = "/issue/CALC-1/attachments"
    headers = {"X-Atlassian-Token": "nocheck"}
    plain = jira.call("POST", path, data=b"x", headers=headers)
    jira.store.attachment_limit = 0
    files = {"file": ("a.txt", b"x", "text/plain")}
    off = jira.call("POST", path, files=files, headers=headers)

    assert plain.status_code == 415
    assert off.status_code == 404
    assert jira.call("GET", "/attachment/meta").json()["enabled"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"maxResults": 0},
        {"maxResults": "many"},
        {"maxResults": -1},
        {"reconcileIssues": ["CALC-1"]},
    ],
    ids=str,
)
def test_wrong_limits_on_cloud(jira_cloud: JiraClient, change: dict[str, Any]) -> None:
    """Limits must be positive numbers, and reconciled issues numeric ids."""
    body = {"jql": "project = CALC", **change}

    assert jira_cloud.call("POST", "/search/jql", json=body).status_code == 400


def test_hidden_project_finds_nothing(jira: JiraClient) -> None:
    """Without the permission to browse, issues are not there."""
    jira.store.taken_away.add("BROWSE_PROJECTS")
    path = "/search/jql" if jira.is_cloud else "/search"

    found = jira.call("POST", path, json={"jql": "project = CALC"}).json()["issues"]

    assert found == []
    assert jira.call("GET", "/issue/CALC-1").status_code == 404
    assert jira.call("GET", "/project/CALC").status_code == 404


def test_edit_is_refused_as_a_whole(jira: JiraClient) -> None:
    """If the comment of an edit is refused, its labels are not written."""
    key = jira.make_key(labels=["a"])
    update = {"labels": [{"add": "b"}], "comment": [{"add": {"body": ""}}]}

    answer = jira.call("PUT", f"/issue/{key}", json={"update": update})

    assert answer.status_code == 400
    assert jira.fields(key)["labels"] == ["a"]
