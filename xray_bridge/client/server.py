"""
Xray Server/Data Center: an app inside Jira, behind Jira's login.

Sources: Xray's manuals, "Test Plans - REST", "Test Executions - REST" and "Test
Sets - REST".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.client.import_answer import import_by
from xray_bridge.client.issues import (
    ISSUE_TYPES,
    JIRA_TYPES,
    SearchResult,
    keys_mentioning,
    no_container,
    no_issue,
    read_issue,
    type_name,
    words_jql,
)
from xray_bridge.client.jira import Jira, authorization, custom_fields
from xray_bridge.client.paging import PAGE, all_numbered_pages, all_pages
from xray_bridge.client.request import Request
from xray_bridge.client.response import check, names_of
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
    """Xray's REST API and Jira's, with the same credentials."""

    def __init__(self, connection: Connection, http: Http) -> None:
        self._http = http
        self._url = connection.url
        self._headers = authorization(connection.credentials)
        self.jira = Jira.of(connection, http)

    @property
    def skew(self) -> float | None:
        """As the last answer told it."""
        return self._http.skew

    def login(self) -> str:
        """Ask Jira who we are."""
        return self.jira.whoami()

    def custom_fields(self) -> CustomFields:
        """Plan, environments and revision are custom fields of this instance."""
        return custom_fields(self.jira.fields())

    def project(self, key: str) -> Project | None:
        """From Jira, with its versions."""
        return self.jira.project(key)

    def has_issue(self, key: str, kind: str) -> bool:
        """
        Names of issue types are translated: only what is surely another type is not.
        """
        found = self.jira.issue_type(key)
        others = (ISSUE_TYPES | JIRA_TYPES) - {kind.replace("_", " ")}
        return found is not None and found.lower() not in others

    def current_key(self, key: str) -> str:
        """Jira finds a moved issue by its old key, too."""
        try:
            return self.jira.current_key(key)
        except XrayBridgeError:
            return key

    def statuses(self) -> frozenset[str] | None:
        """From Xray's settings; old versions do not tell them."""
        request = Request(
            method="GET", path=STATUSES, repeatable=True, is_question=True
        )
        try:
            answer = self.send(request)
        except (RefusedError, NotXrayError):
            return None
        return names_of(answer.json()) or None

    def executions_labelled(self, label: str) -> list[str]:
        """By JQL."""
        return self.jira.executions_labelled(label)

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """By JQL, which finds words."""
        found = self.jira.search(words_jql(label, field), ("key", field))
        return keys_mentioning(found.issues, label, field)

    def import_results(self, request: Request) -> ImportAnswer:
        """One POST."""
        return import_by(self._ask, request)

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """As any issue, by Jira."""
        return self.jira.create(info)

    def search(
        self,
        kind: IssueKind,
        jql: str,
        *,
        is_given: bool = False,  # noqa: ARG002 - Jira refuses by the status
    ) -> SearchResult:
        """By Jira's search, which finds issues of all types."""
        fields = ("issuetype", *kind.fields)
        result = SearchResult(issues={})
        for issue in all_pages(partial(self.jira.search, jql, fields)):
            key, told = issue["key"], issue["fields"]
            issue_type = type_name(told)
            if issue_type.lower() in kind.other_types:
                result.others[key] = f"it is a {issue_type}"
            else:
                result.issues[key] = read_issue(key, told)
        return result

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:  # noqa: ARG002
        """Imports leave them alone."""
        return {}

    def tests_in(self, key: str) -> dict[str, str]:
        """By Xray's lists, which do not tell summaries."""
        if self.jira.issue_type(key) is None:
            raise no_issue(key)
        for kind in ("testplan", "testexec", "testset"):
            path = f"/rest/raven/2.0/api/{kind}/{key}/test"
            try:
                found = all_numbered_pages(partial(self._keys_on_page, path))
            except RefusedError as error:
                if error.status in {400, 404}:
                    continue
                raise
            return dict.fromkeys(found, "")
        raise no_container(key)

    def _keys_on_page(self, path: str, number: int) -> Iterator[str]:
        found = self.jira.get(path, list, limit=str(PAGE), page=str(number))
        if not all(isinstance(each, dict) and "key" in each for each in found):
            msg = f"{self._url} does not list Tests like Xray"
            raise NotXrayError(msg, hint="check xray_url")
        return (str(each["key"]) for each in found)

    def send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """With Jira's credentials."""
        return check(self._ask(request, into))

    def _ask(self, request: Request, into: BinaryIO | None = None) -> Answer:
        return self._http.send(request, url=self._url, headers=self._headers, into=into)
