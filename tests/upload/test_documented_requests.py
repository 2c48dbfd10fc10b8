"""Exactly the requests that Xray documents, seen by a server of nobody's making."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import etree
from werkzeug import Response

from tests.builders import a_scenario_run
from tests.scripted_xray import (
    FIELD,
    MULTIPART,
    PLAIN,
    SECRET,
    Sender,
    Xray,
)


def test_server_gets_one_multipart_post(server: Xray, send: Sender) -> None:
    """The ids of the custom fields are asked for, then the form is posted."""
    outcome = send(
        test_plan="CALC-15", environments="chrome;linux", revision="abc",
        fix_version="v3.0", summary="Nightly", labels="a b",
    )  # fmt: skip

    assert outcome.exit_code == 0
    assert server.lines == [f"GET {FIELD}", f"POST {MULTIPART}"]
    (post,) = server.posts(MULTIPART)
    assert post.authorization == f"Bearer {SECRET}"
    assert post.query == {}
    assert {name: part[:2] for name, part in post.parts.items()} == {
        "file": ("report.xml", "application/xml"),
        "info": ("info.json", "application/json"),
    }
    assert post.part("info") == {
        "fields": {
            "project": {"key": "CALC"},
            "summary": "Nightly",
            "issuetype": {"name": "Test Execution"},
            "fixVersions": [{"name": "v3.0"}],
            "customfield_1": ["CALC-15"],
            "customfield_2": ["chrome", "linux"],
            "customfield_3": "abc",
            "customfield_4": "2026-01-02T03:04:05.000+0000",
            "customfield_5": "2026-01-02T03:04:05.250+0000",
            "labels": ["a", "b", f"xray-bridge-{outcome.directory.id}"],
        }
    }


def test_the_report_is_junit_with_xrays_properties(server: Xray, send: Sender) -> None:
    """Keys as properties, the failure's text as an element."""
    send()

    (post,) = server.posts(MULTIPART)
    suite = etree.fromstring(post.parts["file"][2])[0]
    first, second = suite
    assert first.xpath("properties/property[@name='test_key']/@value") == ["CALC-1"]
    assert second.findtext("failure") == "1 != 2"
    assert suite.attrib["tests"] == "2"


def test_server_takes_an_existing_test_execution_by_query(
    server: Xray, send: Sender
) -> None:
    """The plain endpoint: the report as the form part file, the rest as query."""
    outcome = send(
        test_execution="CALC-9", test_plan="CALC-15", environments="chrome;linux",
        revision="abc", fix_version="v3.0",
    )  # fmt: skip

    assert outcome.exit_code == 0
    assert server.lines == [f"POST {PLAIN}"]
    (post,) = server.posts(PLAIN)
    assert list(post.parts) == ["file"]
    assert post.query == {
        "projectKey": "CALC",
        "testExecKey": "CALC-9",
        "testPlanKey": "CALC-15",
        "testEnvironments": "chrome;linux",
        "revision": "abc",
        "fixVersion": "v3.0",
    }


def test_cloud_buys_one_token_and_gets_one_form(cloud: Xray, send: Sender) -> None:
    """Plan and environments stand beside the fields; all parts have file names."""
    outcome = send(test_plan="CALC-15", environments="chrome")

    assert outcome.exit_code == 0
    assert cloud.lines == [
        "POST /api/v2/authenticate",
        "POST /api/v2/import/execution/junit/multipart",
    ]
    login, post = cloud.sent
    assert json.loads(login.body) == {"client_id": "the-id", "client_secret": SECRET}
    assert login.authorization == ""
    assert post.authorization == "Bearer a.token.made-of-base64"
    assert {name: part[0] for name, part in post.parts.items()} == {
        "results": "report.xml",
        "info": "info.json",
    }
    info = post.part("info")
    assert info["xrayFields"] == {"testPlanKey": "CALC-15", "environments": ["chrome"]}
    assert not [name for name in info["fields"] if name.startswith("customfield")]


def test_cloud_takes_an_existing_test_execution_raw(cloud: Xray, send: Sender) -> None:
    """Cloud wants the XML itself as the body."""
    send(test_execution="CALC-9")

    (post,) = cloud.posts("/junit")
    assert post.content_type == "application/xml"
    assert post.body.startswith(b"<?xml")
    assert post.query == {"projectKey": "CALC", "testExecKey": "CALC-9"}


def test_cloud_gets_a_revision_with_a_second_request(cloud: Xray, send: Sender) -> None:
    """Multipart has no place for it on Cloud; the plain endpoint has."""
    send(revision="abc")

    assert len(cloud.posts("/junit/multipart")) == 1
    (second,) = cloud.posts("/junit")
    assert second.query["revision"] == "abc"
    assert second.query["testExecKey"] == "CALC-77"


def test_behave_goes_to_the_behave_endpoint(cloud: Xray, send: Sender) -> None:
    """Behave JSON in the part that the product names."""
    run = send.record(a_scenario_run(keys=["CALC-1"]), framework="behave")

    outcome = send.send(run)

    assert outcome.exit_code == 0
    (post,) = cloud.posts("/behave/multipart")
    assert post.part("results")[0]["elements"][0]["tags"] == ["CALC-1"]


def test_behave_into_an_existing_test_execution_goes_as_xray_json(
    cloud: Xray, send: Sender
) -> None:
    """The plain Behave endpoint takes no key."""
    settings = {"test_execution": "CALC-9", "environments": "chrome"}
    run = send.record(
        a_scenario_run(keys=["CALC-1"]), framework="behave", settings=settings
    )

    send.send(run)

    (post,) = cloud.posts("/import/execution")
    content = json.loads(post.body)
    assert content["testExecutionKey"] == "CALC-9"
    assert content["info"]["testEnvironments"] == ["chrome"]
    assert [(t["testKey"], t["status"]) for t in content["tests"]] == [
        ("CALC-1", "PASSED")
    ]


def test_fields_of_the_user_win(server: Xray, send: Sender) -> None:
    """A whole document, as Jenkins users have it; the label for finding it stays."""
    document = {
        "fields": {"issuetype": {"id": "10007"}, "labels": ["theirs"]},
        "update": {"comment": []},
    }

    send(execution_fields=json.dumps(document))

    (post,) = server.posts(MULTIPART)
    info = post.part("info")
    assert info["fields"]["issuetype"] == {"id": "10007"}
    assert info["fields"]["labels"][0] == "theirs"
    assert len(info["fields"]["labels"]) == 2
    assert info["update"] == {"comment": []}


def test_fields_of_an_existing_test_execution_are_set_by_jira(
    server: Xray, send: Sender
) -> None:
    """The import cannot carry them, so a second documented call does."""
    server.script["/rest/api/2/issue/CALC-77"] = [{}]

    send(test_execution="CALC-77", execution_fields='{"priority": {"name": "High"}}')

    put = server.sent[-1]
    assert (put.method, put.path) == ("PUT", "/rest/api/2/issue/CALC-77")
    assert json.loads(put.body) == {"fields": {"priority": {"name": "High"}}}


ISSUE = "/rest/api/2/issue/CALC-77"
OPERATIONS = {
    "update": {"labels": [{"add": "x"}]},
    "transition": {"id": "31"},
}


@pytest.mark.parametrize(
    "document",
    [
        {"fields": {"priority": {"name": "High"}}, **OPERATIONS},
        {"priority": {"name": "High"}, **OPERATIONS},
    ],
    ids=["document", "fields alone"],
)
def test_operations_on_an_existing_test_execution(
    server: Xray, send: Sender, document: dict[str, Any]
) -> None:
    """An edit, and the transition last: a closed one takes no results any more."""
    server.script[ISSUE] = server.script[f"{ISSUE}/transitions"] = [{}]

    outcome = send(test_execution="CALC-77", execution_fields=json.dumps(document))

    edit, move = server.sent[-2:]
    assert outcome.exit_code == 0
    assert json.loads(edit.body) == {
        "fields": {"priority": {"name": "High"}},
        "update": OPERATIONS["update"],
    }
    assert (move.method, move.path) == ("POST", f"{ISSUE}/transitions")
    assert json.loads(move.body) == {"transition": {"id": "31"}}


def test_transition_of_a_new_test_execution(server: Xray, send: Sender) -> None:
    """Imports of Cloud refuse it: it follows the results on both products."""
    server.script[f"{ISSUE}/transitions"] = [{}]

    outcome = send(execution_fields=json.dumps(OPERATIONS))

    info = server.posts(MULTIPART)[0].part("info")
    assert outcome.exit_code == 0
    assert "transition" not in info | info["fields"]
    assert info["update"] == OPERATIONS["update"]
    assert json.loads(server.sent[-1].body) == {"transition": {"id": "31"}}


def test_transition_on_cloud_without_jira(cloud: Xray, send: Sender) -> None:
    """It is a setting that nothing could carry out, and nothing is sent."""
    outcome = send(execution_fields=json.dumps(OPERATIONS))

    assert outcome.exit_code != 0
    assert "XRAY_JIRA_URL" in outcome.output
    assert not cloud.sent


def test_transition_that_is_refused(server: Xray, send: Sender) -> None:
    """The results are there, and that is what is said."""
    refusal = Response('{"errorMessages": ["not now"]}', 400)
    server.script[f"{ISSUE}/transitions"] = [refusal]

    outcome = send(execution_fields=json.dumps(OPERATIONS))

    assert outcome.exit_code == 84
    assert outcome.receipt["test_execution"]["key"] == "CALC-77"
    assert "not now" in outcome.output


def test_resend_after_a_transition_that_was_refused(server: Xray, send: Sender) -> None:
    """It repeats the transition only: people may have edited the fields since."""
    refusal = Response('{"errorMessages": ["not now"]}', 400)
    server.script[ISSUE] = [{}]
    server.script[f"{ISSUE}/transitions"] = [refusal, {}]
    document = {"fields": {"priority": {"name": "High"}}, **OPERATIONS}

    first = send(test_execution="CALC-77", execution_fields=json.dumps(document))
    before = len(server.sent)
    second = send.send(first.directory, command="resend")

    assert (first.exit_code, second.exit_code) == (84, 0)
    assert server.lines[before:] == [f"POST {ISSUE}/transitions"]


def test_resend_after_an_edit_that_was_refused(server: Xray, send: Sender) -> None:
    """It repeats the edit, and the transition follows for the first time."""
    refusal = Response('{"errorMessages": ["not now"]}', 400)
    server.script[ISSUE] = [refusal, {}]
    server.script[f"{ISSUE}/transitions"] = [{}]
    document = {"fields": {"priority": {"name": "High"}}, **OPERATIONS}

    first = send(test_execution="CALC-77", execution_fields=json.dumps(document))
    before = len(server.sent)
    second = send.send(first.directory, command="resend")

    assert (first.exit_code, second.exit_code) == (84, 0)
    assert server.lines[before:] == [f"PUT {ISSUE}", f"POST {ISSUE}/transitions"]


SELF = "https://api.atlassian.com/ex/jira/11-22/rest/api/2/issue/38101"


@pytest.mark.parametrize(
    "own", [SELF, "https://x.atlassian.net/rest/api/2/issue/1"], ids=["gateway", "site"]
)
def test_link_is_that_of_the_site(
    cloud: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    """Never what the answer says: Jira Cloud calls its issues by its gateway."""
    made = {"id": "38101", "key": "CALC-77", "self": own}
    cloud.script["/api/v2/import/execution/junit/multipart"] = [made]

    unknown = send()
    monkeypatch.setenv("XRAY_JIRA_URL", "https://acme.atlassian.net")
    known = send()

    url = "https://acme.atlassian.net/browse/CALC-77"
    assert known.receipt["test_execution"]["url"] == url
    assert unknown.receipt["test_execution"]["url"] == ""
    assert "no link to CALC-77: xray_jira_url" in unknown.output
    assert "no link" not in known.output


def test_link_on_server(server: Xray, send: Sender) -> None:
    """It leads where the results went, whatever the answer calls that."""
    outcome = send()

    assert outcome.receipt["test_execution"]["url"] == f"{server.url}/browse/CALC-77"


def test_fields_of_new_tests_are_a_part_of_their_own(
    server: Xray, send: Sender
) -> None:
    """``testInfo``, in Jira's syntax."""
    send(test_fields='{"labels": ["automated"]}')

    (post,) = server.posts(MULTIPART)
    assert post.parts["testInfo"][0] == "test-info.json"
    assert post.part("testInfo") == {"fields": {"labels": ["automated"]}}
