"""What breaks on the way to a server, in our own words."""

from __future__ import annotations

import ssl

import pytest
import requests
import urllib3

from xray_bridge.client.transport_errors import convert_error
from xray_bridge.errors import (
    AmbiguousError,
    ProxyError,
    TlsError,
    UnreachableError,
    XrayBridgeError,
)


URL = "https://jira.example.com/jira"
HOST = "jira.example.com"
CONNECTION = urllib3.connection.HTTPConnection(HOST)


@pytest.mark.parametrize(
    ("error", "kind", "message", "hint"),
    [
        (
            requests.exceptions.InvalidURL(),
            UnreachableError,
            f"the address {HOST} or its proxy is not valid",
            "check xray_url, xray_proxy and HTTPS_PROXY",
        ),
        (
            requests.exceptions.InvalidSchema(),
            UnreachableError,
            f"the address {HOST} or its proxy is not valid",
            "check xray_url, xray_proxy and HTTPS_PROXY",
        ),
        (
            requests.exceptions.MissingSchema(),
            UnreachableError,
            f"the address {HOST} or its proxy is not valid",
            "check xray_url, xray_proxy and HTTPS_PROXY",
        ),
        (
            requests.exceptions.ProxyError(),
            ProxyError,
            f"the proxy does not connect to {HOST}",
            "check xray_proxy and HTTPS_PROXY, or set xray_skip_proxy",
        ),
        (
            requests.exceptions.SSLError(ssl.SSLError(1, "no common version")),
            TlsError,
            f"TLS with {HOST} failed: no common version",
            "set xray_verify to the path of your CA bundle",
        ),
        (
            requests.exceptions.ConnectTimeout(),
            UnreachableError,
            f"{HOST} did not accept a connection in time",
            "",
        ),
        (
            requests.exceptions.ReadTimeout(),
            AmbiguousError,
            f"{HOST} took the request but did not answer in time",
            "",
        ),
        (
            requests.exceptions.ConnectionError(OSError(104, "Connection reset")),
            AmbiguousError,
            f"the connection to {HOST} broke: Connection reset",
            "",
        ),
        (
            requests.exceptions.ChunkedEncodingError(),
            AmbiguousError,
            f"the connection to {HOST} broke: ChunkedEncodingError",
            "",
        ),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
def test_each_problem_has_its_words(
    error: requests.RequestException,
    kind: type[XrayBridgeError],
    message: str,
    hint: str,
) -> None:
    """Its kind says whether the request may have arrived, its hint what to change."""
    found = convert_error(error, URL)

    assert type(found) is kind
    assert found.message == message
    assert found.hint == hint


def test_no_of_a_proxy_has_its_number() -> None:
    """It stands in an error within others, and tells a login from a closed door."""
    tunnel = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    wrapped = urllib3.exceptions.ProxyError("Cannot connect to proxy.", tunnel)
    pool = urllib3.HTTPConnectionPool(HOST)
    outer = urllib3.exceptions.MaxRetryError(pool, "/", wrapped)

    found = convert_error(requests.exceptions.ProxyError(outer), URL)

    assert found.message == f"the proxy does not connect to {HOST} (HTTP 407)"


def test_reason_is_the_system_s_wherever_it_stands() -> None:
    """What was raised from it, and what stands beside it, are looked through."""
    inner = OSError(113, "No route to host")
    cause = urllib3.exceptions.ProtocolError("aborted", ValueError("odd"))
    cause.__cause__ = inner

    found = convert_error(requests.exceptions.ConnectionError(ValueError(), cause), URL)

    assert found.message == f"the connection to {HOST} broke: No route to host"


def test_reason_without_words_is_its_kind() -> None:
    """A timeout of the system may have no text."""
    found = convert_error(requests.exceptions.ConnectionError(TimeoutError()), URL)

    assert found.message == f"the connection to {HOST} broke: TimeoutError"


def test_reason_of_a_certificate_is_what_was_verified() -> None:
    """OpenSSL says it in a field of its own."""
    error = ssl.SSLCertVerificationError(1, "[SSL] certificate verify failed")
    error.verify_message = "certificate has expired"

    found = convert_error(requests.exceptions.SSLError(error), URL)

    assert found.message == f"TLS with {HOST} failed: certificate has expired"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<x>: Failed: [Errno 111] Connection refused)", "Connection refused"),
        ("[Errno 111] ", "NewConnectionError"),
    ],
)
def test_reason_of_a_connection_that_was_never_made(text: str, reason: str) -> None:
    """Urllib3 1.26 has the system's words in a text of its own only."""
    error = urllib3.exceptions.NewConnectionError(CONNECTION, text)

    found = convert_error(requests.exceptions.ConnectionError(error), URL)

    assert type(found) is UnreachableError
    assert found.message == f"{HOST} cannot be reached: {reason}"


def test_reason_is_that_of_the_innermost_where_the_system_is_silent() -> None:
    """What was wrapped says more than what wraps it."""
    inner = urllib3.exceptions.DecodeError("odd")

    found = convert_error(requests.exceptions.ContentDecodingError(inner), URL)

    assert found.message == f"the connection to {HOST} broke: DecodeError"


def test_errors_that_name_each_other_come_to_an_end() -> None:
    """A circle of errors is looked at once."""
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    found = convert_error(requests.exceptions.ConnectionError(first), URL)

    assert found.message == f"the connection to {HOST} broke: ValueError"


def test_error_that_stands_twice_hides_no_other() -> None:
    """What comes after it is looked through as well."""
    twice = ValueError("a")
    outer = urllib3.exceptions.ProtocolError(
        "b", twice, twice, OSError(113, "No route")
    )

    found = convert_error(requests.exceptions.ConnectionError(outer), URL)

    assert found.message == f"the connection to {HOST} broke: No route"
