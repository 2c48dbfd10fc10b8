"""Server: multipart imports with an info part."""

from __future__ import annotations

import json
from typing import Any

import pytest


REPORT = '<testsuite name="s"><testcase classname="a" name="b"/></testsuite>'


def info(**fields: Any) -> dict[str, Any]:
    """An info part for project CALC."""
    return {"fields": {"project": {"key": "CALC"}, "summary": "Run 17", **fields}}


def field_ids(server: Any) -> dict[str, str]:
    """The ids of Xray's custom fields, from the list of fields."""
    found = server.call("GET", "/rest/api/2/field").json()
    return {one["name"]: one["id"] for one in found if one["custom"]}


def test_everything_arrives(server: Any) -> None:
    """The new Test Execution gets all fields and custom fields."""
    ids = field_ids(server)
    answer = server.post_parts(
        "/junit",
        REPORT,
        info(
            **{
                "issuetype": {"name": "Test Execution"},
                "description": "why",
                "labels": ["xray-bridge-1"],
                "fixVersions": [{"name": "v3.0"}],
                ids["Test Environments"]: ["chrome", "anything"],
                ids["Test Plan"]: ["CALC-15"],
                ids["Revision"]: "abc",
                ids["Begin Date"]: "2014-08-30T11:47:35.000+0100",
            }
        ),
    )
    key = answer.json()["testExecIssue"]["key"]
    found = server.store.test_execution(key)
    assert (found.summary, found.description) == ("Run 17", "why")
    assert (found.labels, found.fix_versions) == (("xray-bridge-1",), ("v3.0",))
    assert found.environments == ("chrome", "anything")
    assert (found.test_plans, found.revision) == (("CALC-15",), "abc")
    assert found.fields[ids["Begin Date"]].startswith("2014")


def test_plan_field_leaves_the_tests_out_of_the_plan(server: Any) -> None:
    """Only the query of the simple endpoint adds the Tests to the Test Plan."""
    ids = field_ids(server)
    server.store.add_test_plan("CALC-16")
    server.post_parts("/junit", REPORT, info(**{ids["Test Plan"]: ["CALC-16"]}))
    url = "/rest/raven/2.0/api/testplan/CALC-16/test"
    assert server.call("GET", url).json() == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"project": {"key": "NOPE"}}, "issuetype"),
        ({"issuetype": {"name": "Bug"}}, "issuetype"),
        ({"fixVersions": [{"name": "v9"}]}, "fixVersions: fixVersions"),
        ({"fixVersions": "v3.0"}, "fixVersions"),
        ({"labels": ["a b"]}, "spaces"),
        ({"labels": "a"}, "labels"),
        ({"summary": "a\nb"}, "newline"),
        ({"summary": "a" * 256}, "255"),
        ({"customfield_99999": "x"}, "customfield_99999"),
        ({"customfield_11505": "chrome"}, "array"),
        ({"customfield_11507": ["CALC-99"]}, "Test Plan"),
        ({"customfield_11502": "2014-08-30T11:47:35+01:00"}, "date"),
        ({"assignee": "jane"}, "'name' property"),
        ({"what": 1}, "what"),
    ],
)
def test_refused_fields(server: Any, fields: dict[str, Any], text: str) -> None:
    """Fields are checked as in Jira, and a refused import changes nothing."""
    before = len(server.store.tests())
    answer = server.post_parts("/junit", REPORT, info(**fields))
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert len(server.store.tests()) == before


def test_cloud_style_info_is_refused(server: Any) -> None:
    """Server refuses `xrayFields`, which only Cloud knows."""
    answer = server.post_parts("/junit", REPORT, {**info(), "xrayFields": {}})
    assert answer.json()["error"].startswith("Field 'xrayFields' cannot be set.")


def test_query_is_ignored_and_the_execution_is_new(server: Any) -> None:
    """A multipart import never writes into an existing Test Execution."""
    files = {
        "file": ("r.xml", REPORT, "application/xml"),
        "info": ("info.json", json.dumps(info()), "application/json"),
    }
    url = f"{server.base}/junit/multipart?testExecKey=CALC-20"
    answer = server.call("POST", url, files=files)
    assert answer.json()["testExecIssue"]["key"] != "CALC-20"


def test_existing_execution_in_the_report_is_not_used(server: Any) -> None:
    """A key in Xray JSON does not change that either."""
    body = {
        "testExecutionKey": "CALC-20",
        "tests": [{"testKey": "CALC-1", "status": "PASS"}],
    }
    answer = server.post_parts("", body, info())
    assert answer.json()["testExecIssue"]["key"] != "CALC-20"


@pytest.mark.parametrize("bare", ["info", "file"])
def test_parts_need_a_file_name(server: Any, bare: str) -> None:
    """A part without a file name is refused."""
    content = {"file": REPORT, "info": json.dumps(info())}
    files = {
        name: (None if name == bare else name, text, "application/json")
        for name, text in content.items()
    }
    answer = server.call("POST", f"{server.base}/junit/multipart", files=files)
    assert answer.status_code == 400


def test_wrong_report_part(server: Any) -> None:
    """Server refuses Cloud's name for the part with the report."""
    files = {"results": ("r.xml", REPORT), "info": ("i.json", json.dumps(info()))}
    url = f"{server.base}/junit/multipart"
    assert server.call("POST", url, files=files).status_code == 400


def test_test_info(server: Any) -> None:
    """testInfo sets fields of new Tests."""
    extra = {"fields": {"labels": ["automation"], "description": "made"}}
    server.post_parts("/junit", REPORT, info(), testInfo=extra)
    test = next(one for one in server.store.tests() if one.definition == "a.b")
    assert (test.labels, test.description) == (("automation",), "made")


def test_parts_are_logged(server: Any) -> None:
    """The log has names, file names and types of the parts, and no login."""
    server.post_parts("/junit", REPORT, info())
    row = server.store.requests()[-1]
    assert [(one.name, one.filename) for one in row.parts] == [
        ("file", "report"),
        ("info", "info.json"),
    ]
    assert row.path.endswith("/import/execution/junit/multipart")
    assert server.authorization not in repr(server.store.requests())
