"""The settings of a command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xray_bridge.config import secret_sources
from xray_bridge.config.effective import effective_settings
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE
from xray_bridge.errors import (
    ConnectionDisabledError,
    CredentialError,
    SettingError,
    UsageError,
)


PROD = """
[connections.prod]
url = "https://prod.example.com"
secret_env = "XRAY_PROD_TOKEN"
[connections.off]
url = "https://off.example.com"
enabled = false
"""
SECRET = "a-token-of-prod"


@dataclass
class Run:
    """The record of a run directory."""

    settings: dict[str, str] = field(default_factory=dict)
    ci: dict[str, Any] = field(default_factory=dict)
    framework: str = "pytest"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with two connections, and settings in its file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(OWN_FILE_VARIABLE, str(tmp_path / "none.toml"))
    monkeypatch.setenv("XRAY_PROD_TOKEN", SECRET)
    (tmp_path / ".git").mkdir()
    (tmp_path / "xray-bridge.toml").write_text(
        f'project = "FILE"\nsummary = "of the file"\n{PROD}'
    )


def test_layers_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags win over the environment, the file and CI."""
    monkeypatch.setenv("XRAY_PROJECT", "ENV")
    monkeypatch.setenv("XRAY_FIX_VERSION", "1.0")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SHA", "abc")

    found = effective_settings({"project": "FLAG", "summary": None}).settings

    assert found.project == "FLAG"
    assert found.fix_version == "1.0"
    assert found.summary == "of the file"
    assert found.revision == "abc"


def test_a_run_has_its_own_file() -> None:
    """Its session has read its own file; the one here does not count."""
    Path("xray-bridge.toml").write_text('summary = "of the file"')
    run = Run({"project": "RUN"}, {"name": "GitLab CI", "revision": "def"})

    found = effective_settings({}).for_run(run, {"test_plan": "RUN-1"}).settings

    assert (found.project, found.test_plan) == ("RUN", "RUN-1")
    assert (found.summary, found.revision) == ("", "def")


def test_given_is_what_a_session_has_resolved() -> None:
    """The settings of a session count without the file."""
    found = effective_settings({}, given={"project": "GIVEN"}).settings

    assert (found.project, found.summary) == ("GIVEN", "")


def test_a_connection_is_below_flags_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record has the name of the connection, and no values of it."""
    monkeypatch.setenv("XRAY_TOKEN", "another-token")

    found = effective_settings({"connection": "prod", "verify": "no"})

    assert found.settings.url == "https://prod.example.com"
    assert found.settings.token.reveal() == SECRET
    assert found.settings.verify is False
    assert found.local.given == {
        "connection": "prod",
        "verify": "false",
        "project": "FILE",
        "summary": "of the file",
    }


def test_a_secret_is_fetched_once_and_not_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A secret is fetched once, and not for lists of runs."""
    asked = []
    fetch = secret_sources.fetch_secrets

    def counted(*arguments: Any, **keywords: Any) -> dict[str, str]:
        asked.append(arguments)
        return fetch(*arguments, **keywords)

    monkeypatch.setattr(secret_sources, "fetch_secrets", counted)

    command = effective_settings({"connection": "prod"})
    report_dir = command.local.report_dir
    before = len(asked)
    runs = [command.for_run(Run({"connection": "prod"}), {}) for _ in range(3)]
    tokens = [each.settings.token.reveal() for each in (command, *runs)]

    assert (report_dir, before) == (".xray", 0)
    assert tokens == [SECRET] * 4
    assert len(asked) == 1


def test_secrets_of_connections_are_known_to_be_hidden() -> None:
    """The redactors know fetched secrets."""
    command = effective_settings({"connection": "prod"})
    before = command.redactors()
    assert command.settings.token

    (redactor,) = command.redactors()
    assert before == []
    assert redactor.clean(f"token {SECRET}") == "token ***"


WRONG = {
    "another server": (
        {"connection": "prod", "url": "https://a.example.com"},
        SettingError,
        "two servers: xray_url is https://a.example.com",
    ),
    "disabled": ({"connection": "off"}, ConnectionDisabledError, "off is disabled"),
    "unknown": ({"connection": "prd"}, UsageError, "there is no connection 'prd'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_connections_that_are_not_used(name: str) -> None:
    """They are an error if a server is needed; a record does not need one."""
    flags, kind, why = WRONG[name]
    found = effective_settings(flags)

    with pytest.raises(kind, match=why):
        _ = found.settings

    assert found.local.connection == flags["connection"]


def test_a_secret_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing secret is an error before anything is sent."""
    monkeypatch.delenv("XRAY_PROD_TOKEN")

    with pytest.raises(
        CredentialError, match="the environment variable XRAY_PROD_TOKEN is not set"
    ):
        _ = effective_settings({"connection": "prod"}).settings


@pytest.mark.parametrize("name", ["collect", "sandbox"])
def test_a_connection_that_nobody_needs(name: str) -> None:
    """The secret of an unused connection need not exist."""
    found = effective_settings({"connection": "off", name: "yes"})

    assert found.connection is None
    assert found.settings.url == ""


def test_errors_lose_the_secrets_of_a_connection() -> None:
    """Secrets are removed from a server's errors."""
    command = effective_settings({"connection": "prod"})

    with pytest.raises(UsageError) as caught, command.with_server():
        raise UsageError(f"no {SECRET}", hint=f"not {SECRET}")

    assert (caught.value.message, caught.value.hint) == ("no ***", "not ***")


def test_the_sandbox_brings_server_and_project() -> None:
    """Before it runs, only the project; a project that is set stays."""
    command = effective_settings({"sandbox": "yes"}, given={})
    own = effective_settings({"sandbox": "yes"})

    with command.with_server() as settings:
        assert settings.url.startswith("http://127.0.0.1:")
        assert settings.user

    assert command.settings.project == "CALC"
    assert command.settings.url == ""
    assert own.settings.project == "FILE"


@pytest.mark.parametrize("looks_only", [False, True])
def test_the_sandbox_keeps_its_data(tmp_path: Path, looks_only: bool) -> None:
    """The data stays, except for commands that only look."""
    command = effective_settings({"sandbox": "yes"})

    with command.with_server(looks_only=looks_only):
        pass

    assert (tmp_path / ".xray").exists() is not looks_only
