"""The web page and its JSON."""

from __future__ import annotations

import base64
from typing import Any

import requests
from lxml import html


def test_demo_is_listed(server: Any) -> None:
    """The first page lists the Test Executions."""
    page = requests.get(server.sandbox.url, timeout=20)
    assert "CALC-20" in page.text
    assert "Nightly run" in page.text


def test_html_is_escaped(server: Any) -> None:
    """Uploaded text is escaped and never becomes markup."""
    bad = "<script>alert(1)</script>"
    body = {
        "info": {"project": "CALC", "summary": bad, "description": bad},
        "tests": [
            {
                "testKey": "CALC-1",
                "status": "FAIL",
                "comment": bad,
                "evidence": [{"data": "aGVsbG8=", "filename": bad}],
            }
        ],
    }
    key = server.post_json("", body).json()["testExecIssue"]["key"]
    for path in ("/", f"/browse/{key}"):
        page = requests.get(f"{server.sandbox.url}{path}", timeout=20).text
        assert bad not in page
        assert "&lt;script&gt;" in page


def test_execution_as_json(server: Any) -> None:
    """A Test Execution with its Test Runs, and the list, are available as JSON."""
    body = {
        "testExecutionKey": "CALC-20",
        "tests": [{"testKey": "CALC-1", "status": "PASS"}],
    }
    server.post_json("", body)
    url = f"{server.sandbox.url}/sandbox"
    one = requests.get(f"{url}/executions/CALC-20.json", timeout=20).json()
    assert one["runs"][0]["test_key"] == "CALC-1"
    (row,) = requests.get(f"{url}/executions.json", timeout=20).json()
    assert row["counts"] == {"PASS": 1}


def test_issues_have_a_page(server: Any) -> None:
    """A Test has a page; an unknown issue is not found."""
    url = server.sandbox.url
    assert "Scenario Outline" in requests.get(f"{url}/browse/CALC-79", timeout=20).text
    assert requests.get(f"{url}/browse/CALC-999", timeout=20).status_code == 404
    missing = f"{url}/sandbox/executions/CALC-999.json"
    assert requests.get(missing, timeout=20).status_code == 404


def test_evidence_is_saved_not_shown(server: Any) -> None:
    """Evidence is sent as a download."""
    item = {"data": "PGI+", "filename": "a.html", "contentType": "text/html"}
    test = {"testKey": "CALC-1", "status": "PASS", "evidence": [item]}
    server.post_json("", {"testExecutionKey": "CALC-20", "tests": [test]})
    found = server.store.test_execution("CALC-20").runs[0].evidence[0]
    url = f"{server.sandbox.url}/sandbox/evidence/{found.id}"
    answer = requests.get(url, timeout=20)
    assert answer.content == b"<b>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_page_of_a_bug(jira: Any) -> None:
    """The page of an issue shows what happened to it in Jira."""
    key = jira.make_key(priority={"name": "High"}, fixVersions=[{"name": "v1.0"}])
    path = f"/issue/{key}"
    body = {"type": {"name": "Blocks"}}
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": "CALC-70"}}
    jira.call("POST", "/issueLink", json={**body, **ends})
    shown = {"url": "https://ci.example.com/1", "title": "Build 1"}
    jira.call("POST", f"{path}/remotelink", json={"object": shown})
    evil = {"url": "javascript:alert(1)", "title": "Evil"}
    jira.call("POST", f"{path}/remotelink", json={"object": evil})
    jira.call("POST", f"{path}/comment", json={"body": "Seen <b>again</b>"})
    files = {"file": ("log.txt", b"x" * 2000, "text/plain")}
    headers = {"X-Atlassian-Token": "no-check"}
    jira.call("POST", f"{path}/attachments", files=files, headers=headers)
    jira.call("POST", f"{path}/transitions", json={"transition": {"id": "31"}})

    page = requests.get(f"{jira.sandbox.url}{jira.prefix}/browse/{key}", timeout=20)
    first = requests.get(jira.sandbox.url, timeout=20).text
    assert f'<a href="/browse/{key}">{key}</a>' in first
    assert "CALC-79" not in first
    for text in ("Bug", "Done", "High", "v1.0", "CALC-70", "Build 1", "log.txt"):
        assert text in page.text
    assert 'href="https://ci.example.com/1"' in page.text
    assert "Seen &lt;b&gt;again&lt;/b&gt;" in page.text
    assert "javascript:" not in page.text
    file = f"{jira.sandbox.url}/sandbox/attachment/"
    [found] = jira.fields(key)["attachment"]
    assert requests.get(f"{file}{found['id']}", timeout=20).content == b"x" * 2000
    assert requests.get(f"{file}99999", timeout=20).status_code == 404


def test_page_of_builds(sandbox: Any) -> None:
    """The page of an issue shows its builds with their tests, and deployments."""
    from .test_jira_builds import BUILD, DEPLOYMENT, OAUTH

    url = f"{sandbox.url}/atlassian"
    answer = requests.post(f"{url}/oauth/token", json=OAUTH, timeout=20).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    for kind, item in (("builds", BUILD), ("deployments", DEPLOYMENT)):
        path = f"{url}/jira/{kind}/0.1/cloud/0a1b2c3d-sandbox/bulk"
        requests.post(path, json={kind: [item]}, headers=headers, timeout=20)

    page = requests.get(f"{sandbox.url}/browse/CALC-1", timeout=20).text
    data = requests.get(f"{sandbox.url}/sandbox/issues/CALC-1.json", timeout=20).json()
    other = requests.get(f"{sandbox.url}/browse/CALC-2", timeout=20).text

    assert "145 passed, 3 failed, 2 skipped of 150" in page
    assert "acme/api</a>, Prod" in page
    assert "Builds" not in other
    assert data["parts"]["builds"][0]["tests"]["totalNumber"] == 150
    missing = requests.get(f"{sandbox.url}/sandbox/issues/X-1.json", timeout=20)
    assert missing.status_code == 404


def tree(server: Any, path: str) -> Any:
    """The page at a path, as a tree of elements."""
    return html.fromstring(requests.get(f"{server.sandbox.url}{path}", timeout=20).text)


def tables(page: Any) -> dict[str, list[list[str]]]:
    """The texts of the tables of a page, by their titles."""
    return {
        each.find("summary").text.strip(): [
            [cell.text_content() for cell in row.findall("td")]
            for row in each.iterfind(".//tbody/tr")
        ]
        for each in page.xpath("//details[@class='table']")
    }


def test_pages_of_tests_plans_and_requirements_link_to_each_other(server: Any) -> None:
    """From a Test to its Test Runs, Test Plans and requirements, and back."""
    store = server.store
    story = store.add_requirement("CALC-300", "Adding")
    test = store.add_test("CALC-301", summary="It adds", requirements=(story,))
    plan = store.add_test_plan("CALC-302", summary="Release", tests=[test])
    execution = "CALC-20"
    body = {
        "testExecutionKey": execution,
        "tests": [{"testKey": test, "status": "FAIL"}],
    }
    assert server.post_json("", body).status_code == 200
    store.link_to_plan(plan, [execution])

    of_test, of_plan, of_story = (
        tree(server, f"/browse/{key}") for key in (test, plan, story)
    )

    assert tables(of_test)["Test Runs, newest first"][0][:3] == [
        execution, "Nightly run", "FAIL",
    ]  # fmt: skip
    assert tables(of_test)["Part of"] == [[plan, "Release", "Test Plan"]]
    assert tables(of_test)["Requirements"] == [[story, "Adding", "NOK"]]
    assert tables(of_plan)["Tests"] == [[test, "It adds", "FAIL"]]
    assert tables(of_plan)["Test Executions"][0][:2] == [execution, "Nightly run"]
    assert tables(of_story)["Tests"] == [[test, "It adds", "FAIL"]]
    for page, key in ((of_test, plan), (of_plan, test), (of_story, test)):
        assert f"/browse/{key}" in page.xpath("//main//td/a/@href")
    headlines = [
        page.xpath("string(//p[@class='headline'])") for page in (of_plan, of_story)
    ]
    assert headlines == ["1 FAIL", "NOK: 1 FAIL"]


def test_an_uncovered_requirement_says_so(server: Any) -> None:
    """A requirement without Tests is uncovered, in a colour of its own."""
    story = server.store.add_requirement("CALC-300", "Adding")

    page = tree(server, f"/browse/{story}")

    assert page.xpath("string(//p[@class='headline'])") == "UNCOVERED"
    assert page.xpath("//header/@class") == ["verdict skipped"]


def test_a_page_runs_no_script_but_its_own(server: Any) -> None:
    """The policy allows the sandbox's own files; pages without a filter run nothing."""
    answer = requests.get(f"{server.sandbox.url}/browse/CALC-20", timeout=20)

    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page: Any = html.fromstring(answer.text)
    urls = [*page.xpath("//link/@href"), *page.xpath("//script/@src")]
    assert urls == ["/sandbox/assets/page.css", "/sandbox/assets/page.js"]
    for url in urls:
        assert requests.get(f"{server.sandbox.url}{url}", timeout=20).status_code == 200
    assert tree(server, "/").xpath("//script") == []
    unknown = requests.get(f"{server.sandbox.url}/sandbox/assets/view.py", timeout=20)
    assert unknown.status_code == 404


def test_images_are_shown_and_cannot_run_scripts(server: Any) -> None:
    """An image has its own type, below a policy that forbids its scripts."""
    svg = base64.b64encode(b"<svg onload='alert(1)'/>").decode()
    item = {"data": svg, "filename": "a.svg", "contentType": "image/svg+xml"}
    test = {"testKey": "CALC-1", "status": "PASS", "evidence": [item]}
    server.post_json("", {"testExecutionKey": "CALC-20", "tests": [test]})

    (source,) = tree(server, "/browse/CALC-20").xpath(
        "//ul[@class='evidence']//img/@src"
    )

    answer = requests.get(f"{server.sandbox.url}{source}", timeout=20)
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
