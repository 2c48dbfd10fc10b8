"""
The client of Xray Cloud, which exchanges an API key for a token.

Source: Xray's manual, "Authentication - REST v2", and its GraphQL schema.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.client import graphql, test_statuses
from xray_bridge.client.connection import ApiKey
from xray_bridge.client.graphql import (
    graphql_request,
    read_data,
    read_execution,
    read_page,
)
from xray_bridge.client.import_answer import send_import
from xray_bridge.client.issues import (
    SearchResult,
    keys_mentioning,
    no_container_error,
    no_issue_error,
    plain_text,
    read_issue,
    words_jql,
)
from xray_bridge.client.jira import Jira, Project
from xray_bridge.client.mistakes import REGION_HINT, describe_guess
from xray_bridge.client.paging import PAGE, Page, all_pages
from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import check_answer, key_of, keys_found, names_of
from xray_bridge.errors import (
    AuthenticationError,
    NotXrayError,
    RefusedError,
    UnansweredError,
)


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.issues import IssueKind
    from xray_bridge.client.response import Answer

TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
# Attempts of a query that is answered with errors, even without time to wait.
ATTEMPTS = 3
# GraphQL errors have status 200; Jira refuses a search for a key that does not exist.
GRAPHQL_ERROR = 200
# The answers of a Jira Server to Cloud's login.
NO_LOGIN = frozenset({404, 405})


class CloudXray:
    """The client for Xray's GraphQL and REST API; Jira needs a separate login."""

    def __init__(self, connection: Connection, http: Http) -> None:
        self._http = http
        self._url = connection.url
        self._credentials = connection.credentials
        # A hint if the address may be that of Jira Server.
        self._guess = describe_guess(connection)
        self._token = ""
        self._is_renewed = False
        self._refusal: AuthenticationError | None = None
        self._logs_in = threading.Lock()
        self._redactor = connection.redactor
        self.jira = (
            Jira.for_connection(connection, http)
            if connection.jira_credentials
            else None
        )

    @property
    def skew(self) -> float | None:
        """The skew of the last answer."""
        return self._http.skew

    def log_in(self) -> str:
        """Get a token."""
        self._current_token(expired="")
        return ""

    def _authenticate(self) -> None:
        """
        Exchange client id and secret for a token, valid 24 hours.

        The answer is a JSON string; anything else is not a token. Source:
        "Authentication - REST v2".
        """
        if not isinstance(self._credentials, ApiKey):
            msg = "Xray Cloud needs a client id and a client secret"
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
            is_question=True,
        )
        try:
            answer = check_answer(self._http.send(request, url=self._url))
        except RefusedError as error:
            if error.status == 400:  # noqa: PLR2004
                msg = f"{self._url} does not accept the API key: {error.message}"
                raise AuthenticationError(msg) from None
            if error.status in NO_LOGIN and self._guess:
                raise NotXrayError(error.message, hint=self._guess) from None
            raise
        except NotXrayError as error:
            hint = self._guess or error.hint
            raise NotXrayError(error.message, hint=hint) from None
        token = answer.json()
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            msg = f"{answer.url} did not answer with a token"
            raise AuthenticationError(msg, hint=self._guess or "check xray_url")
        self._redactor.add(token)
        self._token = token

    def custom_fields(self) -> CustomFields:
        """
        Log in, and return nothing: Cloud takes Test Plan and environments by name.

        The answer shows the server's clock. An upload notes it before it sends results,
        so that a clock that is set later does not shorten the wait after a lost answer.
        """
        self.log_in()
        return {}

    def project(self, key: str) -> Project | None:
        """Query Xray for the environments, and Jira for the versions if it is known."""
        query = (
            "query($key: String!) { getProjectSettings(projectIdOrKey: $key) "
            "{ projectId testEnvironments } }"
        )
        try:
            data = self.query(query, {"key": key})
        except RefusedError as error:
            if error.status == GRAPHQL_ERROR:
                return None
            raise
        found = data.get("getProjectSettings") or {}
        if not isinstance(found, dict):
            msg = f"Xray's answer to a query for project {key} has an unknown form"
            raise NotXrayError(msg, hint="check xray_url")
        if not found.get("projectId"):
            return None
        site = self.jira.project(key) if self.jira else None
        return Project(
            key=key,
            versions=site.versions if site else None,
            environments=names_of(found.get("testEnvironments")),
        )

    def has_issue(self, key: str, kind: str) -> bool:
        """Query GraphQL, whose lists hold issues of one kind only."""
        field = {"test_plan": "getTestPlans", "test_execution": "getTestExecutions"}
        return bool(self._find_keys(field[kind], f"key = {key}"))

    def current_key(self, key: str) -> str:
        """Return the same key: Cloud's answers do not list keys to compare with."""
        return key

    def statuses(self) -> frozenset[str] | None:
        """Query GraphQL."""
        try:
            data = self.query("{ getStatuses { name } }", {})
        except RefusedError:
            return None
        return names_of(data.get("getStatuses")) or None

    def executions_labelled(self, label: str) -> list[str]:
        """Query GraphQL."""
        return self._find_keys("getTestExecutions", f'labels = "{label}"')

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """Query GraphQL."""
        wanted = json.dumps(["key", field])
        query = (
            f"query($jql: String!) {{ getTestExecutions(jql: $jql, limit: {PAGE}) "
            f"{{ total results {{ issueId jira(fields: {wanted}) }} }} }}"
        )
        data = self.query(query, {"jql": words_jql(label, field)})
        found = read_page(data.get("getTestExecutions")).issues
        issues = [{"key": each["key"], "fields": each} for each in found]
        return keys_mentioning(issues, label, field)

    def _find_keys(self, field: str, jql: str) -> list[str]:
        query = (
            f"query($jql: String!) {{ {field}(jql: $jql, limit: {PAGE}) "
            '{ total results { issueId jira(fields: ["key"]) } } }'
        )
        try:
            data = self.query(query, {"jql": jql})
        except RefusedError as error:
            if error.status == GRAPHQL_ERROR and jql.startswith("key"):
                return []
            raise
        return keys_found(read_page(data.get(field)).issues)

    def query(
        self, query: str, variables: Mapping[str, Any], *, given_jql: str = ""
    ) -> dict[str, Any]:
        """
        Return the ``data`` of an answer; repeat a query whose answer has errors.

        Raises RefusedError, with status 200, if Xray refuses a key in the query twice
        in the same words while other queries work; at once if it refuses
        ``given_jql``, the JQL that a person has written. Raises UnansweredError for
        all other errors: they do not tell whether the issue exists.
        """
        said = ""
        for attempt in itertools.count(1):
            answer = self._send_query(query, variables)
            found = answer.json()
            if isinstance(found, dict) and not found.get("errors"):
                return read_data(found, answer)
            is_same, said = said == answer.said, answer.said
            is_wrong = (
                graphql.refuses_a_query(said, given_jql)
                if given_jql
                else is_same and graphql.names_a_key(said, variables)
            )
            if is_wrong and self._answers_others():
                msg = f"Xray refused a query: {said}"
                raise RefusedError(msg, status=answer.status, said=said)
            if not self._http.wait(attempt, attempts=ATTEMPTS):
                msg = f"Xray answered a query with errors: {said}"
                raise UnansweredError(msg, hint="try again later")
        raise AssertionError

    def _send_query(self, query: str, variables: Mapping[str, Any]) -> Answer:
        return self.send(graphql_request(query, variables))

    def _answers_others(self) -> bool:
        """Whether other queries work; if none does, the query is not the reason."""
        found = self._send_query(graphql.CONTROL, {}).json()
        return isinstance(found, dict) and not found.get("errors")

    def import_results(self, request: Request) -> ImportAnswer:
        """Send one POST."""
        return send_import(self._send_with_token, request)

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """
        Create it by GraphQL, from fields and operations only.

        Test Environments and Test Plan are set with the results: here a mistyped name
        would become an environment of the project.
        """
        fields = {k: v for k, v in info["fields"].items() if k != "issuetype"}
        jira = {"fields": fields, **{k: info[k] for k in ("update",) if k in info}}
        query = (
            "mutation($jira: JSON!) { createTestExecution(jira: $jira) "
            '{ testExecution { issueId jira(fields: ["key"]) } } }'
        )
        request = graphql_request(query, {"jira": jira})
        answer = self._send_with_token(request)
        if not answer.is_success:
            check_answer(answer)
        found = answer.json()
        data = found.get("data") if isinstance(found, dict) else None
        if isinstance(found, dict) and found.get("errors") and not read_execution(data):
            msg = f"Xray did not create a Test Execution: {answer.said}"
            raise RefusedError(msg, status=answer.status)
        return key_of(read_execution(data), answer)["key"]

    def search(
        self, kind: IssueKind, jql: str, *, is_given: bool = False
    ) -> SearchResult:
        """Query GraphQL, whose lists hold issues of one kind only."""
        name, wanted = kind.cloud_list, json.dumps(["key", *kind.fields])
        query = (
            f"query($jql: String!, $start: Int!) {{ {name}(jql: $jql, limit: {PAGE}, "
            f"start: $start) {{ total results {{ jira(fields: {wanted}) }} }} }}"
        )

        def page(start: int) -> Page:
            variables = {"jql": jql, "start": start}
            given_jql = jql if is_given else ""
            data = self.query(query, variables, given_jql=given_jql)
            return read_page(data.get(name))

        found = {str(each["key"]): each for each in all_pages(page)}
        return SearchResult(
            issues={key: read_issue(key, each) for key, each in found.items()}
        )

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:
        """Query GraphQL."""
        query = (
            f"query($jql: String!) {{ getTests(jql: $jql, limit: {PAGE}) "
            '{ total results { jira(fields: ["key", "description"]) } } }'
        )
        found: dict[str, str] = {}
        for at in range(0, len(keys), PAGE):
            jql = f"key in ({', '.join(keys[at : at + PAGE])})"
            issues = read_page(self.query(query, {"jql": jql}).get("getTests")).issues
            found |= {e["key"]: plain_text(e.get("description")) for e in issues}
        return found

    def tests_in(self, key: str) -> dict[str, str]:
        """Query GraphQL for the Tests inside the one issue that a search finds."""
        for name in ("getTestPlans", "getTestExecutions", "getTestSets"):
            with suppress(LookupError):
                return self._tests_in(name, key)
        raise no_container_error(key)

    def _tests_in(self, name: str, key: str) -> dict[str, str]:
        """Raise LookupError if the list of that name does not have the issue."""
        query = (
            f"query($jql: String!, $start: Int!) {{ {name}(jql: $jql, limit: 1) "
            f"{{ total results {{ issueId tests(limit: {PAGE}, start: $start) "
            '{ total results { jira(fields: ["key", "summary"]) } } } } }'
        )

        def page(start: int) -> Page:
            variables = {"jql": f"key = {key}", "start": start}
            try:
                found = self.query(query, variables).get(name)
            except RefusedError as error:
                if error.status == GRAPHQL_ERROR:
                    raise no_issue_error(key) from None
                raise
            results = found.get("results") if isinstance(found, dict) else ()
            if not results:
                raise LookupError(key)
            first = results[0] if isinstance(results, list) else None
            return read_page(first.get("tests") if isinstance(first, dict) else first)

        return {
            str(each["key"]): str(each.get("summary") or "") for each in all_pages(page)
        }

    def statuses_in(self, key: str) -> dict[str, tuple[str, ...]]:
        """Query GraphQL."""
        return test_statuses.read_on_cloud(self, key)

    def send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """Send it with a token."""
        return check_answer(self._send_with_token(request, into))

    def _send_with_token(
        self, request: Request, into: BinaryIO | None = None
    ) -> Answer:
        """Send it with a token; replace an expired token once, for all threads."""
        token = self._current_token(expired="")
        answer = self._with_token(token, request, into)
        is_last = self._is_renewed and token == self._token
        if answer.status != 401 or is_last:  # noqa: PLR2004
            return answer
        return self._with_token(self._current_token(token), request, into)

    def _current_token(self, expired: str) -> str:
        """
        Return a token other than the expired one.

        Raises AuthenticationError; a refused login is not repeated.
        """
        with self._logs_in:
            if self._refusal is not None:
                raise self._refusal
            if self._token == expired:
                self._is_renewed = bool(expired)
                try:
                    self._authenticate()
                except AuthenticationError as error:
                    # Other regions do not know the keys of a region.
                    error.hint = "; ".join(filter(None, (error.hint, REGION_HINT)))
                    self._refusal = error
                    raise
            return self._token

    def _with_token(
        self, token: str, request: Request, into: BinaryIO | None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return self._http.send(request, url=self._url, headers=headers, into=into)
