"""
The HTTP client, with timeouts, one deadline for all requests, retries and limits.

A request is repeated only if that does no harm: nothing was sent, the server
asked to wait (429), or the request is repeatable. If the server may or may not
have acted, the error is an AmbiguousError, which the caller resolves. Redirects
are never followed, and answers are limited in size.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from xray_bridge import progress
from xray_bridge._version import __version__
from xray_bridge.client import log
from xray_bridge.client.lean import requests, urllib3
from xray_bridge.client.multipart import Body, FileBody, MultipartBody
from xray_bridge.client.response import Answer
from xray_bridge.client.transport import (
    BLOCK,
    LargeBlocks,
    PlainSession,
    find_proxies,
)
from xray_bridge.client.transport_errors import convert_error
from xray_bridge.client.waiting import backoff, read_skew, retry_after
from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    ReportError,
    UnansweredError,
    UnreachableError,
    XrayBridgeError,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.request import Request

T = TypeVar("T")

CONNECT_TIMEOUT, SHORTEST_TIMEOUT = 10.0, 0.001
# Seconds after the deadline: the message of a socket's own timeout is more exact.
GRACE = 0.3
ATTEMPTS = 5
TIME_HINT = "raise xray_deadline, or try again later"
LARGEST_ANSWER = 5 << 20
LARGEST_DOWNLOAD = 256 << 20
# 408 and 5xx: a proxy or the server gave up, perhaps after the work was done.
UNCLEAR = frozenset({408, 499})
# The server's own error. All others from 500 on may come from a gateway that lost a
# server which is still working; with Envoy, 503 is one of them.
OWN_FAILURE = 500


class Deadline:
    """The time that is left for all requests together, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    def pause(self, seconds: float, why: str = "") -> None:
        """
        Wait, if there is enough time; ``why`` is shown to people.

        Raises BusyError if there is not.
        """
        if seconds >= self.left:
            msg = f"the next search is due in {seconds:.0f} s"
            msg += f", but only {self.left:.0f} s of xray_deadline are left"
            raise BusyError(msg, hint=TIME_HINT)
        with progress.step(f"waiting {seconds:.0f} s{why and f' {why}'}"):
            time.sleep(seconds)


class Http:
    """Sends requests to one server, with its proxies and certificates."""

    def __init__(
        self, connection: Connection, deadline: Deadline, *, attempts: int = ATTEMPTS
    ) -> None:
        self.deadline = deadline
        self._connection = connection
        self._attempts = attempts
        # Seconds by which the server's clock is ahead; None before its first answer.
        self.skew: float | None = None
        if connection.verify is False:
            # The connection has a notice for it, once per run.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def renew_deadline(self) -> None:
        """Start the deadline again; a request in progress keeps the old one."""
        self.deadline = Deadline(self.deadline.seconds)

    def send(
        self,
        request: Request,
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        into: BinaryIO | None = None,
    ) -> Answer:
        """
        Send a request and return the answer, with any status below 500.

        ``into`` receives the body of a 200 instead of ``Answer.content``.
        Raises UnreachableError, TlsError and BusyError if nothing was processed, and
        AmbiguousError if the server may or may not have processed it; for a question
        UnansweredError.
        """
        attempt = 0
        while True:
            attempt += 1
            found, wait = self._try_request(request, url, headers or {}, into)
            if isinstance(found, Answer):
                return found
            repeat = request.repeatable or not isinstance(found, AmbiguousError)
            if not repeat or not self.wait(attempt, seconds=wait):
                raise _as_question(found) if request.is_question else found

    def wait(self, attempt: int, *, seconds: float = 0.0, attempts: int = 0) -> bool:
        """
        Wait before another attempt; False if attempts or time are used up.

        The wait is at least ``seconds``; there are at least ``attempts``.
        """
        pause = max(seconds, backoff(attempt, self._connection.pauses.first))
        if attempt >= max(self._attempts, attempts) or pause >= self.deadline.left:
            return False
        self._log_line(f"waiting {pause:.1f} s, then attempt {attempt + 1}")
        with progress.step(f"waiting {pause:.0f} s for the server, then trying again"):
            time.sleep(pause)
        # A busy machine may sleep longer; then the last problem is the one to tell.
        return self.deadline.left > 0

    def _try_request(
        self,
        request: Request,
        url: str,
        headers: Mapping[str, str],
        into: BinaryIO | None,
    ) -> tuple[Answer | XrayBridgeError, float]:
        """Try once: return an answer, or a problem and the seconds to wait."""
        began = time.monotonic()
        try:
            what = "asking the server" if request.is_question else "sending"
            then = "and waiting for the answer"
            with progress.step(what, unit=progress.BYTES, then=then) as step:
                answer = self._send_once(request, url, headers, into, step)
        except UnreachableError as error:
            self._log_request(request, url, began, error.message)
            return error, 0.0
        except AmbiguousError as error:
            self._log_request(request, url, began, error.message)
            return error, 0.0
        except XrayBridgeError as error:
            self._log_request(request, url, began, error.message)
            raise
        if log.is_enabled():
            size = len(answer.content) or (into.tell() if into else 0)
            end = f"HTTP {answer.status}, {size:,} bytes back"
            self._log_request(request, url, began, end)
        if answer.status == 429:  # noqa: PLR2004
            wait = retry_after(answer)
            later = f" and asks to wait {wait:.0f} s" if wait else ""
            # Jira says which of its limits it is.
            reason = answer.to_line(answer.headers.get("RateLimit-Reason", ""))
            limit = f" ({reason})" if reason else ""
            msg = f"the server received too many requests{limit}{later}: {answer.said}"
            return BusyError(msg, hint=TIME_HINT), wait
        if answer.status in UNCLEAR or answer.status >= 500:  # noqa: PLR2004
            msg = ": ".join(filter(None, (f"HTTP {answer.status}", answer.said)))
            is_own = answer.status == OWN_FAILURE
            return AmbiguousError(msg, answered=is_own), retry_after(answer)
        return answer, 0.0

    def _log_line(self, text: str) -> None:
        log.info(text, self._connection.redactor.clean)

    def _log_request(self, request: Request, url: str, began: float, end: str) -> None:
        if log.is_enabled():
            seconds = time.monotonic() - began
            address = f"{request.method} {url}{request.target}"
            self._log_line(f"{address}: {request.size:,} bytes, {end}, {seconds:.2f} s")

    def _send_once(
        self,
        request: Request,
        url: str,
        headers: Mapping[str, str],
        into: BinaryIO | None,
        step: progress.Step,
    ) -> Answer:
        left = self.deadline.left
        if left <= 0:
            msg = "the deadline has passed"
            raise UnreachableError(msg, hint=TIME_HINT)
        body = _make_body(request, self.deadline, step.advance)
        step.total = len(body) if body is not None else 0
        try:
            return run_within(
                left + GRACE, lambda: self._exchange(request, url, headers, body, into)
            )
        except requests.RequestException as error:
            found = convert_error(error, url)
            if body is not None and not body.withdraw():
                # The server may have the request, whatever the error was.
                found = AmbiguousError(found.message, hint=found.hint)
            elif body is not None and isinstance(found, AmbiguousError):
                found = UnreachableError(found.message, hint=found.hint)
            raise found from None
        except AmbiguousError as error:
            if body is not None and body.withdraw():
                raise UnreachableError(error.message, hint=error.hint) from None
            raise
        except urllib3.exceptions.LocationValueError:
            msg = f"the address {url} or its proxy is not valid"
            raise UnreachableError(msg) from None
        except urllib3.exceptions.HTTPError as error:
            msg = f"the answer from {url} ended early ({type(error).__name__})"
            raise AmbiguousError(msg) from None
        finally:
            if body is not None:
                body.close()

    def _exchange(
        self,
        request: Request,
        url: str,
        headers: Mapping[str, str],
        body: Body | None,
        into: BinaryIO | None,
    ) -> Answer:
        # A socket refuses a timeout of zero; ``run_within`` ends what takes longer.
        left = max(self.deadline.left, SHORTEST_TIMEOUT)
        address = f"{url}{request.target}"
        if into is not None:
            # Remove what an earlier attempt has written.
            into.seek(0)
            into.truncate()
        # A session for each request: a kept connection may be dead by the next
        # POST, and then it is unknown whether that was processed.
        with self._session() as session:
            response = session.request(
                request.method,
                address,
                data=body,
                headers={**_make_headers(body), **headers},
                timeout=(
                    min(CONNECT_TIMEOUT, left),
                    min(self._connection.timeout, left),
                ),
                allow_redirects=False,
                stream=True,
                proxies=self.proxies(address),
            )
            self.skew = read_skew(response.headers)
            with response:
                content = self._read(response, into)
            return Answer(
                status=response.status_code,
                headers=response.headers,
                content=content,
                url=address,
                clean=self._connection.redactor.clean,
            )

    def _session(self) -> requests.Session:
        session = PlainSession()
        session.verify = self._connection.verify
        session.cert = self._connection.client_cert or None
        for scheme in ("https://", "http://"):
            session.mount(scheme, LargeBlocks())
        return session

    def proxies(self, address: str) -> dict[str, str]:
        """Return the proxies for an address, by scheme."""
        given, redactor = self._connection.proxies, self._connection.redactor
        return find_proxies(address, given, redactor)

    def _read(self, response: requests.Response, into: BinaryIO | None) -> bytes:
        """Read the body with limits for size and time, which a socket does not have."""
        download = into is not None and response.status_code == 200  # noqa: PLR2004
        limit = LARGEST_DOWNLOAD if download else LARGEST_ANSWER
        kept = bytearray()
        size = 0
        for block in response.iter_content(BLOCK if download else 1 << 14):
            size += len(block)
            if size > limit:
                msg = f"the answer is larger than {limit >> 20} MiB"
                raise AmbiguousError(msg)
            if self.deadline.left <= 0:
                msg = "the deadline passed while the answer was being received"
                raise AmbiguousError(msg)
            if download and into is not None:
                into.write(block)
            else:
                kept += block
        _refuse_half(response)
        return bytes(kept)


def run_within(seconds: float, do: Callable[[], T]) -> T:
    """
    Return or raise what ``do`` does, within that many seconds.

    A socket's timeout limits neither a slow answer nor its headers, so the work is
    done in a thread, which is abandoned when the time is over. Raises AmbiguousError
    then.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(do())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        msg = "the deadline passed while the server was answering"
        raise AmbiguousError(msg)
    return done[0]


def _refuse_half(response: requests.Response) -> None:
    """
    Raise AmbiguousError for a body that is shorter than its Content-Length.

    urllib3 1.26 accepts it.
    """
    announced = response.headers.get("Content-Length", "")
    is_number = announced.isascii() and announced.isdigit()
    if is_number and response.raw.tell() < int(announced[:15]):
        msg = "the answer ended before it was complete"
        raise AmbiguousError(msg)


def _make_body(
    request: Request, deadline: Deadline, on_read: Callable[[int], object]
) -> Body | None:
    try:
        if request.parts:
            return MultipartBody(request.parts, deadline, on_read)
        if request.content is not None:
            return FileBody(request.content, request.media_type, deadline, on_read)
    except OSError as error:
        msg = f"{error.filename} cannot be read: {error.strerror}"
        raise ReportError(msg) from None
    return None


def _make_headers(body: Body | None) -> dict[str, str]:
    headers = {
        "Accept": "application/json, */*;q=0.5",
        "User-Agent": f"xray-bridge/{__version__}",
        "Connection": "close",
        "X-Atlassian-Token": "no-check",
    }
    if body is not None:
        headers["Content-Type"] = body.media_type
    return headers


def _as_question(error: XrayBridgeError) -> XrayBridgeError:
    """Return the error for a query, with which no results were sent."""
    if not isinstance(error, AmbiguousError):
        return error
    hint = error.hint or "try again later"
    msg = f"the server did not answer a query: {error.message}"
    return UnansweredError(msg, hint=hint)
