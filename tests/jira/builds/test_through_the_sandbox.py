"""Builds and deployments, sent to the sandbox and read back from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.builders import a_run, a_test, recorded
from xray_bridge import cli
from xray_bridge.model.results import Outcome
from xray_sandbox import CREDENTIALS, RunningSandbox, running


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CI = {
    "name": "GitLab CI",
    "branch": "feature/CALC-1",
    "revision": "08cd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b",
    "build_url": "https://gitlab.com/acme/api/-/pipelines/99",
    "run_id": "gitlab-99",
    "pipeline": "acme/api",
    "job": "unit",
    "number": "812",
    "repository": "https://gitlab.com/acme/api",
}
RUNS = (
    a_run(test=a_test("test_a", requirements=("CALC-2",))),
    a_run(Outcome.FAILED, name="test_b"),
    a_run(Outcome.SKIPPED, name="test_c"),
)


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningSandbox]:
    """A sandbox with its demo project; the settings are those of a Cloud site."""
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "data") as found:
        given = {
            "PROJECT": "CALC",
            "JIRA_URL": f"{found.url}/jira-cloud",
            "JIRA_API_URL": f"{found.url}/atlassian",
            "JIRA_CLIENT_ID": CREDENTIALS.builds_client_id,
            "JIRA_CLIENT_SECRET": CREDENTIALS.builds_client_secret,
            "JIRA_ENVIRONMENT": "production",
            "SKIP_PROXY": "yes",
        }
        for name, value in given.items():
            monkeypatch.setenv(f"XRAY_{name}", value)
        yield found


def send(*arguments: str) -> int:
    """Run ``xray-bridge jira``."""
    return cli.main(["jira", *arguments])


def stored(sandbox: RunningSandbox, kind: str, path: str) -> dict[str, Any]:
    """What the sandbox has of a build, or of a deployment."""
    login = requests.post(
        f"{sandbox.url}/atlassian/oauth/token",
        json={
            "audience": "api.atlassian.com",
            "grant_type": "client_credentials",
            "client_id": CREDENTIALS.builds_client_id,
            "client_secret": CREDENTIALS.builds_client_secret,
        },
        timeout=10,
    ).json()
    start = f"{sandbox.url}/atlassian/jira/{kind}/0.1/cloud/{CREDENTIALS.cloud_id}"
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    answer = requests.get(f"{start}{path}", headers=headers, timeout=10)
    found: dict[str, Any] = answer.json() if answer.ok else {}
    return found


PIPELINE = "/pipelines/acme%2Fapi%2Funit"


def test_a_build_is_taken_and_shown(tmp_path: Path, sandbox: RunningSandbox) -> None:
    """The sandbox refuses what Jira refuses."""
    run = recorded(tmp_path, *RUNS, ci=CI)

    assert send("build", run.id, "--confirm") == 0
    found = stored(sandbox, "builds", f"{PIPELINE}/builds/812")
    assert found["testInfo"] == {
        "totalNumber": 3,
        "numberPassed": 1,
        "numberFailed": 1,
        "numberSkipped": 1,
    }
    assert found["state"] == "failed"


def test_a_second_build_replaces_the_first(
    tmp_path: Path, sandbox: RunningSandbox
) -> None:
    """A person has another opinion of the same run."""
    run = recorded(tmp_path, *RUNS, ci=CI)
    codes = [send("build", run.id)]
    codes += [send("build", run.id, "--jira-build-state", "successful", "--confirm")]

    assert codes == [0, 0]
    found = stored(sandbox, "builds", f"{PIPELINE}/builds/812")
    assert found["state"] == "successful"


def test_a_deployment_is_taken_and_shown(
    tmp_path: Path, sandbox: RunningSandbox
) -> None:
    """Its environment has a type."""
    run = recorded(tmp_path, *RUNS, ci=CI)

    assert send("deployment", run.id, "--confirm") == 0
    path = f"{PIPELINE}/environments/production/deployments/812"
    found = stored(sandbox, "deployments", path)
    assert found["environment"]["type"] == "production"
    assert found["state"] == "failed"


def test_a_deployment_without_tests_is_taken(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in it is empty, or the sandbox would reject it."""
    flags = ["--without-tests", "--jira-build-state", "rolled_back", "--confirm"]
    monkeypatch.setenv("XRAY_JIRA_PIPELINE", "deploy")
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_PIPELINE_IID", "7")
    monkeypatch.setenv("CI_PIPELINE_URL", "https://gitlab.com/acme/api/-/pipelines/7")

    assert send("deployment", *flags, "--jira-issues", "CALC-1") == 0
    path = "/pipelines/deploy/environments/production/deployments/7"
    assert stored(sandbox, "deployments", path)["state"] == "rolled_back"


@pytest.mark.usefixtures("sandbox")
def test_unknown_issues_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If none is known, nothing is stored."""
    run = recorded(tmp_path, *RUNS, ci=CI)
    some = send("build", run.id, "--jira-issues", "CALC-999")
    told = capsys.readouterr().out
    flags = ["--jira-issues", "CALC-999", "--jira-issues-from", "title"]
    none = send("build", run.id, *flags)

    assert (some, none) == (0, 0)
    assert told.startswith("Jira does not know the work item CALC-999, for which")
    assert "so it does not show the build" in capsys.readouterr().out


@pytest.mark.usefixtures("sandbox")
def test_a_wrong_secret_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says where the credential is made."""
    monkeypatch.setenv("XRAY_JIRA_CLIENT_SECRET", "wrong-secret")
    run = recorded(tmp_path, *RUNS, ci=CI)

    assert send("build", run.id) == 80
    error = capsys.readouterr().err
    assert "does not accept the OAuth credentials (HTTP 401)" in error
    assert "wrong-secret" not in error


def test_a_connect_key_is_enough(
    tmp_path: Path, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older way, to the site itself."""
    monkeypatch.delenv("XRAY_JIRA_CLIENT_SECRET")
    monkeypatch.setenv("XRAY_JIRA_CONNECT_KEY", CREDENTIALS.connect_key)
    monkeypatch.setenv("XRAY_JIRA_CONNECT_URL", f"{sandbox.url}/connect")
    run = recorded(tmp_path, *RUNS, ci=CI)

    assert send("build", run.id, "--confirm") == 0


def test_data_center_has_one_link_for_each_pipeline(
    tmp_path: Path, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next build replaces it."""
    for name in ("JIRA_CLIENT_SECRET", "JIRA_CLIENT_ID", "JIRA_URL", "JIRA_API_URL"):
        monkeypatch.delenv(f"XRAY_{name}")
    monkeypatch.setenv("XRAY_URL", sandbox.url)
    monkeypatch.setenv("XRAY_TOKEN", CREDENTIALS.token)
    first = recorded(tmp_path, *RUNS, ci=CI)
    second = recorded(tmp_path, RUNS[0], ci={**CI, "number": "813"})
    codes = [send("build", run.id) for run in (first, second)]
    links = requests.get(
        f"{sandbox.url}/rest/api/2/issue/CALC-1/remotelink",
        headers={"Authorization": f"Bearer {CREDENTIALS.token}"},
        timeout=10,
    ).json()

    assert codes == [0, 0]
    assert [each["object"]["title"] for each in links] == [
        "build acme/api/unit #813: successful"
    ]
    assert json.dumps(links).count("xray-bridge:build:acme/api/unit") == 1
