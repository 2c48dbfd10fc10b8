"""
Xray's two clients: what both can do, and how each asks its own questions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from xray_bridge.client.connection import ApiKey
from xray_bridge.client.import_requests import CustomFields
from xray_bridge.client.jira import (
    ISSUE_TYPES,
    JIRA_TYPES,
    Jira,
    Project,
    authorization,
)
from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import check, issues_of, key_of
from xray_bridge.errors import AuthenticationError, NotXrayError, RefusedError
from xray_bridge.model.dialect import CLOUD, SERVER
from xray_bridge.model.receipt import Refused, join_refusals


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.response import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """
    What an import's answer says.

    ``accepted`` are keys of Tests; ``None`` where Xray does not list them (Cloud).
    ``said`` is the answer itself. ``resent``: the answer to the request that made
    the Test Execution was lost, and this one is to a second. ``found`` are Test
    Executions that other jobs have made of the same CI run, this one perhaps too.
    """

    key: str
    id: str = ""
    api_url: str = ""
    accepted: tuple[str, ...] | None = None
    refused: tuple[Refused, ...] = ()
    said: str = ""
    resent: bool = False
    found: tuple[str, ...] = ()


class Xray(Protocol):
    """What ``publish``, ``check`` and ``features`` need of a server."""

    def login(self) -> str:
        """Prove the credentials; who they belong to, where that is known."""
        ...

    def custom_fields(self) -> CustomFields:
        """Where a new Test Execution's plan, environments and revision go."""
        ...

    def project(self, key: str) -> Project | None:
        """A project, or None where there is none that this account may see."""
        ...

    def has_issue(self, key: str, kind: str) -> bool:
        """Whether ``key`` is a Test Plan or Test Execution, as ``kind`` says."""
        ...

    def statuses(self) -> frozenset[str] | None:
        """The words for a Test Run's status; None where the server does not tell."""
        ...

    def executions_labelled(self, label: str) -> list[str]:
        """Keys of the Test Executions with a label; may lag behind."""
        ...

    def import_results(self, request: Request) -> Imported:
        """
        Send a report.

        Raises what ``Http.send`` and ``answers.check`` raise.
        """
        ...

    def export(self, request: Request, into: BinaryIO) -> None:
        """Fetch feature files into a file."""
        ...


class ServerXray:
    """Xray Server/Data Center: an app inside Jira, behind Jira's login."""

    def __init__(self, connection: Connection, http: Http) -> None:
        self._http = http
        self._url = connection.url
        self._headers = authorization(connection.credentials)
        self._jira = Jira(http, connection.url, connection.credentials)

    def login(self) -> str:
        """Ask Jira who we are."""
        return self._jira.whoami()

    def custom_fields(self) -> CustomFields:
        """Plan, environments and revision are custom fields of this instance."""
        return self._jira.custom_fields()

    def project(self, key: str) -> Project | None:
        """From Jira, with its versions."""
        return self._jira.project(key)

    def has_issue(self, key: str, kind: str) -> bool:
        """
        Names of issue types are translated: only what is surely another type is not.
        """
        found = self._jira.issue_type(key)
        others = (ISSUE_TYPES | JIRA_TYPES) - {kind.replace("_", " ")}
        return found is not None and found.lower() not in others

    def statuses(self) -> frozenset[str] | None:
        """From Xray's settings; old versions do not tell them."""
        request = Request(method="GET", path=STATUSES, repeatable=True)
        try:
            answer = check(self._send(request))
        except (RefusedError, NotXrayError):
            return None
        return _names(answer.json()) or None

    def executions_labelled(self, label: str) -> list[str]:
        """By JQL."""
        return self._jira.executions_labelled(label)

    def import_results(self, request: Request) -> Imported:
        """One POST."""
        return imported(check(self._send(request)))

    def export(self, request: Request, into: BinaryIO) -> None:
        """One GET."""
        check(self._send(request, into))

    def _send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        return self._http.send(request, url=self._url, headers=self._headers, into=into)


class CloudXray:
    """Xray Cloud: a service of its own, with an API key that buys a token."""

    def __init__(self, connection: Connection, http: Http) -> None:
        self._http = http
        self._url = connection.url
        self._credentials = connection.credentials
        self._token = ""
        self._redactor = connection.redactor
        self._jira = (
            Jira(http, connection.jira_url, connection.jira_credentials)
            if connection.jira_credentials
            else None
        )

    def login(self) -> str:
        """Buy a token."""
        self._authenticate()
        return ""

    def _authenticate(self) -> None:
        """
        Exchange client id and secret for a token, valid 24 hours.

        Its answer is a JSON string; anything else is not a token. Source:
        "Authentication - REST v2".
        """
        if not isinstance(self._credentials, ApiKey):
            msg = "Xray Cloud wants a client id and secret"
            raise AuthenticationError(msg)
        content = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret.reveal(),
        }
        request = Request(
            method="POST",
            path="/api/v2/authenticate",
            content=json.dumps(content).encode(),
            media_type=JSON,
            repeatable=True,
        )
        try:
            answer = check(self._http.send(request, url=self._url))
        except RefusedError as error:
            if error.status == 400:  # noqa: PLR2004
                msg = f"{self._url} does not accept the API key: {error.message}"
                raise AuthenticationError(msg) from None
            raise
        token = answer.json()
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            msg = f"{answer.url} did not answer with a token"
            raise AuthenticationError(msg, hint="is xray_url right?")
        self._redactor.add(token)
        self._token = token

    def custom_fields(self) -> CustomFields:
        """Cloud takes plan and environments by name."""
        return CustomFields()

    def project(self, key: str) -> Project | None:
        """From Xray, with its environments; versions from Jira, if that is known."""
        query = (
            "query($key: String!) { getProjectSettings(projectIdOrKey: $key) "
            "{ projectId testEnvironments } }"
        )
        try:
            data = self._graphql(query, {"key": key})
        except RefusedError as error:
            if error.status == 200:  # noqa: PLR2004
                return None
            raise
        found = data.get("getProjectSettings")
        if not found or not found.get("projectId"):
            return None
        site = self._jira.project(key) if self._jira else None
        return Project(
            key=key,
            versions=site.versions if site else None,
            environments=_names(found.get("testEnvironments")),
        )

    def has_issue(self, key: str, kind: str) -> bool:
        """By GraphQL, which knows Test Plans from Test Executions."""
        field = {"test_plan": "getTestPlans", "test_execution": "getTestExecutions"}
        return bool(self._search(field[kind], f"key = {key}"))

    def statuses(self) -> frozenset[str] | None:
        """By GraphQL."""
        try:
            data = self._graphql("{ getStatuses { name } }", {})
        except RefusedError:
            return None
        return _names(data.get("getStatuses")) or None

    def executions_labelled(self, label: str) -> list[str]:
        """By GraphQL."""
        return self._search("getTestExecutions", f'labels = "{label}"')

    def _search(self, field: str, jql: str) -> list[str]:
        query = (
            f"query($jql: String!) {{ {field}(jql: $jql, limit: 2) "
            '{ total results { issueId jira(fields: ["key"]) } } }'
        )
        try:
            data = self._graphql(query, {"jql": jql})
        except RefusedError as error:
            # Jira refuses a search for a key that does not exist.
            if error.status == 200 and jql.startswith("key"):  # noqa: PLR2004
                return []
            raise
        return [each["key"] for each in issues_of(data.get(field))[0]]

    def _graphql(self, query: str, variables: Mapping[str, str]) -> dict[str, Any]:
        """
        The ``data`` of an answer.

        Raises RefusedError, with status 200 where the errors came with one.
        """
        content = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(
            method="POST",
            path="/api/v2/graphql",
            content=content,
            media_type=JSON,
            repeatable=True,
        )
        answer = check(self._send(request))
        found = answer.json()
        if not isinstance(found, dict) or found.get("errors"):
            msg = f"Xray refused a question: {answer.said}"
            raise RefusedError(msg, status=answer.status)
        data = found.get("data") or {}
        if not isinstance(data, dict):
            raise NotXrayError(f"{answer.url} does not answer as GraphQL does")
        return data

    def import_results(self, request: Request) -> Imported:
        """One POST."""
        return imported(check(self._send(request)))

    def export(self, request: Request, into: BinaryIO) -> None:
        """One GET."""
        check(self._send(request, into))

    def _send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """With a token; one that is not accepted is replaced once."""
        if not self._token:
            self._authenticate()
        answer = self._with_token(request, into)
        if answer.status == 401:  # noqa: PLR2004
            self._authenticate()
            answer = self._with_token(request, into)
        return answer

    def _with_token(self, request: Request, into: BinaryIO | None) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.send(request, url=self._url, headers=headers, into=into)


STATUSES = "/rest/raven/2.0/api/settings/teststatuses"
TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
CLIENTS: Mapping[str, Callable[[Connection, Http], Xray]] = {
    SERVER: ServerXray,
    CLOUD: CloudXray,
}


def client(connection: Connection, http: Http) -> Xray:
    """The client for the connection's deployment."""
    return CLIENTS[connection.dialect.name](connection, http)


def imported(answer: Answer) -> Imported:
    """
    What an import's answer says, in each of the shapes that are known.

    A 200 can still list Tests that were refused (``testIssues.error``).
    Raises AmbiguousError where it names no Test Execution.
    """
    execution = key_of(answer)
    content = answer.json()
    tests = content.get("testIssues")
    accepted: tuple[str, ...] | None = None
    refused: tuple[Refused, ...] = ()
    if isinstance(tests, dict):
        success = tests.get("success")
        # An empty list says that nothing was taken; no list says nothing.
        accepted = tuple(map(_key, success)) if isinstance(success, list) else None
        refused = tuple(map(_refused, _listed(tests.get("error"))))
    # Beside a key it is no refusal of all, and still nothing to be green about.
    refused += tuple(_refused(content[n]) for n in ERRORS if content.get(n))
    return Imported(
        key=execution["key"],
        id=execution.get("id", ""),
        api_url=execution.get("self", ""),
        accepted=accepted,
        refused=refused,
        said=answer.text,
    )


def both(made: Imported, *filled: Imported) -> Imported:
    """
    What several answers say of one Test Execution: all but the first only added.

    What any took is there, whatever the others said of it.
    """
    answers = (made, *filled)
    known = [each.accepted for each in answers if each.accepted is not None]
    accepted = dict.fromkeys(key for keys in known for key in keys)
    refused = join_refusals(answer.refused for answer in answers)
    return replace(
        made,
        accepted=tuple(accepted) if known else None,
        refused=tuple(each for each in refused if each.key not in accepted),
        said=answers[-1].said,
    )


ERRORS = ("error", "errors")


def _listed(found: Any) -> list[Any]:
    """A list; what is none is not worth losing a Test Execution's key for."""
    return found if isinstance(found, list) else []


def _key(found: Any) -> str:
    return str(found.get("key", "")) if isinstance(found, dict) else str(found)


def _refused(found: Any) -> Refused:
    """Its exact shape is not documented; whatever it says is shown."""
    if not isinstance(found, dict):
        return Refused(key="", message=str(found))
    known = ("message", "messages", "error", "errors")
    said = next((found[name] for name in known if found.get(name)), found)
    key = str(found.get("key") or found.get("testKey") or "")
    if isinstance(said, list) and all(isinstance(each, str) for each in said):
        said = "; ".join(said)
    return Refused(key=key, message=said if isinstance(said, str) else json.dumps(said))


def _names(found: Sequence[Any] | None) -> frozenset[str] | None:
    if not isinstance(found, list):
        return None
    names = (each.get("name") if isinstance(each, dict) else each for each in found)
    return frozenset(name for name in names if name and isinstance(name, str))
