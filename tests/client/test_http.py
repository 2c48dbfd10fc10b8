"""The HTTP client against a server that misbehaves."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import time
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3

from tests import scripted
from tests.builders import TOKEN, a_connection
from tests.scripted import answer
from tests.tls import needs_openssl, over_tls, self_signed
from xray_bridge.client import http, waiting
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.request import JSON, Part, Request
from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    TlsError,
    UnansweredError,
    UnreachableError,
    XrayBridgeError,
)


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xray_bridge.client.response import Answer

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
ONCE = Request(method="POST", path="/import", content=b"{}", media_type=JSON)
AGAIN = Request(
    method="POST", path="/import", content=b"{}", media_type=JSON, repeatable=True
)
FETCH = Request(method="GET", path="/export", repeatable=True)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is set."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses that were made, without taking time."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def send(
    url: str,
    request: Request = ONCE,
    *,
    deadline: float = 10.0,
    into: io.BytesIO | None = None,
    **connection: Any,
) -> Answer:
    """Send one request with a secret in its headers."""
    client = Http(a_connection(url, **connection), Deadline(deadline))
    return client.send(request, url=url, headers=HEADERS, into=into)


def test_answer_is_returned() -> None:
    """Status, headers, body and address."""
    with scripted.scripted(answer(200, b'{"key": "CALC-1"}', X_Extra="yes")) as server:
        found = send(server.url)

    assert (found.status, found.json()) == (200, {"key": "CALC-1"})
    assert found.headers["x-extra"] == "yes"
    assert found.url == f"{server.url}/import"


def test_request_is_what_was_planned(tmp_path: Path) -> None:
    """Method, query, headers and body arrive; files are streamed."""
    path = tmp_path / "report.xml"
    path.write_bytes(b"<testsuites/>")
    request = Request(
        method="POST",
        path="/import",
        query=(("testEnvironments", "a;b c"),),
        content=path,
        media_type="application/xml",
    )

    with scripted.scripted(answer(200)) as server:
        send(server.url, request)

    (received,) = server.received
    assert received.method == "POST"
    assert received.target == "/import?testEnvironments=a%3Bb%20c"
    assert received.body == b"<testsuites/>"
    assert received.headers["authorization"] == HEADERS["Authorization"]
    assert received.headers["content-type"] == "application/xml"
    assert received.headers["content-length"] == "13"
    assert received.headers["user-agent"].startswith("xray-bridge/")


def test_form_arrives_whole(tmp_path: Path) -> None:
    """Parts from memory and from disk arrive, read by an independent parser."""
    path = tmp_path / "report.xml"
    path.write_bytes(b"x" * 3_000_000)
    parts = (
        Part(name="file", filename="r.xml", media_type="text/xml", content=path),
        Part(name="info", filename="info.json", media_type=JSON, content=b"{}"),
    )

    with scripted.scripted(answer(200)) as server:
        send(server.url, Request(method="POST", path="/import", parts=parts))

    (received,) = server.received
    boundary = received.headers["content-type"].partition("boundary=")[2].encode()
    sections = received.body.split(b"--" + boundary)
    assert len(sections) == 4
    assert sections[1].endswith(b"\r\n\r\n" + path.read_bytes() + b"\r\n")
    assert b'name="info"; filename="info.json"' in sections[2]
    assert sections[3] == b"--\r\n"


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 413])
def test_clear_answer_is_not_repeated(status: int) -> None:
    """Successes and refusals are returned and not repeated."""
    body = b"" if status == 204 else b"{}"
    with scripted.scripted(answer(status, body)) as server:
        found = send(server.url, AGAIN)

    assert found.status == status
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.fault("B15")
def test_redirect_is_not_followed(status: int) -> None:
    """The token is not sent elsewhere, and no POST becomes a GET."""
    with scripted.scripted(answer(200)) as elsewhere:
        moved = answer(status, b"", Location=f"{elsewhere.url}/login")
        with scripted.scripted(moved) as server:
            found = send(server.url, AGAIN)

    assert found.status == status
    assert elsewhere.received == []
    assert len(server.received) == 1


@pytest.mark.parametrize("request_", [ONCE, AGAIN], ids=["once", "repeatable"])
@pytest.mark.fault("A04")
def test_refused_then_up(monkeypatch: pytest.MonkeyPatch, request_: Request) -> None:
    """A refused connection is repeated for any request: nothing was sent."""
    port = scripted.unused_port()
    running = scripted.scripted(answer(200), port=port)

    def pause(attempt: int, _: float) -> float:
        if attempt == 2:
            started.append(running.__enter__())
        return 0.0

    started: list[scripted.Scripted] = []
    monkeypatch.setattr(http, "backoff", pause)
    try:
        found = send(f"http://127.0.0.1:{port}", request_)
    finally:
        running.__exit__(None, None, None)

    assert found.status == 200
    assert len(started[0].received) == 1


def test_refused_always() -> None:
    """The error has host and reason, and means that nothing was processed."""
    url = f"http://127.0.0.1:{scripted.unused_port()}"

    with pytest.raises(
        UnreachableError, match=r"127.0.0.1:\d+ cannot be reached: Conn"
    ):
        send(url)


def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown host name means that nothing was sent."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(UnreachableError, match=r"jira.invalid cannot be reached: Name"):
        send("http://jira.invalid")


def test_no_answer_to_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that times out means that nothing was sent."""

    def hole(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", hole)

    with pytest.raises(UnreachableError, match="did not accept a connection"):
        send("http://127.0.0.1:9")


BROKEN = [
    scripted.reset_after_request,
    scripted.hang_up_after_request,
    scripted.break_off,
    answer(408),
    answer(500, b'{"error": "oops"}'),
    answer(502),
    answer(503),
    answer(504),
]
NAMES = ["reset", "hang up", "break off", "408", "500", "502", "503", "504"]


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_lost_answer_is_not_repeated(broken: scripted.Script) -> None:
    """It is unknown whether it was processed, so the caller decides."""
    with (
        scripted.scripted(broken, answer(200)) as server,
        pytest.raises(AmbiguousError),
    ):
        send(server.url, ONCE)

    assert len(server.received) == 1


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_lost_answer_is_repeated_where_that_is_harmless(
    broken: scripted.Script,
) -> None:
    """A repeatable request is repeated."""
    with scripted.scripted(broken, broken, answer(200)) as server:
        found = send(server.url, AGAIN)

    assert found.status == 200
    assert len(server.received) == 3


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_attempts_come_to_an_end(broken: scripted.Script) -> None:
    """After five attempts the last problem is raised."""
    with scripted.scripted(broken) as server, pytest.raises(AmbiguousError):
        send(server.url, AGAIN)

    assert len(server.received) == http.ATTEMPTS


def test_problem_of_the_server_is_quoted() -> None:
    """The error has status and message of the server."""
    with (
        scripted.scripted(answer(500, b'{"error": "no space"}')) as server,
        pytest.raises(AmbiguousError, match="HTTP 500: no space"),
    ):
        send(server.url)


def test_no_answer_in_time() -> None:
    """The server may or may not have processed the request."""
    with scripted.scripted(scripted.say_nothing) as server:
        began = time.monotonic()
        with pytest.raises(AmbiguousError, match="did not answer in time"):
            send(server.url, timeout=0.2)

    assert time.monotonic() - began < 2


def test_timeout_is_cut_to_the_deadline() -> None:
    """A timeout of a minute ends with a deadline of half a second."""
    with scripted.scripted(scripted.say_nothing) as server:
        began = time.monotonic()
        with pytest.raises(AmbiguousError):
            send(server.url, AGAIN, deadline=0.3)

    assert time.monotonic() - began < 2


def dripping_body(peer: scripted.Peer) -> None:
    """Announce a long body and send it byte by byte, each in time."""
    peer.read()
    peer.write(scripted.head(200, {}, 60))
    peer.drip(b"x" * 60, 0.05)


def dripping_chunks(peer: scripted.Peer) -> None:
    """Send a body of unknown length byte by byte."""
    peer.read()
    peer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(60):
        peer.write(b"1\r\nx\r\n")
        if peer.stopped.wait(0.05):
            return


def dripping_headers(peer: scripted.Peer) -> None:
    """Send headers without end."""
    peer.read()
    peer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    peer.drip(b"x" * 60, 0.05)


@pytest.mark.parametrize("script", [dripping_body, dripping_chunks, dripping_headers])
def test_dripping_answer_is_bounded_by_the_deadline(script: scripted.Script) -> None:
    """The deadline ends an answer that no timeout of a socket ends."""
    with scripted.scripted(script) as server:
        began = time.monotonic()
        with pytest.raises(AmbiguousError):
            send(server.url, deadline=0.5)
        took = time.monotonic() - began

    assert took < 2


def test_deadline_that_has_passed() -> None:
    """Nothing is sent after the deadline."""
    with (
        scripted.scripted(answer(200)) as server,
        pytest.raises(UnreachableError, match="deadline") as caught,
    ):
        send(server.url, deadline=0)

    assert caught.value.hint == "raise xray_deadline, or try again later"
    assert server.received == []


@pytest.mark.parametrize("status", [200, 400])
def test_endless_answer_is_bounded_in_size(status: int) -> None:
    """An answer of more than 5 MiB is an error."""
    with (
        scripted.scripted(answer(status, b"x" * (5 << 20) + b"x")) as server,
        pytest.raises(AmbiguousError, match="larger than 5 MiB"),
    ):
        send(server.url)


def test_compressed_answer_is_bounded_in_size() -> None:
    """The limit is for the size after decompression."""
    bomb = gzip.compress(b"x" * (50 << 20))
    with (
        scripted.scripted(answer(200, bomb, Content_Encoding="gzip")) as server,
        pytest.raises(AmbiguousError, match="larger than 5 MiB"),
    ):
        send(server.url)


def test_download_may_be_larger() -> None:
    """A download to a file has a larger limit."""
    content = b"x" * (6 << 20)
    into = io.BytesIO()

    with scripted.scripted(answer(200, content)) as server:
        found = send(server.url, FETCH, into=into)

    assert into.getvalue() == content
    assert found.content == b""


def test_download_keeps_an_error_out_of_the_file() -> None:
    """Only the body of a 200 is written to the file."""
    into = io.BytesIO()

    with scripted.scripted(answer(404, b'{"error": "none"}')) as server:
        found = send(server.url, FETCH, into=into)

    assert into.getvalue() == b""
    assert found.said == "none"


def test_download_that_is_repeated_starts_anew() -> None:
    """A repeated download removes what the first attempt has written."""
    into = io.BytesIO()

    def break_off_late(peer: scripted.Peer) -> None:
        peer.read()
        peer.write(scripted.head(200, {}, 4 << 20) + b"x" * (3 << 20))

    with scripted.scripted(break_off_late, answer(200, b"whole")) as server:
        send(server.url, FETCH, into=into)

    assert into.getvalue() == b"whole"


def later(seconds: float) -> str:
    """An HTTP date."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("2", 2.0, 2.0),
        ("0", 0.0, 0.1),
        ("soon", 0.0, 0.1),
        ("-1", 0.0, 0.1),
        ("1e9", 0.0, 0.1),
        ("\xb2", 0.0, 0.1),
        ("Fri, 99 Foo 99999", 0.0, 0.1),
        ("", 0.0, 0.1),
    ],
)
@pytest.mark.fault("B05")
def test_too_many_requests(
    slept: list[float], said: str, least: float, most: float
) -> None:
    """The wait is the server's; an invalid one is replaced by a pause."""
    busy = answer(429, Retry_After=said)
    with scripted.scripted(busy, answer(200)) as server:
        found = send(server.url, ONCE)

    assert found.status == 200
    assert len(slept) == 1
    assert least <= slept[0] <= most


@pytest.mark.parametrize(("seconds", "least", "most"), [(5, 3.0, 5.0), (-99, 0.0, 0.1)])
def test_too_many_requests_until_a_date(
    slept: list[float], seconds: float, least: float, most: float
) -> None:
    """The header may be a date; a past date means no wait."""
    busy = answer(429, Retry_After=later(seconds))
    with scripted.scripted(busy, answer(200)) as server:
        send(server.url, ONCE)

    assert least <= slept[0] <= most


def test_the_limit_that_jira_names_is_said(slept: list[float]) -> None:
    """Jira limits requests of a site, of an endpoint and of one issue."""
    busy = answer(429, RateLimit_Reason="jira-per-issue-on-write")
    with (
        scripted.scripted(busy) as server,
        pytest.raises(BusyError, match=r"requests \(jira-per-issue-on-write\): "),
    ):
        send(server.url, ONCE)

    assert slept


@pytest.mark.fault("B09")
def test_too_many_requests_without_a_header(slept: list[float]) -> None:
    """Without a header, pauses with jitter are made."""
    with scripted.scripted(answer(429), answer(429), answer(200)) as server:
        send(server.url, ONCE)

    assert len(slept) == 2
    assert max(slept) < 0.1


@pytest.mark.parametrize(
    ("headers", "asks"), [({}, ""), ({"Retry_After": "60"}, " and asks to wait 60 s")]
)
def test_too_many_requests_in_words(headers: dict[str, str], asks: str) -> None:
    """The message has the wait if the server asks for one."""
    with (
        scripted.scripted(answer(429, b'{"error": "no"}', **headers)) as server,
        pytest.raises(BusyError) as caught,
    ):
        send(server.url, deadline=1)

    said = f"the server received too many requests{asks}: no"
    assert caught.value.message == said
    assert caught.value.hint == "raise xray_deadline, or try again later"


@pytest.mark.parametrize(
    "said", ["99999999", "9" * 400, "60", "Thu, 01 Jan 2099 00:00:00 GMT"]
)
def test_later_than_the_deadline_gives_up_at_once(
    slept: list[float], said: str
) -> None:
    """The error comes at once and says what to raise."""
    with (
        scripted.scripted(answer(429, Retry_After=said)) as server,
        pytest.raises(BusyError, match="too many requests") as caught,
    ):
        send(server.url, AGAIN, deadline=30)

    assert slept == []
    assert len(server.received) == 1
    assert "xray_deadline" in caught.value.hint


def test_unavailable_until_later(slept: list[float]) -> None:
    """A 503 may ask to wait, too."""
    with scripted.scripted(answer(503, Retry_After="3"), answer(200)) as server:
        send(server.url, AGAIN)

    assert slept == [3.0]


def test_pauses_grow_and_stay_small() -> None:
    """Pauses have full jitter up to 1, 2, 4 ... 20 seconds."""
    pauses = [
        [waiting.backoff(attempt, 1.0) for _ in range(200)] for attempt in range(1, 9)
    ]

    longest = [max(each) for each in pauses]

    assert all(pause >= 0 for each in pauses for pause in each)
    assert longest[0] <= 1
    assert 1 < longest[2] <= 4
    assert 10 < longest[7] <= 20


def test_deadline_does_not_wait_in_vain() -> None:
    """A pause beyond the deadline is refused at once."""
    with pytest.raises(BusyError, match="due in 60 s") as caught:
        Deadline(1).pause(60)

    assert caught.value.hint == "raise xray_deadline, or try again later"


def test_deadline_is_never_below_zero() -> None:
    """A deadline that has passed leaves zero seconds."""
    assert Deadline(-1).left == 0.0


def test_pause_that_took_longer_than_the_time_tells_what_failed_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A busy machine that oversleeps the deadline does not hide the refused way."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: threading.Event().wait(0.4))

    with pytest.raises(UnreachableError, match="cannot be reached"):
        send("http://127.0.0.1:9", AGAIN, deadline=0.3)


def test_deadline_that_passes_while_a_request_starts() -> None:
    """No time left, seen after the request was begun, is a problem of ours to tell."""

    class Passing(Deadline):
        """Has time when asked first, and none after that."""

        asked = 0

        @property
        def left(self) -> float:
            self.asked += 1
            return 0.5 if self.asked == 1 else 0.0

    client = Http(a_connection("http://127.0.0.1:9"), Passing(1))

    with pytest.raises(UnreachableError, match="cannot be reached"):
        client.send(ONCE, url="http://127.0.0.1:9")


def test_one_deadline_for_all_requests() -> None:
    """The time of the first request is not available to the second."""
    deadline = Deadline(0.3)

    with scripted.scripted(answer(200), scripted.say_nothing) as server:
        client = Http(a_connection(server.url), deadline)
        client.send(ONCE, url=server.url)
        began = time.monotonic()
        with pytest.raises(AmbiguousError):
            client.send(ONCE, url=server.url)

    assert time.monotonic() - began < 1


@pytest.mark.fault("A15")
def test_connections_are_not_kept() -> None:
    """A kept connection may be dead by the next POST."""
    with scripted.scripted(scripted.keep_alive) as server:
        client = Http(a_connection(server.url), Deadline(5))
        for _ in range(3):
            client.send(ONCE, url=server.url)

    assert (len(server.received), server.connections) == (3, 3)


def test_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for the complete address."""
    with scripted.scripted(answer(200)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        send("http://jira.example.com", proxies=None)

    assert proxy.received[0].target == "http://jira.example.com/import"


def test_answer_that_a_proxy_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request through a proxy may have arrived, and is not repeated."""
    with scripted.scripted(lambda peer: peer.read()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(AmbiguousError):
            send("http://jira.example.com", proxies=None)

    assert len(proxy.received) == 1


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "*", "jira.example.com,127.0.0.1"])
@pytest.mark.fault("A21")
def test_no_proxy_covers_the_host(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    """A host in NO_PROXY is asked directly."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{scripted.unused_port()}")
    monkeypatch.setenv("NO_PROXY", no_proxy)

    with scripted.scripted(answer(200)) as server:
        found = send(server.url, proxies=None)

    assert found.status == 200


def test_proxy_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty set of proxies the environment does not matter."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{scripted.unused_port()}")

    with scripted.scripted(answer(200)) as server:
        found = send(server.url, proxies={})

    assert found.status == 200


def test_proxy_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting wins over the environment, NO_PROXY included."""
    monkeypatch.setenv("NO_PROXY", "*")

    with scripted.scripted(answer(200)) as proxy:
        send("http://jira.example.com", proxies={"http": proxy.url})

    assert len(proxy.received) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.fault("A19")
def test_proxy_that_refuses(scheme: str) -> None:
    """The error names the proxy without its password."""
    proxy = f"http://ann:hunter22@127.0.0.1:{scripted.unused_port()}"

    with pytest.raises(UnreachableError, match="proxy") as caught:
        send(f"{scheme}://jira.example.com", proxies={scheme: proxy})

    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("status", [403, 407, 502])
def test_proxy_that_does_not_connect(status: int) -> None:
    """A refused CONNECT means that nothing was sent."""
    with scripted.scripted(answer(status)) as proxy:
        address = proxy.url.replace("//", "//ann:hunter22@")
        with pytest.raises(UnreachableError, match="proxy") as caught:
            send("https://jira.example.com", proxies={"https": address})

    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://", "http:///x", "nonsense://127.0.0.1:1"])
def test_proxy_that_is_no_address(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """An invalid proxy means that nothing was sent."""
    monkeypatch.setenv("HTTP_PROXY", proxy)

    with pytest.raises(UnreachableError):
        send("http://jira.example.com", proxies=None)


def test_login_of_the_home_directory_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A .netrc does not replace the Authorization header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with scripted.scripted(answer(200)) as server:
        send(server.url, proxies=None)

    assert server.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def chain(error: BaseException) -> list[BaseException]:
    """Return an error and all errors that a traceback would show with it."""
    found: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in found:
        found.append(each)
        each = each.__cause__ or (
            None if each.__suppress_context__ else each.__context__
        )
    return found


PROBLEMS: dict[str, Callable[[str], object]] = {
    "refused": lambda _: send(f"http://127.0.0.1:{scripted.unused_port()}"),
    "reset": send,
    "header": lambda url: Http(a_connection(url), Deadline(1)).send(
        ONCE, url=url, headers={"Authorization": f" Bearer {TOKEN}\r\nX: y"}
    ),
    "address": lambda _: send("http://127.0.0.1:1:2"),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_no_secret_in_any_error(problem: Callable[[str], object]) -> None:
    """Neither the text of an error nor its traceback has the secret."""
    with (
        scripted.scripted(scripted.reset_after_request) as server,
        pytest.raises(XrayBridgeError) as caught,
    ):
        problem(server.url)

    texts = [f"{each} {each!r}" for each in chain(caught.value)]
    assert not [text for text in texts if TOKEN in text]


def test_address_that_is_none_was_not_reached() -> None:
    """An invalid address means that nothing was sent."""
    with pytest.raises(UnreachableError):
        send("http://127.0.0.1:1:2")


def test_answer_of_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the largest size is accepted, one byte more is not."""
    monkeypatch.setattr(http, "LARGEST_ANSWER", 3 << 20)
    with scripted.scripted(answer(200, b"x" * (3 << 20))) as server:
        found = send(server.url)
    with (
        scripted.scripted(answer(200, b"x" * ((3 << 20) + 1))) as server,
        pytest.raises(AmbiguousError) as caught,
    ):
        send(server.url)

    assert len(found.content) == 3 << 20
    assert caught.value.message == "the answer is larger than 3 MiB"


def test_little_time_is_time() -> None:
    """Less than a second is enough for a server that answers."""
    with scripted.scripted(answer(200)) as server:
        found = send(server.url, deadline=0.9)

    assert found.status == 200


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, 599])
def test_answers_that_leave_it_open(status: int) -> None:
    """Only a 500 is the server's own failure."""
    with (
        scripted.scripted(answer(status)) as server,
        pytest.raises(AmbiguousError) as caught,
    ):
        send(server.url)

    assert caught.value.answered is (status == 500)
    assert caught.value.message.startswith(f"HTTP {status}: ")


def test_question_without_an_answer() -> None:
    """A query without an answer is no doubt, and the error has a hint."""
    question = Request(method="GET", path="/field", is_question=True)
    with (
        scripted.scripted(answer(502)) as server,
        pytest.raises(UnansweredError) as caught,
    ):
        send(server.url, question)

    assert caught.value.message.startswith(
        "the server did not answer a query: HTTP 502: "
    )
    assert caught.value.hint == "try again later"


def test_connection_is_not_to_be_kept() -> None:
    """The headers close the connection and pass the XSRF check."""
    with scripted.scripted(answer(200)) as server:
        send(server.url)

    (received,) = server.received
    assert received.headers["connection"] == "close"
    assert received.headers["x-atlassian-token"] == "no-check"
    assert received.headers["accept"] == "application/json, */*;q=0.5"


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_host_that_can_be_none_was_not_reached(host: str) -> None:
    """An invalid host name means that nothing was sent."""
    with pytest.raises(UnreachableError) as caught:
        send(f"http://{host}.example:9")

    assert (
        caught.value.message
        == f"the address http://{host}.example:9 or its proxy is not valid"
    )


def test_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline ends a hanging name lookup, and nothing was sent."""
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait(10))

    with pytest.raises(UnreachableError, match="the deadline passed"):
        send("http://jira.example.com", deadline=0.1)

    hanging.set()


def test_whatever_breaks_the_answer_is_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that requests does not wrap are doubt, too."""

    def broken(*_: object, **__: object) -> None:
        raise urllib3.exceptions.DecodeError

    monkeypatch.setattr(http.Http, "_read", broken)

    with (
        scripted.scripted(answer(200)) as server,
        pytest.raises(AmbiguousError) as caught,
    ):
        send(server.url)

    said = f"the answer from {server.url} ended early (DecodeError)"
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("announced", "is_half"),
    [("6", True), ("5", False), ("", False), ("six", False), ("\u0666", False)],
)
def test_body_that_is_shorter_than_announced(announced: str, *, is_half: bool) -> None:
    """A short body is doubt also with urllib3 1.26, which accepts it."""
    response = requests.Response()
    response.headers["Content-Length"] = announced
    response.raw = io.BytesIO(b"12345")
    response.raw.read()

    with (
        pytest.raises(AmbiguousError, match="ended before it was complete")
        if is_half
        else nullcontext()
    ):
        http._refuse_half(response)


def test_whole_answers_are_asked_for_with_any_urllib3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where it takes half of one as whole, as 1.26 does."""
    make = urllib3.HTTPResponse.__init__

    def lenient(*args: Any, **given: Any) -> None:
        make(*args, **{**given, "enforce_content_length": False})

    monkeypatch.setattr(urllib3.HTTPResponse, "__init__", lenient)

    with (
        scripted.scripted(scripted.break_off) as server,
        pytest.raises(AmbiguousError, match="ended before it was complete"),
    ):
        send(server.url)


def broken_after(monkeypatch: pytest.MonkeyPatch, size: int, error: Exception) -> None:
    """A connection that breaks once so much of the body was read."""

    def request(*_: object, data: Any, **__: object) -> None:
        if size:
            data.read(size)
        raise error

    monkeypatch.setattr(requests.Session, "request", request)


@pytest.mark.parametrize(
    ("size", "kind"), [(0, TlsError), (1, AmbiguousError)], ids=["before", "after"]
)
def test_problem_is_doubt_once_anything_went_out(
    monkeypatch: pytest.MonkeyPatch, size: int, kind: type[XrayBridgeError]
) -> None:
    """Whatever broke then, and what helps against it is said all the same."""
    broken_after(monkeypatch, size, requests.exceptions.SSLError())

    with pytest.raises(kind) as caught:
        send("https://jira.example.com")

    assert type(caught.value) is kind
    assert caught.value.hint == "set xray_verify to the path of your CA bundle"


def test_lost_answer_is_no_doubt_before_anything_went_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was never read cannot have arrived."""
    broken_after(monkeypatch, 0, requests.exceptions.ReadTimeout())

    with pytest.raises(UnreachableError, match="did not answer in time"):
        send("https://jira.example.com")


def test_question_keeps_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where nothing is known to help it is to be sent later."""
    question = Request(
        method="POST", path="/x", content=b"{}", media_type=JSON, is_question=True
    )
    broken_after(monkeypatch, 1, requests.exceptions.SSLError())

    with pytest.raises(UnansweredError) as caught:
        send("https://jira.example.com", question)

    assert caught.value.hint == "set xray_verify to the path of your CA bundle"


def test_server_s_clock_is_compared() -> None:
    """By the date in its answer; an hour ahead is an hour."""
    with scripted.scripted(answer(200, Date=later(3600))) as server:
        client = Http(a_connection(server.url), Deadline(10))
        before = client.skew
        client.send(ONCE, url=server.url)

    assert before is None
    assert client.skew == pytest.approx(3600, abs=5)


def test_deadline_can_be_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the time again, however little was left."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    client = Http(a_connection("http://127.0.0.1:9"), Deadline(60))
    now[0] += 50
    left = client.deadline.left
    client.renew_deadline()

    assert (left, client.deadline.left, client.deadline.seconds) == (10.0, 60.0, 60.0)


def test_pause_that_there_is_time_for(slept: list[float]) -> None:
    """It is as long as it was asked for."""
    Deadline(60).pause(5)

    assert slept == [5]


@pytest.mark.parametrize(
    ("attempt", "attempts", "seconds", "is_due"),
    [
        (4, 0, 0.0, True),
        (5, 0, 0.0, False),
        (5, 6, 0.0, True),
        (6, 6, 0.0, False),
        (4, 2, 0.0, True),
        (1, 0, 29.0, True),
        (1, 0, 31.0, False),
    ],
)
def test_attempts_that_are_left(
    slept: list[float], attempt: int, attempts: int, seconds: float, *, is_due: bool
) -> None:
    """Five, or more where more are asked for, and only within the deadline."""
    client = Http(a_connection("http://127.0.0.1:9"), Deadline(30))

    found = client.wait(attempt, seconds=seconds, attempts=attempts)

    assert found is is_due
    assert len(slept) == is_due
    assert all(pause >= seconds for pause in slept)


def test_login_of_a_proxy_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's login from the environment reaches no output."""
    connection = a_connection(proxies=None)
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:hidden-word@127.0.0.1:9")
    client = Http(connection, Deadline(5))

    found = client.proxies("https://jira.example.com")

    assert found["https"] == "http://someone:hidden-word@127.0.0.1:9"
    said = connection.redactor.clean("at someone:hidden-word")
    assert "hidden-word" not in said


def test_file_that_is_gone(tmp_path: Path) -> None:
    """A deleted report is an error with a message."""
    request = Request(method="POST", path="/import", content=tmp_path / "gone.xml")

    with pytest.raises(XrayBridgeError):
        send("http://127.0.0.1:9", request)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, as PEM."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@needs_openssl
@pytest.mark.fault("A22")
def test_certificate_of_nobody_known(certificate: Path) -> None:
    """One attempt, and an error with the reason and the setting to use."""
    with scripted.scripted(answer(200), wrap=over_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(TlsError, match=r"self.signed certificate") as caught:
            send(url, AGAIN)

    assert "xray_verify" in caught.value.hint
    assert server.received == []


@needs_openssl
def test_certificate_of_a_known_authority(certificate: Path) -> None:
    """``verify`` is the path of a bundle."""
    with scripted.scripted(answer(200), wrap=over_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        found = send(url, verify=str(certificate))

    assert found.status == 200


@needs_openssl
def test_certificate_is_not_looked_at(certificate: Path) -> None:
    """With ``verify`` off, urllib3 does not warn."""
    with scripted.scripted(answer(200), wrap=over_tls(certificate)) as server:
        found = send(server.url.replace("http:", "https:"), verify=False)

    assert found.status == 200


@needs_openssl
def test_certificate_of_another_host(certificate: Path) -> None:
    """The name in the certificate has to match, too."""
    with scripted.scripted(answer(200), wrap=over_tls(certificate)) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(TlsError, match="localhost"):
            send(url, verify=str(certificate))


def test_request_that_never_ends_does_not_keep_the_process() -> None:
    """Its thread is abandoned when the process ends."""
    assert http.run_within(9, lambda: threading.current_thread().daemon)
