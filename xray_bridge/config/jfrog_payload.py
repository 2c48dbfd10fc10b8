"""
The form in which a JFrog platform describes its integration with Jira.

Source: JFrog's REST reference, "Create Jira Integration" and "Update Jira Integration".
"""

from __future__ import annotations

import json
from dataclasses import field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xray_bridge.config.secret import Secret
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Mapping

BASIC = "basic"
CLOUD, SERVER = "cloud", "server"
# Mandatory members, and their types.
MEMBERS: Mapping[str, type] = {
    "connection_name": str,
    "auth_type": str,
    "username": str,
    "password": str,
    "installation_type": str,
    "jira_server_url": str,
}
SKIP_PROXY = "skip_proxy"
KNOWN = (*MEMBERS, SKIP_PROXY)


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraIntegration:
    """One integration; ``notices`` are about members that are not read."""

    connection_name: str
    username: str
    password: Secret
    installation_type: str
    jira_server_url: str
    skip_proxy: bool = False
    notices: tuple[str, ...] = field(default=(), compare=False)

    def to_json(self, *, shows_password: bool) -> dict[str, Any]:
        """Return the document for JFrog; the password only for the request."""
        return {
            "connection_name": self.connection_name,
            "auth_type": BASIC,
            "username": self.username,
            "password": self.password.reveal() if shows_password else "***",
            "installation_type": self.installation_type,
            "jira_server_url": self.jira_server_url,
            "skip_proxy": self.skip_proxy,
        }

    @property
    def fields(self) -> dict[str, str | bool]:
        """The fields of a stored connection, without a place of the secret."""
        names = ("jira_url", "jira_user") if self.is_cloud else ("url", "user")
        values: dict[str, str | bool] = {
            names[0]: self.jira_server_url,
            names[1]: self.username,
            "deployment": "cloud" if self.is_cloud else "server",
        }
        return {**values, **({"skip_proxy": True} if self.skip_proxy else {})}

    @property
    def is_cloud(self) -> bool:
        """Whether the Jira is a Cloud site."""
        return self.installation_type == CLOUD


def read_payload(text: str, where: str) -> JiraIntegration:
    """
    Read a document for JFrog; ``where`` names its file in errors.

    Raises UsageError, which never contains the password.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        # The reason may quote the text, and with it the password.
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{where} is not a JSON object")
    for name, kind in MEMBERS.items():
        if name != "password" and not (
            isinstance(found.get(name), kind) and found[name].strip()
        ):
            raise _missing_error(name, found, where)
    if not isinstance(found.get("password", ""), str):
        raise UsageError(f"{where}: password is no text")
    skips = found.get(SKIP_PROXY, False)
    if not isinstance(skips, bool):
        raise UsageError(f"{where}: skip_proxy is neither true nor false")
    if found["auth_type"] != BASIC:
        msg = f"{where}: auth_type is {found['auth_type']!r}"
        raise UsageError(msg, hint=f"only {BASIC} can be stored: user and password")
    if found["installation_type"] not in {CLOUD, SERVER}:
        msg = f"{where}: installation_type is {found['installation_type']!r}"
        raise UsageError(msg, hint=f"use {CLOUD} or {SERVER}")
    others = [str(name) for name in found if name not in KNOWN]
    return JiraIntegration(
        connection_name=found["connection_name"].strip(),
        username=found["username"].strip(),
        password=Secret(found.get("password", "")),
        installation_type=found["installation_type"],
        jira_server_url=found["jira_server_url"].strip(),
        skip_proxy=skips,
        notices=tuple(f"{where}: {name} is not read" for name in others),
    )


def _missing_error(name: str, found: Mapping[str, Any], where: str) -> UsageError:
    others = [str(each) for each in found if each not in KNOWN]
    near = get_close_matches(name, others, n=1, cutoff=0.6)
    hint = f"{near[0]} is not this member" if near else "it is a text"
    return UsageError(f"{where} has no {name}", hint=hint)
