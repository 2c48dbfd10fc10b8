"""Server: JUnit and the other XML formats."""

from __future__ import annotations

from typing import Any

import pytest


PNG = "iVBORw0KGgo="


def report(*cases: str) -> str:
    """A report of these testcases."""
    head = '<testsuites><testsuite name="s" timestamp="2026-01-02T03:04:05">'
    return f"{head}{''.join(cases)}</testsuite></testsuites>"


def case(name: str = "test_a", inner: str = "", **properties: str) -> str:
    """One testcase."""
    found = "".join(
        f'<property name="{k}" value="{v}"/>' for k, v in properties.items()
    )
    block = f"<properties>{found}</properties>" if found else ""
    head = f'<testcase classname="pkg.mod" name="{name}" time="1.5">'
    return f"{head}{block}{inner}</testcase>"


def run_of(server: Any, answer: Any) -> Any:
    """The first Test Run of the Test Execution in the answer."""
    assert answer.status_code == 200, answer.text
    return server.store.test_execution(answer.json()["testExecIssue"]["key"]).runs[0]


def test_new_generic_test_gets_the_definition(server: Any) -> None:
    """An unknown definition creates a Generic Test, after the keys of the demo."""
    answer = server.post_xml(report(case()), projectKey="CALC")
    run = run_of(server, answer)
    test = next(one for one in server.store.tests() if one.key == run.test_key)
    assert (test.definition, test.type) == ("pkg.mod.test_a", "Generic")
    assert int(test.key.partition("-")[2]) > 100


def test_same_definition_is_reused(server: Any) -> None:
    """A second upload of the same testcase uses the same Test."""
    keys = {
        run_of(server, server.post_xml(report(case()), projectKey="CALC")).test_key
        for _ in range(2)
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ("", "PASS"),
        ("<failure message='m'>t</failure>", "FAIL"),
        ("<error/>", "FAIL"),
        ("<skipped/>", "TODO"),
    ],
)
def test_outcomes(server: Any, inner: str, status: str) -> None:
    """Each element of a testcase has its status."""
    answer = server.post_xml(report(case(inner=inner)), projectKey="CALC")
    assert run_of(server, answer).status == status


def test_fold(server: Any) -> None:
    """Testcases of one Test become one Test Run, and a failure decides."""
    cases = case(), case(inner="<failure/>"), case(inner="<skipped/>")
    answer = server.post_xml(report(*cases), projectKey="CALC")
    found = server.store.test_execution(answer.json()["testExecIssue"]["key"])
    assert [run.status for run in found.runs] == ["FAIL"]


def test_properties(server: Any) -> None:
    """Summary, description, requirements, tags, comment and evidence are read."""
    block = (
        "<properties>"
        '<property name="test_summary" value="Nice"/>'
        '<property name="test_description"><![CDATA[Long]]></property>'
        '<property name="requirements" value="CALC-70,CALC-71"/>'
        '<property name="tags" value="fast,slow"/>'
        '<property name="testrun_comment"><![CDATA[a < b]]></property>'
        f'<property name="testrun_evidence"><item name="a.png">{PNG}</item></property>'
        "</properties>"
    )
    run = run_of(server, server.post_xml(report(case(inner=block)), projectKey="CALC"))
    test = next(one for one in server.store.tests() if one.key == run.test_key)
    assert (test.summary, test.description) == ("Nice", "Long")
    assert test.requirements == ("CALC-70", "CALC-71")
    assert test.labels == ("fast", "slow")
    assert run.comment == "a < b"
    assert [(e.filename, e.media_type, e.size) for e in run.evidence] == [
        ("a.png", "image/png", 8)
    ]


def test_times(server: Any) -> None:
    """A Test Run starts at the suite's timestamp and lasts for the testcase's time."""
    run = run_of(server, server.post_xml(report(case()), projectKey="CALC"))
    assert (run.started, run.finished) == ("2026-01-02T03:04:05", "2026-01-02T03:04:06")


def test_query_parameters(server: Any) -> None:
    """All details of the query arrive, and the Test Plan gets the Tests."""
    answer = server.post_xml(
        report(case(test_key="CALC-1")),
        projectKey="CALC",
        testPlanKey="CALC-15",
        testEnvironments="chrome;linux",
        revision="abc",
        fixVersion="v3.0",
    )
    found = server.store.test_execution(answer.json()["testExecIssue"]["key"])
    assert found.test_plans == ("CALC-15",)
    assert found.environments == ("chrome", "linux")
    assert (found.revision, found.fix_versions) == ("abc", ("v3.0",))
    tests = {test.key: test for test in server.store.tests()}
    assert tests["CALC-1"].test_plans == ("CALC-15",)


def test_reimport_replaces_the_run(server: Any) -> None:
    """A second result of a Test replaces its Test Run in the same Test Execution."""
    for inner in ("<failure/>", ""):
        text = report(case(inner=inner, test_key="CALC-1"))
        server.post_xml(text, testExecKey="CALC-20")
    runs = server.store.test_execution("CALC-20").runs
    assert [(run.test_key, run.status) for run in runs] == [("CALC-1", "PASS")]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "issuetype: issuetype"),
        ({"projectKey": "NOPE"}, "issuetype: issuetype"),
        ({"projectKey": "calc"}, "issuetype: issuetype"),
        ({"projectKey": "CALC", "fixVersion": "v9"}, "fixVersions: fixVersions"),
        ({"projectKey": "CALC", "testPlanKey": "CALC-1"}, "Test Plan"),
        ({"testExecKey": "CALC-15"}, "Test Execution"),
    ],
)
def test_refused_queries(server: Any, query: dict[str, str], text: str) -> None:
    """Issues in the query must exist and have the right type."""
    before = len(server.store.tests())
    answer = server.post_xml(report(case()), **query)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert len(server.store.tests()) == before


def test_unknown_test_key_is_told_per_test(server: Any) -> None:
    """An unknown key is an error of this Test only."""
    text = report(case(test_key="CALC-999"), case("b", test_key="CALC-2"))
    issues = server.post_xml(text, projectKey="CALC").json()["testIssues"]
    assert [one["key"] for one in issues["success"]] == ["CALC-2"]
    assert issues["error"][0]["testKey"] == "CALC-999"


def test_no_valid_test_is_refused(server: Any) -> None:
    """Without a valid Test, no Test Execution is created."""
    answer = server.post_xml(report(case(test_key="CALC-999")), projectKey="CALC")
    assert answer.json() == {"error": "There are no valid tests imported"}
    assert len(server.store.test_executions()) == 1


def test_only_generic_tests_are_targeted(server: Any) -> None:
    """A testcase cannot be a run of a Cucumber Test."""
    answer = server.post_xml(report(case(test_key="CALC-78")), projectKey="CALC")
    assert answer.status_code == 400


def test_old_version_answers_bare(server_v1: Any) -> None:
    """API 1.0 answers id, key and self only."""
    answer = server_v1.post_xml(report(case()), projectKey="CALC")
    assert set(answer.json()) == {"id", "key", "self"}


def test_raw_xml_is_an_unsupported_media_type(server: Any) -> None:
    """Server's simple endpoint needs the report in a part."""
    headers = {"Content-Type": "application/xml"}
    url = f"{server.base}/junit?projectKey=CALC"
    assert server.call("POST", url, data=report(), headers=headers).status_code == 415


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff<testsuite/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite/>",
        "<testsuite>",
        "<other/>",
        "",
        "&#0;",
    ],
)
def test_bad_xml(server: Any, text: str) -> None:
    """Byte order marks, DOCTYPEs and other documents are refused."""
    assert server.post_xml(text, projectKey="CALC").status_code == 400


OTHERS = {
    "/testng": "<testng-results><test-method name='a' status='FAIL'/></testng-results>",
    "/nunit": "<test-run><test-case fullname='a' result='Failed'/></test-run>",
    "/xunit": "<assemblies><test name='a' result='Fail'/></assemblies>",
    "/robot": "<robot><test name='a'><status status='FAIL'/></test></robot>",
}


@pytest.mark.parametrize(("path", "text"), OTHERS.items())
def test_other_xml_formats(server: Any, path: str, text: str) -> None:
    """The other XML formats are read; each needs its own root element."""
    answer = server.post_xml(text, path, projectKey="CALC")
    assert run_of(server, answer).status == "FAIL"
    assert server.post_xml("<testsuite/>", path, projectKey="CALC").status_code == 400
