"""Cloud: login, imports and GraphQL."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pytest
import requests

from xray_sandbox import CREDENTIALS


REPORT = '<testsuite name="s"><testcase classname="a" name="b"/></testsuite>'


def info(**xray_fields: Any) -> dict[str, Any]:
    """An info part for project CALC."""
    fields = {"project": {"key": "CALC"}, "summary": "Run 17"}
    return {"fields": fields, "xrayFields": xray_fields}


def test_token_is_a_json_string(cloud: Any) -> None:
    """The answer of a login is a JSON string, in quotes."""
    url = f"{cloud.sandbox.url}/api/v2/authenticate"
    key = {
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
    }
    answer = requests.post(url, json=key, timeout=20)
    assert answer.text.strip().startswith('"')
    assert answer.json().count(".") == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": "a", "client_secret": "b"}, 401),
        ({"client_id": 1, "client_secret": None}, 401),
        ({"client_id": "a"}, 400),
        ([], 400),
    ],
)
def test_bad_login(cloud: Any, body: Any, status: int) -> None:
    """A wrong key is 401, a malformed request 400."""
    url = f"{cloud.sandbox.url}/api/v2/authenticate"
    answer = requests.post(url, json=body, timeout=20)
    assert answer.status_code == status
    assert "error" in answer.json()


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer a.b.c", "Basic YTpi"])
def test_token_is_needed(cloud: Any, token: str) -> None:
    """Every request except the login needs a valid token."""
    headers = {"Authorization": token}
    assert cloud.call("POST", cloud.base, json={}, headers=headers).status_code == 401


def test_junit(cloud: Any) -> None:
    """The simple endpoint takes XML as the body and answers id, key and self."""
    answer = cloud.post_xml(
        REPORT, projectKey="CALC", testEnvironments="chrome;linux", revision="r"
    )
    assert set(answer.json()) == {"id", "key", "self"}
    found = cloud.store.test_execution(answer.json()["key"])
    assert (found.environments, found.revision) == (("chrome", "linux"), "r")
    assert found.runs[0].status == "PASSED"


@pytest.mark.parametrize("environments", ["QA", "", "chrome;", "chrome;QA"], ids=repr)
def test_unknown_environment(cloud: Any, environments: str) -> None:
    """Test Environments have to exist in the project."""
    answer = cloud.post_xml(REPORT, projectKey="CALC", testEnvironments=environments)
    assert answer.status_code == 400
    assert "the following environments don't exist" in answer.json()["error"]


def test_empty_properties(cloud: Any, server: Any) -> None:
    """Cloud refuses an empty `<properties/>`; Server does not."""
    text = REPORT.replace("/></testsuite>", "><properties/></testcase></testsuite>")
    assert cloud.post_xml(text, projectKey="CALC").status_code == 400
    assert server.post_xml(text, projectKey="CALC").status_code == 200


def test_multipart(cloud: Any) -> None:
    """Plan and Test Environments come from `xrayFields`."""
    body = info(testPlanKey="CALC-15", environments=["chrome"])
    key = cloud.post_parts("/junit", REPORT, body).json()["key"]
    found = cloud.store.test_execution(key)
    assert (found.test_plans, found.environments) == (("CALC-15",), ("chrome",))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            info(testEnvironments=["chrome"]),
            "following invalid fields: testEnvironments!",
        ),
        (info(testPlanKey="CALC-1"), "is not of issue type Test Plan!"),
        (info(environments=["QA"]), "'QA'!"),
        (info(environments="chrome"), "environments"),
        ([], "Error parsing info file!"),
        ({"fields": {"project": {"key": "CALC"}}}, "summary"),
        (
            {"fields": {**info()["fields"], "customfield_11505": ["chrome"]}},
            "cannot be set",
        ),
    ],
)
def test_refused_info(cloud: Any, body: Any, text: str) -> None:
    """The answer says why an info part is refused."""
    answer = cloud.post_parts("/junit", REPORT, body)
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_info_needs_a_file_name(cloud: Any) -> None:
    """An info part without a file name cannot be parsed."""
    files = {
        "results": ("r.xml", REPORT, "application/xml"),
        "info": (None, json.dumps(info()), "application/json"),
    }
    answer = cloud.call("POST", f"{cloud.base}/junit/multipart", files=files)
    assert answer.json() == {"error": "Error parsing info file!"}


def test_graphql_finds_executions_by_label(cloud: Any) -> None:
    """A Test Execution is found by its label, with the requested fields."""
    body = info()
    body["fields"]["labels"] = ["xray-bridge-1"]
    made = cloud.post_parts("/junit", REPORT, body).json()
    query = """
    query ($jql: String!) {
      found: getTestExecutions(jql: $jql, limit: 10) {
        total
        results { issueId jira(fields: ["key", "summary"]) nothing
                  testRuns(limit: 5) { results { status { name } } } }
      }
    }"""
    answer = cloud.graphql(query, jql='project = CALC AND labels = "xray-bridge-1"')
    assert answer["data"]["found"] == {
        "total": 1,
        "results": [
            {
                "issueId": made["id"],
                "jira": {"key": made["key"], "summary": "Run 17"},
                "nothing": None,
                "testRuns": {"results": [{"status": {"name": "PASSED"}}]},
            }
        ],
    }


@pytest.mark.parametrize(
    "query",
    [
        '{ getTests(jql: "key = CALC-1") { total } }',
        '{ getTests(jql: "key = CALC-1", limit: 101) { total } }',
        '{ getTests(jql: "key = CALC-999", limit: 1) { total } }',
        '{ getTests(jql: "nonsense", limit: 1) { total } }',
        '{ getTests(jql: "key = CALC-1", limit: 1) }',
        "{ getNothing { a } }",
        "{ getStatuses { name }",
        "{ getStatuses { name } }}",
        "{ getStatuses { } }",
        "please { getStatuses { name } }",
        "{ getStatuses { name } } { getStatuses { color } }",
        "{ ...all } fragment all on Query { getStatuses { name } }",
        "{ getStatuses { name @skip(if: true) } }",
        "fragment all on Query { getStatuses { name } }",
        f"{'{ a ' * 5000}{'}' * 5000}",
        "%",
        "",
    ],
)
def test_graphql_errors(cloud: Any, query: str) -> None:
    """Errors are in the answer, with status 200."""
    assert cloud.graphql(query)["errors"][0]["message"]


def test_a_sandbox_without_graphql_core_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error before the first request names the missing package."""
    monkeypatch.setitem(sys.modules, "graphql", None)

    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.reload(sys.modules["xray_sandbox.web.cloud"])

    assert caught.value.name == "graphql-core"


def test_graphql_variables(cloud: Any) -> None:
    """A variable without a value has its default, or is null."""
    query = """
    query ($jql: String = "key = CALC-1", $start: Int, $limit: Int!) {
      getTests(jql: $jql, start: $start, limit: $limit) { total start limit }
    }"""

    found = cloud.graphql(query, limit=7)["data"]["getTests"]
    other = cloud.graphql(query, limit=7, jql="project = CALC", start=2)["data"]

    assert found == {"total": 1, "start": 0, "limit": 7}
    assert other["getTests"] == {"total": 11, "start": 2, "limit": 7}


def test_graphql_settings_and_statuses(cloud: Any) -> None:
    """A project's Test Environments and the statuses can be read."""
    settings = '{ getProjectSettings(projectIdOrKey: "CALC") { testEnvironments } }'
    found = cloud.graphql(settings)["data"]["getProjectSettings"]
    assert found == {"testEnvironments": ["chrome", "firefox", "linux", "windows"]}
    statuses = cloud.graphql("{ getStatuses { name } }")["data"]["getStatuses"]
    assert {"name": "PASSED"} in statuses


def test_graphql_mutations(cloud: Any) -> None:
    """Test Executions are added to Test Plans, and get new Test Environments."""
    ids = {
        kind: cloud.graphql(
            f'{{ {kind}(jql: "key = {key}", limit: 1) {{ results {{ issueId }} }} }}'
        )["data"][kind]["results"][0]["issueId"]
        for kind, key in (("getTestPlans", "CALC-15"), ("getTestExecutions", "CALC-20"))
    }
    cloud.graphql(
        "mutation ($plan: String!, $ids: [String]!) { addTestExecutionsToTestPlan("
        "issueId: $plan, testExecIssueIds: $ids) { addedTestExecutions warning } }",
        plan=ids["getTestPlans"],
        ids=[ids["getTestExecutions"]],
    )
    answer = cloud.graphql(
        "mutation { addTestEnvironmentsToTestExecution("
        f'issueId: "{ids["getTestExecutions"]}", testEnvironments: ["QA"]) '
        "{ createdTestEnvironments } }"
    )
    assert answer["data"]["addTestEnvironmentsToTestExecution"] == {
        "createdTestEnvironments": ["QA"]
    }
    found = cloud.store.test_execution("CALC-20")
    assert (found.test_plans, found.environments) == (("CALC-15",), ("QA",))


def test_graphql_test_runs(cloud: Any) -> None:
    """Test Runs are found by the id of their Test Execution."""
    made = cloud.post_xml(REPORT, projectKey="CALC").json()
    answer = cloud.graphql(
        "query ($ids: [String]) { getTestRuns(testExecIssueIds: $ids, limit: 100) "
        '{ total results { status { name } test { jira(fields: ["key"]) } } } }',
        ids=[made["id"]],
    )
    assert answer["data"]["getTestRuns"]["total"] == 1


def test_double_slash(cloud: Any) -> None:
    """A double slash is a bad request, anywhere in the path."""
    for path in ("//api/v2/graphql", "/api/v2//graphql"):
        assert cloud.call("POST", path, json={}).status_code == 400


def test_unknown_path(cloud: Any) -> None:
    """An unknown path is not found."""
    assert cloud.call("POST", "/api/v2/import/execution/bundle").status_code == 404


CREATE = """mutation($jira: JSON!, $names: [String]) {
  createTestExecution(jira: $jira, testEnvironments: $names) {
    testExecution { issueId jira(fields: ["key"]) testEnvironments }
    createdTestEnvironments
  }
}"""


def test_test_execution_is_made(cloud: Any) -> None:
    """A new Test Execution has no Test Runs; missing Test Environments are created."""
    fields = {"project": {"key": "CALC"}, "summary": "Nightly", "labels": ["a"]}
    answer = cloud.graphql(CREATE, jira={"fields": fields}, names=["brand new"])
    told = answer["data"]["createTestExecution"]
    made = cloud.store.test_execution(told["testExecution"]["jira"]["key"])

    assert made is not None
    assert made.labels == ("a",)
    assert made.environments == ("brand new",)
    assert told["createdTestEnvironments"] == ["brand new"]


def test_test_execution_without_a_summary(cloud: Any) -> None:
    """Without a summary the answer has errors, and nothing is created."""
    before = len(cloud.store.test_executions())
    answer = cloud.graphql(CREATE, jira={"fields": {"project": {"key": "CALC"}}})

    assert "summary" in answer["errors"][0]["message"]
    assert len(cloud.store.test_executions()) == before
