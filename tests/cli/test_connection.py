"""``xray-bridge connection``, and uploads through what it has stored."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripted_xray import MULTIPART, SECRET, Sender, Xray
from xray_bridge import cli
from xray_bridge.config import stored_connections
from xray_bridge.runs.run_directory import SEALED


MYSELF = "/rest/api/2/myself"
LICENCE = "/rest/raven/2.0/api/xraylicense"
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Xray,
) -> Command:
    """Run ``xray-bridge`` where nobody has a connection; exit code and output."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own" / "connections.toml"
    monkeypatch.setenv(stored_connections.OWN_FILE_VARIABLE, str(own))
    for name in ("XRAY_URL", "XRAY_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROD_TOKEN", SECRET)
    server.script |= {
        MYSELF: [{"displayName": "Ann"}],
        "/rest/api/2/serverInfo": [{"deploymentType": "Server", "version": "9.12.0"}],
        LICENCE: [{"active": True, "licenseType": "COMMERCIAL"}],
    }

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(arguments)
        said = capsys.readouterr()
        written = own.read_text() if own.exists() else ""
        assert SECRET not in said.out + said.err + written
        return code, said.out + said.err

    return run


def add(command: Command, server: Xray, *more: str) -> tuple[int, str]:
    """Store ``prod``."""
    where = ("--url", server.url, "--secret-env", "PROD_TOKEN")
    return command("connection", "add", "prod", *where, *more)


def test_a_connection_is_tried_before_it_is_stored(
    command: Command, server: Xray
) -> None:
    """The connection uses its own secret."""
    code, said = add(command, server)

    assert code == 0
    assert "prod is stored in" in said
    assert server.sent[0].authorization == f"Bearer {SECRET}"


def test_what_does_not_work_is_not_stored(command: Command, server: Xray) -> None:
    """Unless somebody insists."""
    server.script[MYSELF] = [{"error": "no"}]
    del server.script[MYSELF]
    refused = add(command, server)
    before = command("connection", "list")[1]
    insisted = add(command, server, "--no-check")

    assert refused[0] == 85
    assert "not stored" in refused[1]
    assert "There are no connections" in before
    assert insisted[0] == 0


def test_a_name_is_added_once(command: Command, server: Xray) -> None:
    """A second one would silently take its place."""
    add(command, server)
    code, said = add(command, server)

    assert code == 2
    assert "a connection named 'prod' already exists" in said


def test_an_update_changes_only_what_is_given(command: Command, server: Xray) -> None:
    """And checks the complete connection."""
    add(command, server, "--description", "The one")
    command("connection", "update", "prod", "--verify", "false")
    shown = json.loads(command("connection", "show", "prod", "--json")[1])

    assert shown["description"] == "The one"
    assert shown["verify"] == "false"
    assert shown["url"] == server.url


def test_a_secret_has_one_place(command: Command, server: Xray) -> None:
    """The one that was named last."""
    add(command, server)
    Path("secret").write_text(SECRET)
    command("connection", "update", "prod", "--secret-file", "secret")
    shown = json.loads(command("connection", "show", "prod", "--json")[1])

    assert shown["secret_file"] == "secret"
    assert "secret_env" not in shown


def test_an_update_of_nothing_is_told_with_the_nearest_name(
    command: Command, server: Xray
) -> None:
    """It does not make one."""
    add(command, server)
    code, said = command("connection", "update", "prd", "--verify", "false")

    assert code == 2
    assert "no connection 'prd' (did you mean prod?)" in said


def test_a_secret_on_the_command_line_is_refused_unseen(command: Command) -> None:
    """It stands in process lists by then, but in no log of ours."""
    code, said = command("connection", "add", "prod", "--token", SECRET)

    assert code == 2
    assert "--secret-env" in said


@pytest.mark.parametrize(
    ("gone", "status"), [("", "healthy"), (MYSELF, "faulty"), (LICENCE, "faulty")]
)
def test_a_check_says_how_it_stands_why_and_when(
    command: Command, server: Xray, gone: str, status: str
) -> None:
    """For machines as well."""
    add(command, server)
    server.script.pop(gone, None)
    code, said = command("connection", "check", "prod", "--json")
    found = json.loads(said)

    assert code == (0 if status == "healthy" else 85)
    assert found["status"] == status
    assert found["reason"]
    assert found["time"].endswith("+00:00")


def test_a_check_of_no_server_and_of_no_connection(command: Command) -> None:
    """These are two different things."""
    where = ("--url", "http://127.0.0.1:9", "--secret-env", "PROD_TOKEN")
    command("connection", "add", "gone", *where, "--no-check")
    unreachable = command("connection", "check", "gone")
    missing = command("connection", "check", "nobody")

    assert unreachable[0] == missing[0] == 85
    assert "gone: unreachable, 127.0.0.1:9 cannot be reached" in unreachable[1]
    assert "nobody: not found" in missing[1]


def test_a_project_s_connection_is_changed_in_its_file(
    command: Command, server: Xray
) -> None:
    """Which the message names."""
    Path("xray-bridge.toml").write_text(f'[connections.prod]\nurl = "{server.url}"\n')
    code, said = command("connection", "disable", "prod")

    assert code == 2
    assert "xray-bridge.toml" in said


def test_an_upload_goes_through_a_connection(
    command: Command, server: Xray, send: Sender
) -> None:
    """With its address and its secret, whoever else is in the environment."""
    add(command, server)
    done = send("--connection", "prod")
    posted = server.posts(MULTIPART)[0]

    assert done.exit_code == 0, done.output
    assert posted.authorization == f"Bearer {SECRET}"
    assert SECRET not in done.output


def test_two_servers_are_one_too_many(
    command: Command, server: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credentials of one must not go to the other."""
    add(command, server)
    monkeypatch.setenv("XRAY_URL", "https://other.example.com")
    code, said = command("check", "--connection", "prod")

    assert code == 2
    assert "two servers" in said


def test_two_jira_sites_are_one_too_many(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of one must not go to the other, either."""
    cloud = ("--client-id", "id", "--secret-env", "PROD_TOKEN")
    jira = ("--jira-user", "a@b.c", "--jira-secret-env", "PROD_TOKEN")
    command("connection", "add", "prod", *cloud, *jira, "--no-check")
    monkeypatch.setenv("XRAY_JIRA_URL", "https://other.example.com")
    code, said = command("check", "--connection", "prod")

    assert code == 2
    assert "two servers: xray_jira_url" in said


def test_a_disabled_connection_loses_nothing(
    command: Command, server: Xray, send: Sender
) -> None:
    """Uploads are skipped with a notice, and go out once it is enabled."""
    add(command, server)
    command("connection", "disable", "prod")
    skipped = send("--connection", "prod")
    state = skipped.directory.state.state
    command("connection", "enable", "prod")
    sent = send.send(skipped.directory, "--connection", "prod", command="resend")

    assert (skipped.exit_code, state) == (0, SEALED)
    assert "the connection prod is disabled" in skipped.output
    assert sent.exit_code == 0, sent.output
    assert len(server.posts(MULTIPART)) == 1


def test_a_project_s_connection_is_enabled_in_its_file(
    command: Command, tmp_path: Path
) -> None:
    """An unknown action is a usage error."""
    table = '[connections.team]\nurl = "https://j.com"\nenabled = false\n'
    (tmp_path / "xray-bridge.toml").write_text(table)
    code, said = command("check", "--connection", "team")

    assert code == 2
    assert "set enabled = true in xray-bridge.toml" in said


def test_what_is_removed_is_gone(command: Command, server: Xray) -> None:
    """And nothing else."""
    add(command, server)
    where = ("--url", server.url, "--secret-env", "PROD_TOKEN")
    command("connection", "add", "other", *where)
    command("connection", "remove", "prod")

    assert [
        each["name"] for each in json.loads(command("connection", "list", "--json")[1])
    ] == ["other"]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """The keyring of this machine, which nobody else has."""
    kept: dict[tuple[str, str], str] = {}
    module = types.ModuleType("keyring")
    errors = types.ModuleType("keyring.errors")

    def get_password(service: str, name: str) -> str | None:
        return kept.get((service, name))

    def set_password(service: str, name: str, secret: str) -> None:
        kept[(service, name)] = secret

    vars(errors)["KeyringError"] = RuntimeError
    vars(module).update(
        get_password=get_password, set_password=set_password, errors=errors
    )
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_a_secret_goes_into_the_keyring_and_comes_from_there(
    command: Command,
    server: Xray,
    keyring: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked for, or given on standard input."""
    monkeypatch.setattr(
        "sys.stdin",
        types.SimpleNamespace(isatty=lambda: False, readline=lambda: f"{SECRET}\n"),
    )
    code, said = command(
        "connection", "add", "prod", "--url", server.url, "--ask-secret"
    )

    assert code == 0, said
    assert keyring == {("xray-bridge", "prod"): SECRET}
    assert server.sent[0].authorization == f"Bearer {SECRET}"


def test_a_secret_that_does_not_work_takes_nobody_s_place(
    command: Command,
    server: Xray,
    keyring: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The keyring is written once the server has let it in."""
    keyring[("xray-bridge", "prod")] = "the one that works"
    server.script[MYSELF] = [401]
    monkeypatch.setattr(
        "sys.stdin",
        types.SimpleNamespace(isatty=lambda: False, readline=lambda: f"{SECRET}\n"),
    )
    code, said = command(
        "connection", "add", "prod", "--url", server.url, "--ask-secret"
    )

    assert code == 85, said
    assert keyring == {("xray-bridge", "prod"): "the one that works"}


def test_without_the_library_a_keyring_is_told_how_to_get(
    command: Command, server: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    where = ("--url", server.url, "--secret-keyring")
    code, said = command("connection", "add", "prod", *where)

    assert code == 85
    assert "pip install keyring" in said


@pytest.mark.parametrize(
    ("gone", "state"), [("", "Active"), (MYSELF, "Error"), (LICENCE, "Error")]
)
def test_last_check_is_the_state(
    command: Command, server: Xray, gone: str, state: str
) -> None:
    """With the reason and the time; a disabled connection is inactive."""
    add(command, server)
    server.script.pop(gone, None)
    checked = json.loads(command("connection", "check", "prod", "--json")[1])
    [listed] = json.loads(command("connection", "list", "--json")[1])
    line = command("connection", "list")[1]
    command("connection", "disable", "prod")
    disabled = json.loads(command("connection", "show", "prod", "--json")[1])
    command("connection", "enable", "prod")
    enabled = json.loads(command("connection", "show", "prod", "--json")[1])

    assert checked["state"] == listed["state"] == enabled["state"] == state
    assert listed["reason"] == checked["reason"]
    assert listed["checked"] == checked["time"]
    assert f"prod            {state}" in line
    assert (listed["reason"] in line) is (state == "Error")
    assert disabled["state"] == "Inactive"


def test_state_of_an_unchecked_change_is_unknown(
    command: Command, server: Xray
) -> None:
    """The last check was of another connection."""
    add(command, server)
    command("connection", "update", "prod", "--no-check", "--description", "x")
    shown = json.loads(command("connection", "show", "prod", "--json")[1])

    assert (shown["state"], shown["checked"]) == ("Unknown", "")
