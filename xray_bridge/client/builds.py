"""
Jira Cloud's API for builds and deployments, which have credentials of their own.

Sources: Atlassian's "Builds" and "Deployments" of the REST API of Jira Software Cloud;
"Integrate Jira Software Cloud with on-premises tools"; Harness's plugin for Jira.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import Answer, check_answer
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import AuthenticationError, NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.client.builds_login import BuildsLogin
    from xray_bridge.client.http import Http

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
# A pipeline that nobody has.
# Reasons that are shown.
MOST_REASONS = 5
NOBODY = "xray-bridge-check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is sent: the path of the API, and the names in its answer."""

    name: str
    path: str
    accepted: str
    rejected: str
    permission: str


BUILD = Kind(
    name="build",
    path="builds",
    accepted="acceptedBuilds",
    rejected="rejectedBuilds",
    permission="Builds",
)
DEPLOYMENT = Kind(
    name="deployment",
    path="deployments",
    accepted="acceptedDeployments",
    rejected="rejectedDeployments",
    permission="Deployments",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """
    Jira's answer to one build or deployment.

    ``rejected`` are the reasons why it was not accepted. ``unknown`` are the keys of
    issues that Jira does not know; if it knows none of them, it shows nothing.
    """

    is_accepted: bool
    rejected: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class BuildsApi:
    """The API of one site."""

    def __init__(self, http: Http, login: BuildsLogin) -> None:
        self._http = http
        self._login = login
        self._token = ""

    def submit(self, kind: Kind, document: Mapping[str, Any]) -> Submitted:
        """
        Send one build or deployment.

        Sending it twice does no harm: Jira keeps the one with the greater sequence
        number, and ignores an equal one. Raises DeliveryError and AmbiguousError.
        """
        request = Request(
            method="POST",
            path=f"{self._find_path(kind)}/bulk",
            content=json.dumps(document).encode(),
            media_type=JSON,
            repeatable=True,
        )
        answer = self._check(kind, self._send(request))
        found = answer.json()
        if not isinstance(found, dict):
            msg = f"{answer.url} does not answer like Jira"
            raise NotXrayError(msg, hint=self._login.where)
        return _read_submitted(kind, found, answer)

    def read_build(self, pipeline: str, number: int) -> dict[str, Any] | None:
        """Return a build as Jira has stored it; None if it has no such build."""
        path = f"{self._find_path(BUILD)}/pipelines/{quote(pipeline, safe='')}"
        return self._read(BUILD, f"{path}/builds/{number}")

    def read_deployment(
        self, pipeline: str, environment: str, number: int
    ) -> dict[str, Any] | None:
        """Return a deployment as Jira has stored it; None if it has no such one."""
        path = f"{self._find_path(DEPLOYMENT)}/pipelines/{quote(pipeline, safe='')}"
        path += f"/environments/{quote(environment, safe='')}"
        return self._read(DEPLOYMENT, f"{path}/deployments/{number}")

    def check_permission(self, kind: Kind) -> None:
        """
        Ask for something that does not exist; changes nothing.

        Raises AuthenticationError, and RefusedError without the permission.
        """
        if kind is BUILD:
            self.read_build(NOBODY, 1)
        else:
            self.read_deployment(NOBODY, NOBODY, 1)

    def _log_in(self) -> None:
        self._token = self._login.fetch_token(self._http)

    def _find_path(self, kind: Kind) -> str:
        return self._login.find_path(self._http, kind.path)

    def _read(self, kind: Kind, path: str) -> dict[str, Any] | None:
        request = make_question(path)
        answer = self._send(request)
        if answer.status == NOT_FOUND:
            return None
        found = self._check(kind, answer).json()
        return found if isinstance(found, dict) else None

    def _send(self, request: Request) -> Answer:
        """Send it with a token; an expired one is replaced once."""
        if not self._token:
            self._log_in()
        answer = self._send_with_token(request)
        if answer.status == UNAUTHORIZED:
            self._log_in()
            answer = self._send_with_token(request)
        return answer

    def _send_with_token(self, request: Request) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.send(request, url=self._login.url, headers=headers)

    def _check(self, kind: Kind, answer: Answer) -> Answer:
        """Return a success; raise an error that names the credential otherwise."""
        try:
            return check_answer(answer)
        except AuthenticationError as error:
            raise AuthenticationError(error.message, hint=self._login.made_at) from None
        except NotXrayError as error:
            raise NotXrayError(error.message, hint=self._login.where) from None
        except RefusedError as error:
            hints = {
                FORBIDDEN: f"{self._login.what} needs the permission {kind.permission}",
                NOT_FOUND: self._login.where,
            }
            raise RefusedError(
                error.message,
                hint=hints.get(error.status, ""),
                status=error.status,
                said=error.said,
            ) from None


def _read_submitted(kind: Kind, found: Mapping[str, Any], answer: Answer) -> Submitted:
    """Read the answer; its texts become short lines without secrets."""
    rejected = found.get(kind.rejected)
    reasons = [
        answer.to_line(text)
        for each in (rejected if isinstance(rejected, list) else [])
        for text in _read_reasons(each)
    ]
    # Only what is in the list was accepted; an empty list may be left out.
    is_accepted = bool(found.get(kind.accepted)) and not reasons
    unknown = dict.fromkeys(map(answer.to_line, _read_unknown(found)))
    return Submitted(
        is_accepted=is_accepted,
        rejected=tuple(reasons[:MOST_REASONS]),
        unknown=tuple(unknown),
    )


def _read_reasons(found: Any) -> Iterator[str]:
    """Yield why one build was rejected; at least one text."""
    errors = found.get("errors") if isinstance(found, dict) else None
    texts = [
        str(each.get("message") if isinstance(each, dict) else each)
        for each in (errors if isinstance(errors, list) else [])
    ]
    yield from texts or ["no reason is given"]


def _read_unknown(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of unknown issues, from the newer and the older member."""
    groups = found.get("unknownAssociations")
    for each in groups if isinstance(groups, list) else []:
        values = each.get("values") if isinstance(each, dict) else None
        yield from map(str, values if isinstance(values, list) else [])
    keys = found.get("unknownIssueKeys")
    yield from map(str, keys if isinstance(keys, list) else [])
