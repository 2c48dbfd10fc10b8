"""Jira's side of Server, login and wrong paths."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from xray_sandbox import CREDENTIALS


API = "/rest/api/2"


def test_basic_login(server: Any) -> None:
    """User and password work as well as the token."""
    url = f"{server.sandbox.url}{API}/myself"
    login = CREDENTIALS.user, CREDENTIALS.password
    assert requests.get(url, auth=login, timeout=20).json()["name"] == login[0]


@pytest.mark.parametrize("path", [f"{API}/myself", "/rest/raven/2.0/api/xraylicense"])
@pytest.mark.parametrize("header", ["Bearer no", "Basic bm86bm8=", "Basic %", "Odd"])
def test_wrong_login(server: Any, path: str, header: str) -> None:
    """A wrong login is answered with 401, and a header says that it failed."""
    answer = server.call("GET", path, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_no_login(server: Any) -> None:
    """Only serverInfo needs no login."""
    url = server.sandbox.url
    assert requests.get(f"{url}{API}/myself", timeout=20).status_code == 401
    answer = requests.get(f"{url}{API}/serverInfo", timeout=20).json()
    assert (answer["deploymentType"], answer["baseUrl"]) == ("Server", url)


def test_refused_upload_gets_its_answer(server: Any) -> None:
    """A large body with a wrong login is read to its end, so that the 401 arrives."""
    files = {"file": ("r.xml", b" " * 20_000_000)}
    headers = {"Authorization": "Bearer no"}
    url = f"{server.base}/junit"
    answer = server.call("POST", url, files=files, headers=headers)
    assert answer.status_code == 401


def test_too_large_upload(server: Any) -> None:
    """A body of more than 100 MiB is refused, and the answer arrives."""
    headers = {"Content-Type": "application/json"}
    body = b" " * (101 << 20)
    answer = server.call("POST", server.base, data=body, headers=headers)
    assert (answer.status_code, answer.text) == (413, "Request Entity Too Large")


def test_chunked_upload(server: Any) -> None:
    """A body of unknown length is read as well."""
    chunks = iter([b'{"tests": [{"testKey": "CALC-1", ', b'"status": "PASS"}]}'])
    headers = {"Content-Type": "application/json"}
    answer = server.call("POST", server.base, data=chunks, headers=headers)
    assert answer.status_code == 200


def test_fields(server: Any) -> None:
    """Xray's fields can be recognised by their type, Jira's by their name."""
    found = server.call("GET", f"{API}/field").json()
    custom = {one["schema"].get("custom"): one for one in found}
    environments = "com.xpandit.plugins.xray:test-environments-custom-field"
    assert custom[environments]["schema"]["type"] == "array"
    assert {"Revision", "Begin Date", "End Date"} <= {one["name"] for one in found}


def test_project(server: Any) -> None:
    """A project has its versions; an unknown one is not found."""
    found = server.call("GET", f"{API}/project/CALC").json()
    assert [one["name"] for one in found["versions"]] == ["v1.0", "v2.0", "v3.0"]
    assert server.call("GET", f"{API}/project/NOPE").status_code == 404


def test_issue(server: Any) -> None:
    """An issue is found by key and by id; an unknown one is not found."""
    found = server.call("GET", f"{API}/issue/CALC-15?fields=issuetype").json()
    assert found["fields"]["issuetype"]["name"] == "Test Plan"
    again = server.call("GET", f"{API}/issue/{found['id']}").json()
    assert again["key"] == "CALC-15"
    assert server.call("GET", f"{API}/issue/CALC-999").status_code == 404


def test_edit(server: Any) -> None:
    """Labels, texts, custom fields and the Test Plan can be changed."""
    fields = {
        "labels": ["a"],
        "summary": "new",
        "customfield_11506": "rev",
        "customfield_11507": ["CALC-15"],
    }
    body = {"fields": fields, "update": {"labels": [{"add": "b"}]}}
    answer = server.call("PUT", f"{API}/issue/CALC-20", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    found = server.store.test_execution("CALC-20")
    assert (found.labels, found.summary) == (("a", "b"), "new")
    assert (found.revision, found.test_plans) == ("rev", ("CALC-15",))


@pytest.mark.parametrize(
    "body", [{"fields": {"nope": 1}}, {"fields": {"labels": "x"}}, []]
)
def test_refused_edit(server: Any, body: Any) -> None:
    """A wrong edit is refused in Jira's form."""
    answer = server.call("PUT", f"{API}/issue/CALC-20", json=body)
    assert answer.status_code == 400
    assert answer.json()["errorMessages"] or answer.json()["errors"]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("key = CALC-1", ["CALC-1"]),
        ("key in (CALC-1, 'CALC-15')", ["CALC-1", "CALC-15"]),
        ('project = CALC AND issuetype = "Test Execution"', ["CALC-20"]),
        ('labels = "nightly" ORDER BY created DESC', ["CALC-20"]),
        ('project = "CALC" and labels in (nightly, x) and type = Test', []),
    ],
)
def test_search(server: Any, jql: str, keys: list[str]) -> None:
    """A search works by GET and by POST."""
    server.store.change_issue("CALC-20", labels=("nightly",))
    by_get = server.call("GET", f"{API}/search", params={"jql": jql}).json()
    body = {"jql": jql, "fields": ["summary"], "maxResults": 10}
    by_post = server.call("POST", f"{API}/search", json=body).json()
    for found in (by_get, by_post):
        assert [one["key"] for one in found["issues"]] == keys
        assert found["total"] == len(keys)


@pytest.mark.parametrize(
    "jql",
    [
        "key = CALC-999",
        "project = NOPE",
        "labels = 'a' OR labels = 'b'",
        "status = Nowhere",
        "labels ~ a",
        "key = CALC-1 AND",
        "labels = 'a",
        "labels = a; DROP TABLE issue",
    ],
)
def test_refused_search(server: Any, jql: str) -> None:
    """Unsupported queries and unknown names are answered with 400."""
    answer = server.call("GET", f"{API}/search", params={"jql": jql})
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


@pytest.mark.parametrize("path", ["/rest/raven/2.0/nope", f"{API}/nope", "/rest/x"])
def test_wrong_rest_path(server: Any, path: str) -> None:
    """Below `rest` an unknown path is an XML 404."""
    answer = server.call("GET", path)
    assert answer.status_code == 404
    assert "<status-code>404</status-code>" in answer.text


def test_double_slash(server: Any) -> None:
    """A path with a double slash is not found."""
    answer = server.call("POST", "/rest/raven/2.0/import/execution//multipart")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/jira/rest/api/2/myself", "/nope"])
def test_wrong_base_is_a_login_page(server: Any, path: str) -> None:
    """Any other path is answered with a login page and status 200."""
    answer = server.call("GET", path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        200,
        "text/html; charset=utf-8",
    )


def test_head_on_an_import_is_not_allowed(server: Any) -> None:
    """A real import address answers 405 to HEAD."""
    assert server.call("HEAD", f"{server.base}/junit").status_code == 405


def test_xray_resources(server: Any) -> None:
    """License, statuses, runs and plans can be read."""
    raven = "/rest/raven/2.0/api"
    assert server.call("GET", f"{raven}/xraylicense").json()["active"] is True
    statuses = server.call("GET", f"{raven}/settings/teststatuses").json()
    assert [one["name"] for one in statuses][:2] == ["PASS", "FAIL"]
    runs = server.call("GET", f"{raven}/testruns?testExecKey=CALC-20").json()
    assert runs == []
    assert server.call("GET", f"{raven}/testruns?testExecKey=X-1").status_code == 400


def test_plan_members(server: Any) -> None:
    """Adding to a Test Plan is answered with an empty array or with errors."""
    plan = "/rest/raven/2.0/api/testplan/CALC-15"
    add = {"add": ["CALC-20"]}
    assert server.call("POST", f"{plan}/testexecution", json=add).json() == []
    found = server.call("POST", f"{plan}/test", json={"add": ["CALC-4", "CALC-999"]})
    assert len(found.json()) == 1
    members = server.call("GET", f"{plan}/test?limit=2&page=2").json()
    assert [one["key"] for one in members] == ["CALC-3", "CALC-4"]
    assert server.store.test_execution("CALC-20").test_plans == ("CALC-15",)


NEW = {
    "project": {"key": "CALC"},
    "issuetype": {"name": "Test Execution"},
    "summary": "Nightly",
    "labels": ["a"],
}


def test_issue_is_made(server: Any) -> None:
    """A new Test Execution is answered with 201, id, key and link."""
    answer = server.call("POST", f"{API}/issue", json={"fields": NEW})
    made = server.store.test_execution(answer.json()["key"])

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "key", "self"}
    assert made is not None
    assert (made.summary, made.runs) == ("Nightly", ())


@pytest.mark.parametrize("without", ["project", "summary"])
def test_issue_that_lacks_something(server: Any, without: str) -> None:
    """An incomplete issue is refused in Jira's words, and nothing is created."""
    fields = {name: value for name, value in NEW.items() if name != without}
    before = len(server.store.test_executions())
    answer = server.call("POST", f"{API}/issue", json={"fields": fields})

    assert answer.status_code == 400
    assert len(server.store.test_executions()) == before
