"""Stored connections: their files, fields and secrets."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_bridge.config import secret_sources, stored_connections
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.config.shared_file import shared_file_layer
from xray_bridge.config.stored_connections import StoredConnection
from xray_bridge.errors import (
    CredentialError,
    SecretInPlainSightError,
    SettingError,
    UsageError,
)


SECRET = "hunter22-nobody-may-see"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
printable = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=60)


def a_stored(**values: str | bool) -> StoredConnection:
    """Make a connection in a person's own file."""
    here = Path.cwd() / "connections.toml"
    return StoredConnection(name="prod", values=values, source=here, is_own=True)


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """An environment with the path of a person's own file, which does not exist."""
    path = tmp_path / "config" / "connections.toml"
    return {stored_connections.OWN_FILE_VARIABLE: str(path)}


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(stored_connections.NAME, fullmatch=True),
        st.tuples(printable, st.booleans()),
        max_size=4,
    )
)
def test_any_text_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, tuple[str, bool]]
) -> None:
    """A TOML library reads any text that was written."""
    path = tmp_path_factory.mktemp("own") / "connections.toml"
    stored = {
        name: StoredConnection(
            name=name,
            values={"description": text, "enabled": on},
            source=path,
            is_own=True,
        )
        for name, (text, on) in found.items()
    }
    stored_connections.save_connections(stored, path)
    environ = {stored_connections.OWN_FILE_VARIABLE: str(path)}

    assert stored_connections.known_connections(path.parent, environ) == stored


@POSIX
def test_the_file_is_for_its_owner_only(own: dict[str, str]) -> None:
    """Only the owner can read the file, and a new folder."""
    path = stored_connections.own_file(own)
    stored_connections.save_connections(
        {"prod": a_stored(url="https://jira.example.com")}, path
    )

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@POSIX
def test_a_file_that_others_can_write_is_refused(
    own: dict[str, str], tmp_path: Path
) -> None:
    """Others could change its commands."""
    path = stored_connections.own_file(own)
    stored_connections.save_connections(
        {"prod": a_stored(url="https://jira.example.com")}, path
    )
    path.chmod(0o622)

    with pytest.raises(SettingError, match="can be written by others") as caught:
        stored_connections.known_connections(tmp_path, own)
    assert caught.value.hint == f"run chmod 600 {path}"


@pytest.mark.parametrize(
    ("name", "head"),
    [("xray-bridge.toml", ""), ("pyproject.toml", "tool.xray-bridge.")],
)
def test_a_project_has_connections_in_its_shared_file(
    own: dict[str, str], tmp_path: Path, name: str, head: str
) -> None:
    """They are not reported as unknown settings."""
    top = f"[{head.rstrip('.')}]\n" if head else ""
    text = f'{top}project = "CALC"\n[{head}connections.prod]\nurl = "https://j.com"\n'
    tmp_path.joinpath(name).write_text(text)
    (found,) = stored_connections.known_connections(tmp_path, own).values()
    layer = shared_file_layer(tmp_path)

    assert (found.name, found.values["url"], found.is_own) == (
        "prod",
        "https://j.com",
        False,
    )
    assert layer is not None
    assert layer.values == {"project": "CALC"}


def test_a_person_s_own_comes_before_the_project_s(
    own: dict[str, str], tmp_path: Path
) -> None:
    """A person's own connection wins over the project's."""
    tmp_path.joinpath("xray-bridge.toml").write_text(
        '[connections.prod]\nurl = "https://theirs.com"\n'
    )
    mine = {"prod": a_stored(url="https://mine.com")}
    stored_connections.save_connections(mine, stored_connections.own_file(own))

    assert (
        stored_connections.find_connection("prod", tmp_path, own).values["url"]
        == "https://mine.com"
    )


def test_an_unknown_name_is_told_with_the_nearest(
    own: dict[str, str], tmp_path: Path
) -> None:
    """The error has the most similar name."""
    stored_connections.save_connections(
        {"prod": a_stored(url="https://j.com")}, stored_connections.own_file(own)
    )

    with pytest.raises(UsageError, match="no connection 'prd'") as caught:
        stored_connections.find_connection("prd", tmp_path, own)
    assert caught.value.hint == "did you mean prod?"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"urll": "https://j.com"}, "no field 'urll'"),
        ({"url": "ftp://j.com"}, "is not an address"),
        ({"deployment": "moon"}, "not one of auto, server, cloud"),
        ({"url": 7}, "neither text nor"),
        ({"description": "x" * 256}, "longer than 255"),
        ({"description": "a\nb"}, "several lines"),
        ({"enabled": "perhaps"}, "neither yes nor no"),
        ({"description": "\udcff"}, "cannot be printed"),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused(
    values: dict[str, object], why: str
) -> None:
    """The error has file and connection."""
    with pytest.raises(SettingError, match=why):
        stored_connections.validate_connection(
            values, "connections.toml: connection prod"
        )


@pytest.mark.parametrize("name", ["token", "password", "client_secret", "jira_token"])
def test_a_secret_in_a_file_is_refused_unseen(name: str) -> None:
    """The error does not show the secret."""
    with pytest.raises(SecretInPlainSightError) as caught:
        stored_connections.validate_connection(
            {name: SECRET}, "pyproject.toml: connection prod"
        )

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"url": "https://j.com"}, "token"),
        ({"url": "https://j.com", "user": "ann"}, "password"),
        ({"client_id": "abc"}, "client_secret"),
    ],
)
def test_who_logs_in_decides_which_secret_it_is(
    values: dict[str, str], setting: str
) -> None:
    """Each kind of credential has its own setting."""
    layer = stored_connections.connection_layer(a_stored(**values), {"secret": SECRET})
    found = resolve([layer])

    assert getattr(found, setting).reveal() == SECRET


def test_credentials_of_the_environment_do_not_mix_with_its_own() -> None:
    """A token for another server is neither refused nor sent."""
    environ = {"XRAY_USER": "bob", "XRAY_PASSWORD": "other", "XRAY_CLIENT_ID": "x"}
    layer = stored_connections.connection_layer(
        a_stored(url="https://j.com"), {"secret": SECRET}
    )
    found = resolve([layer, environment_layer(environ)])

    assert found.token.reveal() == SECRET
    assert not any((found.user, found.password, found.client_id))


def test_a_secret_goes_to_no_address_but_its_own() -> None:
    """Without an address it is Xray Cloud's, not the environment's."""
    environ = {"XRAY_URL": "https://other.com", "XRAY_JIRA_URL": "https://other.com"}
    secrets = {"secret": SECRET, "jira_secret": SECRET}
    layer = stored_connections.connection_layer(a_stored(client_id="x"), secrets)
    found = resolve([layer, environment_layer(environ)])

    assert (found.url, found.jira_url) == ("", "")


def test_without_a_place_of_its_own_the_environment_has_the_secret() -> None:
    """The secret comes from the environment."""
    layer = stored_connections.connection_layer(a_stored(url="https://j.com"), {})
    found = resolve([layer, environment_layer({"XRAY_TOKEN": SECRET})])

    assert found.token.reveal() == SECRET


def python(code: str) -> str:
    """Make a command that runs a line of Python."""
    return f'"{sys.executable}" -c "{code}"'.replace("\\", "/")


def test_each_place_gives_its_secret(tmp_path: Path) -> None:
    """A variable, a file and the first line of a command work."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    places = {
        "secret_env": "MINE",
        "secret_file": str(path),
        "secret_command": python(f"print('{SECRET}'); print('more')"),
    }
    environ = {**os.environ, "MINE": SECRET}

    for name, where in places.items():
        assert secret_sources.fetch_secrets(a_stored(**{name: where}), environ) == {
            "secret": SECRET
        }


@pytest.mark.parametrize(
    ("place", "where", "why"),
    [
        ("env", "NOT_THERE", "the environment variable NOT_THERE is not set"),
        ("file", "not-there", "cannot be read"),
        ("command", "no-such-program-anywhere", "cannot be run"),
        ("command", "'unclosed", "it is not a command line"),
        ("command", python("pass"), "printed nothing"),
        (
            "command",
            python(f"import sys; print('{SECRET}'); sys.exit(3)"),
            "ended with exit code 3",
        ),
    ],
)
def test_a_secret_that_cannot_be_had_is_told_without_it(
    place: str, where: str, why: str
) -> None:
    """The error never has the output of a command."""
    with pytest.raises(CredentialError, match=why) as caught:
        secret_sources.fetch_secrets(
            a_stored(**{f"secret_{place}": where}), dict(os.environ)
        )

    assert SECRET not in str(caught.value)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password manager may wait for a person who is not there."""
    monkeypatch.setattr(secret_sources, "PATIENCE", 0.3)
    hangs = a_stored(secret_command=python("import time; time.sleep(20)"))

    with pytest.raises(CredentialError, match="did not end within"):
        secret_sources.fetch_secrets(hangs, dict(os.environ))
