"""
Checks the way to the server: proxy, TLS, address, product, licence, login, clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_bridge.check.finding import PASSING, Finding, ask_question, failed_finding
from xray_bridge.client.connection import LOOPBACK
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    BusyError,
    DeliveryError,
    NotXrayError,
    ProxyError,
    RedirectedError,
    RefusedError,
    TlsError,
    UnreachableError,
)
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from xray_bridge.check.site import JiraSite
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import Xray

# The line for an error of the first request; the first class that fits.
LINES: tuple[tuple[type[Exception], str], ...] = (
    (ProxyError, "proxy"),
    (TlsError, "tls"),
    (AuthenticationError, "credentials"),
    (UnreachableError, "address"),
    (RedirectedError, "address"),
    (NotXrayError, "address"),
    (BusyError, "address"),
    (AmbiguousError, "address"),
)
STATUSES = {404: "address", 405: "address", 407: "proxy"}
# The order in which a request passes them.
WAY = ("proxy", "tls", "address")
# Jira's answer if Basic login is switched off, and to accounts without permission.
FORBIDDEN = 403
# In seconds. With more, tokens fail and Test Executions have wrong times.
LARGEST_SKEW = 300.0
DEPLOYMENTS = {SERVER: {"Server", "DataCenter"}, CLOUD: {"Cloud"}}


def check_way(
    connection: Connection, xray: Xray, site: JiraSite | None
) -> tuple[Finding, ...]:
    """
    Log in, and return the findings on the way to the server.

    ``credentials`` is among them, and ok, if more can be asked.
    """
    try:
        who = xray.log_in()
    except (DeliveryError, AmbiguousError) as error:
        line, wrong = _line_of(error), _failed_login(error)
        answered = not isinstance(error, PASSING)
    else:
        message = f"accepted by {connection.url}" + (f" for {who}" if who else "")
        line, wrong = "", Finding(what="credentials", ok=True, message=message)
        answered = True
    way = _passed_lines(connection, site, line, answered=answered)
    if line in WAY:
        return (*way, replace(wrong, what=line))
    product = _check_product(connection, site, is_logged_in=not line) if site else ()
    if line or site is None:
        return (*way, *product, wrong)
    return (*way, *product, wrong, *_check_licence_and_jira(connection, site))


def _line_of(error: Exception) -> str:
    if isinstance(error, RefusedError):
        return STATUSES.get(error.status, "credentials")
    return next(
        (line for kind, line in LINES if isinstance(error, kind)), "credentials"
    )


def _failed_login(error: DeliveryError | AmbiguousError) -> Finding:
    found = failed_finding("credentials", error)
    if isinstance(error, RefusedError) and error.status == FORBIDDEN:
        hint = "check that the account may use the API, or set XRAY_TOKEN"
        return replace(found, hint=hint)
    return found


def _passed_lines(
    connection: Connection, site: JiraSite | None, failing: str, *, answered: bool
) -> tuple[Finding, ...]:
    """
    Return the findings before the line that fails; all if none fails.

    Without an answer it is unknown whether TLS and address are right.
    """
    passed = WAY[: WAY.index(failing)] if failing in WAY else WAY
    if failing == "address" and not answered:
        passed = ("proxy",)
    address = Finding(
        what="address",
        ok=True,
        message=f"{connection.url}, {connection.dialect.product}: {connection.why}",
    )
    if site is None:
        return (address,) if "address" in passed else ()
    lines = {
        "proxy": _check_proxy(site),
        "tls": _check_tls(connection),
        "address": address,
    }
    return tuple(lines[name] for name in passed)


def _check_proxy(site: JiraSite) -> Finding:
    return Finding(what="proxy", ok=True, message=site.proxy)


def _check_tls(connection: Connection) -> Finding:
    parts = urlsplit(connection.url)
    if parts.scheme == "http":
        here = parts.hostname in LOOPBACK
        return Finding(
            what="tls",
            ok=True if here else None,
            message="not used: the server is on this machine"
            if here
            else "none: secrets are sent unencrypted",
            hint="" if here else "write https:// in xray_url if you can",
        )
    if connection.verify is False:
        return Finding(
            what="tls",
            ok=None,
            message="certificates are not verified (xray_verify = false)",
            hint="set xray_verify to the path of your CA bundle",
        )
    by = "" if connection.verify is True else f" by {connection.verify}"
    return Finding(what="tls", ok=True, message=f"the certificate is trusted{by}")


def _check_product(
    connection: Connection, site: JiraSite, *, is_logged_in: bool
) -> tuple[Finding, ...]:
    """Check Jira's version and kind."""
    name = connection.dialect.name

    def question() -> Finding:
        info = site.server_info(is_logged_in=is_logged_in)
        kind = str(info.get("deploymentType") or "Server")
        found = f"Jira {info['version']} ({kind}) at {connection.site}"
        if kind in DEPLOYMENTS[name]:
            return Finding(what="product", ok=True, message=found)
        return Finding(
            what="product",
            ok=False,
            message=f"{found}, but xray_deployment is {name}",
            hint="correct xray_deployment, xray_url or xray_jira_url",
        )

    if connection.site:
        return (ask_question("product", question, decides=False),)
    return (Finding(what="product", ok=True, message=connection.dialect.product),)


def _check_licence_and_jira(
    connection: Connection, site: JiraSite
) -> tuple[Finding, ...]:
    """Check what needs a login: Xray's licence, and Jira if Xray is on Cloud."""
    product = connection.dialect.product

    def licence() -> Finding:
        try:
            found = site.read_licence()
        except RefusedError as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            return Finding(
                what="xray",
                ok=False,
                message=f"this Jira has no Xray: {error.message}",
                hint="ask its administrators to install and enable Xray",
            )
        kind = found.get("licenseType") or "unknown type"
        if found.get("active"):
            return Finding(what="xray", ok=True, message=f"licensed ({kind})")
        return Finding(
            what="xray",
            ok=False,
            message=f"Xray's licence is not active ({kind})",
            hint="ask Jira's administrators to renew it",
        )

    def jira() -> Finding:
        who = site.jira.whoami()
        return Finding(what="jira", ok=True, message=f"accepted for {who}")

    if connection.dialect.licence_path:
        return (ask_question("xray", licence),)
    # Xray issues tokens only with a licence.
    there = Finding(what="xray", ok=True, message=f"{product} issues a token")
    return (there, ask_question("jira", jira)) if site.knows_jira else (there,)


def check_clock(site: JiraSite) -> Finding:
    """Compare the server's clock, in the ``Date`` of an answer, with this machine's."""
    skew = site.skew
    if skew is None:
        message = "the server does not send its time"
        return Finding(what="clock", ok=None, message=message)
    if abs(skew) <= LARGEST_SKEW:
        return Finding(what="clock", ok=True, message="within 5 minutes of the server")
    side = "behind" if skew > 0 else "ahead of"
    return Finding(
        what="clock",
        ok=False,
        message=f"this machine is {abs(skew) / 60:.0f} minutes {side} the server",
        hint="set this machine's clock (NTP): tokens and Begin Date depend on it",
    )
