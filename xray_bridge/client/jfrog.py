"""
The integrations with Jira of a JFrog platform.

Its product Xray scans packages, and has nothing to do with Xray for Jira. Sources:
JFrog's REST reference, "Create Jira Integration", "Update Jira Integration", "Get Jira
Integration Details" and "Get Jira Integration Status" (Xray 3.129 and 3.136).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import check_answer
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    NotXrayError,
    RefusedError,
)
from xray_bridge.model.jira_text import shorten


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.http import Http
    from xray_bridge.client.response import Answer
    from xray_bridge.config.jfrog_payload import JiraIntegration
    from xray_bridge.config.secret import Secret

PATH = "/xray/api/v1/ticketing/jira-integrations"
STATUS_PATH = "/xray/api/v1/ticketing/integrations/status/check"
HEALTHY = "HEALTHY_INTEGRATION"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BAD_REQUEST = 401, 403, 404, 400
# Members that JFrog's answers have, apart from the password.
COMPARED = ("username", "installation_type", "jira_server_url", "skip_proxy")
# Characters of a value that are shown.
LONGEST_VALUE = 200
TOKEN_HINT = "make an access token of an administrator in JFrog"  # noqa: S105
VERSION_HINT = "check the address; JFrog Xray 3.129 or later is needed"


class JFrog:
    """One JFrog platform, with an access token of an administrator."""

    def __init__(self, http: Http, url: str, token: Secret) -> None:
        self._http = http
        self._url = url
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token.reveal()}"}

    def find(self, name: str) -> dict[str, Any] | None:
        """
        Return the integration of a name, without its password; None if there is none.

        Raises DeliveryError.
        """
        path = f"{PATH}/{quote(name, safe='')}/details"
        request = make_question(path)
        answer = self._send(request)
        if answer.status == NOT_FOUND:
            self._refuse_other_server(answer)
            return None
        found = self._check(answer).json()
        if not isinstance(found, dict):
            raise NotXrayError(f"{self._host} does not answer like JFrog")
        return found

    def create(self, integration: JiraIntegration) -> str:
        """
        Create an integration; return JFrog's message.

        JFrog connects to Jira first. Raises RefusedError, and AmbiguousError if the
        integration may have been created.
        """
        return self._write("POST", PATH, integration, repeatable=False)

    def update(self, integration: JiraIntegration) -> str:
        """Change an integration; return JFrog's message. Raises as ``create``."""
        name = quote(integration.connection_name, safe="")
        return self._write("PUT", f"{PATH}/{name}", integration, repeatable=True)

    def read_status(self, name: str) -> str:
        """Return JFrog's own check of an integration; empty if it has none."""
        request = make_question(STATUS_PATH, (("integrationName", name),))
        answer = self._send(request)
        found = answer.json() if answer.is_success else None
        if not isinstance(found, dict):
            return ""
        reason = str(found.get("reason") or "")
        words = filter(None, (str(found.get("status") or ""), reason))
        return answer.to_line(" ".join(words))

    def _write(
        self, method: str, path: str, integration: JiraIntegration, *, repeatable: bool
    ) -> str:
        content = json.dumps(integration.to_json(shows_password=True)).encode()
        request = Request(
            method=method,
            path=path,
            content=content,
            media_type=JSON,
            repeatable=repeatable,
        )
        try:
            answer = self._check(self._send(request))
        except AmbiguousError as error:
            if not error.answered:
                raise
            # 500: "Failed to create integration".
            msg = f"{self._host} has failed: {error.message}"
            raise AmbiguousError(msg, hint="try again; see JFrog's logs") from None
        found = answer.json()
        said = found.get("info") if isinstance(found, dict) else ""
        return answer.to_line(str(said or ""))

    def _send(self, request: Request) -> Answer:
        return self._http.send(request, url=self._url, headers=self._headers)

    def _check(self, answer: Answer) -> Answer:
        """Return the answer if it is a success; each refusal has one line."""
        said = answer.said
        if answer.status == UNAUTHORIZED:
            msg = f"{self._host} does not accept the token (HTTP 401)"
            raise AuthenticationError(msg, hint=TOKEN_HINT)
        if answer.status == FORBIDDEN:
            msg = f"the token may not change integrations of {self._host}: {said}"
            raise RefusedError(msg, hint=TOKEN_HINT, status=FORBIDDEN, said=said)
        if answer.status == NOT_FOUND:
            msg = f"{self._host} has no such integration: {said}"
            raise RefusedError(msg, hint=VERSION_HINT, status=NOT_FOUND, said=said)
        if answer.status == BAD_REQUEST:
            msg = f"{self._host} refuses the integration: {said}"
            hint = "check that JFrog can reach this Jira, and log in with a password"
            raise RefusedError(msg, hint=hint, status=BAD_REQUEST, said=said)
        return check_answer(answer)

    def _refuse_other_server(self, answer: Answer) -> None:
        """Raise NotXrayError for a 404 that no JFrog platform has written."""
        if answer.is_html or not isinstance(answer.json(), dict):
            msg = f"{self._host} does not answer like JFrog (HTTP 404)"
            raise NotXrayError(msg, hint=VERSION_HINT)


def list_changes(before: Mapping[str, Any], after: JiraIntegration) -> list[str]:
    """Describe the members that an update changes; the password is not known."""
    wanted = after.to_json(shows_password=False)
    return [
        f"{name}: {shorten(str(before[name]), LONGEST_VALUE)} becomes {wanted[name]}"
        for name in COMPARED
        if name in before and before[name] != wanted[name]
    ]
