"""Parts of issues in the sandbox's Jira: workflow, comments, links, attachments."""

from __future__ import annotations

from typing import Any

import pytest


NO_CHECK = {"X-Atlassian-Token": "no-check"}


def transitions_of(jira: Any, key: str, **query: str) -> dict[str, Any]:
    """The transitions that are offered, by the name of their target."""
    path = f"/issue/{key}/transitions"
    found = jira.call("GET", path, params=query).json()["transitions"]
    return {each["to"]["name"]: each for each in found}


def move(jira: Any, key: str, id_: str, **more: Any) -> Any:
    """Move an issue by a transition."""
    body = {"transition": {"id": id_}, **more}
    return jira.call("POST", f"/issue/{key}/transitions", json=body)


def test_workflow(jira: Any) -> None:
    """An issue is done with a resolution, and has none after it is opened again."""
    key = jira.make_key()
    offered = transitions_of(jira, key, expand="transitions.fields")
    assert set(offered) == {"In Progress", "Done"}
    assert "resolution" in offered["Done"]["fields"]

    named = {"resolution": {"name": "Duplicate"}}
    assert move(jira, key, offered["Done"]["id"], fields=named).status_code == 204
    done = jira.fields(key)
    again = move(jira, key, offered["Done"]["id"])
    reopened = move(jira, key, transitions_of(jira, key)["To Do"]["id"])

    assert done["status"]["statusCategory"]["key"] == "done"
    assert done["resolution"]["name"] == "Duplicate"
    assert done["resolutiondate"]
    assert (again.status_code, reopened.status_code) == (400, 204)
    assert jira.fields(key)["resolution"] is None


@pytest.mark.parametrize("id_", ["", "99", "11"])
def test_transition_that_is_not_offered(jira: Any, id_: str) -> None:
    """A wrong transition is refused and changes nothing."""
    key = jira.make_key()

    answer = move(jira, key, id_)

    assert answer.status_code == 400
    assert jira.fields(key)["status"]["name"] == "To Do"


def test_transition_with_required_field(jira: Any) -> None:
    """A required field of a transition is listed, and the transition needs it."""
    key = jira.make_key()
    jira.store.required.add("transition resolution")
    done = transitions_of(jira, key, expand="transitions.fields")["Done"]

    without = move(jira, key, done["id"])
    wrong = move(jira, key, done["id"], fields={"resolution": {"name": "No"}})
    other = move(jira, key, done["id"], fields={"summary": "x"})
    right = move(jira, key, done["id"], fields={"resolution": {"name": "Done"}})

    assert done["fields"]["resolution"]["required"]
    assert without.json()["errors"] == {"resolution": "Resolution is required."}
    assert wrong.status_code == 400
    assert "cannot be set" in other.json()["errors"]["summary"]
    assert right.status_code == 204


def test_history(jira: Any) -> None:
    """The history says who changed the status."""
    key = jira.make_key()
    move(jira, key, "31")
    jira.store.change_status(key, "To Do", author="ann")

    found = jira.call("GET", f"/issue/{key}?expand=changelog").json()["changelog"]
    pages = jira.call("GET", f"/issue/{key}/changelog").json()["values"]

    authors = [each["author"]["displayName"] for each in found["histories"]]
    assert authors == ["Sandbox", "Ann"]
    assert [each["items"][0]["toString"] for each in pages] == ["Done", "To Do"]


def test_comments(jira: Any) -> None:
    """Comments are added, changed and listed in pages."""
    path = f"/issue/{jira.make_key()}/comment"
    first = jira.call("POST", path, json={"body": "one"})
    jira.call("POST", path, json={"body": "two"})
    changed = jira.call("PUT", f"{path}/{first.json()['id']}", json={"body": "1"})

    page = jira.call("GET", path, params={"startAt": 1, "maxResults": 1}).json()
    every = jira.call("GET", path).json()["comments"]

    assert (first.status_code, changed.status_code) == (201, 200)
    assert [each["body"] for each in page["comments"]] == ["two"]
    assert page["total"] == 2
    assert [each["body"] for each in every] == ["1", "two"]
    assert jira.call("PUT", f"{path}/999", json={"body": "1"}).status_code == 404


@pytest.mark.parametrize("body", [" ", None, "x" * 32_768, {"type": "doc"}], ids=repr)
def test_refused_comment(jira: Any, body: Any) -> None:
    """A comment needs a text, and not too long a one."""
    path = f"/issue/{jira.make_key()}/comment"

    answer = jira.call("POST", path, json={"body": body})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["comment"]


def test_comment_without_permission(jira: Any) -> None:
    """Without the permission there is no comment."""
    key = jira.make_key()
    jira.store.taken_away.add("ADD_COMMENTS")

    answer = jira.call("POST", f"/issue/{key}/comment", json={"body": "x"})

    assert answer.status_code == 403
    assert "permission to comment" in answer.json()["errorMessages"][0]


def test_comment_of_version_three(jira_cloud: Any) -> None:
    """Version 3 takes a document."""
    text = {"type": "text", "text": "Seen"}
    body = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [text]}],
    }
    path = f"/issue/{jira_cloud.make_key()}/comment"

    answer = jira_cloud.call("POST", f"/rest/api/3{path}", json={"body": body})

    assert answer.json()["body"] == body
    [found] = jira_cloud.call("GET", path).json()["comments"]
    assert found["body"] == "Seen"


def link(jira: Any, name: str, source: str, destination: str) -> Any:
    """Link two issues."""
    body = {
        "type": {"name": name},
        "inwardIssue": {"key": source},
        "outwardIssue": {"key": destination},
    }
    return jira.call("POST", "/issueLink", json=body)


def test_links(jira: Any) -> None:
    """A link is shown by both issues, and made only once."""
    bug, story = jira.make_key(), jira.make_key("Story")
    for _ in range(2):
        assert link(jira, "Blocks", bug, story).status_code == 201

    [own] = jira.fields(bug)["issuelinks"]
    [other] = jira.fields(story)["issuelinks"]
    types = jira.call("GET", "/issueLinkType").json()["issueLinkTypes"]
    removed = jira.call("DELETE", f"/issueLink/{own['id']}")

    assert own["outwardIssue"]["key"] == story
    assert other["inwardIssue"]["key"] == bug
    assert own["type"]["outward"] == "blocks"
    assert "Tests" in [each["name"] for each in types]
    assert removed.status_code == 204
    assert jira.fields(bug)["issuelinks"] == []


def test_refused_links(jira: Any) -> None:
    """Unknown types and issues are not found; without permission nothing is linked."""
    bug = jira.make_key()
    assert link(jira, "Odd", bug, "CALC-1").status_code == 404
    assert link(jira, "Blocks", bug, "CALC-999").status_code == 404
    jira.store.taken_away.add("LINK_ISSUES")

    answer = link(jira, "Blocks", bug, "CALC-1")

    assert answer.status_code == (404 if jira.is_cloud else 401)


def test_new_issue_with_links(jira: Any) -> None:
    """A new issue can be linked at once."""
    add = {"add": {"type": {"name": "Relates"}, "outwardIssue": {"key": "CALC-70"}}}
    fields = {
        "project": {"key": "CALC"},
        "issuetype": {"name": "Bug"},
        "summary": "x",
    }
    body = {"fields": fields, "update": {"issuelinks": [add]}}

    key = jira.call("POST", "/issue", json=body).json()["key"]

    [found] = jira.fields(key)["issuelinks"]
    assert found["outwardIssue"]["key"] == "CALC-70"


def test_requirements_are_links(jira: Any) -> None:
    """The requirements of a Test are links of the type Tests, at both issues."""
    [own] = jira.fields("CALC-78")["issuelinks"]
    others = jira.fields("CALC-70")["issuelinks"]

    assert (own["type"]["name"], own["outwardIssue"]["key"]) == ("Tests", "CALC-70")
    assert [each["inwardIssue"]["key"] for each in others] == ["CALC-78", "CALC-79"]


def test_remote_links(jira: Any) -> None:
    """The same global id replaces a remote link; fields that are left out are gone."""
    path = f"/issue/{jira.make_key()}/remotelink"
    shown = {"url": "https://ci.example.com/1", "title": "Build 1", "summary": "red"}
    first = jira.call("POST", path, json={"globalId": "ci:1", "object": shown})
    changed = {"url": "https://ci.example.com/2", "title": "Build 2"}
    second = jira.call("POST", path, json={"globalId": "ci:1", "object": changed})
    jira.call("POST", path, json={"object": changed})

    every = jira.call("GET", path).json()
    one = jira.call("GET", path, params={"globalId": "ci:1"}).json()

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"] == one["id"]
    assert one["object"] == changed
    assert len(every) == 2
    query = {"globalId": "ci:2"}
    assert jira.call("GET", path, params=query).status_code == 404
    query = {"globalId": "ci:1"}
    assert jira.call("DELETE", path, params=query).status_code == 204


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"object": {"url": "https://x"}}, {"title"}),
        ({}, {"url", "title"}),
        ({"globalId": "x" * 256, "object": {"url": "u", "title": "t"}}, {"globalId"}),
    ],
)
def test_refused_remote_link(jira: Any, body: dict[str, Any], wrong: set[str]) -> None:
    """A remote link needs an address and a title."""
    path = f"/issue/{jira.make_key()}/remotelink"

    answer = jira.call("POST", path, json=body)

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == wrong


def test_properties(jira: Any) -> None:
    """An issue keeps any JSON value by name."""
    path = f"/issue/{jira.make_key()}/properties"
    states = [
        jira.call("PUT", f"{path}/xray-bridge", json=value).status_code
        for value in ({"clean": 1}, {"clean": 2})
    ]

    found = jira.call("GET", f"{path}/xray-bridge").json()
    names = jira.call("GET", path).json()["keys"]
    removed = jira.call("DELETE", f"{path}/xray-bridge").status_code

    assert states == [201, 200]
    assert found == {"key": "xray-bridge", "value": {"clean": 2}}
    assert [each["key"] for each in names] == ["xray-bridge"]
    assert removed == 204
    assert jira.call("GET", f"{path}/xray-bridge").status_code == 404


def attach(jira: Any, key: str, *files: Any, headers: Any = None) -> Any:
    """Attach files; each is the name of its part and the file."""
    given = NO_CHECK if headers is None else headers
    path = f"/issue/{key}/attachments"
    return jira.call("POST", path, files=list(files), headers=given)


def test_attachments(jira: Any) -> None:
    """An attachment is shown by its issue, and its content comes back."""
    key = jira.make_key()
    answer = attach(jira, key, ("file", ("räport.html", b"<b>x</b>", "text/html")))
    [made] = answer.json()
    [found] = jira.fields(key)["attachment"]

    path = found["content"].removeprefix(f"{jira.sandbox.url}{jira.prefix}")
    import requests

    content = requests.get(found["content"], auth=jira.login, timeout=20)

    assert answer.status_code == 200
    assert (made["filename"], made["size"]) == ("räport.html", 8)
    assert path.startswith("/rest/api/2" if jira.is_cloud else "/secure/attachment")
    assert content.content == b"<b>x</b>"
    assert "attachment" in content.headers["Content-Disposition"]
    path = f"/attachment/{made['id']}"
    assert jira.call("GET", path).json()["filename"] == "räport.html"
    assert jira.call("DELETE", path).status_code == 204
    assert jira.call("GET", path).status_code == 404


def test_refused_attachments(jira: Any) -> None:
    """The header is needed, a wrong part is ignored, a large file is refused."""
    key = jira.make_key()
    part = ("file", ("a.txt", b"x" * 20, "text/plain"))
    without = attach(jira, key, part, headers={})
    wrong_name = attach(jira, key, ("attachment", ("a.txt", b"x", "text/plain")))
    jira.store.attachment_limit = 10
    too_large = attach(jira, key, part)
    limit = jira.call("GET", "/attachment/meta").json()
    jira.store.taken_away.add("CREATE_ATTACHMENTS")
    forbidden = attach(jira, key, part)

    assert without.status_code == 403
    assert (wrong_name.status_code, wrong_name.json()) == (200, [])
    assert too_large.status_code == 413
    assert limit == {"enabled": True, "uploadLimit": 10}
    assert forbidden.status_code == 403
    assert jira.fields(key)["attachment"] == []
