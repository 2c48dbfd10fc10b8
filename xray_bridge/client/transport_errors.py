"""
Converts exceptions of ``requests`` into errors of xray-bridge.

Their texts are not used: they quote headers and proxy passwords.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from xray_bridge.client.lean import requests, urllib3
from xray_bridge.errors import (
    AmbiguousError,
    ProxyError,
    TlsError,
    UnreachableError,
    XrayBridgeError,
)


TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})")
PROBLEMS: tuple[tuple[Any, type[XrayBridgeError], str, str], ...] = (
    (
        (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ),
        UnreachableError,
        "the address {host} or its proxy is not valid",
        "check xray_url, xray_proxy and HTTPS_PROXY",
    ),
    (
        requests.exceptions.ProxyError,
        ProxyError,
        "the proxy does not connect to {host}{status}",
        "check xray_proxy and HTTPS_PROXY, or set xray_skip_proxy",
    ),
    (
        requests.exceptions.SSLError,
        TlsError,
        "TLS with {host} failed: {reason}",
        "set xray_verify to the path of your CA bundle",
    ),
    (
        requests.exceptions.ConnectTimeout,
        UnreachableError,
        "{host} did not accept a connection in time",
        "",
    ),
    (
        requests.exceptions.ReadTimeout,
        AmbiguousError,
        "{host} took the request but did not answer in time",
        "",
    ),
)


def convert_error(error: requests.RequestException, url: str) -> XrayBridgeError:
    """Return the error to raise; AmbiguousError if the request may have arrived."""
    host = urlsplit(url).netloc
    reason = _system_reason(error)
    for kinds, kind, message, hint in PROBLEMS:
        if isinstance(error, kinds):
            status = _tunnel_status(error)
            said = message.format(host=host, reason=reason, status=status)
            return kind(said, hint=hint)
    if _never_connected(error):
        return UnreachableError(f"{host} cannot be reached: {reason}")
    return AmbiguousError(f"the connection to {host} broke: {reason}")


def _tunnel_status(error: BaseException) -> str:
    """Return the status of a proxy's answer to CONNECT; 407: it needs a login."""
    texts = (str(each) for each in _error_chain(error) if isinstance(each, OSError))
    found = next(filter(None, map(TUNNEL.search, texts)), None)
    return f" (HTTP {found[1]})" if found else ""


def _never_connected(error: BaseException) -> bool:
    return any(
        isinstance(each, urllib3.exceptions.NewConnectionError)
        for each in _error_chain(error)
    )


def _error_chain(error: BaseException) -> list[BaseException]:
    """List the error and those that it wraps; urllib3 wraps in ``args``."""
    found: list[BaseException] = []
    queue: list[BaseException] = [error]
    while queue:
        each = queue.pop(0)
        if each in found:
            continue
        found.append(each)
        inner = [*each.args, getattr(each, "reason", None), each.__cause__]
        queue += [item for item in inner if isinstance(item, BaseException)]
    return found


def _system_reason(error: BaseException) -> str:
    """Return the system's reason, without the text of the request."""
    for each in _error_chain(error):
        if isinstance(each, OSError) and not isinstance(
            each, requests.RequestException
        ):
            verify = getattr(each, "verify_message", "")
            return verify or each.strerror or type(each).__name__
        if isinstance(each, urllib3.exceptions.NewConnectionError):
            # urllib3 1.26 has the system's words only in its own text.
            said = str(each).rpartition("] ")[2].removesuffix(")")
            return said or type(each).__name__
    return type(_error_chain(error)[-1]).__name__
