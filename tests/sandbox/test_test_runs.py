"""Defects of Test Runs and the coverage of requirements, on both products."""

from __future__ import annotations

from typing import Any

import pytest


RAVEN = "/rest/raven/2.0/api/testrun"
PASSED, FAILED = ("PASS", "PASSED"), ("FAIL", "FAILED")


def run_of(server: Any, *, version: str = "2.0") -> dict[str, Any]:
    """Import a failure of CALC-1; return its Test Run and the Test Execution's key."""
    report = {
        "info": {"project": "CALC", "summary": "x"},
        "tests": [{"testKey": "CALC-1", "status": "FAIL"}],
    }
    key = server.post_json("", report).json()["testExecIssue"]["key"]
    query = {"testExecIssueKey": key, "testIssueKey": "CALC-1"}
    path = f"/rest/raven/{version}/api/testrun"
    found: dict[str, Any] = server.call("GET", path, params=query).json()
    return found


def bug(sandbox: Any) -> str:
    """Add a bug."""
    key: str = sandbox.store.add_issue("Bug", project="CALC", summary="It breaks")
    return key


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_run_of_two_issues(server: Any, version: str) -> None:
    """A Test Run is found by its Test Execution and its Test, and by its id."""
    run = run_of(server, version=version)

    again = server.call("GET", f"{RAVEN}/{run['id']}").json()
    query = {"testExecIssueKey": run["testExecKey"], "testIssueKey": "CALC-2"}
    absent = server.call("GET", RAVEN, params=query)

    assert (run["testKey"], run["status"]) == ("CALC-1", "FAIL")
    assert again == run
    assert absent.status_code == 400
    assert server.call("GET", f"{RAVEN}/999").status_code == 404


def test_defects(server: Any, sandbox: Any) -> None:
    """Defects are added once, shown with summary and status, and removed."""
    run, key = run_of(server), bug(sandbox)
    path = f"{RAVEN}/{run['id']}/defect"
    for _ in range(2):
        assert server.call("POST", path, json=[key]).status_code == 200
    [found] = server.call("GET", path).json()

    unknown = server.call("POST", path, json=["CALC-999", "CALC-2"])
    wrong = server.call("POST", path, json={"defect": key})
    left = server.call("GET", path).json()
    removed = server.call("DELETE", f"{path}/{key}").status_code

    assert (found["key"], found["summary"]) == (key, "It breaks")
    assert found["status"] == "To Do"
    assert (unknown.status_code, wrong.status_code) == (400, 400)
    assert left == [found]
    assert removed == 200
    assert server.call("GET", path).json() == []
    assert server.call("DELETE", f"{path}/{key}").status_code == 400


def test_runs_of_a_test(server: Any) -> None:
    """All Test Runs of a Test are listed, with those of other Test Executions."""
    first, second = run_of(server), run_of(server)

    path = "/rest/raven/2.0/api/test/CALC-1/testruns"
    found = server.call("GET", path).json()
    other = server.call("GET", path.replace("CALC-1", "CALC-2")).json()
    wrong = server.call("GET", path.replace("CALC-1", "CALC-20"))

    assert found == [first, second]
    assert other == []
    assert wrong.status_code == 400


def test_statuses_and_requirements(server: Any) -> None:
    """Each status says what it means for a requirement."""
    path = "/rest/raven/2.0/api/settings/teststatuses"
    found = server.call("GET", path).json()

    meanings = {each["name"]: each["requirementStatusName"] for each in found}
    assert meanings["PASS"] == "OK"
    assert meanings["FAIL"] == "NOK"
    assert meanings["TODO"] == "NOTRUN"


RUN = (
    "query($t: String!, $e: String!) {"
    " getTestRun(testIssueId: $t, testExecIssueId: $e) { id defects status { name } } }"
)
ADD = (
    "mutation($id: String!, $issues: [String]!) {"
    " addDefectsToTestRun(id: $id, issues: $issues) { addedDefects warnings } }"
)


def test_defects_on_cloud(cloud: Any, sandbox: Any) -> None:
    """Defects are added by key or id; unknown ones are warnings."""
    key, test = bug(sandbox), sandbox.store.issue("CALC-1")
    report = {
        "info": {"project": "CALC", "summary": "x"},
        "tests": [{"testKey": "CALC-1", "status": "FAILED"}],
    }
    execution = cloud.post_json("", report).json()["id"]
    ids = {"t": str(test.id), "e": execution}
    run = cloud.graphql(RUN, **ids)["data"]["getTestRun"]

    answer = cloud.graphql(ADD, id=run["id"], issues=[key, "CALC-999"])
    by_id = cloud.graphql(ADD, id=run["id"], issues=[str(sandbox.store.issue(key).id)])
    wrong = cloud.graphql(ADD, id="999", issues=[key])
    again = cloud.graphql(RUN, **ids)["data"]["getTestRun"]
    other = {**ids, "t": str(sandbox.store.issue("CALC-2").id)}

    added = answer["data"]["addDefectsToTestRun"]
    assert added["addedDefects"] == [key]
    assert len(added["warnings"]) == 1
    assert by_id["data"]["addDefectsToTestRun"]["warnings"] == []
    assert wrong["errors"]
    assert again["defects"] == [key]
    assert cloud.graphql(RUN, **other)["data"]["getTestRun"] is None


def test_defects_are_removed_on_cloud(cloud: Any, sandbox: Any) -> None:
    """A Test Run is found by its id, and loses a defect."""
    key = bug(sandbox)
    test = {"testKey": "CALC-1", "status": "FAILED", "defects": [key, "CALC-70"]}
    report = {"info": {"project": "CALC", "summary": "x"}, "tests": [test]}
    execution = sandbox.store.test_execution(cloud.post_json("", report).json()["key"])
    id_ = str(execution.runs[0].id)
    mutation = (
        "mutation($id: String!, $issues: [String]!) {"
        " removeDefectsFromTestRun(id: $id, issues: $issues) }"
    )
    cloud.graphql(mutation, id=id_, issues=[key])

    query = "query($id: String!) { getTestRunById(id: $id) { defects } }"
    found = cloud.graphql(query, id=id_)["data"]["getTestRunById"]

    assert found["defects"] == ["CALC-70"]


COVERAGE = (
    "query($jql: String, $limit: Int!, $start: Int) {"
    " getCoverableIssues(jql: $jql, limit: $limit, start: $start) { total results {"
    ' issueId jira(fields: ["key"]) status(isFinal: true) { name }'
    " tests(limit: 10) { total results { status { name } } } } } }"
)


def coverage_of(cloud: Any, key: str) -> str:
    """The coverage status of a requirement."""
    answer = cloud.graphql(COVERAGE, jql=f"key = {key}", limit=10)
    [found] = answer["data"]["getCoverableIssues"]["results"]
    assert found["jira"]["key"] == key
    assert len(found["tests"]["results"]) == found["tests"]["total"]
    return str(found["status"]["name"])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([], [], "NOTRUN"),
        (["PASSED"], ["PASSED"], "OK"),
        (["PASSED"], [], "NOTRUN"),
        (["PASSED"], ["FAILED"], "NOK"),
        (["FAILED", "PASSED"], ["PASSED"], "OK"),
        (["PASSED", "FAILED"], ["PASSED"], "NOK"),
        (["PASSED", "TODO"], ["PASSED"], "OK"),
        (["TODO"], ["PASSED"], "NOTRUN"),
        (["EXECUTING"], ["PASSED"], "NOTRUN"),
    ],
)
def test_coverage(
    cloud: Any, first: list[str], second: list[str], expected: str
) -> None:
    """The worst of the last final results of all Tests decides."""
    for key, statuses in (("CALC-78", first), ("CALC-79", second)):
        for status in statuses:
            report = {
                "info": {"project": "CALC", "summary": "x"},
                "tests": [{"testKey": key, "status": status}],
            }
            assert cloud.post_json("", report).status_code == 200

    assert coverage_of(cloud, "CALC-70") == expected


def test_coverage_by_links(cloud: Any, sandbox: Any) -> None:
    """A link of the type Tests covers like a requirement of the Test."""
    store = sandbox.store
    key = store.add_issue("Story", project="CALC")
    before = coverage_of(cloud, key)
    store.link_issues("Blocks", store.issue("CALC-1").id, store.issue(key).id)
    other = coverage_of(cloud, key)
    store.link_issues("Tests", store.issue("CALC-1").id, store.issue(key).id)

    assert (before, other, coverage_of(cloud, key)) == (
        "UNCOVERED",
        "UNCOVERED",
        "NOTRUN",
    )


def test_pages_of_coverage(cloud: Any, sandbox: Any) -> None:
    """Bugs and Xray's own issues cannot be covered; the others come in pages."""
    bug(sandbox)
    keys = [sandbox.store.add_issue("Story", project="CALC") for _ in range(3)]
    jql = "project = CALC ORDER BY key"
    pages = [
        cloud.graphql(COVERAGE, jql=jql, limit=3, start=start)["data"]
        for start in (0, 3)
    ]

    found = [
        each["jira"]["key"]
        for page in pages
        for each in page["getCoverableIssues"]["results"]
    ]
    assert found == ["CALC-70", *keys]
    assert cloud.graphql(COVERAGE, jql=jql, limit=101)["errors"]


@pytest.mark.parametrize("status", [PASSED, FAILED])
def test_results_of_server_count(
    server: Any, cloud: Any, status: tuple[str, str]
) -> None:
    """The words of Server mean the same."""
    for key in ("CALC-78", "CALC-79"):
        report = {
            "info": {"project": "CALC", "summary": "x"},
            "tests": [{"testKey": key, "status": status[0]}],
        }
        server.post_json("", report)

    assert coverage_of(cloud, "CALC-70") == ("OK" if status is PASSED else "NOK")


def test_status_of_a_test(cloud: Any) -> None:
    """A Test has the status of its last final Test Run."""
    query = (
        'query { getTests(jql: "key = CALC-1", limit: 1)'
        " { results { status { name } } } }"
    )
    seen = []
    for status in ("", "PASSED", "FAILED", "TODO"):
        if status:
            report = {
                "info": {"project": "CALC", "summary": "x"},
                "tests": [{"testKey": "CALC-1", "status": status}],
            }
            cloud.post_json("", report)
        [found] = cloud.graphql(query)["data"]["getTests"]["results"]
        seen.append(found["status"]["name"])

    assert seen == ["TODO", "PASSED", "FAILED", "FAILED"]
