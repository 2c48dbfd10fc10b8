"""A pull request from a fork does not choose where secrets are sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xray_bridge.ci import forks
from xray_bridge.config.effective import effective_settings
from xray_bridge.config.fork_guard import find_forbidden_fork
from xray_bridge.config.resolve import ini_layer, resolve
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE
from xray_bridge.errors import SettingError


URL = "https://evil.example.com"
AZURE = {"SYSTEM_PULLREQUEST_ISFORK": "True"}
OURS, THEIRS = "https://github.com/us/it.git", "git@github.com:them/it.git"
FORKS: dict[str, dict[str, str]] = {
    "GitLab CI": {
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
    },
    "Azure Pipelines": AZURE,
    "CircleCI": {"CIRCLE_PR_NUMBER": "7"},
    "Jenkins": {"CHANGE_FORK": "them"},
    "Buildkite": {"BUILDKITE_PULL_REQUEST_REPO": THEIRS, "BUILDKITE_REPO": OURS},
    "Travis CI": {"TRAVIS_PULL_REQUEST_SLUG": "them/it", "TRAVIS_REPO_SLUG": "us/it"},
    "AppVeyor": {
        "APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME": "them/it",
        "APPVEYOR_REPO_NAME": "us/it",
    },
    "Semaphore": {
        "SEMAPHORE_GIT_PR_SLUG": "them/it",
        "SEMAPHORE_GIT_REPO_SLUG": "us/it",
    },
    "Bitrise": {
        "BITRISEIO_PULL_REQUEST_REPOSITORY_URL": THEIRS,
        "GIT_REPOSITORY_URL": OURS,
    },
    "Codefresh": {"CF_PULL_REQUEST_IS_FORK": "true"},
}
OWN: list[dict[str, str]] = [
    {},
    {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "1"},
    {"SYSTEM_PULLREQUEST_ISFORK": "False"},
    {
        "BUILDKITE_PULL_REQUEST_REPO": "git://github.com/us/it",
        "BUILDKITE_REPO": "git@github.com:us/it.git",
    },
    {"GITHUB_EVENT_NAME": "push"},
]


@pytest.mark.parametrize("name", FORKS)
def test_each_system_tells(name: str) -> None:
    """Each CI system shows a fork by its own variables."""
    assert forks.system_of_fork(FORKS[name]) == name


@pytest.mark.parametrize("environ", OWN)
def test_what_is_no_fork(environ: dict[str, str]) -> None:
    """Other builds, and pull requests of the repository itself, are no forks."""
    assert not forks.system_of_fork(environ)


@pytest.mark.parametrize(
    ("repository", "is_fork"),
    [
        ({"full_name": "them/it", "fork": True}, True),
        ({"full_name": "us/it", "fork": False}, False),
        # The repository is a fork itself.
        ({"full_name": "us/it", "fork": True}, False),
        ({"fork": True}, True),
        (None, True),
    ],
)
def test_github_tells_in_its_event(
    tmp_path: Path, repository: Any, is_fork: bool
) -> None:
    """A removed fork is a fork, too."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"pull_request": {"head": {"repo": repository}}}))
    environ = {
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "us/it",
    }

    assert bool(forks.system_of_fork(environ)) is is_fork
    path.unlink()
    assert forks.system_of_fork(environ) == "GitHub Actions"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pull request from a fork, checked out."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(OWN_FILE_VARIABLE, str(tmp_path / "own.toml"))
    for name, value in AZURE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BUILD_REPOSITORY_NAME", "us/it")
    return tmp_path / "own.toml"


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "setting",
    [
        f'url = "{URL}"',
        f'proxy = "{URL}"',
        'verify = "false"',
        f'jira_api_url = "{URL}"',
        f'jira_connect_url = "{URL}"',
        f'otlp = "{URL}"',
    ],
)
def test_what_its_files_choose_is_refused(setting: str) -> None:
    """A session's settings are refused, too."""
    Path("xray-bridge.toml").write_text(setting, encoding="utf-8")
    name = setting.partition(" ")[0]

    with pytest.raises(SettingError, match="pull request from a fork") as caught:
        _ = effective_settings({}).settings
    with pytest.raises(SettingError, match=name):
        _ = effective_settings({}, given={name: setting.split('"')[1]}).settings

    assert 'fork_upload = ["us/it"]' in caught.value.hint


@pytest.mark.usefixtures("own")
def test_its_collector_is_refused_beside_the_sandbox() -> None:
    """The sandbox has no secrets, but the variables of a collector do."""
    text = f'sandbox = "yes"\notlp = "{URL}"\n'
    Path("xray-bridge.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingError, match="xray_otlp"):
        _ = effective_settings({}).settings
    assert effective_settings({"otlp": URL}).settings.otlp == URL


@pytest.mark.usefixtures("own")
def test_its_connection_is_refused() -> None:
    """The fork's connection names both the secret and the address."""
    table = f'[connections.x]\nurl = "{URL}"\nsecret_env = "XRAY_TOKEN"\n'
    Path("xray-bridge.toml").write_text(table, encoding="utf-8")

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XRAY_TOKEN", "a-token")
        with pytest.raises(SettingError, match="the connection x"):
            _ = effective_settings({"connection": "x"}).settings


@pytest.mark.parametrize("name", ["jira_api_url", "jira_connect_url", "proxy"])
def test_addresses_beside_an_own_connection_are_refused(own: Path, name: str) -> None:
    """A connection of the job does not make the addresses of the fork acceptable."""
    table = '[mine]\nurl = "https://a.example.com"\n'
    own.write_text(f'{table}jira_api_url = "https://b.example.com"\n')
    own.chmod(0o600)
    mine = effective_settings({"connection": "mine"}).settings
    own.write_text(table)
    Path("xray-bridge.toml").write_text(f'{name} = "{URL}"', encoding="utf-8")

    with pytest.raises(SettingError, match=f"xray_{name}"):
        _ = effective_settings({"connection": "mine"}).settings
    assert mine.jira_api_url == "https://b.example.com"


@pytest.mark.usefixtures("own")
def test_what_the_job_chooses_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address from the job is accepted, even if the fork's files have it."""
    Path("xray-bridge.toml").write_text(f'url = "{URL}"', encoding="utf-8")
    monkeypatch.setenv("XRAY_URL", URL)

    assert effective_settings({}).settings.url == URL
    other = effective_settings({"url": "https://a.example.com"})
    assert other.settings.url == "https://a.example.com"


@pytest.mark.parametrize("name", ["us/it", ""])
def test_a_person_allows_a_repository(own: Path, name: str) -> None:
    """A repository is allowed by its name in CI, or by its folder."""
    Path("xray-bridge.toml").write_text(f'url = "{URL}"', encoding="utf-8")
    line = f"[allow]\nfork_upload = [{json.dumps(name or str(Path.cwd()))}]\n"
    own.write_text(line, encoding="utf-8")
    own.chmod(0o600)

    assert effective_settings({}).settings.url == URL


@pytest.mark.parametrize("name", ["AWS_KEY", "CI_JOB_TOKEN", "GITHUB_TOKEN"])
def test_no_variable_gets_into_jira(own: Path, name: str) -> None:
    """Only variables about the run, and those that a person allows, do."""
    environ = {**AZURE, name: "a", "CI_COMMIT_REF": "b", OWN_FILE_VARIABLE: str(own)}
    layer = ini_layer("pytest.ini", {"summary": f"${{{name}}}"})
    build = ini_layer("pytest.ini", {"jira_environment": f"${{{name}}}"})
    fields = ini_layer("pytest.ini", {"execution_fields": f'{{"a": "${{{name}}}"}}'})
    fine = ini_layer("pytest.ini", {"summary": "${CI_COMMIT_REF} ${NOTHING:-c}"})

    for each in (layer, fields, build):
        with pytest.raises(SettingError, match=f"names {name}"):
            resolve([each], environ)
    assert resolve([fine], environ).summary == "b c"
    own.write_text(f'[allow]\nenv = ["{name}"]\n', encoding="utf-8")
    own.chmod(0o600)
    assert resolve([layer], environ).summary == "a"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"workflow_run": {"head_repository": {"full_name": "them/it"}}}, True),
        ({"workflow_run": {"head_repository": None}}, True),
        ({}, True),
        ({"workflow_run": {"head_repository": {"full_name": "Us/it"}}}, False),
    ],
)
def test_a_workflow_after_that_of_a_fork_sends_foreign_results(
    tmp_path: Path, event: dict[str, Any], *, expected: bool
) -> None:
    """Its code and settings are ours, so they may choose addresses."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "us/it",
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(path),
    }

    assert forks.system_of_fork(environ) == ""
    assert bool(forks.system_of_foreign_results(environ)) is expected
    assert bool(find_forbidden_fork(environ)) is expected
    assert forks.system_of_foreign_results(AZURE) == "Azure Pipelines"
