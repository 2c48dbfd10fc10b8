"""
Questions to Jira that only a thorough check asks.

Sources: Atlassian's REST references of Server and Cloud; Xray's own client for
Cypress for the licence.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from xray_bridge.client.jira import Jira
from xray_bridge.client.xray import make_client
from xray_bridge.errors import AuthenticationError, NotXrayError


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.xray import Xray

# Names of a page's list, which differ between Server and Cloud.
SERVER_INFO = "/rest/api/2/serverInfo"
PAGES = ("issueTypes", "fields", "values")


class JiraSite:
    """
    The Jira site of a connection, which may have no login for it.

    On Server, Xray is in it; Xray Cloud is a separate service.
    """

    def __init__(self, connection: Connection, http: Http) -> None:
        self._connection = connection
        self._http = http
        credentials = connection.site_credentials
        self._types: list[Any] = []
        self._jira = Jira.for_connection(connection, http) if credentials else None

    def without_jira(self) -> JiraSite:
        """Return the same site without a login to Jira, after Jira has refused it."""
        return JiraSite(replace(self._connection, jira_credentials=None), self._http)

    def make_client(self) -> Xray:
        """Make a client with the same logins."""
        return make_client(self._connection, self._http)

    @property
    def knows_jira(self) -> bool:
        """Whether there is a login to Jira."""
        return self._jira is not None

    @property
    def proxy(self) -> str:
        """The proxy to Xray without its login, and where it is set."""
        url = self._connection.url
        scheme = urlsplit(url).scheme
        found = self._http.proxies(url)
        address = found.get(scheme) or found.get("all")
        if address:
            return f"{address.rpartition('@')[2]}, from {self._proxy_source(scheme)}"
        if self._connection.proxies is None and _proxy_variable(scheme):
            return f"none: NO_PROXY covers {urlsplit(url).hostname}"
        return "none"

    def _proxy_source(self, scheme: str) -> str:
        if self._connection.proxies is not None:
            return "xray_proxy"
        return _proxy_variable(scheme) or "this machine's settings"

    @property
    def skew(self) -> float | None:
        """Seconds by which the server's clock is ahead; None if unknown."""
        return self._http.skew

    @property
    def jira(self) -> Jira:
        """
        The client of Jira, with a login.

        Raises NotXrayError without a login; ask ``knows_jira`` before.
        """
        if self._jira is None:
            msg = "there is no login for Jira"
            raise NotXrayError(msg)
        return self._jira

    def server_info(self, *, is_logged_in: bool) -> dict[str, Any]:
        """
        Return Jira's version and kind, which need a login since Jira 10.2.

        ``is_logged_in``: the login is known to work. Jira requires a CAPTCHA after
        some refused logins.
        """
        anybody = Jira.for_connection(self._connection, self._http, anybody=True)
        try:
            found = anybody.get_json(SERVER_INFO, dict)
        except AuthenticationError:
            if self._jira is None or not is_logged_in:
                raise
            found = self._jira.get_json(SERVER_INFO, dict)
        if "version" not in found:
            msg = f"{self._connection.site} does not answer like Jira"
            raise NotXrayError(msg, hint="check that it is Jira's base URL")
        return found

    def read_licence(self) -> dict[str, Any]:
        """Return Xray's licence: ``active`` and ``licenseType``."""
        return self.jira.get_json(self._connection.dialect.licence_path, dict)

    def read_permissions(
        self, project: str, names: Sequence[str]
    ) -> Mapping[str, bool]:
        """Return whether the account has each permission; some may be missing."""
        found = self.jira.get_json(
            "/rest/api/2/mypermissions",
            dict,
            projectKey=project,
            permissions=",".join(names),
        )
        given = found.get("permissions")
        if not isinstance(given, dict):
            msg = f"{self._connection.site} does not list permissions like Jira"
            raise NotXrayError(msg)
        return {
            name: bool(given[name].get("havePermission"))
            for name in names
            if isinstance(given.get(name), dict)
        }

    def issue_types(self, project: str) -> tuple[str, ...]:
        """Return the names of issue types that the account can create in a project."""
        path = f"/rest/api/2/issue/createmeta/{project}/issuetypes"
        self._types = self._read_page(path)
        return tuple(str(each.get("name", "")) for each in self._types)

    def list_screen_fields(
        self, project: str, issue_type: str
    ) -> frozenset[str] | None:
        """
        Return the ids of the fields on the screen for new issues of a type.

        None if ``issue_types`` has not found the type.
        """
        known = (e for e in self._types if str(e.get("name")).lower() == issue_type)
        type_id = next((str(each["id"]) for each in known if each.get("id")), "")
        if not type_id:
            return None
        path = f"/rest/api/2/issue/createmeta/{project}/issuetypes"
        path = f"{path}/{quote(type_id, safe='')}"
        listed = self._read_page(path)
        return frozenset(str(e.get("fieldId") or e.get("key")) for e in listed)

    def _read_page(self, path: str) -> list[Any]:
        """Return the first hundred items of a list in pages."""
        found = self.jira.get_json(path, dict, maxResults="100")
        listed: Any = next((found[name] for name in PAGES if name in found), [])
        if not isinstance(listed, list):
            msg = f"{self._connection.site}{path} does not answer like Jira"
            raise NotXrayError(msg)
        return [each for each in listed if isinstance(each, dict)]

    def issue_type(self, key: str) -> str | None:
        """Return the name of an issue's type; None if unknown."""
        return self._jira.issue_type(key) if self._jira else None


def _proxy_variable(scheme: str) -> str:
    """Return the variable that sets the proxy for a scheme; empty if none does."""
    names = (f"{scheme}_proxy", "all_proxy")
    spelled = [each for name in names for each in (name, name.upper())]
    return next((name for name in spelled if os.environ.get(name)), "")
