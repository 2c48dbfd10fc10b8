"""
Atlassian's gateway, which accepts API tokens with scopes for Jira Cloud sites.

A site refuses such a token with a 401; the gateway accepts it under the site's cloud
id, which the site shows without a login. Sources: Atlassian's support page on API
tokens with scopes; Harness's plugin for Jira (``_edge/tenant_info``).
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_bridge.client import log
from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    DeliveryError,
    NotXrayError,
)


if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeGuard

    from xray_bridge.client.http import Http
    from xray_bridge.client.response import Answer
    from xray_bridge.config.redaction import Redactor
    from xray_bridge.config.secret import Secret

GATEWAY = "https://api.atlassian.com/ex/jira"
TENANT = make_question("/_edge/tenant_info")
LOGIN = "https://auth.atlassian.com"
# In place of a header that the gateway makes itself.
WITH_LOGIN = {"Authorization": "Bearer"}
CLOUD_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
UNAUTHORIZED = 401
# Many servers refuse longer headers.
LONGEST_TOKEN = 16_000
# A word in the gateway's refusal of a token that lacks a scope.
SCOPE = "scope"


class Gateway:
    """
    The gateway to one site, shared by threads and by all users of the connection.

    ``url`` is the base URL that accepted the credentials; empty if it has not yet.
    """

    def __init__(self, site: str) -> None:
        self.url = ""
        self.site = site
        # One attempt is enough: the gateway refuses a wrong token, too.
        self._is_tried = not is_cloud_site(site)
        self._lock = threading.Lock()

    def ask(self, http: Http, request: Request, headers: Mapping[str, str]) -> Answer:
        """
        Return the answer of the site, or of the gateway if the site refuses the login.

        Raises what ``Http.send`` raises.
        """
        found = self.url
        answer = http.send(request, url=found or self.site, headers=headers)
        if found or answer.status != UNAUTHORIZED or not headers:
            return answer
        with self._lock:
            if not self._is_tried:
                self._is_tried = True
                return self._try_gateway(http, request, headers) or answer
        if self.url:
            return http.send(request, url=self.url, headers=headers)
        return answer

    def _try_gateway(
        self, http: Http, request: Request, headers: Mapping[str, str]
    ) -> Answer | None:
        """Return the gateway's answer; None if the site's is more helpful."""
        url = self._find_url(http)
        if not url:
            return None
        answer = http.send(request, url=url, headers=headers)
        if answer.status == UNAUTHORIZED:
            return answer if SCOPE in answer.said.lower() else None
        self.url = url
        log.info(
            f"{self.site} refuses this token, {GATEWAY} accepts it: it has scopes", str
        )
        return answer

    def _find_url(self, http: Http) -> str:
        """
        Return the gateway's address for this site; empty if the site shows no id.

        The host is a constant: credentials never go to a host that an answer names.
        """
        try:
            cloud_id = find_cloud_id(http, self.site)
        except (DeliveryError, AmbiguousError):
            return ""
        return f"{GATEWAY}/{cloud_id}" if cloud_id else ""


class OAuthGateway(Gateway):
    """
    The gateway for a service account, whose client id and secret give a token.

    The token is valid for an hour; an expired one is replaced once for all threads.
    Source: Atlassian's support page "Create OAuth 2.0 credential for service accounts".
    """

    def __init__(
        self, site: str, client_id: str, client_secret: Secret, redactor: Redactor
    ) -> None:
        super().__init__(site)
        self._client_id = client_id
        self._client_secret = client_secret
        self._redactor = redactor
        self._token = ""

    def ask(self, http: Http, request: Request, headers: Mapping[str, str]) -> Answer:
        """
        Return the gateway's answer; without ``headers``, the site's to anybody.

        Raises what ``Http.send`` raises, and AuthenticationError.
        """
        if not headers:
            return http.send(request, url=self.site)
        token = self._current_token(http, expired="")
        answer = self._ask_with(token, http, request)
        if answer.status != UNAUTHORIZED:
            return answer
        return self._ask_with(self._current_token(http, token), http, request)

    def _ask_with(self, token: str, http: Http, request: Request) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return http.send(request, url=self.url, headers=headers)

    def _current_token(self, http: Http, expired: str) -> str:
        with self._lock:
            if self._token == expired:
                self._token = self._fetch_token(http)
            if not self.url:
                self.url = self._require_url(http)
            return self._token

    def _require_url(self, http: Http) -> str:
        cloud_id = find_cloud_id(http, self.site)
        if not cloud_id:
            msg = f"{self.site} shows no cloud id, so it is not a Jira Cloud site"
            raise NotXrayError(msg, hint="check xray_jira_url")
        return f"{GATEWAY}/{cloud_id}"

    def _fetch_token(self, http: Http) -> str:
        content = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
        }
        request = Request(
            method="POST",
            path="/oauth/token",
            content=json.dumps(content).encode(),
            media_type=JSON,
            repeatable=True,
            is_question=True,
        )
        answer = http.send(request, url=LOGIN)
        found = answer.json()
        token = found.get("access_token") if isinstance(found, dict) else None
        if not answer.is_success or not is_token(token):
            said = "" if answer.is_html else f": {answer.said}"
            msg = f"{LOGIN} does not accept the service account "
            msg += f"(HTTP {answer.status}){said}"
            hint = "xray_jira_user is its client id, XRAY_JIRA_TOKEN its client secret"
            raise AuthenticationError(msg, hint=hint)
        self._redactor.add(token)
        return token


def is_token(found: object) -> TypeGuard[str]:
    """Whether this is a token that a header can hold."""
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TOKEN:
        return False
    return found.isascii() and found.isprintable() and " " not in found


def find_cloud_id(http: Http, site: str) -> str:
    """
    Ask a site for its cloud id, without a login; empty if it shows none.

    Raises what ``Http.send`` raises.
    """
    # A site on atlassian.net has no path; a stand-in may have one.
    url = _root_of(site) if is_cloud_site(site) else site
    found = http.send(TENANT, url=url).json()
    cloud_id = found.get("cloudId") if isinstance(found, dict) else None
    is_id = isinstance(cloud_id, str) and CLOUD_ID.fullmatch(cloud_id)
    return str(cloud_id) if is_id else ""


def is_cloud_site(url: str) -> bool:
    """Whether an address is a Jira Cloud site with TLS."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and host.endswith(".atlassian.net")


def _root_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
