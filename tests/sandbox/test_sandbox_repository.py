"""Tests with Xray's own fields, the Test Repository and Test Sets, on both products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xray_sandbox.read import fields
from xray_sandbox.store.repository import folder_of


if TYPE_CHECKING:
    from tests.sandbox.conftest import CloudClient, ServerClient

FOLDERS = "/rest/raven/1.0/api/testrepository/CALC/folders"
SCENARIO = {
    fields.TEST_TYPE.id: {"value": "Cucumber"},
    fields.CUCUMBER_TYPE.id: {"value": "Scenario Outline"},
    fields.SCENARIO.id: "Given <n>\n\nExamples:\n  | n |\n  | 1 |",
}


def create(server: ServerClient, **more: Any) -> Any:
    """Create a Test, as Jira does it; return the answer."""
    values = {
        "project": {"key": "CALC"},
        "issuetype": {"name": "Test"},
        "summary": "new",
    }
    return server.call("POST", "/rest/api/2/issue", json={"fields": {**values, **more}})


def ask(cloud: CloudClient, query: str, **variables: Any) -> Any:
    """Send a query of GraphQL; return data, or the text of the error."""
    body = {"query": query, "variables": variables}
    found = cloud.call("POST", "/api/v2/graphql", json=body).json()
    return found["data"] or found["errors"][0]["message"]


def test_the_fields_of_a_test(server: ServerClient) -> None:
    """They are shown as they were given; a scenario gets its headline."""
    key = create(server, **SCENARIO).json()["key"]
    shown = server.call("GET", f"/rest/api/2/issue/{key}").json()["fields"]
    test = server.store.issue(key)

    assert test is not None
    assert {name: shown[name] for name in SCENARIO if "1513" not in name} == {
        name: value for name, value in SCENARIO.items() if "1513" not in name
    }
    assert test.scenario.startswith("Scenario Outline: new\n  Given <n>\n")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (fields.TEST_TYPE, {"value": "Odd"}, "is not valid"),
        (fields.CUCUMBER_TYPE, "Scenario", "is not valid"),
        (fields.DEFINITION, 5, "Operation value must be a string"),
    ],
)
def test_wrong_values(
    server: ServerClient, field: fields.CustomField, value: Any, said: str
) -> None:
    """Jira names the field."""
    answer = create(server, **{field.id: value})

    assert answer.status_code == 400
    assert said in answer.json()["errors"][field.id]


def test_folders_on_server(server: ServerClient) -> None:
    """A tree, in which a Test is in one folder."""
    one = server.call("POST", f"{FOLDERS}/-1", json={"name": "a"}).json()["id"]
    two = server.call("POST", f"{FOLDERS}/{one}", json={"name": "b"}).json()["id"]
    put = server.call("PUT", f"{FOLDERS}/{two}/tests", json={"add": ["CALC-1"]})
    tree = server.call("GET", FOLDERS).json()["folders"]
    shown = server.call("GET", "/rest/api/2/issue/CALC-1").json()["fields"]
    back = server.call("PUT", f"{FOLDERS}/{two}/tests", json={"remove": ["CALC-1"]})
    test = server.store.issue("CALC-1")

    assert (put.status_code, back.status_code) == (200, 200)
    assert [each["name"] for each in tree] == ["a"]
    assert tree[0]["folders"][0]["testRepositoryPath"] == "/a/b"
    assert tree[0]["folders"][0]["testCount"] == 1
    assert shown[fields.REPOSITORY_PATH.id] == "/a/b"
    assert test is not None
    assert folder_of(test) == ""


@pytest.mark.parametrize(
    ("parent", "name", "said"),
    [
        (-1, "twice", "already exists"),
        (-1, "a/b", "not valid"),
        (-1, "", "not valid"),
        (999_999, "a", "not found"),
    ],
)
def test_refused_folders(
    server: ServerClient, parent: int, name: str, said: str
) -> None:
    """With one sentence."""
    server.call("POST", f"{FOLDERS}/-1", json={"name": "twice"})
    answer = server.call("POST", f"{FOLDERS}/{parent}", json={"name": name})

    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_test_set_on_server(server: ServerClient) -> None:
    """What is no Test is in the answer."""
    server.store.add_test_set("CALC-50")
    path = "/rest/raven/2.0/api/testset/CALC-50/test"
    added = server.call("POST", path, json={"add": ["CALC-1", "CALC-70"]}).json()
    members = server.call("GET", path).json()
    server.call("POST", path, json={"remove": ["CALC-1"]})

    assert len(added) == 1
    assert [each["key"] for each in members] == ["CALC-1"]
    assert server.call("GET", path).json() == []


CREATE = (
    "mutation($t: UpdateTestTypeInput, $f: String, $g: String, $jira: JSON!) { "
    "createTest(testType: $t, folderPath: $f, gherkin: $g, jira: $jira) { "
    'test { issueId gherkin folder { path } jira(fields: ["key"]) } warnings } }'
)
JIRA = {"fields": {"project": {"key": "CALC"}, "summary": "new"}}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"jira": {}}, "jira must be an object with fields"),
        ({"jira": JIRA, "t": {"name": "Odd"}}, "Test Type Odd does not exist"),
        ({"jira": JIRA, "f": "/none"}, "Folder /none not found"),
        ({"jira": {"fields": {"project": {"key": "CALC"}}}}, "specify a summary"),
    ],
)
def test_refused_tests_on_cloud(
    cloud: CloudClient, variables: dict[str, Any], said: str
) -> None:
    """With status 200."""
    assert said in ask(cloud, CREATE, **variables)


def test_a_test_and_its_folder_on_cloud(cloud: CloudClient) -> None:
    """Parents are not made by themselves."""
    project = str(cloud.store.project_id("CALC"))
    make = (
        "mutation($p: String!, $f: String!) "
        "{ createFolder(projectId: $p, path: $f) { folder { path } warnings } }"
    )
    orphan = ask(cloud, make, p=project, f="/a/b")
    ask(cloud, make, p=project, f="/a")
    again = ask(cloud, make, p=project, f="/a")
    made = ask(
        cloud, CREATE, jira=JIRA, t={"name": "Cucumber"}, f="/a", g="Given it is"
    )["createTest"]["test"]
    move = (
        "mutation($id: String!, $f: String!) "
        "{ updateTestFolder(issueId: $id, folderPath: $f) }"
    )
    ask(cloud, move, id=made["issueId"], f="/")
    test = cloud.store.issue(made["jira"]["key"])

    assert orphan == "Folder /a not found"
    assert again == "Folder /a already exists"
    assert (made["folder"], made["gherkin"]) == ({"path": "/a"}, "Given it is")
    assert test is not None
    assert (folder_of(test), test.scenario) == ("", "Scenario: new\n  Given it is\n")
    assert "project with id 1 does not exist" in ask(cloud, make, p="1", f="/a")
