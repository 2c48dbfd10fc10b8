"""
The doors to Jira: Data Center at `/rest`, a Cloud site at `/jira-cloud`.

`/atlassian` stands for `api.atlassian.com`: the gateway to the site, and the builds
and deployments. Sources: Atlassian's REST references of both products; its page
'API tokens with scopes' for the gateway.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g

from xray_sandbox.product import CLOUD, SERVER, Product
from xray_sandbox.read.issue_fields import USERS
from xray_sandbox.web.auth import CREDENTIALS, is_same, knows_jira_login


CLOUD_PREFIX = "/jira-cloud"
ATLASSIAN_PREFIX = "/atlassian"


def _knows_api_token(header: str) -> bool:
    """Whether this is the user with the API token; Cloud takes no password."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value, validate=True).decode(errors="replace")
    except binascii.Error:
        return False
    return is_same(given, f"{CREDENTIALS.user}:{CREDENTIALS.token}")


@dataclass(frozen=True)
class Door:
    """One product's Jira, as data."""

    product: Product
    deployment: str
    version: tuple[int, ...]
    api_versions: tuple[str, ...]
    issue_word: str
    types_list: str
    fields_list: str
    forgives_unknown_keys: bool
    needs_permission_names: bool
    link_refusal: int
    knows_login: Callable[[str], bool]

    def user_json(self, name: str) -> dict[str, Any]:
        """A user; on Cloud users have no names but ids."""
        found = {"displayName": USERS.get(name, name), "active": True}
        if self.product.user_key == "name":
            return {"name": name, "key": name, **found}
        return {"accountId": name, "accountType": "atlassian", **found}


DATA_CENTER = Door(
    product=SERVER,
    deployment="Server",
    version=(9, 12, 0),
    api_versions=("2", "latest"),
    issue_word="issue",
    types_list="values",
    fields_list="values",
    forgives_unknown_keys=True,
    needs_permission_names=False,
    link_refusal=401,
    knows_login=knows_jira_login,
)
CLOUD_SITE = Door(
    product=CLOUD,
    deployment="Cloud",
    version=(1001, 0, 0),
    api_versions=("2", "3", "latest"),
    issue_word="work item",
    types_list="issueTypes",
    fields_list="fields",
    forgives_unknown_keys=False,
    needs_permission_names=True,
    link_refusal=404,
    knows_login=_knows_api_token,
)


def current_door() -> Door:
    """The door of the request."""
    found: Door = g.get("door", DATA_CENTER)
    return found


def is_cloud() -> bool:
    """Whether the request came through the door of Cloud."""
    return current_door() is CLOUD_SITE
