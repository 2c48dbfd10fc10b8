"""Faults of servers: no result is lost, and none arrives twice."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from tests.builders import a_scenario, a_scenario_run
from tests.scripted_xray import (
    CREATED,
    FIELDS,
    IMPORT,
    MULTIPART,
    PASSED,
    PLAIN,
    SEARCH,
    SECRET,
    Sender,
    Xray,
)
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import json_files


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


FIELD = "/rest/api/2/field"
ISSUE = "/rest/api/2/issue"
NONE_FOUND: dict[str, list[object]] = {"issues": []}
FOUND = {"issues": [{"key": "CALC-77"}]}


def html(status: int, text: str = "Please log in") -> Response:
    """A page for people."""
    page = f"<!DOCTYPE html><html><body><p>{text}</p></body></html>"
    return Response(page, status=status, content_type="text/html")


def refusal(status: int, text: str = "fixVersions: fixVersions") -> Response:
    """Xray's own kind of error."""
    return Response(f'{{"error": "{text}"}}', status, content_type="application/json")


FINAL = {
    "400 with the server's reason": (refusal(400), "fixVersions: fixVersions"),
    "401": (refusal(401, "nope"), "does not accept the credentials"),
    "403": (refusal(403, "no permission"), "no permission"),
    "404": (html(404, "Not Found"), "check xray_url"),
    "413": (html(413, "Request Entity Too Large"), "too large"),
    "redirect to a login page": (
        Response("", 302, {"Location": "/login.jsp"}),
        "redirects to /login.jsp",
    ),
    "redirect to another host": (
        Response("", 307, {"Location": "https://evil.example.com/"}),
        "redirects to https://evil.example.com",
    ),
    "429 for longer than there is time": (
        Response("", 429, {"Retry-After": "99999999"}),
        "asks to wait 99999999 s",
    ),
}


@pytest.mark.parametrize("fault", FINAL, ids=list(FINAL))
@pytest.mark.fault("B06", "B10", "B12", "B13", "B14", "C07")
def test_a_refusal_is_told_once_and_the_results_are_kept(
    server: Xray, send: Sender, fault: str
) -> None:
    """One POST, exit code 80, the reason, and the command that sends it."""
    answer, reason = FINAL[fault]
    server.script[MULTIPART] = [answer]

    outcome = send()

    assert outcome.exit_code == 80
    assert len(server.posts(MULTIPART)) == 1
    assert reason in outcome.output
    assert f"xray-bridge resend {outcome.directory.path}" in outcome.output
    assert outcome.directory.state.state == "failed"
    assert SECRET not in outcome.output


@pytest.mark.parametrize("fault", FINAL, ids=list(FINAL))
def test_what_was_refused_can_be_sent_later(
    server: Xray, send: Sender, fault: str
) -> None:
    """Resend takes the run as it is, and a second resend has nothing to do."""
    server.script[MULTIPART] = [FINAL[fault][0], CREATED]
    failed = send()

    outcome = send.send(failed.directory, command="resend")
    again = send.send(failed.directory, command="resend")

    assert outcome.exit_code == 0
    assert outcome.receipt["test_execution"]["key"] == "CALC-77"
    assert again.exit_code == 83
    assert "already delivered, as CALC-77" in again.output
    assert len(server.posts(MULTIPART)) == 2


UNCLEAR = {
    "500": html(500, "Internal Server Error"),
    "502": html(502, "Bad Gateway"),
    "503": html(503, "Unavailable"),
    "504": html(504, "Gateway Time-out"),
    "524": html(524, "A timeout occurred"),
    "200 with a key of two lines": Response('{"key": "CALC-9\\nLD_PRELOAD=x"}', 200),
    "200 with a page": html(200),
    "200 with nothing": Response("", 200),
    "200 with null": Response("null", 200),
    "200 with a number": Response("7", 200),
    "202": Response('{"jobId": "7"}', 202),
    "204": Response(status=204),
    "200 with a list": Response("[]", 200),
    "200 without a key": Response('{"testExecIssue": {}}', 200),
}


@pytest.mark.parametrize("fault", UNCLEAR, ids=list(UNCLEAR))
@pytest.mark.fault("B04", "B19", "B20")
def test_what_was_processed_all_the_same_is_found_and_filled(
    server: Xray, send: Sender, fault: str
) -> None:
    """The label is looked for before anything is sent again: no second one."""
    server.script[MULTIPART] = [UNCLEAR[fault]]
    server.script[SEARCH] = [NONE_FOUND, FOUND]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == 1
    (fill,) = server.posts(PLAIN)
    assert fill.query["testExecKey"] == "CALC-77"
    searches = [sent for sent in server.sent if sent.path == SEARCH]
    label = f"xray-bridge-{outcome.directory.id}"
    assert {search.query["jql"] for search in searches} == {f'labels = "{label}"'}


@pytest.mark.parametrize("fault", UNCLEAR, ids=list(UNCLEAR))
@pytest.mark.fault("B01", "B03")
def test_what_was_not_processed_is_sent_again(
    server: Xray, send: Sender, fault: str
) -> None:
    """Looked for, not found: then it was not made."""
    server.script[MULTIPART] = [UNCLEAR[fault], CREATED]
    server.script[SEARCH] = [NONE_FOUND]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == 2
    assert not server.posts(PLAIN)


@pytest.mark.parametrize("fault", UNCLEAR, ids=list(UNCLEAR))
def test_doubt_is_resolved_by_an_empty_test_execution(
    server: Xray, send: Sender, fault: str
) -> None:
    """Made at once, filled when it is found, whatever the import came to."""
    server.script[MULTIPART] = [UNCLEAR[fault]]
    server.script[ISSUE] = [Response('{"id": "1", "key": "CALC-77"}', 201)]
    server.script[SEARCH] = [*[NONE_FOUND] * 3, FOUND]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == len(server.posts(ISSUE)) == 1
    (fill,) = server.posts(PLAIN)
    assert fill.query["testExecKey"] == "CALC-77"


def test_an_import_that_was_late_is_filled_and_not_the_empty_one(
    server: Xray, send: Sender
) -> None:
    """The oldest is filled; the empty one is said to be too many."""
    server.script[MULTIPART] = [html(504)]
    server.script[ISSUE] = [Response('{"id": "1", "key": "CALC-78"}', 201)]
    both = {"issues": [{"key": "CALC-78"}, {"key": "CALC-77"}]}
    server.script[SEARCH] = [*[NONE_FOUND] * 3, both]

    outcome = send()

    assert outcome.exit_code == 0
    assert [fill.query["testExecKey"] for fill in server.posts(PLAIN)] == ["CALC-77"]
    assert "CALC-78 was created while it was unknown" in outcome.output


@pytest.mark.parametrize("status", [500, 502, 408])
def test_a_question_without_an_answer_is_no_doubt(
    server: Xray, send: Sender, status: int
) -> None:
    """Nothing had gone out: 80, and a resend sends at once."""
    server.script[FIELD] = [html(status)]
    first = send()
    server.script[FIELD] = [FIELDS]
    again = send.send(first.directory, command="resend")

    assert (first.exit_code, again.exit_code) == (80, 0)
    assert first.directory.state.state == "delivered"
    assert SEARCH not in {sent.path for sent in server.sent}


def test_a_short_deadline_still_ends_in_delivery(
    server: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each resend takes up the looks where time has brought them."""
    pauses = Pauses(looks=(0.0, 1.2), settled=300.0)
    monkeypatch.setattr(connection, "PAUSES", pauses)
    server.script[MULTIPART] = [html(500)]
    server.script[ISSUE] = [Response('{"id": "1", "key": "CALC-77"}', 201)]
    server.script[SEARCH] = [NONE_FOUND, NONE_FOUND, FOUND]

    first = send("--deadline", "1")
    answered = first.directory.state.answered
    time.sleep(1.2)
    again = send.send(first.directory, command="resend")

    assert (first.exit_code, again.exit_code) == (81, 0), again.output
    assert answered
    assert "the server asks" not in first.output
    assert len(server.posts(MULTIPART)) == 1


def test_a_timeout_of_ours_says_nothing_of_the_import(
    server: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However short it was: the server may be at it, and nothing is posted again."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(looks=(0.0, 0.01)))

    def answer_late(_: Request) -> Response:
        time.sleep(1.5)
        return Response(status=204)

    server.server.expect_oneshot_request(MULTIPART).respond_with_handler(answer_late)
    server.script[SEARCH] = [NONE_FOUND]
    first = send("--timeout", "1")
    again = send.send(first.directory, command="resend")

    assert (first.exit_code, again.exit_code) == (81, 81)
    assert not first.directory.state.answered
    assert not server.posts(ISSUE)
    assert "resend it in 5 minutes" in first.output


def test_what_may_still_be_under_way_is_not_sent_again(
    server: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search does not find an import that goes on behind a gateway's 504."""
    pauses = Pauses(looks=(0.0, 0.01, 0.01))
    monkeypatch.setattr(connection, "PAUSES", pauses)
    server.script[MULTIPART] = [html(504), CREATED]
    server.script[SEARCH] = [NONE_FOUND]

    outcome = send()
    asked = outcome.directory.state.asked
    too_early = send.send(outcome.directory, command="resend")

    assert (outcome.exit_code, too_early.exit_code) == (81, 81)
    assert "resend it in 5 minutes" in outcome.output
    assert outcome.directory.state.asked == asked
    assert len(server.posts(MULTIPART)) == 1


def test_what_a_server_repeats_is_cleaned_before_it_is_cut(
    server: Xray, send: Sender
) -> None:
    """Half a secret is a secret."""
    server.script[MULTIPART] = [refusal(400, "x" * 490 + SECRET)]

    outcome = send()

    assert SECRET[:8] not in outcome.output
    assert SECRET[:8] not in (outcome.directory.path / "receipt.json").read_text()


def test_an_answer_of_an_unknown_shape_is_told(server: Xray, send: Sender) -> None:
    """No traceback, whatever Jira's fields look like."""
    server.script[FIELD] = [["a", {"schema": None}]]

    outcome = send()

    assert outcome.exit_code == 80
    assert "has an unknown form" in outcome.output


FOLDER = "<a folder>"
RUN = '{"version": 2, "id": "x", "framework": "y", "versions": {}, "started": 1.0, '
DAMAGE = {
    "a state of another type": ("state.json", '{"incomplete": null}'),
    "a state that is a number": ("state.json", '{"state": 7, "message": 7}'),
    "a state of nothing": ("state.json", ""),
    "a run of no fields": ("run.json", '{"version": 2}'),
    "a run of a later version": ("run.json", '{"version": 99}'),
    "settings of another type": ("run.json", RUN + '"settings": 7}'),
    "arrivals of another shape": ("arrived.jsonl", "[1]\n"),
    "report files of another shape": ("files.json", '{"files": 7}'),
    "a folder for a state": ("state.json", FOLDER),
    "a folder for a journal": ("journal.jsonl", FOLDER),
}


@pytest.mark.parametrize("damage", DAMAGE, ids=list(DAMAGE))
@pytest.mark.usefixtures("server")
def test_one_damaged_run_does_not_hold_up_the_others(
    send: Sender, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """It is told of, also by the exit code; the others are sent."""
    monkeypatch.setenv("XRAY_REPORT_DIR", str(send.folder / ".xray"))
    damaged, good = send.record(PASSED), send.record(PASSED)
    name, content = DAMAGE[damage]
    path = damaged.path / name
    if content == FOLDER:
        path.unlink()
        path.mkdir()
    else:
        path.write_text(content)

    assert cli.main(["resend"]) in {80, 83}
    assert good.state.state == "delivered"


def test_no_telling_is_said_where_one_may_not_look(server: Xray, send: Sender) -> None:
    """Exit code 81, one POST, the label to look for."""
    server.script[MULTIPART] = [html(504)]
    server.script[SEARCH] = [refusal(403, "no search for you")]

    outcome = send()

    assert outcome.exit_code == 81
    assert len(server.posts(MULTIPART)) == 1
    assert f"xray-bridge-{outcome.directory.id}" in outcome.output
    assert outcome.directory.state.state == "ambiguous"


def test_a_resend_after_no_telling_looks_first(server: Xray, send: Sender) -> None:
    """The Test Execution of the lost answer is filled, not created again."""
    server.script[MULTIPART] = [html(504)]
    server.script[SEARCH] = [refusal(403, "no search for you"), FOUND]
    unclear = send()

    outcome = send.send(unclear.directory, command="resend")

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == 1
    assert len(server.posts(PLAIN)) == 1


def test_too_many_requests_are_waited_out(server: Xray, send: Sender) -> None:
    """429 was not processed, so it is simply sent again."""
    server.script[MULTIPART] = [Response("", 429, {"Retry-After": "0"}), CREATED]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == 2


@pytest.mark.fault("B21")
def test_refused_tests_within_a_success_are_listed(server: Xray, send: Sender) -> None:
    """A 200 is not a success for every Test: exit code 84, each by its key."""
    error = {"testKey": "CALC-2", "messages": ["is not executable"]}
    server.script[MULTIPART] = [
        {**CREATED, "testIssues": {"success": [{"key": "CALC-1"}], "error": [error]}}
    ]

    outcome = send()

    assert outcome.exit_code == 84
    assert "CALC-2" in outcome.output
    assert "is not executable" in outcome.output
    assert outcome.receipt["accepted"] == 1


@pytest.mark.fault("C08")
def test_a_captcha_is_told_and_not_retried(server: Xray, send: Sender) -> None:
    """Each further try would make it worse."""
    headers = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"}
    server.script[FIELD] = [Response("", 403, headers)]

    outcome = send()

    assert outcome.exit_code == 80
    assert "log in once in a browser" in outcome.output
    assert server.lines == [f"GET {FIELD}"]


def test_a_question_is_asked_again_after_a_server_error(
    server: Xray, send: Sender
) -> None:
    """Reading can be repeated without harm."""
    server.script[FIELD] = [html(502), html(503), FIELDS]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(MULTIPART)) == 1


def test_an_existing_test_execution_is_simply_filled_again(
    server: Xray, send: Sender
) -> None:
    """It replaces the same Test Runs, so there is nothing to look for."""
    server.script[PLAIN] = [html(504), CREATED]

    outcome = send(test_execution="CALC-77")

    assert outcome.exit_code == 0
    assert server.lines == [f"POST {PLAIN}", f"POST {PLAIN}"]


@pytest.mark.fault("B11")
def test_a_long_page_is_shortened(server: Xray, send: Sender) -> None:
    """Three megabytes of HTML are one readable line."""
    server.script[MULTIPART] = [html(400, "x" * 3_000_000)]

    outcome = send()

    assert len(outcome.output) < 3_000


@pytest.mark.fault("A03")
def test_a_server_that_is_down_costs_no_results(server: Xray, send: Sender) -> None:
    """Refused connections are retried, then the run waits for a resend."""
    server.server.stop()
    down = send()
    server.server.start()

    outcome = send.send(down.directory, command="resend")

    assert (down.exit_code, outcome.exit_code) == (80, 0)
    assert len(server.posts(MULTIPART)) == 1


def test_a_lost_answer_about_scenarios_without_keys(server: Xray, send: Sender) -> None:
    """The second request does not contain them, nor does its answer."""
    success = {**CREATED, "testIssues": {"success": [{"key": "CALC-1"}]}}
    server.script[f"{IMPORT}/behave/multipart"] = [html(504)]
    server.script[IMPORT] = [success]
    server.script[SEARCH] = [FOUND]
    unkeyed = a_scenario_run(scenario=a_scenario("no key", line=9), name="no_key")
    run = send.record(a_scenario_run(keys=["CALC-1"]), unkeyed, framework="behave")

    outcome = send.send(run)

    assert outcome.exit_code == 0
    assert (outcome.receipt["sent"], outcome.receipt["refused"]) == (1, [])
    assert (
        "unknown: Xray may or may not have received 1 scenario without"
        in outcome.output
    )


def test_a_lost_answer_about_nothing_but_scenarios_without_keys(
    server: Xray, send: Sender
) -> None:
    """They cannot be sent a second time: a person has to look."""
    server.script[f"{IMPORT}/behave/multipart"] = [html(504)]
    server.script[SEARCH] = [FOUND]
    run = send.record(a_scenario_run(name="no_key"), framework="behave")

    first = send.send(run)
    second = send.send(run, command="resend")

    assert (first.exit_code, second.exit_code) == (81, 81)
    assert len(server.posts("/multipart")) == 1
    assert "it created CALC-77" in second.output


FIELDS_OF_AN_EXISTING_ONE = {
    "test_execution": "CALC-77",
    "execution_fields": '{"priority": {"name": "High"}}',
}


def test_results_that_arrived_are_not_sent_again(server: Xray, send: Sender) -> None:
    """Only what failed after them is done again."""
    outcome = send(**FIELDS_OF_AN_EXISTING_ONE)
    server.script["/rest/api/2/issue/CALC-77"] = [Response(status=204)]
    again = send.send(outcome.directory, command="resend")

    assert (outcome.exit_code, again.exit_code) == (84, 0), again.output
    assert len(server.posts(PLAIN)) == 1
    assert outcome.receipt["status"] == "delivered"
    assert again.directory.state.state == "delivered"


EDIT = "/rest/api/2/issue/CALC-77"
EDIT_FAULTS = {
    "400": refusal(400, "priority is not on the screen"),
    "403": refusal(403, "no permission"),
    "404": refusal(404, "no such issue"),
    "500": html(500),
    "302": Response(status=302, headers={"Location": "/login.jsp"}),
}


@pytest.mark.fault("J03")
@pytest.mark.parametrize("fault", EDIT_FAULTS)
def test_an_edit_that_fails_is_a_warning(
    server: Xray, send: Sender, fault: str
) -> None:
    """The results are there: 84, the key and the outputs, and a resend of the rest."""
    server.script[EDIT] = [EDIT_FAULTS[fault]]
    outcome = send(**FIELDS_OF_AN_EXISTING_ONE)
    state = outcome.directory.state
    output = (outcome.directory.path / "xray.env").read_text()
    again = send.send(outcome.directory, command="resend")

    assert (outcome.exit_code, again.exit_code) == (84, 84), again.output
    assert (state.state, state.test_execution) == ("refused", "CALC-77")
    assert "XRAY_IS_REQUEST_SUCCESSFUL=true" in output
    assert "XRAY_TEST_EXECS=CALC-77" in output
    assert "NOT DELIVERED" not in outcome.output + again.output
    assert "`xray-bridge resend` retries only this" in outcome.output
    assert len(server.posts(PLAIN)) == 1


REST_FAULTS = {**EDIT_FAULTS, "200 page": html(200)}


@pytest.mark.fault("J04")
@pytest.mark.parametrize("fault", REST_FAULTS)
def test_a_second_request_that_fails_is_a_warning(
    server: Xray, send: Sender, fault: str
) -> None:
    """The first one had all results; what this one alone can say comes by a resend."""
    server.script[FIELD] = [[]]
    server.script[PLAIN] = [REST_FAULTS[fault]]
    outcome = send(test_plan="CALC-9")
    state = outcome.directory.state
    second = send.send(outcome.directory, command="resend")
    server.script[PLAIN] = [CREATED]
    third = send.send(outcome.directory, command="resend")

    codes = (outcome.exit_code, second.exit_code, third.exit_code)
    assert codes == (84, 84, 0), third.output
    assert (state.state, state.test_execution) == ("refused", "CALC-77")
    assert "NOT DELIVERED" not in outcome.output + second.output
    assert third.directory.state.state == "delivered"
    assert len(server.posts(MULTIPART)) == 1


def test_results_that_arrived_elsewhere_are_sent(server: Xray, send: Sender) -> None:
    """Whoever names another Test Execution wants them there."""
    outcome = send(**FIELDS_OF_AN_EXISTING_ONE)
    server.script["/rest/api/2/issue/CALC-80"] = [Response(status=204)]
    other = {"testExecIssue": {"key": "CALC-80", "id": "1", "self": ""}}
    server.script[PLAIN] = [other]
    flag = ("--test-execution", "CALC-80")
    again = send.send(outcome.directory, *flag, command="resend")

    assert again.exit_code == 0, again.output
    keys = [sent.query["testExecKey"] for sent in server.posts(PLAIN)]
    assert keys == ["CALC-77", "CALC-80"]


@pytest.mark.fault("H07")
def test_a_copy_that_cannot_be_written_keeps_nothing_back(
    server: Xray, send: Sender
) -> None:
    """Delivered, and said: the report's own exit code."""
    (send.folder / "file").write_text("in the way")
    outcome = send("--report", str(send.folder / "file" / "report.xml"))

    assert outcome.exit_code == 83
    assert outcome.receipt["status"] == "delivered"
    assert "report.xml cannot be written" in outcome.output
    assert len(server.posts(MULTIPART)) == 1
    assert outcome.directory.state.state == "delivered"


def test_outputs_that_cannot_be_written_keep_nothing_back(
    server: Xray, send: Sender
) -> None:
    """Delivered, and said: something failed afterwards."""
    run = send.record(PASSED)
    (run.path / "xray.env").mkdir()
    outcome = send.send(run)

    assert outcome.exit_code == 84
    assert outcome.receipt["status"] == "delivered"
    assert "xray.env cannot be written" in outcome.output
    assert len(server.posts(MULTIPART)) == 1


@pytest.mark.usefixtures("server")
def test_a_delivery_that_cannot_be_noted_is_one(
    send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never "not delivered"; a resend fills the same Test Execution."""
    run = send.record(PASSED)
    write = json_files.write_json

    def fail(path: Path, content: Mapping[str, Any]) -> None:
        if content.get("state") == "delivered" or path.name == "receipt.json":
            msg = f"{path} cannot be written: Input/output error"
            raise RunDirectoryError(msg)
        write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(json_files, "write_json", fail)
        first = send.send(run)
    again = send.send(run, command="resend")

    assert (first.exit_code, again.exit_code) == (83, 0)
    assert "Test Execution: CALC-77" in first.output
    assert "NOT DELIVERED" not in first.output
    assert "this could not be noted" in first.output
    assert again.receipt["test_execution"]["key"] == "CALC-77"


def test_the_sender_decides_how_long_it_waits(
    server: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long another one has waited says nothing."""
    server.script[MULTIPART] = [Response("", 429, {"Retry-After": "3"}), CREATED]
    first = send("--deadline", "1")
    monkeypatch.setenv("XRAY_DEADLINE", "60")
    server.script[MULTIPART] = [Response("", 429, {"Retry-After": "1"}), CREATED]
    again = send.send(first.directory, command="resend")

    assert (first.exit_code, again.exit_code) == (80, 0)


def test_fifty_five_thousand_tests_in_one_answer(server: Xray, send: Sender) -> None:
    """More than 5 MiB, read as a stream; what was refused stands at its end."""
    reference = f"{server.url}/rest/api/2/issue/"
    taken = [
        {"id": str(n), "key": f"CALC-{n}", "self": f"{reference}{n}"}
        for n in (1, *range(1_000_000, 1_055_000))
    ]
    refused = [{"key": "CALC-2", "messages": ["is not executable"]}]
    tests = {"success": taken, "error": refused}
    content = {**CREATED, "testIssues": tests, "infoMessages": ["x"]}
    server.script[MULTIPART] = [content]

    outcome = send()

    assert len(json.dumps(content)) > 5 << 20
    assert outcome.exit_code == 84
    assert outcome.receipt["accepted"] == len(taken)
    assert outcome.receipt["test_execution"]["key"] == "CALC-77"
    assert [each["key"] for each in outcome.receipt["refused"]] == ["CALC-2"]


@pytest.mark.parametrize("tail", [b"", b"]", b"\xff"])
def test_a_large_answer_that_is_none_is_doubt(
    server: Xray, send: Sender, tail: bytes
) -> None:
    """Whatever it is, results may be there."""
    page = b'{"testIssues": {"success": [' + b'"CALC-1", ' * 600_000 + tail
    server.script[MULTIPART] = [Response(page, 200)]
    server.script[SEARCH] = [FOUND]

    outcome = send()

    assert outcome.exit_code == 0
    assert len(server.posts(PLAIN)) == 1
