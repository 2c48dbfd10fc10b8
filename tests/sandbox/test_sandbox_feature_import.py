"""Import of feature files."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from xray_sandbox import RunningSandbox


SERVER = "/rest/raven/2.0/import/feature"
CLOUD = "/api/v2/import/feature"
FEATURE = """\
Feature: Division
  Background:
    #@PRECOND_{precondition}
    Given the calculator is on

  @TEST_{test} @REQ_CALC-70 @slow
  Scenario: Divide by two
    Given 4
"""
KEYED = FEATURE.format(precondition="CALC-500", test="CALC-79")


def post(client: Any, path: str, text: str | bytes, **more: Any) -> Any:
    """Import feature files and return the answer."""
    name = more.pop("name", "division.feature")
    files = {"file": (name, text, "text/plain")}
    files |= {
        part: (f"{part}.json", json.dumps(value), "application/json")
        for part, value in more.items()
    }
    return client.call("POST", path, files=files, params={"projectKey": "CALC"})


def zipped(**texts: str) -> bytes:
    """An archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"core/{name}.feature", text)
    return buffer.getvalue()


@pytest.fixture
def with_precondition(sandbox: RunningSandbox) -> None:
    """The demo project has a Precondition."""
    sandbox.store.add_issue("Pre-Condition", "CALC-500", summary="On")


@pytest.mark.usefixtures("with_precondition")
def test_server_lists_issues(server: Any) -> None:
    """Server's answer lists the issues with their types."""
    found = post(server, SERVER, KEYED).json()

    assert [(each["key"], each["issueType"]["name"]) for each in found] == [
        ("CALC-79", "Test"),
        ("CALC-500", "Pre-Condition"),
    ]


@pytest.mark.usefixtures("with_precondition")
def test_cloud_has_three_lists(cloud: Any) -> None:
    """Cloud's answer lists errors, Tests and Preconditions."""
    found = post(cloud, CLOUD, KEYED).json()

    assert found["errors"] == []
    assert [each["key"] for each in found["updatedOrCreatedTests"]] == ["CALC-79"]
    assert [each["key"] for each in found["updatedOrCreatedPreconditions"]] == [
        "CALC-500"
    ]


@pytest.mark.usefixtures("with_precondition")
def test_all_is_replaced(server: Any) -> None:
    """Summary, labels and text become those of the file."""
    server.store.change_issue("CALC-79", labels=("manual",))
    post(server, SERVER, KEYED)
    test = server.store.issue("CALC-79")

    assert test.summary == "Divide by two"
    assert test.labels == ("slow", "division.feature")
    assert test.scenario == "Scenario: Divide by two\n  Given 4\n"
    assert test.requirements == ("CALC-70",)


def test_server_makes_a_test_for_an_unknown_key(server: Any) -> None:
    """Server finds a Test by key, else by path and summary, else it creates one."""
    text = "Feature: F\n  @TEST_CALC-999\n  Scenario: S\n    * x\n"
    first = post(server, SERVER, text).json()[0]["key"]
    second = post(server, SERVER, text).json()[0]["key"]

    assert first == second != "CALC-999"


def test_cloud_refuses_an_unknown_key(cloud: Any) -> None:
    """Cloud refuses an unknown key and imports the rest."""
    text = (
        "Feature: F\n  @TEST_CALC-999\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n"
    )
    found = post(cloud, CLOUD, text).json()

    assert found["errors"] == ["Test with key CALC-999 was not found"]
    assert len(found["updatedOrCreatedTests"]) == 1


def test_server_says_what_went_wrong(server: Any) -> None:
    """Server's answer is then an object with the errors and the imported issues."""
    text = "Feature: F\n  @CALC-1\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n"
    found = post(server, SERVER, text).json()

    assert found["message"] == "The Test CALC-1 is not a Cucumber Test"
    assert len(found["testIssues"]) == 1


def test_by_id(server: Any) -> None:
    """A label with an id finds a Test with another name."""
    text = "Feature: F\n  @id:7\n  Scenario: {}\n    * x\n"
    first = post(server, SERVER, text.format("Old")).json()[0]["key"]
    second = post(server, SERVER, text.format("New")).json()[0]["key"]

    assert first == second
    assert server.store.issue(first).summary == "New"


def test_another_file_is_another_test(server: Any) -> None:
    """The same scenario of another file is not the same Test."""
    text = "Feature: F\n  Scenario: S\n    * x\n"
    first = post(server, SERVER, text, name="a.feature").json()[0]["key"]
    second = post(server, SERVER, text, name="b.feature").json()[0]["key"]

    assert first != second


def test_archives(cloud: Any) -> None:
    """All feature files of an archive are imported, with their paths."""
    texts = {name: f"Feature: {name}\n  Scenario: {name}\n    * x\n" for name in "ab"}
    found = post(cloud, CLOUD, zipped(**texts), name="all.zip").json()
    keys = [each["key"] for each in found["updatedOrCreatedTests"]]

    assert [cloud.store.issue(key).summary for key in keys] == ["a", "b"]
    assert cloud.store.issue(keys[0]).fields["feature"] == "core/a.feature"


def test_fields_of_what_is_made(server: Any) -> None:
    """The given fields are set on new Tests only."""
    info = {"fields": {"labels": ["nightly"], "description": "of CI"}}
    text = "Feature: F\n  @CALC-78\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n"
    found = post(server, SERVER, text, testInfo=info).json()
    old, new = (server.store.issue(each["key"]) for each in found)

    assert "nightly" not in old.labels
    assert "nightly" in new.labels
    assert new.description == "of CI"


@pytest.mark.parametrize(
    "text", ["", "<html></html>", "Scenario: S\n", "Feature: F\n", b"PK\x03\x04nothing"]
)
def test_refused(server: Any, cloud: Any, text: str | bytes) -> None:
    """Both products refuse a file without scenarios."""
    assert post(server, SERVER, text).status_code == 400
    assert post(cloud, CLOUD, text).status_code == 400


def test_unknown_project(server: Any) -> None:
    """An unknown project is refused."""
    files = {"file": ("a.feature", KEYED, "text/plain")}
    params = {"projectKey": "NOPE"}

    assert server.call("POST", SERVER, files=files, params=params).status_code == 400


@pytest.mark.usefixtures("with_precondition")
def test_preconditions_by_graphql(cloud: Any) -> None:
    """Cloud lists them as it lists Tests."""
    query = (
        'query { getPreconditions(jql: "key in (CALC-500)", limit: 10) '
        '{ total results { jira(fields: ["key", "summary"]) } } }'
    )
    found = cloud.graphql(query)["data"]["getPreconditions"]

    assert found["results"] == [{"jira": {"key": "CALC-500", "summary": "On"}}]


@pytest.mark.parametrize(
    ("jql", "expected"),
    [
        ('summary ~ "\\"two numbers\\""', ["CALC-1", "CALC-3", "CALC-78"]),
        ('project = CALC AND (summary ~ "divide numb" OR labels = x)', ["CALC-79"]),
        ('(key = CALC-1 or summary ~ "Order by x") and project = CALC', ["CALC-1"]),
        ("(key = CALC-1 OR key = CALC-2) ORDER BY key DESC", ["CALC-2", "CALC-1"]),
    ],
)
def test_searches(server: Any, jql: str, expected: list[str]) -> None:
    """Phrases in summaries, and alternatives in brackets."""
    body = {"jql": jql, "fields": ["summary"]}
    found = server.call("POST", "/rest/api/2/search", json=body).json()

    assert [each["key"] for each in found["issues"]] == expected


@pytest.mark.parametrize(
    "jql",
    [
        "labels ~ x",
        "(key = CALC-1",
        "key = CALC-1 OR key = CALC-2",
        "(key = CALC-1) project = CALC",
        "()",
    ],
)
def test_searches_that_are_refused(server: Any, jql: str) -> None:
    """The sandbox refuses a search that it does not understand."""
    found = server.call("POST", "/rest/api/2/search", json={"jql": jql})

    assert found.status_code == 400


COMMENTED = KEYED.replace(
    "  @TEST", "  # Divides by two,\n  # and no other number.\n  @TEST"
)


def test_comments_describe_on_cloud(
    server: Any, cloud: Any, sandbox: RunningSandbox
) -> None:
    """Comments become the description on Cloud only; without comments it stays."""
    sandbox.store.add_issue("Pre-Condition", "CALC-500", summary="On")
    found: list[str | None] = []
    for client, path in ((server, SERVER), (cloud, CLOUD), (cloud, CLOUD)):
        text = KEYED if len(found) == 2 else COMMENTED
        post(client, path, text)
        issue = sandbox.store.issue("CALC-79")
        found.append(issue.description if issue else None)

    assert found == ["", *["Divides by two,\nand no other number."] * 2]


def test_descriptions_as_documents(jira_cloud: Any, sandbox: RunningSandbox) -> None:
    """Version 3 of Jira's API returns and accepts descriptions as documents."""
    sandbox.store.change_issue("CALC-79", description="One.\nTwo.")
    path = "/rest/api/3/issue/CALC-79"
    told = jira_cloud.call("GET", path).json()["fields"]["description"]
    sandbox.store.change_issue("CALC-79", description="")
    jira_cloud.call("PUT", path, json={"fields": {"description": told}})
    refused = jira_cloud.call("PUT", path, json={"fields": {"description": "text"}})

    issue = sandbox.store.issue("CALC-79")
    assert told["type"] == "doc"
    assert issue is not None
    assert issue.description == "One.\nTwo."
    assert refused.status_code == 400
