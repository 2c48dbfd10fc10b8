"""
The questions to Jira that only a thorough check asks.

Sources: Atlassian's REST references of Server and Cloud; Xray's own client for
Cypress for the licence.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xray_bridge.client.jira import Jira
from xray_bridge.client.xray import client
from xray_bridge.errors import AuthenticationError, NotXrayError


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.xray import Xray

# Server pages it under one name, Cloud under another.
SERVER_INFO = "/rest/api/2/serverInfo"
PAGES = ("issueTypes", "fields", "values")


class JiraSite:
    """
    A Jira site, as far as the connection has a login for it.

    On Server that is where Xray is; beside Cloud it is another one.
    """

    def __init__(self, connection: Connection, http: Http) -> None:
        self._connection = connection
        self._http = http
        credentials = connection.site_credentials
        self._types: list[Any] = []
        self._jira = Jira.of(connection, http) if credentials else None

    def without_jira(self) -> JiraSite:
        """The same, once the Jira beside Cloud has refused the login."""
        return JiraSite(replace(self._connection, jira_credentials=None), self._http)

    def client(self) -> Xray:
        """A client that asks Jira no more than the site does."""
        return client(self._connection, self._http)

    @property
    def knows_jira(self) -> bool:
        """Whether Jira can be asked what it tells accounts only."""
        return self._jira is not None

    @property
    def proxy(self) -> str:
        """The proxy to Xray without its login, and what names it."""
        url = self._connection.url
        scheme = urlsplit(url).scheme
        found = self._http.proxies(url)
        address = found.get(scheme) or found.get("all")
        if address:
            return f"{address.rpartition('@')[2]}, from {self._source(scheme)}"
        if self._connection.proxies is None and _variable(scheme):
            return f"none: NO_PROXY covers {urlsplit(url).hostname}"
        return "none"

    def _source(self, scheme: str) -> str:
        if self._connection.proxies is not None:
            return "xray_proxy"
        return _variable(scheme) or "this machine's settings"

    @property
    def skew(self) -> float | None:
        """Seconds by which the server is ahead; None where it does not tell."""
        return self._http.skew

    @property
    def jira(self) -> Jira:
        """
        Jira, with a login.

        Raises NotXrayError where there is none: ``knows_jira`` was to be asked.
        """
        if self._jira is None:
            msg = "there is no login for Jira"
            raise NotXrayError(msg)
        return self._jira

    def server_info(self, *, is_logged_in: bool) -> dict[str, Any]:
        """
        Jira's version and kind, which it tells anybody; since 10.2 accounts only.

        ``is_logged_in``: the login is known to be accepted. Each one that is refused
        brings a CAPTCHA nearer.
        """
        anybody = Jira.of(self._connection, self._http, anybody=True)
        try:
            found = anybody.get(SERVER_INFO, dict)
        except AuthenticationError:
            if self._jira is None or not is_logged_in:
                raise
            found = self._jira.get(SERVER_INFO, dict)
        if "version" not in found:
            msg = f"{self._connection.site} does not answer like Jira"
            raise NotXrayError(msg, hint="check that it is Jira's base URL")
        return found

    def licence(self) -> dict[str, Any]:
        """Xray's licence: ``active`` and ``licenseType``."""
        return self.jira.get(self._connection.dialect.licence_path, dict)

    def permissions(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Whether the account has each of them in a project; some are not told."""
        found = self.jira.get(
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
        """Names of what the account can create in a project."""
        path = f"/rest/api/2/issue/createmeta/{project}/issuetypes"
        self._types = self._pages(path)
        return tuple(str(each.get("name", "")) for each in self._types)

    def screen(self, project: str, issue_type: str) -> frozenset[str] | None:
        """
        Ids of the fields that a new issue of a type can have.

        None where ``issue_types`` has not told its id.
        """
        known = (e for e in self._types if str(e.get("name")).lower() == issue_type)
        type_id = next((str(each["id"]) for each in known if each.get("id")), "")
        if not type_id:
            return None
        path = f"/rest/api/2/issue/createmeta/{project}/issuetypes/{type_id}"
        listed = self._pages(path)
        return frozenset(str(e.get("fieldId") or e.get("key")) for e in listed)

    def _pages(self, path: str) -> list[Any]:
        """The first hundred of a list that Jira pages."""
        found = self.jira.get(path, dict, maxResults="100")
        listed: list[Any] = next((found[name] for name in PAGES if name in found), [])
        return [each for each in listed if isinstance(each, dict)]

    def issue_type(self, key: str) -> str | None:
        """The name of an issue's type; None where nobody can say."""
        return self._jira.issue_type(key) if self._jira else None


def _variable(scheme: str) -> str:
    """The variable that names a proxy for addresses of a scheme."""
    names = (f"{scheme}_proxy", "all_proxy")
    spelled = [each for name in names for each in (name, name.upper())]
    return next((name for name in spelled if os.environ.get(name)), "")
