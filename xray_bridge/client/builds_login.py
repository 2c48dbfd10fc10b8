"""
The two ways to log in to Jira Cloud for builds and deployments.

An administrator of the site makes OAuth credentials, which belong to no user. An API
token is not accepted. Customers of Harness may have a Connect key instead: a service of
Harness exchanges it for a token.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from xray_bridge.client import mistakes
from xray_bridge.client.connection import header_safe, refuse_open_http
from xray_bridge.client.gateway import CLOUD_ID, find_cloud_id, is_token
from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import check_answer
from xray_bridge.config.jira_settings import ATLASSIAN_URL, CONNECT_URL
from xray_bridge.config.settings import Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AuthenticationError,
    CredentialError,
    NotXrayError,
    RefusedError,
    SettingError,
)


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.response import Answer
    from xray_bridge.config.secret import Secret

MADE_AT = (
    "an administrator makes OAuth credentials in Jira under Settings, Marketplace "
    "apps, OAuth credentials; an API token does not work"
)
# The beginnings of Atlassian's API tokens.
API_TOKENS = ("ATATT", "ATSTT")
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
# An old token endpoint may answer 400 or 403 to wrong credentials.
NOT_ACCEPTED = frozenset({400, 401, 403})


class BuildsLogin(Protocol):
    """
    A way to log in.

    ``url`` is the base URL of all requests with the token. ``what`` names the
    credential, ``made_at`` says where it is made, ``where`` which settings lead there.
    """

    @property
    def url(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def made_at(self) -> str: ...
    @property
    def where(self) -> str: ...

    def fetch_token(self, http: Http) -> str:
        """Return a new token. Raises AuthenticationError and other DeliveryErrors."""
        ...

    def find_path(self, http: Http, name: str) -> str:
        """Return the path of ``builds`` or ``deployments``. Raises DeliveryError."""
        ...

    def guess_path(self, name: str) -> str:
        """Return the path as far as it is known, for a dry run."""
        ...


@dataclass(slots=True, kw_only=True)
class OAuthLogin:
    """OAuth credentials, with which requests go to ``api.atlassian.com``."""

    url: str
    client_id: str
    client_secret: Secret
    connection: Connection
    cloud_id: str = ""
    what: str = "the OAuth credential"
    made_at: str = MADE_AT
    where: str = "check xray_jira_api_url and xray_jira_cloud_id"

    def fetch_token(self, http: Http) -> str:
        """Exchange client id and secret for a token."""
        content = {
            "audience": "api.atlassian.com",
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret.reveal(),
        }
        request = Request(
            method="POST",
            path=TOKEN_PATH,
            content=json.dumps(content).encode(),
            media_type=JSON,
            repeatable=True,
            is_question=True,
        )
        answer = http.send(request, url=self.url)
        _refuse_login(answer, "the OAuth credentials", self.made_at, self.where)
        found = answer.json()
        token = found.get("access_token") if isinstance(found, dict) else None
        return _keep_token(token, answer, self.connection, self.where)

    def find_path(self, http: Http, name: str) -> str:
        """Return the path below the id of the site, which is asked from the site."""
        if not self.cloud_id:
            self.cloud_id = self._find_cloud_id(http)
        return self.guess_path(name)

    def guess_path(self, name: str) -> str:
        """Return the path; a word stands for an id that is not known yet."""
        return f"/jira/{name}/0.1/cloud/{self.cloud_id or 'CLOUD-ID'}"

    def _find_cloud_id(self, http: Http) -> str:
        site = self.connection.site
        found = find_cloud_id(http, site)
        if not found:
            msg = f"{site} shows no cloud id, so it is not a Jira Cloud site"
            hint = "check xray_jira_url, or set xray_jira_cloud_id"
            raise NotXrayError(msg, hint=hint)
        return found


@dataclass(slots=True, kw_only=True)
class ConnectLogin:
    """A Connect key of Harness, with whose tokens requests go to the site itself."""

    url: str
    exchange_url: str
    key: Secret
    connection: Connection
    what: str = "the Connect key"
    made_at: str = "Harness shows the Connect key where its app for Jira is installed"
    where: str = "check xray_jira_url and xray_jira_connect_url"

    def fetch_token(self, http: Http) -> str:
        """Exchange the key for a token, which is the whole answer."""
        request = make_question("/token")
        headers = {"Authorization": f"Bearer {self.key.reveal()}"}
        answer = http.send(request, url=self.exchange_url, headers=headers)
        _refuse_login(answer, self.what, self.made_at, self.where)
        token = answer.text.strip().strip('"')
        return _keep_token(token, answer, self.connection, self.where)

    def find_path(self, http: Http, name: str) -> str:  # noqa: ARG002 - the protocol's
        """Return the path of the site."""
        return self.guess_path(name)

    def guess_path(self, name: str) -> str:
        """Return the path of the site."""
        return f"/rest/{name}/0.1"


def make_login(settings: Settings, connection: Connection) -> BuildsLogin:
    """
    Make the login that the settings describe, without network access.

    Raises CredentialError and SettingError.
    """
    for name in ("jira_client_secret", "jira_connect_key"):
        mistakes.refuse_no_secret(settings, name)
    key = settings.jira_connect_key
    if key and not settings.jira_client_secret:
        return _make_connect(settings, connection)
    _refuse_wrong_kinds(settings)
    if not (settings.jira_cloud_id or connection.site):
        msg = "builds and deployments need the address of the Jira site"
        raise SettingError(msg, hint="set XRAY_JIRA_URL")
    if settings.jira_cloud_id and not CLOUD_ID.fullmatch(settings.jira_cloud_id):
        msg = f"xray_jira_cloud_id is not a cloud id: {settings.jira_cloud_id!r}"
        hint = "it is in the answer of https://SITE.atlassian.net/_edge/tenant_info"
        raise SettingError(msg, hint=hint)
    url = settings.jira_api_url or ATLASSIAN_URL
    refuse_open_http(url)
    return OAuthLogin(
        url=url,
        client_id=settings.jira_client_id,
        client_secret=settings.jira_client_secret,
        connection=connection,
        cloud_id=settings.jira_cloud_id,
    )


def _make_connect(settings: Settings, connection: Connection) -> ConnectLogin:
    if not connection.site:
        msg = "a Connect key needs the address of the Jira site"
        raise SettingError(msg, hint="set XRAY_JIRA_URL")
    exchange = settings.jira_connect_url or CONNECT_URL
    for url in (exchange, connection.site):
        refuse_open_http(url)
    return ConnectLogin(
        url=connection.site,
        exchange_url=exchange,
        key=header_safe(settings.jira_connect_key, "XRAY_JIRA_CONNECT_KEY"),
        connection=connection,
    )


def _refuse_wrong_kinds(settings: Settings) -> None:
    """Raise CredentialError if the OAuth credentials are missing or something else."""
    names = (Settings.jira_client_id, Settings.jira_client_secret)
    missing = [each.environment for each in names if not getattr(settings, each.name)]
    if missing:
        msg = f"builds and deployments need OAuth credentials: {missing[0]} is not set"
        raise CredentialError(msg, hint=MADE_AT)
    if settings.jira_client_secret.reveal().startswith(API_TOKENS):
        msg = "XRAY_JIRA_CLIENT_SECRET is an API token"
        raise CredentialError(msg, hint=MADE_AT)
    if settings.jira_client_id == settings.client_id:
        msg = "XRAY_JIRA_CLIENT_ID is that of Xray's API key"
        raise CredentialError(msg, hint=MADE_AT)


def _refuse_login(answer: Answer, what: str, made_at: str, where: str) -> None:
    """Raise the error of a login that did not work."""
    if answer.status in NOT_ACCEPTED:
        host = answer.url.partition("://")[2].partition("/")[0]
        said = "" if answer.is_html else answer.said
        msg = f"{host} does not accept {what} (HTTP {answer.status})"
        raise AuthenticationError(f"{msg}: {said}" if said else msg, hint=made_at)
    try:
        check_answer(answer)
    except (NotXrayError, RefusedError) as error:
        error.hint = where
        raise


def _keep_token(
    token: object, answer: Answer, connection: Connection, where: str
) -> str:
    """Return a token that a header can hold, and hide it in all output."""
    if not is_token(token):
        msg = f"{answer.url} did not answer with a token"
        raise NotXrayError(msg, hint=where)
    connection.redactor.add(token)
    return token
