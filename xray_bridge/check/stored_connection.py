"""
Checks with its server whether a stored connection works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge import check
from xray_bridge.client.connection import connect
from xray_bridge.config import secret_sources, stored_connections
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.config.setting import CONNECTION
from xray_bridge.config.settings import settings_in
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.config.stored_connections import StoredConnection

HEALTHY = "healthy"
FAULTY = "faulty"
NOT_FOUND = "not found"
UNREACHABLE = "unreachable"
# Findings without which a connection counts as unreachable.
MUST_ANSWER = frozenset({"address", "credentials"})
SETTINGS = frozenset(setting.name for setting in settings_in(CONNECTION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of a connection, the reason, and what to do."""

    state: str
    reason: str
    hint: str = ""


def check_stored_connection(
    stored: StoredConnection,
    environ: Mapping[str, str],
    known: Mapping[str, str] | None = None,
) -> Verdict:
    """
    Run the server part of ``xray-bridge check``; the first wrong finding decides.

    ``known`` are secrets by kind that are used instead of the stored ones.
    """
    try:
        secrets = secret_sources.fetch_secrets(stored, environ, known)
        layers = [
            stored_connections.connection_layer(stored, secrets),
            environment_layer(environ),
        ]
        settings = resolve(layers, environ, only=SETTINGS)
        connection = connect(settings, environ)
    except XrayBridgeError as error:
        return Verdict(state=FAULTY, reason=error.message, hint=error.hint)
    clean = settings.redactor.clean
    found = check.run_checks(settings, connection, thorough=True)
    wrong = next((each for each in found if each.ok is False), None)
    silent = next(
        (each for each in found if each.what in MUST_ANSWER and not each.ok), None
    )
    if said := wrong or silent:
        state = FAULTY if wrong else UNREACHABLE
        return Verdict(state=state, reason=clean(said.message), hint=clean(said.hint))
    login = next(each for each in found if each.what == "credentials")
    return Verdict(state=HEALTHY, reason=clean(login.message))
