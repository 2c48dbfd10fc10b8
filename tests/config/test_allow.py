"""What repositories may do on this machine: only what a person has allowed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from xray_bridge import cli
from xray_bridge.config import secret_sources, stored_connections
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE
from xray_bridge.errors import CredentialError, SettingError


SECRET = "the-secret"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own file, and a repository with a command that leaves a trace."""
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    path = tmp_path / "own.toml"
    monkeypatch.setenv(OWN_FILE_VARIABLE, str(path))
    code = f"open('trace', 'w'); print('{SECRET}')"
    command = f'"{sys.executable}" -c "{code}"'.replace("\\", "/")
    Path("xray-bridge.toml").write_text(
        f"[connections.prod]\nurl = 'https://jira.example.com'\n"
        f"password_command = {json.dumps(command)}\n"
        "[connections.env]\nurl = 'https://jira.example.com'\nsecret_env = 'AWS_KEY'\n",
        encoding="utf-8",
    )
    return path


def fetched(name: str, environ: dict[str, str]) -> dict[str, str]:
    """Fetch the secrets of a connection."""
    stored = stored_connections.find_connection(name, Path.cwd(), environ)
    return secret_sources.fetch_secrets(stored, environ)


@pytest.mark.parametrize(
    "command",
    [
        "settings --connection prod",
        "settings --connection prod --json",
        "ci-snippet --for gitlab --connection prod",
        "connection show prod",
        "connection list",
        "runs",
        "--help",
    ],
)
def test_who_looks_runs_nothing(
    own: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A command that only looks runs nothing, not even an allowed command."""
    allow = f"[allow]\ncommands = [{json.dumps(str(Path.cwd()))}]\n"
    own.write_text(allow, encoding="utf-8")
    own.chmod(0o600)

    try:
        code = cli.main(command.split())
    except SystemExit as done:
        code = int(done.code or 0)

    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert not Path("trace").exists()


def test_a_command_of_a_repository_is_refused_with_the_line(own: Path) -> None:
    """With the line in the hint, the command runs."""
    environ = {OWN_FILE_VARIABLE: str(own)}

    with pytest.raises(CredentialError, match="not allowed") as caught:
        fetched("prod", environ)
    ran = Path("trace").exists()
    line = caught.value.hint.rpartition(": ")[2]
    own.write_text(f"[allow]\n{line}\n", encoding="utf-8")
    own.chmod(0o600)

    assert not ran
    assert str(own) in caught.value.hint
    assert fetched("prod", environ) == {"secret": SECRET}


def test_another_repository_is_not_this_one(own: Path, tmp_path: Path) -> None:
    """A permission for a parent folder does not count."""
    allow = f"[allow]\ncommands = [{json.dumps(str(tmp_path))}]\n"
    own.write_text(allow, encoding="utf-8")
    own.chmod(0o600)

    with pytest.raises(CredentialError, match="not allowed"):
        fetched("prod", {OWN_FILE_VARIABLE: str(own)})


def test_a_variable_of_another_program_is_refused(own: Path) -> None:
    """Only listed variables and those of xray-bridge are read."""
    environ = {OWN_FILE_VARIABLE: str(own), "AWS_KEY": SECRET}

    with pytest.raises(CredentialError, match="AWS_KEY"):
        fetched("env", environ)
    own.write_text('[allow]\nenv = ["AWS_KEY"]\n', encoding="utf-8")
    own.chmod(0o600)

    assert fetched("env", environ) == {"secret": SECRET}


def test_the_table_stays_when_connections_are_written(own: Path) -> None:
    """The table is kept, and is not a connection."""
    own.write_text('[allow]\nhttp = ["jira.example.com"]\n', encoding="utf-8")
    own.chmod(0o600)
    environ = {OWN_FILE_VARIABLE: str(own)}

    stored_connections.save_connections({}, own)

    assert stored_connections.read_allowed(environ).http == ("jira.example.com",)
    assert set(stored_connections.known_connections(Path.cwd(), environ)) == {
        "prod",
        "env",
    }


@pytest.mark.parametrize(
    "table", ["allow = 1", "[allow]\nhttps = []", "[allow]\nhttp = 'a'"]
)
def test_a_wrong_table_is_told(own: Path, table: str) -> None:
    """A misspelt entry is an error."""
    own.write_text(table, encoding="utf-8")
    own.chmod(0o600)

    with pytest.raises(SettingError, match="allow"):
        stored_connections.read_allowed({OWN_FILE_VARIABLE: str(own)})
