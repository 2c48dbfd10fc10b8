"""Connections and JFrog platforms: stored from their JSON, and pushed to them."""

from __future__ import annotations

import io
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.scripted_xray import SECRET, Xray
from xray_bridge import cli
from xray_bridge.config import stored_connections


BASE = "/xray/api/v1/ticketing/jira-integrations"
DETAILS = f"{BASE}/prod/details"
STATUS = "/xray/api/v1/ticketing/integrations/status/check"
TOKEN = "the-token-of-jfrog"
NONE = Response('{"error": "not found"}', status=404, content_type="application/json")
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Xray,
) -> Command:
    """Run ``xray-bridge`` with a JFrog platform and a Jira at one address."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own" / "connections.toml"
    monkeypatch.setenv(stored_connections.OWN_FILE_VARIABLE, str(own))
    for name in ("XRAY_URL", "XRAY_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROD_PASSWORD", SECRET)
    monkeypatch.setenv("XRAY_JFROG_TOKEN", TOKEN)
    server.script = {
        DETAILS: [NONE],
        BASE: [{"info": "Integration has been successfully created"}],
        f"{BASE}/prod": [{"info": "Integration has been successfully updated"}],
        STATUS: [{"status": "HEALTHY_INTEGRATION"}],
    }

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(["connection", *arguments])
        said = capsys.readouterr()
        written = own.read_text() if own.exists() else ""
        assert SECRET not in said.out + said.err + written
        assert TOKEN not in said.out + said.err + written
        return code, said.out + said.err

    return run


@pytest.fixture
def prod(command: Command) -> Command:
    """The command, with a connection that logs in by user and password."""
    where = ("--url", "https://jira.example.com", "--user", "ann")
    command("add", "prod", *where, "--secret-env", "PROD_PASSWORD", "--no-check")
    return command


def a_payload(**changes: Any) -> dict[str, Any]:
    """A document for JFrog; None removes a member."""
    basis = {
        "connection_name": "prod",
        "auth_type": "basic",
        "username": "ann",
        "password": SECRET,
        "installation_type": "server",
        "jira_server_url": "https://jira.example.com",
        "skip_proxy": False,
        **changes,
    }
    return {name: value for name, value in basis.items() if value is not None}


def test_integration_is_created(prod: Command, server: Xray) -> None:
    """With the members of JFrog's page, and the token of an administrator."""
    code, said = prod("push", "prod", "--to", server.url)
    [sent] = server.posts(BASE)

    assert code == 0
    assert json.loads(sent.body) == a_payload()
    assert sent.authorization == f"Bearer {TOKEN}"
    assert sent.content_type == "application/json"
    assert f"prod is created at {server.url}" in said
    assert "Integration has been successfully created" in said
    assert "JFrog's check: HEALTHY_INTEGRATION" in said


def test_cloud_has_the_login_of_the_site(command: Command, server: Xray) -> None:
    """Xray's API key is of no use there."""
    site = ("--jira-url", "https://acme.atlassian.net", "--jira-user", "ann@acme.com")
    key = ("--client-id", "an-id", "--secret-env", "PROD_PASSWORD")
    secret = ("--jira-secret-env", "PROD_PASSWORD", "--skip-proxy")
    command("add", "prod", *site, *key, *secret, "--no-check")
    code, _ = command("push", "prod", "--to", server.url)

    assert code == 0
    assert json.loads(server.posts(BASE)[0].body) == a_payload(
        username="ann@acme.com",
        installation_type="cloud",
        jira_server_url="https://acme.atlassian.net",
        skip_proxy=True,
    )


def test_existing_integration_is_updated_if_a_person_agrees(
    prod: Command, server: Xray
) -> None:
    """Without ``--yes`` nothing is changed; the message says what would be."""
    server.script[DETAILS] = [a_payload(username="bob", password=None)]
    refused = prod("push", "prod", "--to", server.url)
    before = len(server.sent)
    agreed = prod("push", "prod", "--to", server.url, "--yes")

    assert refused[0] == 2
    assert "has an integration of this name (username: bob becomes ann)" in refused[1]
    assert before == 1
    assert agreed[0] == 0
    assert f"prod is updated at {server.url}" in agreed[1]
    assert f"PUT {BASE}/prod" in server.lines


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 2), ("no", 2)])
def test_person_is_asked(
    prod: Command,
    server: Xray,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    """At a terminal; no answer means no."""
    server.script[DETAILS] = [a_payload(password=None)]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    found, said = prod("push", "prod", "--to", server.url)

    assert found == code
    assert "only its password may change" in said
    assert (f"PUT {BASE}/prod" in server.lines) is (code == 0)


def test_dry_run_shows_the_request(prod: Command, server: Xray) -> None:
    """Without its password, and without any request."""
    code, said = prod("push", "prod", "--to", server.url, "--dry-run")

    assert code == 0
    assert f"POST {server.url}{BASE}, or PUT {server.url}{BASE}/prod if" in said
    assert "password: ***" in said
    assert "username: ann" in said
    assert not server.sent


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (400, "We were not able to connect", "refuses the integration: We were not"),
        (401, "", "does not accept the token (HTTP 401)"),
        (403, "Permission denied", "the token may not change integrations of"),
        (404, "unknown", "has no such integration: unknown"),
        (500, "Failed to create", "has failed: HTTP 500: Failed to create"),
    ],
)
def test_each_refusal_is_one_line(
    prod: Command, server: Xray, status: int, reason: str, line: str
) -> None:
    """With JFrog's own reason; after 500 it is not known what has happened."""
    server.script[BASE] = [Response(json.dumps({"error": reason}), status=status)]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == (81 if status == 500 else 80)
    assert line in said
    assert len(said.splitlines()) == 1
    assert len(server.posts(BASE)) == 1


def test_lost_answer_is_looked_up(prod: Command, server: Xray) -> None:
    """What was created meanwhile is updated, and nothing is created twice."""
    server.script[BASE] = [Response("late", status=504)]
    server.script[DETAILS] = [NONE, a_payload(password=None)]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == 0
    assert len(server.posts(BASE)) == 1
    assert f"PUT {BASE}/prod" in server.lines
    assert "is created" in said


def test_answer_that_stays_lost_is_told(prod: Command, server: Xray) -> None:
    """Nothing is sent again blindly."""
    server.script[BASE] = [Response("late", status=504)]
    code, _ = prod("push", "prod", "--to", server.url)

    assert code == 81
    assert len(server.posts(BASE)) == 1


def test_other_server_is_told(prod: Command, server: Xray) -> None:
    """A page is no answer of JFrog; neither is the password sent."""
    server.script[DETAILS] = [Response("<html>Not found</html>", status=404)]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == 80
    assert "does not answer like JFrog (HTTP 404)" in said
    assert not server.posts(BASE)


@pytest.mark.parametrize("answer", [["prod"], "prod"])
def test_odd_details_are_told(prod: Command, server: Xray, answer: Any) -> None:
    """Without them it is not known whether the integration exists."""
    server.script[DETAILS] = [Response(json.dumps(answer), status=200)]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == 80
    assert "does not answer like JFrog" in said
    assert not server.posts(BASE)


def test_older_platform_has_no_check(prod: Command, server: Xray) -> None:
    """It came with Xray 3.136."""
    del server.script[STATUS]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == 0
    assert "JFrog's check" not in said


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://acme.jfrog.io", "credentials would be sent unencrypted"),
        ("https://ann:pw@acme.jfrog.io", "must not contain a user name"),
        ("acme", "is not an address"),
        ("", "write https://acme.jfrog.io"),
    ],
)
def test_wrong_address_is_refused(prod: Command, url: str, why: str) -> None:
    """Before any secret is read."""
    code, said = prod("push", "prod", "--to", url)

    assert code == 2
    assert why in said


def test_connection_with_a_token_is_refused(command: Command, server: Xray) -> None:
    """JFrog can only log in with user and password."""
    where = ("--url", "https://jira.example.com", "--secret-env", "PROD_PASSWORD")
    command("add", "prod", *where, "--no-check")
    code, said = command("push", "prod", "--to", server.url)

    assert code == 2
    assert "with a user and a password, and prod has none" in said
    assert not server.sent


def test_token_on_the_command_line_is_refused(prod: Command, server: Xray) -> None:
    """There is no such flag."""
    with pytest.raises(SystemExit):
        prod("push", "prod", "--to", server.url, "--jfrog-token", "x")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """The keyring of this machine."""
    kept: dict[tuple[str, str], str] = {}
    module = types.ModuleType("keyring")
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    module.errors = errors  # type: ignore[attr-defined]
    module.get_password = lambda *key: kept.get(key)  # type: ignore[attr-defined]
    module.set_password = (  # type: ignore[attr-defined]
        lambda service, account, secret: kept.update({(service, account): secret})
    )
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_token_may_be_in_a_file_or_the_keyring(
    prod: Command,
    server: Xray,
    keyring: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error names all places."""
    host = server.url.partition("://")[2]
    monkeypatch.delenv("XRAY_JFROG_TOKEN")
    missing = prod("push", "prod", "--to", server.url)
    keyring[("xray-bridge", f"jfrog {host}")] = TOKEN
    from_keyring = prod("push", "prod", "--to", server.url)
    keyring.clear()
    Path("token").write_text(TOKEN)
    monkeypatch.setenv("XRAY_JFROG_TOKEN_FILE", "token")
    from_file = prod("push", "prod", "--to", server.url)

    assert missing[0] == 2
    assert f"`keyring set xray-bridge 'jfrog {host}'`" in missing[1]
    assert (from_keyring[0], from_file[0]) == (0, 0)
    assert {each.authorization for each in server.sent} == {f"Bearer {TOKEN}"}


def test_half_of_a_token_is_not_shown(
    prod: Command,
    server: Xray,
    keyring: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long answer that repeats the token of the keyring is cut in its middle."""
    monkeypatch.delenv("XRAY_JFROG_TOKEN")
    keyring[("xray-bridge", f"jfrog {server.url.partition('://')[2]}")] = TOKEN
    reason = json.dumps({"error": "x" * 490 + TOKEN})
    server.script[BASE] = [Response(reason, status=400)]
    code, said = prod("push", "prod", "--to", server.url)

    assert code == 80
    assert TOKEN[:5] not in said


def store(command: Command, *flags: str, **changes: Any) -> tuple[int, str]:
    """Store a document for JFrog as a connection."""
    Path("jira.json").write_text(json.dumps(a_payload(**changes)))
    return command("add", "--from-json", "jira.json", "--no-check", *flags)


def shown(command: Command, name: str = "prod") -> dict[str, Any]:
    """The stored connection."""
    found: dict[str, Any] = json.loads(command("show", name, "--json")[1])
    return found


def test_document_becomes_a_connection(command: Command) -> None:
    """Its password is left out, if the secret has another place."""
    code, said = store(command, "--secret-env", "PROD_PASSWORD", skip_proxy=True)
    found = shown(command)

    assert code == 0
    assert "the password in jira.json is not used; remove it there" in said
    assert found["url"] == "https://jira.example.com"
    assert (found["user"], found["deployment"]) == ("ann", "server")
    assert found["skip_proxy"] is True


def test_flags_win_over_the_document(command: Command) -> None:
    """The name, too."""
    flags = ("other", "--user", "bob", "--secret-env", "PROD_PASSWORD")
    Path("jira.json").write_text(json.dumps(a_payload(password=None)))
    command("add", *flags, "--from-json", "jira.json", "--no-check")

    assert shown(command, "other")["user"] == "bob"


def test_document_of_cloud_names_the_site(command: Command) -> None:
    """Xray Cloud needs its own client id beside it."""
    cloud = {"installation_type": "cloud", "password": None}
    flags = ("--jira-secret-env", "PROD_PASSWORD")
    without = store(command, *flags, **cloud)
    store(command, *flags, "--client-id", "an-id", **cloud)
    found = shown(command)

    assert without[0] == 2
    assert "--client-id for Xray Cloud" in without[1]
    assert found["jira_url"] == "https://jira.example.com"
    assert (found["jira_user"], found["deployment"]) == ("ann", "cloud")


def test_password_goes_into_the_keyring(
    command: Command, keyring: dict[tuple[str, str], str]
) -> None:
    """If that is its place; otherwise it is refused with the flags."""
    refused = store(command)
    kept = store(command, "--secret-keyring")

    assert refused[0] == 2
    assert "has a password, which a connection cannot hold" in refused[1]
    assert "--secret-keyring" in refused[1]
    assert kept[0] == 0
    assert keyring == {("xray-bridge", "prod"): SECRET}


def test_document_may_come_from_a_pipe(
    command: Command,
    keyring: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that the password is in no file."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(a_payload())))
    code, _ = command("add", "--from-json", "-", "--secret-keyring", "--no-check")

    assert code == 0
    assert keyring == {("xray-bridge", "prod"): SECRET}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"auth_type": "oauth2"}, "auth_type is 'oauth2' (only basic can be stored"),
        ({"auth_type": None, "authType": "basic"}, "authType is not this member"),
        ({"username": ""}, "jira.json has no username"),
        ({"installation_type": "datacenter"}, "(use cloud or server)"),
        ({"skip_proxy": "no"}, "skip_proxy is neither true nor false"),
        ({"password": 7}, "password is no text"),
    ],
)
def test_wrong_document_is_refused(
    command: Command, changes: dict[str, Any], why: str
) -> None:
    """Each mistake is named, and the password never is."""
    code, said = store(command, "--secret-env", "PROD_PASSWORD", **changes)

    assert code == 2
    assert why in said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"[{SECRET}", "jira.json is not a JSON object"),
        (None, "jira.json cannot be read"),
    ],
)
def test_file_without_a_document_is_refused(
    command: Command, content: str | None, why: str
) -> None:
    """Its content is not shown: it may be the password."""
    if content is not None:
        Path("jira.json").write_text(content)
    code, said = command("add", "--from-json", "jira.json")

    assert code == 2
    assert why in said


def test_unknown_member_is_a_note(command: Command) -> None:
    """It may be one of a newer JFrog."""
    code, said = store(
        command, "--secret-env", "PROD_PASSWORD", password=None, labels=["x"]
    )

    assert code == 0
    assert "jira.json: labels is not read" in said


def test_name_is_needed_somewhere(command: Command) -> None:
    """On the command line, or in the document."""
    code, said = command("add", "--url", "https://jira.example.com")

    assert code == 2
    assert "no name is given" in said


def test_huge_answers_of_a_platform_are_short_lines(
    prod: Command, server: Xray
) -> None:
    """Values that an update changes, and the words of JFrog's own check."""
    huge = "x" * 1_000_000
    server.script[DETAILS] = [{"connection_name": "prod", "username": huge}]
    server.script[STATUS] = [{"status": "ERROR", "reason": f"{huge}\x1b[31m"}]
    _, asked = prod("push", "prod", "--to", server.url)
    code, said = prod("push", "prod", "--to", server.url, "--yes")

    assert code == 0
    assert "becomes ann" in asked
    assert "JFrog's check: ERROR" in said
    assert max(map(len, (asked, said))) < 3000
