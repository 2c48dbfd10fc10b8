"""``-v``: requests, waits and decisions on standard error, without secrets."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests import scripted
from tests.builders import a_connection, settings_of
from tests.commands import Command, all_commands
from tests.scripted import answer
from xray_bridge import cli
from xray_bridge.client import log
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.request import Request
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import Secret


if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'pa ss/"wörd"+1%'
BASIC = base64.b64encode(f"ann:{SECRET}".encode()).decode()
FORMS = (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode())
ONCE = Request(method="POST", path="/import", content=b"12345", repeatable=True)


def sent(url: str, request: Request = ONCE) -> None:
    """Send a request with a secret that the redactor knows."""
    connection = a_connection(url, redactor=Redactor([Secret(SECRET)]))
    http = Http(connection, Deadline(5), attempts=2)
    http.send(request, url=url, headers={"Authorization": f"Basic {BASIC}"})


def test_one_line_for_each_request(capsys: pytest.CaptureFixture[str]) -> None:
    """A line has method, address, bytes both ways, status and seconds."""
    log.enable()
    with scripted.scripted(answer(200, b'{"a": 1}')) as server:
        sent(server.url)

    line = capsys.readouterr().err.splitlines()[-1].partition(" ")[2]
    told, _, seconds = line.rpartition(", ")
    assert told == f"POST {server.url}/import: 5 bytes, HTTP 200, 8 bytes back"
    assert float(seconds.removesuffix(" s")) < 5


def test_waits_have_a_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line has the answer, the wait, and the next attempt."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    log.enable()
    with scripted.scripted(answer(429, Retry_After="2"), answer(200)) as server:
        sent(server.url)

    first, wait, second = capsys.readouterr().err.splitlines()
    assert "HTTP 429" in first
    assert "waiting 2.0 s, then attempt 2" in wait
    assert "HTTP 200" in second


def test_request_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of a failed request has the reason instead of the status."""
    log.enable()
    with pytest.raises(Exception, match="cannot be reached"):
        sent(f"http://127.0.0.1:{scripted.unused_port()}")

    assert "cannot be reached" in capsys.readouterr().err.splitlines()[0]


TARGETS = {
    "raw": Request(method="GET", path=f"/x/{FORMS[0]}", repeatable=True),
    "url-encoded": Request(method="GET", path=f"/x/{FORMS[1]}", repeatable=True),
    "base64": Request(method="GET", path=f"/x/{FORMS[2]}", repeatable=True),
    "in a query": Request(
        method="GET", path="/x", query=(("jql", SECRET),), repeatable=True
    ),
}


@pytest.mark.parametrize("request_", TARGETS.values(), ids=list(TARGETS))
def test_secrets_are_not_shown(
    capsys: pytest.CaptureFixture[str], request_: Request
) -> None:
    """No form of a secret is shown, and no headers."""
    log.enable()
    with scripted.scripted(answer(403, SECRET.encode())) as server:
        sent(server.url, request_)

    shown = capsys.readouterr().err
    assert "***: 0 bytes, HTTP 403" in shown
    assert not [form for form in (*FORMS, BASIC) if form in shown]


def test_nothing_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the flag nothing is written."""
    with scripted.scripted(answer(200)) as server:
        sent(server.url)

    assert capsys.readouterr().err == ""
    assert not log.is_enabled()


def test_decision_for_a_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    """A line has the deployment, the address and the reason."""
    log.enable()
    connect(settings_of(url="https://jira.example.com", token="a-token-of-ann"), {})

    said = "Xray Server/Data Center at https://jira.example.com: "
    said += "the credential is a personal access token"
    assert said in capsys.readouterr().err


def test_flag_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The flag does not change standard output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_TOKEN", "a-token-nobody-may-see")
    with scripted.scripted(answer(401)) as server:
        cli.main(["check", "-v", "--json", "--url", server.url])

    said = capsys.readouterr()
    assert f"GET {server.url}/rest/api/2/myself: 0 bytes, HTTP 401" in said.err
    assert said.out.startswith('{"findings"')
    assert "nobody-may-see" not in said.err


@pytest.mark.parametrize("command", all_commands(), ids=str)
def test_every_command_has_the_flag(
    capsys: pytest.CaptureFixture[str], command: Command
) -> None:
    """Each command accepts the flag, so that a script can always add it."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*command.argv, "--help"])

    assert ended.value.code == 0
    assert "--verbose" in capsys.readouterr().out
