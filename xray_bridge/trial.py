"""
Whether a stored connection works: one question to its server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge import connections, vault
from xray_bridge.check import PASSING
from xray_bridge.connection import connect
from xray_bridge.errors import XrayBridgeError
from xray_bridge.http import Deadline, Http
from xray_bridge.resolve import environment, resolve
from xray_bridge.xray import client


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.connections import Stored

HEALTHY = "healthy"
FAULTY = "faulty"
NOT_FOUND = "not found"
UNREACHABLE = "unreachable"
PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a connection stands, why, and what to do about it."""

    state: str
    reason: str
    hint: str = ""


def of(stored: Stored, environ: Mapping[str, str], asked: str = "") -> Verdict:
    """
    Log in; Xray Cloud's key is its own, Jira's login says nothing of Xray yet.

    ``asked``: the secret itself, which is not kept anywhere before it was tried.
    """
    try:
        known = {"secret": asked} if asked else {}
        secrets = vault.fetch(stored, environ, known)
        settings = resolve([connections.layer(stored, secrets), environment(environ)])
    except XrayBridgeError as error:
        return Verdict(state=FAULTY, reason=error.message, hint=error.hint)
    clean = settings.redactor.clean
    try:
        connection = connect(settings, environ)
        http = Http(connection, Deadline(PATIENCE), attempts=1)
        who = client(connection, http).login()
    except XrayBridgeError as error:
        state = UNREACHABLE if isinstance(error, PASSING) else FAULTY
        return Verdict(state=state, reason=clean(error.message), hint=clean(error.hint))
    account = f" as {who}" if who else ""
    return Verdict(state=HEALTHY, reason=f"{connection.url} lets us in{account}")
