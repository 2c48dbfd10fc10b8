"""Lines that are slow, late, cut or far away, and secrets of odd letters."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.faults.rehearsal import numbered
from tests.faults.test_connections import (
    KEY,
    Jira,
    send,
    serving,
    take,
    until_delivered,
)
from tests.scripted import Peer, head
from tests.scripted_xray import CREATED, PASSED, SECRET, Outcomes, Sender
from xray_bridge.client import http


if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["send"]


def check(jira: Jira, outcomes: list[Outcomes]) -> None:
    """Delivered in the end, with one set of results, and no secret in any output."""
    assert outcomes[-1].exit_code == 0, outcomes[-1].output
    assert jira.made <= 1
    assert jira.made + jira.filled >= 1
    assert not any(SECRET in outcome.output for outcome in outcomes)


BODY = json.dumps(CREATED).encode()
WHOLE = head(200, {"Content-Type": "application/json"}, len(BODY)) + BODY
BEGINS = WHOLE.index(b"\r\n\r\n") + 4
CUTS: dict[str, int] = {
    "after one byte": 1,
    "within the version": 6,
    "before the status": 9,
    "within the status": 11,
    "within the first line": 14,
    "after the first line": WHOLE.index(b"\r\n") + 2,
    "within a header's name": WHOLE.index(b"Content-Length") + 7,
    "within the length": WHOLE.index(b"Content-Length: ") + 17,
    "before the blank line": BEGINS - 2,
    "within the blank line": BEGINS - 1,
    "before the body": BEGINS,
    "after one byte of the body": BEGINS + 1,
    "before the key": WHOLE.index(b"CALC-77"),
    "within the key": WHOLE.index(b"CALC-77") + 5,
    "after the key": WHOLE.index(b"CALC-77") + 9,
    "in the middle of the body": BEGINS + len(BODY) // 2,
    "before the last byte": len(WHOLE) - 1,
}


@pytest.mark.parametrize(
    "sentence", numbered(f"an answer that is cut {where}" for where in CUTS)
)
def test_cut(send: Sender, monkeypatch: pytest.MonkeyPatch, sentence: str) -> None:
    """The server had done it: found by its label, and filled, not made again."""
    end = CUTS[sentence.removeprefix("an answer that is cut ")]

    def cut(jira: Jira, peer: Peer) -> None:
        peer.read()
        jira.do(peer)
        peer.write(WHOLE[:end])

    jira = Jira(imports=[cut, take])
    with serving(jira, monkeypatch):
        outcomes = until_delivered(send)

    check(jira, outcomes)
    assert outcomes[-1].directory.state.test_execution == KEY


def slowly(jira: Jira, peer: Peer) -> None:
    """Take four bytes at a time, then answer; every step is late."""
    time.sleep(0.05)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    peer.read()
    body = jira.do(peer)
    peer.write(head(200, {"Content-Type": "application/json"}, len(body)))
    peer.drip(body[:40], 0.005)
    peer.write(body[40:])


@pytest.mark.fault("A16", "A17")
def test_a_slow_line(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the deadline it is as any other."""
    jira = Jira(imports=[slowly], questions=[slowly])

    with serving(jira, monkeypatch):
        outcomes = until_delivered(send)

    check(jira, outcomes)
    assert (len(outcomes), jira.made) == (1, 1)


def resolving(fail: Callable[[int], bool]) -> Callable[..., Any]:
    """``getaddrinfo`` that fails for some of its calls, by their number."""
    plain, calls = socket.getaddrinfo, iter(range(1000))

    def resolve(*arguments: Any, **more: Any) -> Any:
        if fail(next(calls)):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")
        return plain(*arguments, **more)

    return resolve


@pytest.mark.fault("A02")
@pytest.mark.parametrize("number", range(3))
def test_name_that_is_lost_once(
    send: Sender, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Nothing had gone out: asked again, and uploaded once."""
    jira = Jira()

    with serving(jira, monkeypatch):
        monkeypatch.setattr(socket, "getaddrinfo", resolving(lambda n: n == number))
        outcomes = until_delivered(send)

    check(jira, outcomes)
    assert (len(outcomes), jira.made) == (1, 1)


@pytest.mark.fault("A05")
def test_nobody_answers_the_call(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a firewall that drops: 80 within the deadline, and nothing in doubt."""
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.05)
    jira = Jira()

    def silent(_: socket.socket, address: object) -> None:
        del address
        time.sleep(0.05)
        raise TimeoutError("timed out")

    with serving(jira, monkeypatch), monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", silent)
        began = time.monotonic()
        outcome = send.send(send.record(PASSED), "--deadline", "2")
        took = time.monotonic() - began

    assert outcome.exit_code == 80
    assert took < 2 + 5
    assert outcome.directory.state.state == "failed"


ODD_SECRETS = {
    "a token with quotes": "to\"ken'-of-quotes",
    "a token with a backslash": "to\\ken\\n-of-slashes",
    "a token with per cent signs": "to%20ken%s-of-signs",
    "a token with dollars and braces": "to${HOME}ken-of-dollars",
    "a token with a colon and an at": "to:ken@of-addresses",
    "a token with angle brackets": "to<ken>&amp;-of-tags",
    "a token of four thousand letters": "x1y2" * 1000,
}


@pytest.mark.parametrize("sentence", numbered(ODD_SECRETS))
def test_odd_secret(
    send: Sender, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    """Sent as it is, and in no output, however a server repeats it."""
    token = ODD_SECRETS[sentence]
    monkeypatch.setenv("XRAY_TOKEN", token)
    seen = []

    def repeat(_: Jira, peer: Peer) -> None:
        peer.read()
        seen.append(peer.received[-1].headers["authorization"])
        spelt = [token, quote(token), base64.b64encode(token.encode()).decode()]
        body = json.dumps({"error": " and ".join(spelt)}).encode()
        peer.write(head(400, {}, len(body)) + body)

    jira = Jira(imports=[repeat, take])
    with serving(jira, monkeypatch):
        outcomes = until_delivered(send)

    check(jira, outcomes)
    assert seen == [f"Bearer {token}"]
    texts = [outcome.output for outcome in outcomes]
    texts += [path.read_text() for path in outcomes[0].directory.path.glob("*.json")]
    assert not any(token in text or quote(token) in text for text in texts)


ODD_LOGINS = {
    "a token with a line break": "to\r\nX-Evil: ken",
    "a token with an emoji": "token-\U0001f600-of-smiles",
    "a token that is a blank": "   ",
}


@pytest.mark.fault("C11")
@pytest.mark.parametrize("sentence", numbered(ODD_LOGINS))
def test_secret_that_no_header_can_say(
    send: Sender, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    """Refused before anything is sent, in words without it."""
    monkeypatch.setenv("XRAY_TOKEN", ODD_LOGINS[sentence])
    jira = Jira()

    with serving(jira, monkeypatch) as server:
        outcome = send.send(send.record(PASSED))

    assert outcome.exit_code in {2, 80}
    assert not any("evil" in str(each.headers).lower() for each in server.received)
    assert jira.made == 0
    assert "Traceback" not in outcome.output
    assert "of-smiles" not in outcome.output
