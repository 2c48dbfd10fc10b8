"""
The client of Xray Server/Data Center, an app in Jira with Jira's login.

Sources: Xray's manuals, "Test Plans - REST", "Test Executions - REST" and "Test
Sets - REST".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.client import test_statuses
from xray_bridge.client.import_answer import send_import
from xray_bridge.client.issues import (
    ISSUE_TYPES,
    JIRA_TYPES,
    SearchResult,
    keys_mentioning,
    no_container_error,
    no_issue_error,
    read_issue,
    type_name,
    words_jql,
)
from xray_bridge.client.jira import Jira, authorization_header, find_custom_fields
from xray_bridge.client.paging import PAGE, all_numbered_pages, all_pages
from xray_bridge.client.request import Request, make_question
from xray_bridge.client.response import check_answer, names_of
from xray_bridge.errors import NotXrayError, RefusedError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.issues import IssueKind
    from xray_bridge.client.jira import Project
    from xray_bridge.client.response import Answer

STATUSES = "/rest/raven/2.0/api/settings/teststatuses"


class ServerXray:
    """The client for Xray's REST API and Jira's, with the same credentials."""

    def __init__(self, connection: Connection, http: Http) -> None:
        self._http = http
        self._url = connection.url
        self._headers = authorization_header(connection.credentials)
        self.jira = Jira.for_connection(connection, http)

    @property
    def skew(self) -> float | None:
        """The skew of the last answer."""
        return self._http.skew

    def log_in(self) -> str:
        """Ask Jira for the account's name."""
        return self.jira.whoami()

    def custom_fields(self) -> CustomFields:
        """Find the custom fields for Test Plan, environments and revision."""
        return find_custom_fields(self.jira.list_fields())

    def project(self, key: str) -> Project | None:
        """Ask Jira for the project and its versions."""
        return self.jira.project(key)

    def has_issue(self, key: str, kind: str) -> bool:
        """
        Whether the issue exists and has no other known type.

        Names of issue types are translated, so an unknown name is accepted.
        """
        found = self.jira.issue_type(key)
        others = (ISSUE_TYPES | JIRA_TYPES) - {kind.replace("_", " ")}
        return found is not None and found.lower() not in others

    def current_key(self, key: str) -> str:
        """Ask Jira, which finds a moved issue by its old key, too."""
        try:
            return self.jira.current_key(key)
        except XrayBridgeError:
            return key

    def statuses(self) -> frozenset[str] | None:
        """Read Xray's settings; old versions do not show them."""
        request = make_question(STATUSES)
        try:
            answer = self.send(request)
        except (RefusedError, NotXrayError):
            return None
        return names_of(answer.json()) or None

    def executions_labelled(self, label: str) -> list[str]:
        """Search by JQL."""
        return self.jira.executions_labelled(label)

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """Search by JQL, which finds words."""
        found = self.jira.search(words_jql(label, field), ("key", field))
        return keys_mentioning(found.issues, label, field)

    def import_results(self, request: Request) -> ImportAnswer:
        """Send one POST."""
        return send_import(self._send_request, request)

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """Create it in Jira, like any issue."""
        return self.jira.create_issue(info)

    def search(
        self,
        kind: IssueKind,
        jql: str,
        *,
        is_given: bool = False,  # noqa: ARG002 - Jira refuses by the status
    ) -> SearchResult:
        """Use Jira's search, which finds issues of all types."""
        fields = ("issuetype", *kind.fields)
        result = SearchResult(issues={})
        for issue in all_pages(partial(self.jira.search, jql, fields)):
            key, values = issue["key"], issue["fields"]
            issue_type = type_name(values)
            if issue_type.lower() in kind.other_types:
                result.others[key] = f"it is a {issue_type}"
            else:
                result.issues[key] = read_issue(key, values)
        return result

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:  # noqa: ARG002
        """Return nothing: imports do not change descriptions on Server."""
        return {}

    def tests_in(self, key: str) -> dict[str, str]:
        """Read Xray's lists, which have no summaries."""
        if self.jira.issue_type(key) is None:
            raise no_issue_error(key)
        for kind in ("testplan", "testexec", "testset"):
            path = f"/rest/raven/2.0/api/{kind}/{key}/test"
            try:
                found = all_numbered_pages(partial(self._keys_on_page, path))
            except RefusedError as error:
                if error.status in {400, 404}:
                    continue
                raise
            return dict.fromkeys(found, "")
        raise no_container_error(key)

    def _keys_on_page(self, path: str, number: int) -> Iterator[str]:
        found = self.jira.get_json(path, list, limit=str(PAGE), page=str(number))
        if not all(isinstance(each, dict) and "key" in each for each in found):
            msg = f"{self._url} does not list Tests like Xray"
            raise NotXrayError(msg, hint="check xray_url")
        return (str(each["key"]) for each in found)

    def statuses_in(self, key: str) -> dict[str, tuple[str, ...]]:
        """Read Xray's lists."""
        return test_statuses.read_on_server(self.jira, key)

    def send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """Send it with Jira's credentials."""
        return check_answer(self._send_request(request, into))

    def _send_request(self, request: Request, into: BinaryIO | None = None) -> Answer:
        return self._http.send(request, url=self._url, headers=self._headers, into=into)
