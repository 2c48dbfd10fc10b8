"""Versions, boards and sprints in the sandbox's Jira."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import JiraClient


AGILE = "/rest/agile/1.0"


def test_versions(jira: JiraClient) -> None:
    """Versions say if and when they are released."""
    jira.store.change_version(
        "CALC", "v1.0", released=True, releaseDate="2026-01-31", archived=True
    )

    versions = jira.call("GET", "/project/CALC/versions").json()
    in_project = jira.call("GET", "/project/CALC").json()["versions"]
    query = {"status": "unreleased", "maxResults": 1}
    page = jira.call("GET", "/project/CALC/version", params=query).json()

    first, second, *_ = versions
    assert (first["released"], first["archived"]) == (True, True)
    assert first["releaseDate"] == "2026-01-31"
    assert (second["released"], "releaseDate" in second) == (False, False)
    assert in_project == versions
    assert [each["name"] for each in page["values"]] == ["v2.0"]
    assert (page["total"], page["isLast"]) == (2, False)


def test_new_version(jira: JiraClient) -> None:
    """A new version can be used at once."""
    body = {"project": "CALC", "name": "v4.0", "releaseDate": "2027-01-31"}
    made = jira.call("POST", "/version", json=body)
    again = jira.call("POST", "/version", json=body)
    path = f"/version/{made.json()['id']}"
    changed = jira.call("PUT", path, json={"released": True})

    [found] = jira.fields(jira.make_key(fixVersions=[{"name": "v4.0"}]))["fixVersions"]
    assert made.status_code == 201
    assert made.json()["projectId"] == jira.store.project_id("CALC")
    assert list(again.json()["errors"]) == ["name"]
    assert changed.json() == jira.call("GET", path).json()
    assert (found["released"], found["releaseDate"]) == (True, "2027-01-31")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "V1.0"}, 400),
        ({"releaseDate": "soon"}, 400),
        ({"released": "yes"}, 400),
        ({"project": ""}, 400),
        ({"project": "NOPE"}, 404),
        ({"projectId": 99}, 404),
    ],
    ids=str,
)
def test_refused_version(jira: JiraClient, change: dict[str, Any], status: int) -> None:
    """A wrong version is refused, and none is made."""
    before = jira.store.versions("CALC")
    body = {"project": "CALC", "name": "v4.0", **change}

    answer = jira.call("POST", "/version", json=body)

    assert answer.status_code == status
    assert jira.store.versions("CALC") == before


def test_version_without_permission(jira: JiraClient) -> None:
    """Only an administrator of the project makes versions; Cloud hides the project."""
    jira.store.taken_away.add("ADMINISTER_PROJECTS")

    answer = jira.call("POST", "/version", json={"project": "CALC", "name": "v4.0"})

    assert answer.status_code == (404 if jira.is_cloud else 403)


def test_boards(jira: JiraClient) -> None:
    """The boards of a project, by key and by id, and by their type."""
    scrum = jira.store.add_board("CALC")
    kanban = jira.store.add_board("CALC", "Flow", "kanban")
    jira.store.add_project("OTHER")
    jira.store.add_board("OTHER")

    def boards(**query: Any) -> list[int]:
        found = jira.call("GET", f"{AGILE}/board", params=query).json()
        return [each["id"] for each in found["values"]]

    assert boards(projectKeyOrId="CALC") == [scrum, kanban]
    assert boards(projectKeyOrId=jira.store.project_id("CALC"), type="scrum") == [scrum]
    assert boards(name="flow") == [kanban]
    assert len(boards()) == 3
    path = f"{AGILE}/board/{kanban}"
    assert jira.call("GET", path).json()["location"]["projectKey"] == "CALC"
    assert jira.call("GET", f"{path}/sprint").status_code == 400
    assert jira.call("GET", f"{AGILE}/board/999").status_code == 404
    query = {"projectKeyOrId": "NOPE"}
    assert jira.call("GET", f"{AGILE}/board", params=query).status_code == 404


def test_adopted_board(new_server: Any) -> None:
    """With `adopt`, a project gets a board with an active sprint, once."""
    query = {"projectKeyOrId": "NEW"}
    path = f"{AGILE}/board"
    found = [new_server.call("GET", path, params=query).json() for _ in range(2)]
    [board] = found[0]["values"]

    sprints = new_server.call("GET", f"{path}/{board['id']}/sprint").json()["values"]

    assert found[0] == found[1]
    assert [each["state"] for each in sprints] == ["active"]


def test_sprints(jira: JiraClient) -> None:
    """Sprints by their state, with their dates."""
    board = jira.store.add_board("CALC")
    for name, state in (("A", "closed"), ("B", "active"), ("C", "future")):
        jira.store.add_sprint(board, name, state, end="2026-12-11T10:00:00.000Z")
    path = f"{AGILE}/board/{board}/sprint"

    def names(**query: Any) -> list[str]:
        found = jira.call("GET", path, params=query).json()["values"]
        return [each["name"] for each in found]

    [active] = jira.call("GET", path, params={"state": "active"}).json()["values"]
    assert names() == ["A", "B", "C"]
    assert names(state="active,future") == ["B", "C"]
    assert names(startAt=1, maxResults=1) == ["B"]
    assert active["endDate"] == "2026-12-11T10:00:00.000Z"
    assert active["originBoardId"] == board
    assert jira.call("GET", path, params={"state": "odd"}).status_code == 400
    assert jira.call("GET", f"{AGILE}/sprint/{active['id']}").json() == active


def test_versions_of_a_board(jira: JiraClient) -> None:
    """A board has the versions of its project."""
    board = jira.store.add_board("CALC")
    jira.store.change_version("CALC", "v1.0", released=True)
    path = f"{AGILE}/board/{board}/version"

    found = jira.call("GET", path, params={"released": "false"}).json()["values"]

    assert [each["name"] for each in found] == ["v2.0", "v3.0"]


def test_issues_into_a_sprint(jira: JiraClient) -> None:
    """Issues of any type are moved to a sprint, and keep the closed ones."""
    board = jira.store.add_board("CALC")
    closed, active, future = (
        jira.store.add_sprint(board, state, state)
        for state in ("closed", "active", "future")
    )
    bug = jira.make_key()
    jira.store.put_into_sprint(bug, closed)
    states = [
        jira.call(
            "POST", f"{AGILE}/sprint/{sprint}/issue", json={"issues": [bug, "CALC-20"]}
        ).status_code
        for sprint in (future, active)
    ]

    shown = jira.fields(bug)["customfield_10020"]
    assert states == [204, 204]
    assert [each["state"] for each in shown] == ["closed", "active"]
    assert jira.fields("CALC-20")["customfield_10020"][0]["id"] == active


@pytest.mark.parametrize(
    ("keys", "state", "status"),
    [
        (["CALC-1"], "closed", 400),
        (["CALC-1"] * 51, "active", 400),
        ([], "active", 400),
        (["CALC-1", "CALC-999"], "active", 404),
        (["CALC-1"], "none", 404),
    ],
)
def test_refused_moves(
    jira: JiraClient, keys: list[str], state: str, status: int
) -> None:
    """A refused move moves nothing."""
    board = jira.store.add_board("CALC")
    sprint = 999 if state == "none" else jira.store.add_sprint(board, "S", state)

    path = f"{AGILE}/sprint/{sprint}/issue"
    answer = jira.call("POST", path, json={"issues": keys})

    assert answer.status_code == status
    assert jira.fields("CALC-1")["customfield_10020"] is None


def test_move_without_permission(jira: JiraClient) -> None:
    """Moving issues needs a permission."""
    sprint = jira.store.add_sprint(jira.store.add_board("CALC"), "S", "active")
    jira.store.taken_away.add("SCHEDULE_ISSUES")

    path = f"{AGILE}/sprint/{sprint}/issue"
    answer = jira.call("POST", path, json={"issues": ["CALC-1"]})

    assert answer.status_code == 403


def test_project(jira: JiraClient) -> None:
    """A project shows its components and the statuses of its issues."""
    jira.store.add_component("CALC", "Display")

    project = jira.call("GET", "/project/CALC").json()
    listed = jira.call("GET", "/project/CALC/components").json()
    statuses = jira.call("GET", "/project/CALC/statuses").json()
    every = jira.call("GET", "/project")

    assert [each["name"] for each in project["components"]] == ["Display"]
    assert listed == project["components"]
    names = {each["name"] for each in statuses[0]["statuses"]}
    assert names == {"To Do", "In Progress", "Done"}
    assert every.status_code == (404 if jira.is_cloud else 200)
