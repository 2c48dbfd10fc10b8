"""The step after the results: a build of Jira Cloud, or links on Data Center."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_jira_run, a_run, a_test, recorded
from xray_bridge.errors import CredentialError, PartlyRefusedError, RefusedError
from xray_bridge.jira.builds.facts import Place, read_facts
from xray_bridge.jira.builds.pipelines import NOTE
from xray_bridge.jira.builds.step import SHOW_BUILD, choose_sequence
from xray_bridge.jira.notes import read_notes
from xray_bridge.jira.steps import STEPS
from xray_bridge.model.dialect import CLOUD, SERVER
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray
    from xray_bridge.jira.run import JiraRun
    from xray_bridge.runs.run_directory import RunDirectory

BULK = "/jira/builds/0.1/cloud/abc/bulk"
DEPLOYMENTS = "/jira/deployments/0.1/cloud/abc/bulk"
NAME = "build acme/api/ci/unit #812"
BOTH = "CALC-12, SHOP-7"
UNKNOWN = "Jira does not know the work item"
CI = {
    "name": "GitHub Actions",
    "revision": "08cd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b",
    "build_url": "https://github.com/acme/api/actions/runs/99",
    "branch": "feature/CALC-12-add",
    "run_id": "github-99",
    "pipeline": "acme/api/ci",
    "job": "unit",
    "number": "812",
    "repository": "https://github.com/acme/api",
}
RUNS = (
    a_run(test=a_test("test_a", requirements=("SHOP-7",))),
    a_run(Outcome.FAILED, name="test_b"),
    a_run(Outcome.SKIPPED, name="test_c"),
    a_run(Outcome.XFAILED, name="test_d"),
    a_run(Outcome.XPASSED, name="test_e"),
    a_run(Outcome.FLAKY, name="test_f"),
    a_run(Outcome.NOT_RUN, name="test_g"),
    # A secret in its name keeps it out of Xray, but it ran.
    a_run(name="test_h", withheld="a password"),
)
GIVEN = {
    "jira_build": "on",
    "project": "CALC",
    "jira_client_id": "id",
    "jira_client_secret": "s3cret-of-oauth",
    "jira_cloud_id": "abc",
}


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """A run of another CI job, with one test of each outcome."""
    return recorded(tmp_path, *RUNS, ci=CI)


def run_of(
    directory: RunDirectory, xray: Xray, deployment: str = CLOUD, **given: str
) -> JiraRun:
    """A delivered run whose Jira is the scripted server."""
    key = given.pop("execution", "CALC-185")
    given = {**GIVEN, "jira_api_url": xray.url, **given}
    xray.script.setdefault("/oauth/token", [{"access_token": "t0ken"}])
    return a_jira_run(directory, xray.url, key, deployment, **given)


def taken(**also: Any) -> Response:
    """Jira's answer to a build, which always has status 202."""
    content = {"acceptedBuilds": [{}], "acceptedDeployments": [{}], **also}
    return Response(json.dumps(content), 202)


def test_it_is_a_step_of_all() -> None:
    """It is done even if the results could not be delivered."""
    assert SHOW_BUILD in STEPS
    assert not SHOW_BUILD.needs_execution


def test_a_run_becomes_a_build(directory: RunDirectory, xray: Xray) -> None:
    """With real counts: those of pytest's own JUnit report."""
    xray.script[BULK] = [taken()]
    told = list(SHOW_BUILD.apply(run_of(directory, xray)))
    (build,) = json.loads(xray.posts(BULK)[0].body)["builds"]

    assert told == [
        "build acme/api/ci/unit #812 sent to Jira as failed: CALC-12, SHOP-7"
    ]
    assert build["testInfo"] == {
        "totalNumber": 7,
        "numberPassed": 4,
        "numberFailed": 1,
        "numberSkipped": 2,
    }
    assert build["description"] == "1 of 7 tests failed; Test Execution CALC-185"
    assert build["state"] == "failed"
    assert build["associations"][0]["values"] == ["CALC-12", "SHOP-7"]


def test_the_time_of_the_last_test_decides(directory: RunDirectory, xray: Xray) -> None:
    """A resend after a repeated run does not replace it; a resend replaces itself."""
    xray.script[BULK] = [taken()]
    run = run_of(directory, xray)
    facts = read_facts(directory, run.info, Place.here())
    list(SHOW_BUILD.apply(run))
    (build,) = json.loads(xray.posts(BULK)[0].body)["builds"]

    assert build["updateSequenceNumber"] == int(facts.finished * 1000) + 1
    assert choose_sequence(facts, 1) == choose_sequence(facts, 0) + 1


@pytest.mark.parametrize("execution", ["CALC-185", ""])
def test_outside_of_ci_the_link_leads_to_the_test_execution(
    tmp_path: Path, xray: Xray, execution: str
) -> None:
    """Without one there is no page, so nothing is sent."""
    xray.script[BULK] = [taken()]
    directory = recorded(tmp_path, *RUNS)
    given = {"jira_pipeline": "nightly", "execution": execution}
    told = list(SHOW_BUILD.apply(run_of(directory, xray, **given)))
    sent = [json.loads(each.body)["builds"][0] for each in xray.posts(BULK)]

    assert [each["url"] for each in sent] == [f"{xray.url}/browse/CALC-185"] * bool(
        execution
    )
    assert ("neither a CI run nor a Test Execution" in told[0]) is not bool(execution)


@pytest.mark.parametrize(
    ("deployment", "word"), [(CLOUD, "work item"), (SERVER, "issue")]
)
def test_messages_have_the_words_of_the_product(
    tmp_path: Path, xray: Xray, deployment: str, word: str
) -> None:
    """Cloud's pages have other words since 2026."""
    directory = recorded(tmp_path, a_run(), ci={**CI, "branch": "main"})
    (told,) = SHOW_BUILD.apply(run_of(directory, xray, deployment))

    assert f"no {word} is named in the branch" in told


def test_an_undelivered_run_is_shown_without_a_key(
    directory: RunDirectory, xray: Xray
) -> None:
    """People still see that the build failed."""
    xray.script[BULK] = [taken()]
    list(SHOW_BUILD.apply(run_of(directory, xray, execution="")))
    (build,) = json.loads(xray.posts(BULK)[0].body)["builds"]

    assert (
        build["description"] == "1 of 7 tests failed; the results are not in Xray yet"
    )


def test_the_name_is_noted_before_it_is_sent(
    directory: RunDirectory, xray: Xray
) -> None:
    """A resend from elsewhere replaces this build."""
    xray.script[BULK] = [Response("down", 403)]
    with pytest.raises(RefusedError):
        list(SHOW_BUILD.apply(run_of(directory, xray)))

    assert read_notes(directory, NOTE)["name"] == "acme/api/ci/unit"


def test_a_deployment_is_sent_beside_the_build(
    directory: RunDirectory, xray: Xray
) -> None:
    """Each goes to an API of its own; an error of one does not stop the other."""
    xray.script |= {BULK: [Response("no", 403)], DEPLOYMENTS: [taken()]}
    run = run_of(directory, xray, jira_environment="production")
    with pytest.raises(RefusedError, match="HTTP 403"):
        list(SHOW_BUILD.apply(run))
    (found,) = json.loads(xray.posts(DEPLOYMENTS)[0].body)["deployments"]

    assert found["environment"]["type"] == "production"
    assert found["pipeline"]["id"] == "acme/api/ci/unit"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            taken(unknownAssociations=[{"values": ["SHOP-7"]}]),
            [
                f"{UNKNOWN} SHOP-7, for which the {NAME} was sent",
                "build acme/api/ci/unit #812 sent to Jira as failed: CALC-12",
            ],
        ),
        (
            taken(
                acceptedBuilds=[],
                rejectedBuilds=[{"errors": [{"message": "No valid associations"}]}],
                unknownAssociations=[{"values": ["CALC-12", "SHOP-7"]}],
            ),
            [
                f"{UNKNOWN}s {BOTH}, so it does not show the {NAME}",
            ],
        ),
    ],
)
def test_unknown_issues_are_a_notice(
    directory: RunDirectory, xray: Xray, answer: Response, told: list[str]
) -> None:
    """UTF-8 in a title is no reason to fail."""
    xray.script[BULK] = [answer]

    assert list(SHOW_BUILD.apply(run_of(directory, xray))) == told


@pytest.mark.parametrize(
    ("also", "message"),
    [
        (
            {"rejectedBuilds": [{"errors": [{"message": "bad url"}]}]},
            "Jira rejected the build acme/api/ci/unit #812: bad url",
        ),
        (
            {
                "rejectedBuilds": [{"errors": [{"message": "No valid associations"}]}],
                "unknownAssociations": [{"values": ["CALC-12"]}],
            },
            "#812: Jira does not know the work item CALC-12; No valid associations",
        ),
        ({"acceptedBuilds": []}, "Jira's answer does not say that it took the build"),
    ],
)
def test_a_rejected_build_is_an_error(
    directory: RunDirectory, xray: Xray, also: dict[str, Any], message: str
) -> None:
    """Unknown issues come before Jira's reason, which they explain."""
    xray.script[BULK] = [taken(**also)]
    with pytest.raises(PartlyRefusedError, match=message):
        list(SHOW_BUILD.apply(run_of(directory, xray)))


def test_missing_credentials_are_said(directory: RunDirectory, xray: Xray) -> None:
    """Xray has the results; the step says where the credential is made."""
    with pytest.raises(CredentialError, match="XRAY_JIRA_CLIENT_ID is not set"):
        list(SHOW_BUILD.apply(run_of(directory, xray, jira_client_id="")))


def test_data_center_gets_a_link_on_each_issue(
    directory: RunDirectory, xray: Xray
) -> None:
    """Its global id names the pipeline, so the next build replaces the link."""
    paths = [f"/rest/api/2/issue/{key}/remotelink" for key in ("CALC-12", "SHOP-7")]
    xray.script |= {path: [{"id": 1}] for path in paths}
    told = list(SHOW_BUILD.apply(run_of(directory, xray, SERVER)))
    bodies = [json.loads(xray.posts(path)[0].body) for path in paths]

    assert told == [
        "build acme/api/ci/unit #812 sent to Jira as failed: CALC-12, SHOP-7"
    ]
    assert bodies[0] == bodies[1]
    assert bodies[0]["globalId"] == "xray-bridge:build:acme/api/ci/unit"
    assert bodies[0]["object"] == {
        "url": CI["build_url"],
        "title": "build acme/api/ci/unit #812: failed",
        "summary": "1 of 7 tests failed; Test Execution CALC-185",
    }


def test_unknown_issues_of_data_center_are_a_notice(
    directory: RunDirectory, xray: Xray
) -> None:
    """The others get their link."""
    xray.script["/rest/api/2/issue/SHOP-7/remotelink"] = [{"id": 1}]
    told = list(SHOW_BUILD.apply(run_of(directory, xray, SERVER)))

    assert told == [
        "Jira does not know the issue CALC-12, or this account may not see it",
        "build acme/api/ci/unit #812 sent to Jira as failed: SHOP-7",
    ]


def test_links_that_are_not_allowed_are_an_error(
    directory: RunDirectory, xray: Xray
) -> None:
    """The account may not link issues."""
    path = "/rest/api/2/issue/CALC-12/remotelink"
    xray.script[path] = [Response('{"errorMessages": ["no"]}', 403)]
    with pytest.raises(RefusedError, match="HTTP 403"):
        list(SHOW_BUILD.apply(run_of(directory, xray, SERVER)))


def test_data_center_gets_a_limited_number_of_links(tmp_path: Path, xray: Xray) -> None:
    """Each is one request."""
    test = a_test(requirements=tuple(f"SHOP-{n}" for n in range(1, 103)))
    directory = recorded(tmp_path, a_run(test=test), ci={**CI, "branch": "main"})
    paths = [f"/rest/api/2/issue/{key}/remotelink" for key in test.requirements]
    xray.script |= {path: [{"id": 1}] for path in paths}
    told = list(SHOW_BUILD.apply(run_of(directory, xray, SERVER)))

    assert len(xray.sent) == 100
    assert told[0] == "only the first 100 of 102 issues got a link"


@pytest.mark.parametrize(
    ("deployment", "way", "word"),
    [
        (CLOUD, "/jira/builds/0.1/cloud/abc/bulk", "work item"),
        (SERVER, "/rest/api/2/issue/KEY/remotelink", "issue"),
    ],
)
def test_a_dry_run_shows_it_and_sends_nothing(
    directory: RunDirectory, xray: Xray, deployment: str, way: str, word: str
) -> None:
    """The lines have the address, the build and its issues."""
    lines = list(SHOW_BUILD.describe(run_of(directory, xray, deployment, execution="")))

    assert lines == [
        f"POST {xray.url}{way}",
        f"  {NAME}: failed, 1 of 7 tests failed; the results are not in Xray yet",
        f"  2 {word}s: CALC-12, SHOP-7",
    ]
    assert xray.sent == []
    assert not read_notes(directory, NOTE)
