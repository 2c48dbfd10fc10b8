"""Which errors leave a request in doubt, and how long a server asks to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import a_connection
from xray_bridge.client import waiting
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.multipart import FileBody
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import Answer
from xray_bridge.errors import AmbiguousError, UnansweredError, UnreachableError


if TYPE_CHECKING:
    from tests.scripted import Script


def send(url: str, request: Request) -> Answer:
    """Send one request with little patience."""
    connection = a_connection(url, timeout=0.3, pauses=Pauses(first=0.001))
    return Http(connection, Deadline(5)).send(request, url=url)


RETRY_AFTER = {
    "5": 5.0,
    " 5 ": 5.0,
    "0": 0.0,
    "99999999999999999999": 999999999999.0,
    "-5": 0.0,
    "1.5": 0.0,
    "\u0663": 0.0,
    "soon": 0.0,
    "": 0.0,
    "nan": 0.0,
    "Fri, 31 Dec 1999 23:59:59 GMT": 0.0,
    "Fri, 31 Dec 99999 23:59:59 GMT": 0.0,
    "Fri, 99 Foo 2026 25:61:61 GMT": 0.0,
}


@pytest.mark.parametrize("said", RETRY_AFTER)
def test_wait_that_a_server_asks_for(said: str) -> None:
    """Seconds or a date; anything else, or a past date, is no wait."""
    answer = Answer(status=429, headers={"Retry-After": said}, content=b"", url="x")

    assert waiting.retry_after(answer) == RETRY_AFTER[said]


def test_date_of_a_server_whose_clock_is_wrong() -> None:
    """A wrong clock does not matter: both dates are from the same clock."""
    headers = {
        "Date": "Fri, 31 Dec 1999 23:59:00 GMT",
        "Retry-After": "Fri, 31 Dec 1999 23:59:30 GMT",
    }
    answer = Answer(status=429, headers=headers, content=b"", url="x")

    assert waiting.retry_after(answer) == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    "script",
    [
        scripted.answer(500),
        scripted.say_nothing,
        scripted.reset_after_request,
        scripted.hang_up_after_request,
        scripted.break_off,
    ],
)
def test_question_without_an_answer_is_no_doubt(script: Script) -> None:
    """A query without an answer leaves nothing in doubt."""
    question = Request(method="GET", path="/", is_question=True)
    with scripted.scripted(script) as server, pytest.raises(UnansweredError) as caught:
        send(server.url, question)

    assert caught.value.exit_code == 80


def test_body_that_was_withdrawn_is_never_sent() -> None:
    """A body that is withdrawn before its first byte is never sent."""
    body = FileBody(b"results", JSON, Deadline(60))

    assert body.withdraw()
    with pytest.raises(AmbiguousError):
        body.read()
    assert not body.started


def test_body_that_has_begun_cannot_be_withdrawn() -> None:
    """A body cannot be withdrawn once the server has a part of it."""
    body = FileBody(b"results", JSON, Deadline(60))
    body.read(1)

    assert not body.withdraw()


def hang_in_the_handshake(peer: scripted.Peer) -> None:
    """Accept a connection and send nothing, so that TLS never begins."""
    peer.stopped.wait(scripted.PATIENCE)


def test_handshake_that_hangs_is_no_doubt() -> None:
    """A hanging handshake means that no byte of the results was sent."""
    request = Request(method="POST", path="/", content=b"results", media_type=JSON)
    with scripted.scripted(hang_in_the_handshake) as server:
        url = server.url.replace("http://", "https://")
        with pytest.raises(UnreachableError):
            send(url, request)

    assert not server.received


ANSWERED = {
    "500": scripted.answer(500),
    "502": scripted.answer(502),
    "503": scripted.answer(503),
    "504": scripted.answer(504),
    "408": scripted.answer(408),
    "nothing": scripted.say_nothing,
    "reset": scripted.reset_after_request,
    "end": scripted.hang_up_after_request,
    "half": scripted.break_off,
}


@pytest.mark.parametrize("name", ANSWERED)
def test_only_the_server_itself_says_that_it_has_ended(name: str) -> None:
    """After an error of a gateway the server may still be working."""
    request = Request(method="POST", path="/", content=b"results", media_type=JSON)
    with (
        scripted.scripted(ANSWERED[name]) as server,
        pytest.raises(AmbiguousError) as caught,
    ):
        send(server.url, request)

    assert caught.value.answered == (name == "500")
