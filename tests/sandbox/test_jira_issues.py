"""Issues of all types in the sandbox's Jira: made, refused, edited, moved."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import jira_client


@pytest.mark.parametrize("type_", ["Bug", "Story", "Task", "Epic", "Test"])
def test_made(jira: Any, type_: str) -> None:
    """An issue of any type is made with id, key and link."""
    answer = jira.make(type_)

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "key", "self"}
    assert f"{jira.prefix}/rest/api/2/issue/" in answer.json()["self"]
    assert jira.fields(answer.json()["key"])["issuetype"]["name"] == type_


def test_fields_of_a_new_issue(jira: Any) -> None:
    """All fields of the screen come back in Jira's form."""
    jira.store.add_component("CALC", "Display")
    epic = jira.make_key("Epic")
    user = {"accountId": "ann"} if jira.is_cloud else {"name": "ann"}
    key = jira.make_key(
        description="Steps",
        labels=["a", "b"],
        priority={"name": "High"},
        components=[{"name": "Display"}],
        versions=[{"name": "v1.0"}],
        fixVersions=[{"name": "v2.0"}],
        parent={"key": epic},
        duedate="2026-12-01",
        assignee=user,
        customfield_11520={"value": "Major"},
        customfield_11523=[{"value": "Unit"}],
        customfield_11522="Core",
        customfield_11524=3,
    )

    found = jira.fields(key)

    assert found["description"] == "Steps"
    assert found["labels"] == ["a", "b"]
    assert found["priority"]["name"] == "High"
    assert [each["name"] for each in found["components"]] == ["Display"]
    assert [each["name"] for each in found["versions"]] == ["v1.0"]
    assert [each["name"] for each in found["fixVersions"]] == ["v2.0"]
    assert found["parent"]["key"] == epic
    assert found["duedate"] == "2026-12-01"
    assert user.items() <= found["assignee"].items()
    assert found["customfield_11520"]["value"] == "Major"
    assert [each["value"] for each in found["customfield_11523"]] == ["Unit"]
    assert (found["customfield_11522"], found["customfield_11524"]) == ("Core", 3)
    assert found["status"]["statusCategory"]["key"] == "new"
    assert found["resolution"] is None


@pytest.mark.parametrize(
    ("fields", "name", "text"),
    [
        ({"summary": " "}, "summary", "You must specify a summary of the issue."),
        ({"summary": "x" * 256}, "summary", "Summary can't exceed 255 characters."),
        ({"summary": "a\nb"}, "summary", "newline"),
        ({"description": "x" * 32_768}, "description", "32767 characters"),
        ({"labels": ["a b"]}, "labels", "contains spaces which is invalid"),
        ({"priority": {"name": "Urgent"}}, "priority", "Priority name 'Urgent' is not"),
        ({"priority": "High"}, "priority", "Specify the Priority"),
        ({"priority": {"id": "9"}}, "priority", "Priority id '9' is not valid"),
        ({"components": [{"name": "No"}]}, "components", "Component name 'No' is not"),
        ({"components": {}}, "components", "data was not an array"),
        ({"versions": [{"name": "v9"}]}, "versions", "Version name 'v9' is not valid"),
        ({"fixVersions": [{"id": "9"}]}, "fixVersions", "Version id '9' is not valid"),
        ({"issuetype": {"name": "Saga"}}, "issuetype", "valid issue type is required"),
        ({"issuetype": None}, "issuetype", "issue type is required"),
        ({"project": {"key": "NO"}}, "project", "valid project is required"),
        ({"project": None}, "project", "project is required"),
        ({"parent": {"key": "CALC-999"}}, "parent", "Could not find issue"),
        ({"parent": {"key": "CALC-70"}}, "parent", "appropriate hierarchy"),
        ({"duedate": "tomorrow"}, "duedate", "Error parsing date string"),
        ({"assignee": {"name": "no", "accountId": "no"}}, "assignee", ""),
        ({"assignee": "ann"}, "assignee", "expected Object containing"),
        ({"customfield_11520": {"value": "Odd"}}, "customfield_11520", "Option value"),
        ({"customfield_11520": "Major"}, "customfield_11520", "Parent Option object"),
        ({"customfield_11524": "3"}, "customfield_11524", "must be a number"),
        ({"customfield_11522": 3}, "customfield_11522", "must be a string"),
        ({"customfield_10020": 99}, "customfield_10020", "Sprint"),
        ({"customfield_99": 1}, "customfield_99", "cannot be set"),
    ],
    ids=lambda found: str(found)[:40] if isinstance(found, dict) else "",
)
def test_refused(jira: Any, fields: dict[str, Any], name: str, text: str) -> None:
    """A wrong field is refused by its name, and nothing is created."""
    before = len(jira.store.issues("1"))

    answer = jira.make(**fields)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]
    assert text in answer.json()["errors"][name]
    assert answer.json()["errorMessages"] == []
    assert len(jira.store.issues("1")) == before


def test_all_wrong_fields_at_once(jira: Any) -> None:
    """Jira says at once what is wrong with each field."""
    jira.store.required |= {"customfield_11520", "components"}

    answer = jira.make(priority={"name": "Urgent"}, labels=["a b"])

    assert set(answer.json()["errors"]) == {
        "priority",
        "labels",
        "customfield_11520",
        "components",
    }
    assert answer.json()["errors"]["customfield_11520"] == "Severity is required."


@pytest.mark.parametrize(
    ("away", "field"),
    [
        ("ASSIGN_ISSUES", "assignee"),
        ("MODIFY_REPORTER", "reporter"),
        ("RESOLVE_ISSUES", "fixVersions"),
        ("SCHEDULE_ISSUES", "duedate"),
        ("priority", "priority"),
    ],
)
def test_field_that_is_not_on_the_screen(jira: Any, away: str, field: str) -> None:
    """Without its permission, a field is neither listed nor taken."""
    jira.store.taken_away.add(away)
    listed = jira.call("GET", "/issue/createmeta/CALC/issuetypes/10004").json()

    answer = jira.make(**{field: None})

    rows = listed["fields" if jira.is_cloud else "values"]
    assert field not in [each["fieldId"] for each in rows]
    assert "cannot be set" in answer.json()["errors"][field]


def test_no_permission_and_archived_project(jira: Any) -> None:
    """Without the permission, or in an archived project, nothing is written."""
    key = jira.make_key()
    jira.store.taken_away |= {"CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES"}
    edit = {"fields": {"summary": "x"}}
    assert jira.make().json()["errors"] == {
        "project": "You cannot create issues in this project."
    }
    assert jira.call("PUT", f"/issue/{key}", json=edit).status_code == 403
    offered = jira.call("GET", f"/issue/{key}/transitions").json()["transitions"]
    assert offered == []

    jira.store.taken_away.clear()
    jira.store.archive_project("CALC")

    assert jira.make().status_code == 400
    assert jira.call("PUT", f"/issue/{key}", json=edit).status_code == 403
    note = jira.call("POST", f"/issue/{key}/comment", json={"body": "x"})
    assert note.status_code == 403
    move = {"transition": {"id": "31"}}
    moved = jira.call("POST", f"/issue/{key}/transitions", json=move)
    assert moved.status_code == 400


def test_moved_issue(jira: Any) -> None:
    """An issue that was moved answers to its old key, under the new one."""
    key = jira.make_key()
    new = jira.store.move_issue(key, "OTHER")

    found = jira.call("GET", f"/issue/{key}").json()
    query = {"jql": f"key = {key}", "fields": "key"}
    path = "/search/jql" if jira.is_cloud else "/search"
    searched = jira.call("GET", path, params=query).json()["issues"]

    assert found["key"] == new
    assert [each["key"] for each in searched] == [new]


def test_edit_by_operations(jira: Any) -> None:
    """Lists are changed by operations; a comment can be added with them."""
    key = jira.make_key(labels=["a", "b"], fixVersions=[{"name": "v1.0"}])
    update = {
        "labels": [{"remove": "a"}, {"add": "c"}],
        "fixVersions": [{"add": {"name": "v2.0"}}, {"remove": {"name": "v1.0"}}],
        "comment": [{"add": {"body": "Seen again"}}],
        "priority": [{"set": {"name": "Low"}}],
    }

    answer = jira.call("PUT", f"/issue/{key}", json={"update": update})

    found = jira.fields(key)
    assert answer.status_code == 204
    assert found["labels"] == ["b", "c"]
    assert [each["name"] for each in found["fixVersions"]] == ["v2.0"]
    assert found["priority"]["name"] == "Low"
    assert [each["body"] for each in found["comment"]["comments"]] == ["Seen again"]


def test_document_of_version_three(jira_cloud: Any) -> None:
    """Version 3 takes and gives documents instead of texts."""
    text = {"type": "text", "text": "Steps"}
    paragraph = {"type": "paragraph", "content": [text]}
    document = {"type": "doc", "version": 1, "content": [paragraph]}
    fields = {
        "project": {"key": "CALC"},
        "issuetype": {"name": "Bug"},
        "summary": "x",
        "description": document,
    }
    path = "/rest/api/3/issue"
    key = jira_cloud.call("POST", path, json={"fields": fields}).json()["key"]
    fields["description"] = "Steps"
    refused = jira_cloud.call("POST", path, json={"fields": fields})

    shown = jira_cloud.call("GET", f"{path}/{key}").json()["fields"]["description"]
    assert shown == document
    assert jira_cloud.fields(key)["description"] == "Steps"
    assert refused.status_code == 400


def test_assignee(jira: Any) -> None:
    """An issue is assigned to a user that exists, or to nobody."""
    key = jira.make_key()
    name = "accountId" if jira.is_cloud else "name"

    path = f"/issue/{key}/assignee"
    known = jira.call("PUT", path, json={name: "bob"})
    assert jira.fields(key)["assignee"]["displayName"] == "Bob"
    unknown = jira.call("PUT", path, json={name: "nobody"})
    cleared = jira.call("PUT", path, json={name: None})

    assert [known.status_code, unknown.status_code] == [204, 400]
    assert cleared.status_code == 204
    assert jira.fields(key)["assignee"] is None


def test_create_fields(jira: Any) -> None:
    """The fields of a type say what is required and which values are allowed."""
    jira.store.required.add("customfield_11520")
    path = "/issue/createmeta/CALC/issuetypes"
    word = "fields" if jira.is_cloud else "values"

    answer = jira.call("GET", f"{path}/10004").json()
    page = jira.call("GET", f"{path}/10004", params={"startAt": 2, "maxResults": 3})

    found = {each["fieldId"]: each for each in answer[word]}
    assert found["summary"]["required"]
    assert found["customfield_11520"]["required"]
    severities = found["customfield_11520"]["allowedValues"]
    assert [each["value"] for each in severities] == ["Critical", "Major", "Minor"]
    assert "High" in [each["name"] for each in found["priority"]["allowedValues"]]
    assert [each["fieldId"] for each in page.json()[word]] == list(found)[2:5]
    assert page.json()["total"] == len(found)
    assert jira.call("GET", f"{path}/99").status_code == 404


def test_create_types(jira: Any) -> None:
    """Cloud and Data Center name the list of types differently."""
    answer = jira.call("GET", "/issue/createmeta/CALC/issuetypes").json()

    assert ("issueTypes" if jira.is_cloud else "values") in answer
    assert ("values" in answer) is not jira.is_cloud


def test_editmeta(jira: Any) -> None:
    """The fields of an existing issue, by id."""
    found = jira.call("GET", f"/issue/{jira.make_key()}/editmeta").json()["fields"]

    assert {"summary", "priority", "customfield_11520"} <= set(found)
    assert "project" not in found


@pytest.mark.parametrize(
    ("path", "name"),
    [("/priority", "High"), ("/resolution", "Duplicate"), ("/status", "In Progress")],
)
def test_lists_of_values(jira: Any, path: str, name: str) -> None:
    """Priorities, resolutions and statuses are listed."""
    assert name in [each["name"] for each in jira.call("GET", path).json()]


@pytest.mark.parametrize(
    "path",
    ["/priority/search", "/resolution/search", "/statuses/search", "/project/search"],
)
def test_lists_in_pages(jira: Any, path: str) -> None:
    """Only Cloud has these lists in pages."""
    answer = jira.call("GET", path)

    assert answer.status_code == (200 if jira.is_cloud else 404)


def test_doors(jira: Any) -> None:
    """Each door has its product and its own login."""
    info = jira.call("GET", "/serverInfo", auth=None).json()
    wrong = ("sandbox", "sandbox-password" if jira.is_cloud else "sandbox-token")

    assert info["deploymentType"] == ("Cloud" if jira.is_cloud else "Server")
    assert info["baseUrl"] == f"{jira.sandbox.url}{jira.prefix}"
    assert jira.call("GET", "/myself", auth=wrong).status_code == 401
    user = jira.call("GET", "/myself").json()
    assert ("accountId" in user) is jira.is_cloud


def test_gateway(sandbox: Any) -> None:
    """Atlassian's gateway leads to the site by its cloud id."""
    found = jira_at(sandbox, "/_edge/tenant_info", auth=None).json()["cloudId"]
    start = f"/atlassian/ex/jira/{found}"

    answer = jira_at(sandbox, f"{start}/rest/api/2/issue/CALC-1").json()
    info = jira_at(sandbox, f"{start}/rest/api/2/serverInfo").json()
    other = jira_at(sandbox, "/atlassian/ex/jira/another/rest/api/2/myself")
    files = {"file": ("a b.txt", b"x", "text/plain")}
    made = jira_client(sandbox, "cloud").call(
        "POST",
        "/issue/CALC-1/attachments",
        files=files,
        headers={"X-Atlassian-Token": "no-check"},
    )
    path = f"{start}/rest/api/2/attachment/{made.json()[0]['id']}"
    attached = jira_at(sandbox, path).json()["content"]

    assert answer["key"] == "CALC-1"
    assert answer["self"].startswith(f"{sandbox.url}{start}/rest/")
    assert info["baseUrl"] == f"{sandbox.url}/jira-cloud"
    assert other.status_code == 404
    assert attached.startswith(f"{sandbox.url}/jira-cloud/rest/")


def jira_at(sandbox: Any, path: str, **options: Any) -> Any:
    """Ask for a path with Cloud's login."""
    import requests

    from xray_sandbox import CREDENTIALS

    login = (CREDENTIALS.user, CREDENTIALS.token)
    start = "/jira-cloud" if path.startswith("/_edge") else ""
    url = f"{sandbox.url}{start}{path}"
    return requests.get(url, timeout=20, **{"auth": login, **options})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "/issue", 405), ("GET", "/nope", 404), ("PUT", "/search", 405)],
)
def test_wrong_address(jira: Any, method: str, path: str, status: int) -> None:
    """An unknown path and a wrong method are refused."""
    assert jira.call(method, path).status_code == status


def test_adopted_values(new_server: Any) -> None:
    """With `adopt`, versions, components and users are created when first named."""
    fields = {
        "project": {"key": "NEW"},
        "issuetype": {"name": "Bug"},
        "summary": "x",
        "fixVersions": [{"name": "v1"}],
        "components": [{"name": "Core"}],
        "assignee": {"name": "zoe"},
    }

    answer = new_server.call("POST", "/rest/api/2/issue", json={"fields": fields})

    assert answer.status_code == 201
    assert new_server.store.versions("NEW")[0][1] == "v1"


@pytest.mark.parametrize(
    "body",
    [
        {"fields": []},
        {"fields": {"labels": 5}},
        {"fields": {"labels": 5}, "update": {"labels": [{"add": "x"}]}},
        {"update": {"labels": [{"set": 5}]}},
        {"update": {"labels": {"add": "x"}}},
        {"update": {"labels": [{"add": "a b"}]}},
        {"update": {"fixVersions": [{"add": {"name": "v9"}}]}},
        {"update": {"components": [{"set": [1]}]}},
        {"update": {"comment": [{"add": "x"}]}},
        {"update": {"issuelinks": [{"add": []}]}},
        {"update": {"priority": [{"add": {"name": "High"}}]}},
        {"fields": {"assignee": {"name": [], "accountId": []}}},
        {"fields": {"description": []}},
        [],
    ],
    ids=str,
)
def test_edits_of_wrong_types(jira: Any, body: Any) -> None:
    """An edit of the wrong form is refused, and changes nothing."""
    key = jira.make_key(labels=["a"])
    before = jira.fields(key)

    answer = jira.call("PUT", f"/issue/{key}", json=body)

    assert answer.status_code == 400
    assert jira.fields(key) == before


def test_execution_behind_both_doors(jira: Any) -> None:
    """A Test Execution is made and assigned as its product has it."""
    user = {"accountId" if jira.is_cloud else "name": "ann"}
    xray = {"customfield_11505": ["linux"]}
    key = jira.make_key("Test Execution", assignee=user)

    with_xray = jira.make("Test Execution", **xray)
    wrong = jira.make("Test Execution", assignee={"id": "ann"})
    edited = jira.call("PUT", f"/issue/{key}", json={"fields": {"assignee": user}})

    assert jira.fields(key)["assignee"]["displayName"] == "Ann"
    assert with_xray.status_code == (400 if jira.is_cloud else 201)
    assert (wrong.status_code, edited.status_code) == (400, 204)


def test_version_three_is_of_cloud(jira: Any) -> None:
    """Data Center has only version 2 of the API."""
    answer = jira.call("GET", "/rest/api/3/issue/CALC-1")

    assert answer.status_code == (200 if jira.is_cloud else 404)
