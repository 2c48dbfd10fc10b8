"""Connections that break and servers that say odd things, by raw sockets."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import scripted
from tests.scripted import Peer, Scripted, head
from tests.scripted_xray import (
    CREATED,
    FAILED,
    FIELD,
    FIELDS,
    PASSED,
    SEARCH,
    SECRET,
    Outcomes,
    Sender,
)
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses


KEY = "CALC-77"
Door = Callable[["Jira", Peer], None]


@dataclass
class Jira:
    """
    Answers by path; ``imports`` is what becomes of each POST, the last for ever.

    ``made`` counts Test Executions with results, ``empty`` those without, and
    ``filled`` what was sent into one.
    """

    imports: list[Door] = field(default_factory=list)
    questions: list[Door] = field(default_factory=list)
    made: int = 0
    empty: int = 0
    filled: int = 0
    posts: int = 0

    def __call__(self, peer: Peer) -> None:
        """Serve one connection."""
        line = peer.socket.recv(1 << 16, socket.MSG_PEEK)
        if b"/import/" in line.partition(b"\r\n")[0]:
            self.posts += 1
            found = self.imports
        else:
            found = self.questions
        door = found.pop(0) if len(found) > 1 else (found or [take])[0]
        door(self, peer)

    def do(self, peer: Peer) -> bytes:
        """Do the requested action, and return the answer."""
        target = peer.received[-1].target
        path = target.partition("?")[0]
        if path == FIELD:
            return json.dumps(FIELDS).encode()
        if path == SEARCH:
            found = [{"key": KEY}] if self.made or self.empty else []
            return json.dumps({"issues": found}).encode()
        if path == "/rest/api/2/issue":
            self.empty += 1
            return json.dumps({"id": "1", "key": KEY, "self": ""}).encode()
        if "/import/" not in path:
            return b'{"id": "1", "key": "CALC-78", "self": ""}'
        if "testExecKey" in target:
            self.filled += 1
        else:
            self.made += 1
        return json.dumps(CREATED).encode()


def take(jira: Jira, peer: Peer) -> None:
    """Do what is asked and answer."""
    peer.read()
    body = jira.do(peer)
    peer.write(head(200, {"Content-Type": "application/json"}, len(body)) + body)


def reset_when_done(jira: Jira, peer: Peer) -> None:
    """A09: process it, then reset the connection."""
    peer.read()
    jira.do(peer)
    peer.reset()


def reset_not_done(_: Jira, peer: Peer) -> None:
    """A10: take it, then reset the connection."""
    peer.read()
    peer.reset()


def reset_halfway(_: Jira, peer: Peer) -> None:
    """A11: reset the connection while the body comes in."""
    peer.socket.recv(400)
    peer.reset()


def hang_up(_: Jira, peer: Peer) -> None:
    """A12: end without an answer."""
    peer.read()


def hang_up_when_done(jira: Jira, peer: Peer) -> None:
    """The same, after it was processed."""
    peer.read()
    jira.do(peer)


def old_server(jira: Jira, peer: Peer) -> None:
    """B28: HTTP/1.0, a cookie, and a 100 that nobody asked for."""
    peer.read()
    body = jira.do(peer)
    peer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    peer.write(b"HTTP/1.0 200 OK\r\nSet-Cookie: JSESSIONID=1; Path=/\r\n\r\n" + body)


def says(status: int, body: bytes = b"{}", **headers: str) -> Door:
    """An answer, with nothing done."""

    def door(_: Jira, peer: Peer) -> None:
        peer.read()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        peer.write(head(status, named, len(body)) + body)

    return door


@contextmanager
def serving(jira: Jira, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The server, its address in the environment, and no patience."""
    quick = Pauses(first=0.001, looks=(0.0, 0.01), in_progress=0.0, settled=0.0)
    monkeypatch.setattr(connection, "PAUSES", quick)
    with scripted.scripted(jira) as server:
        monkeypatch.setenv("XRAY_URL", server.url)
        yield server


@pytest.fixture
def send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sender:
    """Records in a folder of its own, with a token."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_TOKEN", SECRET)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    return Sender(tmp_path, capsys)


def until_delivered(send: Sender) -> list[Outcomes]:
    """Upload, then resend until it is there, five times at most."""
    outcomes = [send.send(send.record(PASSED, FAILED))]
    while outcomes[-1].directory.state.state != "delivered" and len(outcomes) < 6:
        outcomes.append(send.send(outcomes[0].directory, command="resend"))
    return outcomes


LOST = {
    "A09": reset_when_done,
    "A10": reset_not_done,
    "A11": reset_halfway,
    "A12 not done": hang_up,
    "A12 done": hang_up_when_done,
}


@pytest.mark.fault("A09", "A10", "A11", "A12")
@pytest.mark.parametrize("fault", LOST)
def test_connection_breaks(
    send: Sender, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """One set of results, whether or not the server had done it."""
    jira = Jira(imports=[LOST[fault], take])

    with serving(jira, monkeypatch):
        outcomes = until_delivered(send)

    assert outcomes[-1].exit_code == 0, outcomes[-1].output
    assert jira.made <= 1
    assert jira.made + jira.filled >= 1
    assert not any(SECRET in outcome.output for outcome in outcomes)


@pytest.mark.fault("B02")
def test_500_for_ever(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is claimed, and the results wait for a resend."""
    jira = Jira(imports=[says(500)])

    with serving(jira, monkeypatch):
        failed = send.send(send.record(PASSED))
        jira.imports = [take]
        again = send.send(failed.directory, command="resend")

    assert failed.exit_code in {80, 81}
    assert f"xray-bridge resend .xray/runs/{failed.directory.id}" in failed.output
    assert again.exit_code == 0, again.output


@pytest.mark.fault("B16")
@pytest.mark.parametrize("status", [301, 302, 308])
def test_https_is_asked_for(
    send: Sender, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The address to write is said, and no POST becomes a GET."""
    jira = Jira()

    with serving(jira, monkeypatch) as server:
        secure = server.url.replace("http:", "https:")
        jira.imports = [says(status, b"", Location=f"{secure}/x")]
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code == 80
    assert "write https:// in xray_url" in outcome.output
    assert jira.posts == 1


@pytest.mark.fault("B23")
@pytest.mark.parametrize("status", [202, 204])
def test_success_without_a_word(
    send: Sender, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """It is not believed: what was made is looked for, and made once."""
    jira = Jira(imports=[says(status, b""), take])

    with serving(jira, monkeypatch):
        outcomes = until_delivered(send)

    assert outcomes[-1].exit_code == 0, outcomes[-1].output
    assert jira.made + jira.filled == 1


@pytest.mark.fault("B28")
def test_old_server(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP/1.0, cookies and a 100 are no reason to fail."""
    jira = Jira(imports=[old_server], questions=[old_server])

    with serving(jira, monkeypatch):
        outcome = send.send(send.record(PASSED))

    assert (outcome.exit_code, jira.made) == (0, 1), outcome.output


@pytest.mark.fault("C01")
@pytest.mark.parametrize("status", [401, 403])
def test_login_is_refused(
    send: Sender, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """One question, no more: accounts are locked by further tries."""
    jira = Jira(questions=[says(status, b"")])

    with serving(jira, monkeypatch) as server:
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code == 80
    assert len(server.received) == 1
    assert outcome.directory.state.state == "failed"


CLOUD_LOGINS = {
    "C01 refused": says(401, b'{"error": "Invalid client credentials"}'),
    "C02 a page": says(200, b"<html>Log in</html>"),
    "C02 an object": says(200, b'{"token": "x"}'),
}


@pytest.mark.fault("C01", "C02")
@pytest.mark.parametrize("fault", CLOUD_LOGINS)
def test_login_to_cloud(
    send: Sender, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """An invalid token is not used; nothing is sent."""
    monkeypatch.delenv("XRAY_TOKEN")
    monkeypatch.setenv("XRAY_CLIENT_ID", "an-id")
    monkeypatch.setenv("XRAY_CLIENT_SECRET", SECRET)
    jira = Jira(questions=[CLOUD_LOGINS[fault]])

    with serving(jira, monkeypatch) as server:
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code == 80, outcome.output
    assert {request.target for request in server.received} == {"/api/v2/authenticate"}
    assert len(server.received) == 1
    assert SECRET not in outcome.output


@pytest.mark.fault("C04", "A23")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_server_says_nothing(
    send: Sender, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Neither to a question nor to a TLS handshake: within the deadline."""

    def nothing(_: Jira, peer: Peer) -> None:
        peer.stopped.wait(scripted.PATIENCE)

    monkeypatch.setenv("XRAY_DEADLINE", "1")
    monkeypatch.setenv("XRAY_TIMEOUT", "0.5")
    with scripted.scripted(lambda peer: nothing(Jira(), peer)) as server:
        monkeypatch.setenv("XRAY_URL", re.sub("^http", scheme, server.url))
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code in {80, 81}
    assert outcome.receipt["duration"] < 6
    assert "xray-bridge resend" in outcome.output


@pytest.mark.fault("A01")
def test_name_that_nobody_has(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the deadline, and the results wait for a resend."""
    monkeypatch.setenv("XRAY_URL", "https://jira.invalid")
    monkeypatch.setenv("XRAY_DEADLINE", "2")

    outcome = send.send(send.record(PASSED))

    assert outcome.exit_code == 80
    assert "jira.invalid" in outcome.output
    assert outcome.receipt["duration"] < 7
    assert "xray-bridge resend" in outcome.output
    assert outcome.directory.state.state == "failed"


ODD_SEARCHES = {
    "a number": b'{"issues": 7}',
    "a text": b'{"issues": "CALC-1"}',
    "issues without keys": b'{"issues": [{"id": "1"}]}',
    "no issues": b'{"issues": [null, "x"]}',
    "keys that are none": b'{"issues": [{"key": {"x": 1}}]}',
}


@pytest.mark.parametrize("odd", ODD_SEARCHES)
def test_search_that_is_none(
    send: Sender, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """It does not say that nothing was made: nothing is posted again."""
    jira = Jira(imports=[reset_when_done, take])

    def door(jira: Jira, peer: Peer) -> None:
        peer.read()
        is_search = peer.received[-1].target.startswith(SEARCH)
        body = ODD_SEARCHES[odd] if is_search else jira.do(peer)
        peer.write(head(200, {}, len(body)) + body)

    jira.questions = [door]
    with serving(jira, monkeypatch):
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code == 81, outcome.output
    assert (jira.made, jira.posts) == (1, 1)


ODD_FIELDS = {
    "numbers": b"[1, null]",
    "no id": b'[{"name": "Revision", "custom": true}]',
    "a schema that is a list": b'[{"id": "x", "schema": ["custom"]}]',
}


@pytest.mark.parametrize("odd", ODD_FIELDS)
def test_fields_that_are_none(
    send: Sender, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """Nothing is sent without the fields that were set, and nothing is lost."""
    jira = Jira(questions=[says(200, ODD_FIELDS[odd])])

    with serving(jira, monkeypatch):
        outcome = send.send(send.record(PASSED))

    assert (outcome.exit_code, jira.posts) == (80, 0), outcome.output
    assert "has an unknown form" in outcome.output


@pytest.mark.fault("G05")
def test_sigterm_during_the_upload(
    send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupted request is found by its label, and not created a second time."""
    asked = threading.Event()

    def hang(jira: Jira, peer: Peer) -> None:
        peer.read()
        jira.do(peer)
        asked.set()
        peer.socket.recv(1)

    jira = Jira(imports=[hang, take])
    with serving(jira, monkeypatch):
        directory = send.record(PASSED, FAILED)
        command = [sys.executable, "-m", "xray_bridge", "resend", str(directory.path)]
        process = subprocess.Popen(command)
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        state = directory.state
        outcome = send.send(directory, command="resend")

    assert process.returncode != 0
    assert (state.state, state.test_execution) == ("sending", "")
    assert outcome.exit_code == 0, outcome.output
    assert (jira.made, jira.filled) == (1, 1)
