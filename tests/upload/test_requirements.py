"""Requirements that are none: Xray Server refuses all results for one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.builders import (
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_test,
    recorded,
    settings_of,
)
from tests.scripted_xray import CREATED, MULTIPART, PLAIN, SEARCH, Sender, Xray
from xray_bridge import cli
from xray_bridge.model.receipt import Receipt
from xray_bridge.model.results import TestRun
from xray_bridge.upload.publish import publish
from xray_sandbox import CREDENTIALS, running


ADDS = a_run(
    test=a_test("test_add", test_keys=("CALC-1",), requirements=("CALC-70", "CALC-79"))
)
NEW = a_run(test=a_test("test_new", requirements=("CALC-70", "CALC-79")))
SUBTRACTS = a_run(test=a_test("test_sub", test_keys=("CALC-2",)))
SCENARIO = a_scenario_run(
    test=a_test("adds", test_keys=("CALC-78",), requirements=("CALC-79", "CALC-70")),
    scenario=a_scenario(
        tags=("TEST_CALC-78", "REQ_CALC-79"), feature=a_feature(tags=("REQ_CALC-70",))
    ),
)
REFUSAL = Response('{"error": "Issue CALC-79 is not a requirement issue."}', status=400)
KIND = {"issuetype": {"name": "Story"}, "summary": "x"}
BOTH = {
    "issues": [{"key": f"CALC-{n}", "fields": KIND} for n in (70, 79)],
    "total": 2,
}


def requirements(content: bytes) -> str:
    """The requirements in a JUnit report."""
    _, _, rest = content.decode().partition('name="requirements" value="')
    return rest.partition('"')[0]


def sent(folder: Path, *runs: TestRun, preflight: str, **more: str) -> Receipt:
    """Send some results to a sandbox that makes nothing of its own accord."""
    with running(folder / "data") as sandbox:
        settings = settings_of(
            upload="yes",
            project="CALC",
            url=sandbox.url,
            user=CREDENTIALS.user,
            password=CREDENTIALS.password,
            skip_proxy="yes",
            preflight=preflight,
            **more,
        )
        return publish(recorded(folder, *runs), settings)


@pytest.mark.parametrize("preflight", ["on", "off"])
@pytest.mark.parametrize("form", ["junit", "xray"])
def test_requirement_that_is_a_test(tmp_path: Path, preflight: str, form: str) -> None:
    """It is left out and said, asked for before or refused; all else arrives."""
    found = sent(tmp_path, NEW, SUBTRACTS, preflight=preflight, format=form)

    (notice,) = (each for each in found.notices if "requirement" in each)
    assert (found.status, found.accepted, found.exit_code) == ("delivered", 2, 84)
    assert notice.startswith(
        "left out: the requirement CALC-79 of tests.test_calculator.test_new: "
    )


@pytest.mark.parametrize(
    ("run", "form"), [(ADDS, "xray"), (SCENARIO, "cucumber"), (SCENARIO, "xray")]
)
def test_formats_that_do_not_say_it(tmp_path: Path, run: TestRun, form: str) -> None:
    """Nobody is asked for what no field has, or is a tag among others."""
    found = sent(tmp_path, run, preflight="on", format=form)

    assert (found.status, found.exit_code) == ("delivered", 0)
    assert "left out" not in " ".join(found.notices)


def test_what_is_sent_again(server: Xray, send: Sender) -> None:
    """One more request, after a certain refusal, and the other requirement in it."""
    server.script[MULTIPART] = [REFUSAL, CREATED]

    outcome = send.send(send.record(ADDS, SUBTRACTS, settings={"preflight": "off"}))

    posts = server.posts(MULTIPART)
    said = [requirements(each.parts["file"][2]) for each in posts]
    assert outcome.exit_code == 84
    assert said == ["CALC-70,CALC-79", "CALC-70"]
    assert (
        "CALC-79 of tests.test_calculator.test_add: Xray does not accept it"
        in outcome.output
    )


def test_existing_test_execution(server: Xray, send: Sender) -> None:
    """It is filled without, too."""
    server.script[PLAIN] = [REFUSAL, CREATED]
    settings = {"preflight": "off", "test_execution": "CALC-77"}

    outcome = send.send(send.record(ADDS, SUBTRACTS, settings=settings))

    said = [requirements(each.parts["file"][2]) for each in server.posts(PLAIN)]
    assert outcome.exit_code == 84
    assert said == ["CALC-70,CALC-79", "CALC-70"]


def test_refusal_that_goes_on(server: Xray, send: Sender) -> None:
    """Once without it is enough: what is refused then is refused."""
    server.script[MULTIPART] = [REFUSAL]

    outcome = send.send(send.record(ADDS, SUBTRACTS, settings={"preflight": "off"}))

    assert outcome.exit_code == 80
    assert len(server.posts(MULTIPART)) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (BOTH, "CALC-70,CALC-79"),
        (Response("no", status=500), "CALC-70,CALC-79"),
        (Response("<html>"), "CALC-70,CALC-79"),
    ],
    ids=["there", "no answer", "page"],
)
def test_question_before(server: Xray, send: Sender, answer: Any, said: str) -> None:
    """Existing requirements are sent; without an answer, the import decides."""
    server.script[SEARCH] = [answer]

    outcome = send.send(send.record(ADDS, SUBTRACTS))

    (post,) = server.posts(MULTIPART)
    assert outcome.exit_code == 0
    assert requirements(post.parts["file"][2]) == said


def test_cloud_is_not_asked(cloud: Xray, send: Sender) -> None:
    """It refuses nothing for a requirement."""
    send.send(send.record(ADDS, SUBTRACTS))

    assert not cloud.posts("/graphql")


def test_report_of_another_tool(
    server: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is sent as it is, and refused in the server's words."""
    path = tmp_path / "report.xml"
    path.write_text('<testsuite><testcase classname="a" name="b"/></testsuite>')
    server.script[MULTIPART] = [REFUSAL]

    code = cli.main(["upload", str(path), "--preflight", "off"])

    assert code == 80
    assert "CALC-79 is not a requirement" in capsys.readouterr().out
    assert json.loads(server.posts(MULTIPART)[0].parts["info"][2])
