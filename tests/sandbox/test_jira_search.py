"""Search in the sandbox's Jira: JQL, pages, the lag, and what Cloud removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xray_sandbox import running

from .conftest import JiraClient, jira_client


def search(jira: JiraClient, jql: str, **more: Any) -> Any:
    """Search by a body, with the keys of all issues."""
    path = "/search/jql" if jira.is_cloud else "/search"
    body = {"jql": jql, "fields": ["key"], **more}
    return jira.call("POST", path, json=body)


def keys_of(jira: JiraClient, jql: str, **more: Any) -> list[str]:
    """The keys that a search finds."""
    answer = search(jira, jql, **more)
    assert answer.status_code == 200, answer.text
    return [each["key"] for each in answer.json()["issues"]]


@pytest.fixture
def bugs(jira: JiraClient) -> dict[str, str]:
    """An epic with an open and a done bug, the first one in a sprint."""
    store = jira.store
    sprint = store.add_sprint(store.add_board("CALC"), "Sprint 1", "active")
    epic = jira.make_key("Epic")
    open_ = jira.make_key(
        labels=["xb-1"],
        parent={"key": epic},
        fixVersions=[{"name": "v1.0"}],
        priority={"name": "High"},
    )
    done = jira.make_key(labels=["xb-1", "xb-2"])
    store.put_into_sprint(open_, sprint)
    store.change_status(done, "Done")
    return {"epic": epic, "open": open_, "done": done, "sprint": str(sprint)}


@pytest.mark.parametrize(
    ("jql", "expected"),
    [
        ("labels = xb-1 AND statusCategory != Done", ["open"]),
        ('labels in ("xb-1", "xb-2") ORDER BY created DESC', ["done", "open"]),
        ("issuetype in (Bug, Epic) AND project = CALC", ["epic", "open", "done"]),
        ("issuetype = Bug AND status = Done", ["done"]),
        ("issuetype = Bug AND status in ('to do', \"In Progress\")", ["open"]),
        ("issuetype = Bug AND statusCategory = new", ["open"]),
        ("sprint = {sprint}", ["open"]),
        ("sprint = 'Sprint 1'", ["open"]),
        ("fixVersion = v1.0 AND type = Bug", ["open"]),
        ("parent = {epic}", ["open"]),
        ("parent in ({epic}) AND resolution = Unresolved", ["open"]),
        ("resolution = Done", ["done"]),
        ("priority = High AND type = bug", ["open"]),
        ("labels != xb-2 AND type = Bug", ["open"]),
        ("labels not in (xb-2) AND type = Bug", ["open"]),
        ("labels IS EMPTY AND type = Epic", ["epic"]),
        ("labels is not empty and type = Bug", ["open", "done"]),
        ("type = Bug order by key desc", ["done", "open"]),
        ('text ~ "a bug" AND type = Bug', ["open", "done"]),
        ("key in ({open}, {done}) ORDER BY id", ["open", "done"]),
    ],
)
def test_jql(
    jira: JiraClient, bugs: dict[str, str], jql: str, expected: list[str]
) -> None:
    """Each of these queries finds these issues, in this order."""
    assert keys_of(jira, jql.format(**bugs)) == [bugs[name] for name in expected]


@pytest.mark.parametrize(
    "jql",
    [
        "status = Nowhere",
        "statusCategory = Nowhere",
        "sprint = 99",
        "fixVersion = v9",
        "parent = CALC-999",
        "project = NOPE",
        "issuetype = Saga",
        "summary is empty",
        "project = CALC ORDER BY colour",
        "project = CALC ORDER BY key SIDEWAYS",
        f"project = CALC ORDER BY {', '.join(['key'] * 8)}",
    ],
)
def test_refused_jql(jira: JiraClient, jql: str) -> None:
    """Unknown values and fields are refused."""
    answer = search(jira, jql)

    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_one_unknown_key(jira: JiraClient) -> None:
    """One unknown key fails the search; only Data Center can be told to go on."""
    jql = "key in (CALC-1, CALC-999)"
    strict, warned = search(jira, jql), search(jira, jql, validateQuery="warn")

    assert strict.status_code == 400
    assert warned.status_code == (400 if jira.is_cloud else 200)


def test_forgiven_key(jira_server: JiraClient) -> None:
    """With a warning instead of an error, the other issues are found."""
    jql = "key in (CALC-1, CALC-999)"

    assert keys_of(jira_server, jql, validateQuery="warn") == ["CALC-1"]


def test_positions(jira_server: JiraClient) -> None:
    """Data Center counts positions and says how many issues there are."""
    jql = "project = CALC AND type = Test"
    page = search(jira_server, jql, startAt=3, maxResults=2).json()

    assert [each["key"] for each in page["issues"]] == ["CALC-4", "CALC-5"]
    assert (page["startAt"], page["total"]) == (3, 11)


def test_tokens(jira_cloud: JiraClient) -> None:
    """Cloud gives a token for the next page, and no total; the last page has none."""
    jql = "project = CALC AND type = Test"
    pages: list[Any] = []
    query: dict[str, str] = {}
    while not pages or query:
        page = search(jira_cloud, jql, maxResults=4, **query).json()
        pages.append(page)
        token = page.get("nextPageToken")
        query = {"nextPageToken": token} if token else {}

    found = [each["key"] for page in pages for each in page["issues"]]
    assert [page["isLast"] for page in pages] == [False, False, True]
    assert not any("total" in page for page in pages)
    assert (len(found), len(set(found))) == (11, 11)


@pytest.mark.parametrize("token", ["x", "bm8="])
def test_wrong_token(jira_cloud: JiraClient, token: str) -> None:
    """A token that is not of this query is refused."""
    assert search(jira_cloud, "key = CALC-1", nextPageToken=token).status_code == 400


def test_token_of_another_query(jira_cloud: JiraClient) -> None:
    """A token belongs to one query."""
    token = search(jira_cloud, "project = CALC", maxResults=1).json()["nextPageToken"]

    answer = search(jira_cloud, "project = CALC AND type = Test", nextPageToken=token)

    assert answer.status_code == 400


def test_only_ids_without_fields(jira_cloud: JiraClient) -> None:
    """Without named fields, Cloud gives only ids."""
    body = {"jql": "key = CALC-1"}
    [found] = jira_cloud.call("POST", "/search/jql", json=body).json()["issues"]
    query = {"jql": "key = CALC-1", "fields": "summary,labels"}
    [more] = jira_cloud.call("GET", "/search/jql", params=query).json()["issues"]

    assert set(found) == {"id"}
    assert set(more["fields"]) == {"summary", "labels"}


@pytest.mark.parametrize("jql", ["", "ORDER BY created"])
def test_unbounded(jira_cloud: JiraClient, jql: str) -> None:
    """Cloud refuses a query without a condition."""
    answer = search(jira_cloud, jql)

    assert answer.status_code == 400
    assert "Unbounded" in answer.json()["errorMessages"][0]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_removed_search(jira_cloud: JiraClient, method: str) -> None:
    """Cloud's old search is gone; Data Center has no new one."""
    options = {"json": {"jql": "key = CALC-1"}} if method == "POST" else {}
    answer = jira_cloud.call(method, "/search?jql=key=CALC-1", **options)
    server = jira_client(jira_cloud.sandbox, "server")

    assert answer.status_code == 410
    assert "/search/jql" in answer.json()["errorMessages"][0]
    assert search(server, "key = CALC-1").status_code == 200
    path = "/search/jql"
    assert server.call("GET", path, params={"jql": "x"}).status_code == 404


def test_count(jira_cloud: JiraClient) -> None:
    """Cloud counts the issues of a query."""
    body = {"jql": "project = CALC AND type = Test"}
    answer = jira_cloud.call("POST", "/search/approximate-count", json=body)

    assert answer.json() == {"count": 11}


def test_lag(tmp_path: Path) -> None:
    """A new issue is not found until later, unless its id is reconciled."""
    with running(tmp_path, search_lag=30) as sandbox:
        server, cloud = (jira_client(sandbox, door) for door in ("server", "cloud"))
        made = server.make(labels=["xb-1"]).json()

        jql = "labels = xb-1"
        assert keys_of(server, jql) == keys_of(cloud, jql) == []
        reconciled = keys_of(cloud, jql, reconcileIssues=[int(made["id"])])
        shown = server.call("GET", f"/issue/{made['key']}").status_code
        too_many = search(cloud, jql, reconcileIssues=list(range(51)))

    assert reconciled == [made["key"]]
    assert shown == 200
    assert too_many.status_code == 400


def test_rate_limit(tmp_path: Path) -> None:
    """A prepared answer is a rate limit of Cloud with its reason, for two requests."""
    limit = {
        "method": "POST",
        "path": "/jira-cloud/rest/api/2/issue/*/comment",
        "times": 2,
        "status": 429,
        "headers": {
            "RateLimit-Reason": "jira-per-issue-on-write",
            "Retry-After": "1",
        },
        "body": {"errorMessages": ["Rate limit exceeded."], "errors": {}},
    }
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([limit]))
    with running(tmp_path / "data", answers=path) as sandbox:
        jira = jira_client(sandbox, "cloud")
        key = jira.make_key()
        comment = f"/issue/{key}/comment"
        answers = [jira.call("POST", comment, json={"body": "x"}) for _ in range(3)]
        count = jira.call("GET", comment).json()["total"]

    assert [each.status_code for each in answers] == [429, 429, 201]
    assert answers[0].headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert count == 1
