"""``xray-bridge jira build`` and ``jira deployment``: with a run, and without tests."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.jira.builds import confirm
from xray_bridge.model.results import Outcome
from xray_bridge.runs import join
from xray_bridge.runs.run_directory import State


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray

BULK = "/jira/builds/0.1/cloud/abc/bulk"
DEPLOYMENTS = "/jira/deployments/0.1/cloud/abc/bulk"
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/api",
    "CI_PROJECT_URL": "https://gitlab.com/acme/api",
    "CI_JOB_NAME": "deploy",
    "CI_JOB_ID": "4711",
    "CI_PIPELINE_IID": "812",
    "CI_PIPELINE_ID": "99",
    "CI_PIPELINE_URL": "https://gitlab.com/acme/api/-/pipelines/99",
    "CI_COMMIT_SHA": "08cd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b",
    "CI_COMMIT_REF_NAME": "feature/CALC-12",
    "CI_COMMIT_MESSAGE": "CALC-13: add",
}
RECORDED = {
    "name": "GitLab CI",
    "branch": "feature/CALC-12",
    "build_url": "https://gitlab.com/acme/api/-/pipelines/99",
    "run_id": "gitlab-99",
    "pipeline": "acme/api",
    "job": "unit",
    "number": "812",
}
SECRET = "s3cret-of-oauth"


@pytest.fixture
def jira(xray: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Xray:
    """A GitLab job with OAuth credentials and no login to Xray; Jira takes all."""
    monkeypatch.chdir(tmp_path)
    for name, value in GITLAB.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setenv("XRAY_JIRA_API_URL", xray.url)
    monkeypatch.setenv("XRAY_JIRA_CLOUD_ID", "abc")
    monkeypatch.setenv("XRAY_JIRA_CLIENT_ID", "id")
    monkeypatch.setenv("XRAY_JIRA_CLIENT_SECRET", SECRET)
    taken = json.dumps({"acceptedBuilds": [{}], "acceptedDeployments": [{}]})
    xray.script = {
        "/oauth/token": [{"access_token": "t0ken"}],
        BULK: [Response(taken, 202)],
        DEPLOYMENTS: [Response(taken, 202)],
    }
    return xray


def sent_to(jira: Xray, path: str = BULK) -> dict[str, Any]:
    """The only build or deployment that was sent."""
    (post,) = jira.posts(path)
    (found,) = json.loads(post.body)["builds" if path == BULK else "deployments"]
    assert isinstance(found, dict)
    return found


def test_the_last_run_of_this_ci_run_is_shown(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older run of another CI run is not."""
    recorded(tmp_path, a_run(), ci={**RECORDED, "run_id": "gitlab-98"})
    directory = recorded(tmp_path, a_run(), a_run(Outcome.FAILED), ci=RECORDED)
    directory.state = State(state="delivered", test_execution="CALC-185")
    recorded(tmp_path, a_run(), ci={**RECORDED, "run_id": "gitlab-1"})
    before = int(time.time() * 1000)

    code = cli.main(["jira", "build"])
    found = sent_to(jira)

    assert code == 0
    assert found["pipelineId"] == "acme/api/unit"
    assert found["description"] == "1 of 2 tests failed; Test Execution CALC-185"
    assert found["associations"][0]["values"] == ["CALC-12", "CALC-13"]
    # A person replaces what is there.
    assert found["updateSequenceNumber"] >= before
    assert capsys.readouterr().out == (
        "build acme/api/unit #812 sent to Jira as failed: CALC-12, CALC-13\n"
    )


def test_a_merged_run_is_shown_and_not_its_parts(jira: Xray, tmp_path: Path) -> None:
    """It has no job of its own; that of the merging job tells it apart."""
    parts = [recorded(tmp_path, a_run(), ci=RECORDED) for _ in range(2)]
    join.join_parts(parts, tmp_path / ".xray")

    assert cli.main(["jira", "build"]) == 0
    found = sent_to(jira)
    assert found["testInfo"]["totalNumber"] == 2
    assert found["pipelineId"] == "acme/api/deploy"


def test_a_named_run_is_shown(jira: Xray, tmp_path: Path) -> None:
    """Also one of another CI run, as it was recorded."""
    directory = recorded(tmp_path, a_run(), ci={**RECORDED, "run_id": "gitlab-1"})

    assert cli.main(["jira", "build", directory.id, "--jira-issues", "OPS-1"]) == 0
    found = sent_to(jira)
    # The message of this job's commit is not that of the run.
    assert found["associations"][0]["values"] == ["OPS-1", "CALC-12"]


def test_a_session_that_is_not_over_is_not_shown(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of its tests have no result yet."""
    over = recorded(tmp_path, a_run(), ci=RECORDED)
    running = recorded(tmp_path, a_run(), a_run(), ci={**RECORDED, "job": "other"})
    with running.claim():
        codes = [cli.main(["jira", "build"])]
        codes += [cli.main(["jira", "build", running.id])]

    assert codes == [0, 83]
    assert over.id != running.id
    assert sent_to(jira)["pipelineId"] == "acme/api/unit"
    assert "[run-in-use]" in capsys.readouterr().err


def test_a_run_for_another_server_is_refused_with_a_login_to_xray(
    jira: Xray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its issues may be others there; OAuth credentials belong to one site."""
    said = {"url": "https://jira.example.com"}
    directory = recorded(tmp_path, a_run(), ci=RECORDED, settings=said)
    codes = [cli.main(["jira", "build", directory.id])]
    monkeypatch.setenv("XRAY_URL", "https://jira.example.org")
    monkeypatch.setenv("XRAY_TOKEN", "t0ken-of-ann")
    codes += [cli.main(["jira", "build", directory.id])]

    assert codes == [0, 2]
    assert "these results are for xray_url" in capsys.readouterr().err
    assert len(jira.posts(BULK)) == 1


def test_help_spells_jira_as_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the first letter of the description is changed."""
    with pytest.raises(SystemExit):
        cli.main(["jira", "build", "--help"])

    assert "Show a run as a build on its issues in Jira:" in capsys.readouterr().out


def test_a_deployment_needs_no_tests(jira: Xray) -> None:
    """Environment, state and keys are enough."""
    arguments = ["--jira-environment", "prod", "--jira-build-state", "rolled_back"]
    code = cli.main(["jira", "deployment", *arguments, "--jira-issues", "OPS-1"])
    found = sent_to(jira, DEPLOYMENTS)

    assert code == 0
    assert found["state"] == "rolled_back"
    assert found["environment"] == {
        "id": "prod",
        "displayName": "prod",
        "type": "production",
    }
    assert found["pipeline"]["id"] == "acme/api/deploy"
    assert found["associations"][0]["values"] == ["OPS-1", "CALC-12", "CALC-13"]
    assert found["label"] == "08cd1a2b3c4d"


def test_without_tests_no_run_is_looked_for(jira: Xray, tmp_path: Path) -> None:
    """A build without tests has no counts."""
    recorded(tmp_path, a_run(), ci=RECORDED)
    flags = ["--without-tests", "--jira-build-state", "failed"]

    assert cli.main(["jira", "build", *flags]) == 0
    assert "testInfo" not in sent_to(jira)


def test_a_dry_run_shows_the_request(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON has the request as it would be sent; no run directory changes."""
    directory = recorded(tmp_path, a_run(), ci=RECORDED)
    before = sorted(path.name for path in directory.path.iterdir())

    assert cli.main(["jira", "build", "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (build,) = found["builds"]
    assert found["sent"] is False
    assert build["pipeline"] == "acme/api/unit"
    assert build["request"]["builds"][0]["state"] == "successful"
    assert jira.sent == []
    assert sorted(path.name for path in directory.path.iterdir()) == before

    assert cli.main(["jira", "build", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith(f"POST {jira.url}{BULK}\n")


def test_json_says_what_was_sent(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the answer's notices."""
    jira.script[BULK] = [
        {"acceptedBuilds": [{}], "unknownAssociations": [{"values": ["CALC-13"]}]}
    ]
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sent"] is True
    assert found["notices"][0].startswith("Jira does not know the work item CALC-13")


def test_a_state_that_is_not_wanted_is_not_sent(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The filter counts for the command, too."""
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build", "--jira-build-on", "failed"]) == 0
    assert jira.sent == []
    assert "not one of xray_jira_build_on" in capsys.readouterr().out


def test_a_rejected_build_is_exit_code_84(
    jira: Xray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is one line."""
    jira.script[BULK] = [{"rejectedBuilds": [{"errors": [{"message": "bad"}]}]}]
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build"]) == 84
    assert capsys.readouterr().err == (
        "xray-bridge: error: Jira rejected the build acme/api/unit #812: bad "
        "[partly-refused]\n"
    )


@pytest.mark.parametrize(("sequence", "code"), [(10**15, 0), (1, 84)])
def test_what_jira_shows_is_confirmed(
    jira: Xray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sequence: int,
    code: int,
) -> None:
    """An older build with the same number is not the one that was sent."""
    monkeypatch.setattr(confirm, "PAUSES", (0.0, 0.0))
    path = "/jira/builds/0.1/cloud/abc/pipelines/acme/api/unit/builds/812"
    jira.script[path] = [
        Response("{}", 404),
        {"updateSequenceNumber": sequence},
    ]
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build", "--confirm"]) == code


WRONG = {
    "no run": (["build"], "has no run of this CI run (name a run; without tests, give"),
    "no environment": (
        ["deployment", "--jira-build-state", "failed"],
        "the environment of the deployment is not set (give --jira-environment",
    ),
    "no state": (
        ["deployment", "--without-tests", "--jira-environment", "prod"],
        "without tests, the state is unknown (give --jira-build-state",
    ),
    "both": (["build", "RUN", "--without-tests"], "--without-tests is given"),
    "a secret in plain sight": (
        ["build", "--jira-client-secret", SECRET],
        "[secret-in-plain-sight]",
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("jira")
def test_a_wrong_command_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what to type."""
    arguments, message = WRONG[name]

    assert cli.main(["jira", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert SECRET not in error


@pytest.mark.usefixtures("jira")
def test_without_credentials_the_line_says_where_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A login to Xray alone is not enough on Cloud."""
    monkeypatch.delenv("XRAY_JIRA_CLIENT_SECRET")
    monkeypatch.setenv("XRAY_CLIENT_ID", "xray")
    monkeypatch.setenv("XRAY_CLIENT_SECRET", "s3cret-of-xray")
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build"]) == 2
    error = capsys.readouterr().err
    assert "XRAY_JIRA_CLIENT_SECRET is not set" in error
    assert "Marketplace apps, OAuth credentials" in error


def test_a_fork_cannot_send_the_secret_elsewhere(
    jira: Xray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its files name another address for the API."""
    monkeypatch.delenv("XRAY_JIRA_API_URL")
    monkeypatch.setenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "7")
    monkeypatch.setenv("CI_MERGE_REQUEST_PROJECT_ID", "1")
    (tmp_path / ".git").mkdir()
    (tmp_path / "xray-bridge.toml").write_text(f'jira_api_url = "{jira.url}"\n')
    recorded(tmp_path, a_run(), ci=RECORDED)

    assert cli.main(["jira", "build"]) == 2
    assert jira.sent == []
    assert "pull request from a fork" in capsys.readouterr().err


def test_a_run_directory_does_not_choose_the_address(
    jira: Xray, tmp_path: Path
) -> None:
    """It may come from another machine, or from somebody else."""
    said = {"jira_api_url": "https://evil.example.com", "jira_cloud_id": "evil"}
    recorded(tmp_path, a_run(), ci=RECORDED, settings={**said, "jira_issues": "A-1"})

    assert cli.main(["jira", "build"]) == 0
    assert "evil" not in str(jira.lines)


def test_a_session_that_begins_is_in_progress(
    jira: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The adapters call it; the sequence number is that of the start."""
    monkeypatch.setenv("XRAY_JIRA_BUILD", "on")
    flags = ["--started", "1000.5", "--jira-build-on", "in_progress"]
    code = cli.main(["jira", "session", *flags])
    found = sent_to(jira)

    assert code == 0
    assert (found["state"], found["updateSequenceNumber"]) == ("in_progress", 1000500)
    assert found["description"] == "the tests are running"
    assert "testInfo" not in found


def test_an_interrupted_session_is_cancelled(
    jira: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the counts of the tests that ran."""
    monkeypatch.setenv("XRAY_JIRA_BUILD", "on")
    directory = recorded(tmp_path, a_run(), ci=RECORDED)
    directory.state = State(incomplete=("the session was interrupted",))
    code = cli.main(["jira", "session", str(directory.path)])
    found = sent_to(jira)

    assert code == 0
    assert (found["state"], found["testInfo"]["totalNumber"]) == ("cancelled", 1)


def test_report_files_of_other_tools_are_shown(
    jira: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results are counted; the Test keys in them may be issues of the build."""
    monkeypatch.setenv("XRAY_URL", jira.url)
    monkeypatch.setenv("XRAY_CLIENT_ID", "id-of-xray")
    monkeypatch.setenv("XRAY_CLIENT_SECRET", "s3cret-of-xray")
    monkeypatch.setenv("XRAY_JIRA_BUILD", "on")
    monkeypatch.setenv("XRAY_JIRA_ISSUES_FROM", "branch,tests")
    jira.script |= {
        "/api/v2/authenticate": ["a.token.made-of-base64"],
        "/api/v2/import/execution/junit/multipart": [{"key": "CALC-77", "id": "1"}],
    }
    key = '<properties><property name="test_key" value="CALC-5"/></properties>'
    (tmp_path / "report.xml").write_text(
        '<testsuite name="a" tests="3" failures="1" skipped="1">'
        f'<testcase classname="a" name="b">{key}</testcase>'
        '<testcase classname="a" name="c"><failure message="x"/></testcase>'
        '<testcase classname="a" name="d"><skipped/></testcase></testsuite>',
        encoding="utf-8",
    )

    code = cli.main(["upload", "report.xml", "--preflight", "off"])
    found = sent_to(jira)

    assert code == 0
    assert found["testInfo"] == {
        "totalNumber": 3,
        "numberPassed": 1,
        "numberFailed": 1,
        "numberSkipped": 1,
    }
    assert found["description"] == "1 of 3 tests failed; Test Execution CALC-77"
    assert found["associations"][0]["values"] == ["CALC-12", "CALC-5"]
