"""The web page and its JSON."""

from __future__ import annotations

from typing import Any

import requests


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
