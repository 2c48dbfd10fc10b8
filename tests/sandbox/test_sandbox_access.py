"""Permissions in the sandbox, and the findings of ``check`` from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_connection, settings_of
from xray_bridge.check import run_checks
from xray_bridge.client.connection import ApiKey, Basic
from xray_bridge.config.secret import Secret
from xray_bridge.model.dialect import CLOUD, DIALECTS
from xray_sandbox import CREDENTIALS


API = "/rest/api/2"
LOGIN = Basic(user=CREDENTIALS.user, password=Secret(CREDENTIALS.password))
KEY = ApiKey(
    client_id=CREDENTIALS.client_id, client_secret=Secret(CREDENTIALS.client_secret)
)


def found(sandbox: Any, **changes: Any) -> dict[str, Any]:
    """The marks of all lines of ``check``, for a session with every setting."""
    settings = settings_of(
        project="CALC",
        test_plan="CALC-15",
        test_execution="CALC-20",
        fix_version="v1.0",
        environments="chrome",
        statuses="skipped=ABORTED",
        execution_fields='{"customfield_11506": "r1"}',
    )
    connection = a_connection(sandbox.url, **{"credentials": LOGIN, **changes})
    return {
        each.what: each.ok for each in run_checks(settings, connection, thorough=True)
    }


def test_permissions(server: Any) -> None:
    """The answer says for each requested permission if the account has it."""
    server.store.taken_away.add("LINK_ISSUES")
    query = {"projectKey": "CALC", "permissions": "EDIT_ISSUES,LINK_ISSUES"}

    answer = server.call("GET", f"{API}/mypermissions", params=query).json()

    given = {key: row["havePermission"] for key, row in answer["permissions"].items()}
    assert given == {"EDIT_ISSUES": True, "LINK_ISSUES": False}


def test_permissions_of_a_hidden_project(server: Any) -> None:
    """The answer says so if the account cannot see the project."""
    server.store.taken_away.add("BROWSE_PROJECTS")
    query = {"projectKey": "CALC", "permissions": "BROWSE_PROJECTS"}

    answer = server.call("GET", f"{API}/mypermissions", params=query).json()

    assert not answer["permissions"]["BROWSE_PROJECTS"]["havePermission"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"projectKey": "NONE"}, 404), ({"permissions": "FLY"}, 400), ({}, 200)],
    ids=str,
)
def test_permissions_that_cannot_be_told(
    server: Any, query: dict[str, str], status: int
) -> None:
    """Unknown projects and permissions are refused; without a list, all are given."""
    answer = server.call("GET", f"{API}/mypermissions", params=query)

    assert answer.status_code == status


def test_issue_types(server: Any) -> None:
    """Issue types come in pages, as in Jira since 8.4."""
    path = f"{API}/issue/createmeta/CALC/issuetypes"

    answer = server.call("GET", path).json()

    names = [each["name"] for each in answer["values"]]
    assert names[:4] == ["Test", "Test Plan", "Test Execution", "Pre-Condition"]
    assert {"Bug", "Story", "Task", "Epic", "Sub-task"} <= set(names)
    assert (answer["total"], answer["isLast"]) == (len(names), True)


def test_server_is_well(sandbox: Any) -> None:
    """No line is wrong or undecided."""
    marks = found(sandbox)

    assert {what for what, ok in marks.items() if not ok} == set()
    assert {"permissions", "issue_types", "execution_fields", "clock"} <= set(marks)


def test_cloud_without_jira(sandbox: Any) -> None:
    """The lines that only Jira can answer are undecided."""
    marks = found(sandbox, dialect=DIALECTS[CLOUD], credentials=KEY)

    open_ = {"fix_version", "permissions", "issue_types", "fields"}
    assert {what: ok for what, ok in marks.items() if not ok} == dict.fromkeys(open_)


def test_cloud_with_jira(sandbox: Any) -> None:
    """Jira answers the rest."""
    login = Basic(user=CREDENTIALS.user, password=Secret(CREDENTIALS.token))
    changes = {"jira_url": f"{sandbox.url}/jira-cloud", "jira_credentials": login}
    marks = found(sandbox, dialect=DIALECTS[CLOUD], credentials=KEY, **changes)

    assert {what for what, ok in marks.items() if not ok} == set()
    assert marks["jira"]


def test_cloud_with_a_server(sandbox: Any) -> None:
    """A Jira that is no Cloud site is the wrong product."""
    changes = {"jira_url": sandbox.url, "jira_credentials": LOGIN}
    marks = found(sandbox, dialect=DIALECTS[CLOUD], credentials=KEY, **changes)

    assert "product" in {what for what, ok in marks.items() if not ok}


def test_cloud_with_a_jira_that_refuses(sandbox: Any) -> None:
    """After a refused login, Jira is not asked again."""
    wrong = Basic(user="ann", password=Secret("not-the-password"))
    changes = {"jira_url": sandbox.url, "jira_credentials": wrong}
    marks = found(sandbox, dialect=DIALECTS[CLOUD], credentials=KEY, **changes)

    assert marks["jira"] is False
    assert marks["permissions"] is None


@pytest.mark.parametrize(
    ("away", "lines"),
    [
        ("licence", {"xray": False}),
        (
            "BROWSE_PROJECTS",
            dict.fromkeys(("project", "test_execution", "test_plan"), False),
        ),
        ("EDIT_ISSUES", {"permissions": False}),
        ("CREATE_ISSUES", {"permissions": None, "issue_types": False}),
        ("LINK_ISSUES", {"permissions": None}),
        ("Test", {"issue_types": False}),
    ],
    ids=["licence", "browse", "edit", "create", "link", "type"],
)
def test_instance_that_lacks_something(
    sandbox: Any, away: str, lines: dict[str, bool | None]
) -> None:
    """Only the lines that need it are wrong."""
    sandbox.store.taken_away.add(away)

    marks = found(sandbox)

    assert {what: mark for what, mark in marks.items() if not mark} == lines
