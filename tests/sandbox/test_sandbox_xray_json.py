"""Xray's own JSON on both products."""

from __future__ import annotations

from typing import Any

import pytest


EVIDENCE = {"data": "aGVsbG8=", "filename": "a.txt", "contentType": "text/plain"}
INFO: dict[str, Any] = {"project": "CALC", "summary": "Run 17"}


def body(*tests: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A report of these tests."""
    return {"info": INFO, "tests": list(tests), **more}


def server_test(**more: Any) -> dict[str, Any]:
    """A passed test with a key."""
    return {"testKey": "CALC-1", "status": "PASS", **more}


def cloud_test(**more: Any) -> dict[str, Any]:
    """A passed test with a key, for Cloud."""
    return {"testKey": "CALC-1", "status": "PASSED", **more}


def test_everything_arrives(server: Any) -> None:
    """Info, comment, times, defects, evidence and steps are kept."""
    info = {
        **INFO,
        "description": "d",
        "version": "v1.0",
        "revision": "r",
        "testPlanKey": "CALC-15",
        "testEnvironments": ["linux"],
        "startDate": "2014-08-30T11:47:35+01:00",
    }
    step = {"status": "FAIL", "comment": "c", "evidences": [EVIDENCE]}
    test = server_test(
        comment="hi",
        start="2014-08-30T11:47:35+01:00",
        finish="2014-08-30T11:50:56+01:00",
        defects=["CALC-3"],
        evidences=[EVIDENCE],
        steps=[step],
    )
    answer = server.post_json("", {"info": info, "tests": [test]})
    found = server.store.test_execution(answer.json()["testExecIssue"]["key"])
    assert (found.summary, found.description) == ("Run 17", "d")
    assert (found.revision, found.fix_versions) == ("r", ("v1.0",))
    assert (found.test_plans, found.environments) == (("CALC-15",), ("linux",))
    (run,) = found.runs
    assert (run.comment, run.defects) == ("hi", ("CALC-3",))
    assert [item.place for item in run.evidence] == ["", "step 1"]
    assert run.steps[0].status == "FAIL"


def test_existing_execution(server: Any) -> None:
    """An existing Test Execution gets new Test Environments but keeps its summary."""
    server.store.change_issue("CALC-20", environments=("linux",))
    info = {"summary": "other", "testEnvironments": ["chrome"]}
    report = {"testExecutionKey": "CALC-20", "info": info, "tests": [server_test()]}
    assert server.post_json("", report).status_code == 200
    found = server.store.test_execution("CALC-20")
    assert (found.summary, found.environments) == ("Nightly run", ("chrome",))


def test_iterations_and_examples(cloud: Any) -> None:
    """Iterations keep their parameters, examples their order."""
    row = {"status": "PASSED", "parameters": [{"name": "a", "value": "1"}]}
    tests = (
        cloud_test(iterations=[row]),
        {"testKey": "CALC-79", "status": "FAILED", "examples": ["PASSED", "FAILED"]},
    )
    key = cloud.post_json("", body(*tests)).json()["key"]
    first, second = cloud.store.test_execution(key).runs
    assert first.iterations[0].parameters == (("a", "1"),)
    assert second.examples == ("PASSED", "FAILED")


def test_new_tests_by_info(cloud: Any) -> None:
    """Generic Tests are found by definition, others by summary."""
    info = {"projectKey": "CALC", "summary": "s", "type": "Generic", "definition": "d"}
    for _ in range(2):
        test = {"testInfo": info, "status": "PASSED"}
        assert cloud.post_json("", body(test)).status_code == 200
    assert sum(one.definition == "d" for one in cloud.store.tests()) == 1


BAD_ON_BOTH: list[dict[str, Any]] = [
    body(),
    body(server_test(), more=1),
    body(server_test(unknown=1)),
    body(server_test(), server_test()),
    body({"testKey": "CALC-1"}),
    body({"status": "PASS"}),
    body(server_test(testKey="CALC-999")),
    body(server_test(start="2014-08-30T11:47:35+01:00", finish="2013-08-30T11:47:35Z")),
    body(server_test(start="2014-08-30T11:47:35.123+01:00")),
    body(server_test(evidence=[EVIDENCE], evidences=[EVIDENCE])),
    body(server_test(evidence=[{"data": "?", "filename": "a"}])),
    body(server_test(evidence=[{"data": "aGVsbG8="}])),
    body(server_test(steps=[], examples=[])),
    body(server_test(examples=["ABORTED"])),
    {"tests": [server_test()], "info": {**INFO, "project": "NOPE"}},
    {"tests": [server_test()], "info": {**INFO, "version": "v9"}},
    {"tests": [server_test()], "info": {**INFO, "testPlanKey": "CALC-1"}},
    {"tests": [server_test()], "info": {**INFO, "testExecKey": "CALC-20"}},
    {"tests": [server_test()], "testExecutionKey": "CALC-1"},
]


@pytest.mark.parametrize("document", BAD_ON_BOTH)
def test_refused_by_both(server: Any, cloud: Any, document: dict[str, Any]) -> None:
    """An import that both products refuse changes nothing."""
    for client in (server, cloud):
        answer = client.post_json("", document)
        assert answer.status_code == 400, client.base
        assert set(answer.json()) == {"error"}
    assert len(server.store.test_executions()) == 1


BAD_ON_CLOUD: list[dict[str, Any]] = [
    {"tests": [cloud_test()], "info": {"project": "CALC"}},
    body(cloud_test(examples=[])),
    body(cloud_test(iterations=[])),
    body(cloud_test(iterations=[{"status": "PASSED", "parameters": []}])),
    body({"status": "PASSED", "testInfo": {"summary": "s", "projectKey": "CALC"}}),
    {"tests": [cloud_test()], "info": {**INFO, "testEnvironments": ["QA"]}},
    {"tests": [cloud_test()], "info": {**INFO, "testEnvironments": [""]}},
]


@pytest.mark.parametrize("document", BAD_ON_CLOUD)
def test_refused_by_cloud(cloud: Any, document: dict[str, Any]) -> None:
    """Cloud requires a summary, a type, known environments and no empty list."""
    assert cloud.post_json("", document).status_code == 400


@pytest.mark.parametrize("word", ["PASSED", "pass", "SKIPPED"])
def test_unknown_status_is_refused_by_server(server: Any, word: str) -> None:
    """Server refuses an unknown status."""
    assert server.post_json("", body(server_test(status=word))).status_code == 400


def test_unknown_status_is_to_do_on_cloud(cloud: Any) -> None:
    """Cloud silently turns an unknown word into TO DO."""
    key = cloud.post_json("", body(cloud_test(status="SKIPPED"))).json()["key"]
    assert cloud.store.test_execution(key).runs[0].status == "TODO"


def test_project_is_taken_from_the_tests(server: Any) -> None:
    """Without info, the project of the Test is used for the Test Execution."""
    answer = server.post_json("", {"tests": [server_test()]})
    assert answer.json()["testExecIssue"]["key"].startswith("CALC-")


def test_text_that_is_none(server: Any) -> None:
    """A text with half a surrogate pair is refused."""
    document = body(server_test(comment="\ud800"))
    assert server.post_json("", document).status_code == 400


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tests": NaN}', "[" * 100_000])
def test_bad_json(server: Any, text: str) -> None:
    """A report that is not a JSON object is refused."""
    headers = {"Content-Type": "application/json"}
    answer = server.call("POST", server.base, data=text, headers=headers)
    assert answer.status_code == 400


def test_json_needs_its_media_type(server: Any) -> None:
    """A JSON import without the JSON media type is refused."""
    headers = {"Content-Type": "text/plain"}
    answer = server.call("POST", server.base, data="{}", headers=headers)
    assert answer.status_code == 415
