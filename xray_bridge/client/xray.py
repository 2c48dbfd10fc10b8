"""
What both clients can do, and which of them a connection needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.server import ServerXray
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.issues import IssueKind, SearchResult
    from xray_bridge.client.jira import Jira, Project
    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer


class Xray(Protocol):
    """What an upload and the check before it need of a server."""

    @property
    def skew(self) -> float | None:
        """By how many seconds its clock is ahead of ours; None until it tells."""
        ...

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

    def current_key(self, key: str) -> str:
        """The key that an issue has by now; the same where that cannot be told."""
        ...

    def statuses(self) -> frozenset[str] | None:
        """The words for a Test Run's status; None where the server does not tell."""
        ...

    def executions_labelled(self, label: str) -> list[str]:
        """Keys of the Test Executions with a label; may lag behind."""
        ...

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """The same for a label that stands in a field of text."""
        ...

    def import_results(self, request: Request) -> ImportAnswer:
        """
        Send a report.

        Raises DeliveryError only where the server surely did not take it;
        AmbiguousError otherwise, a success that names no Test Execution included.
        """
        ...

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """
        Make a Test Execution without Test Runs, of an ``info`` part; its key.

        Raises what ``import_results`` raises.
        """
        ...


class XrayClient(Xray, Protocol):
    """All that a client can do."""

    @property
    def jira(self) -> Jira | None:
        """Jira; None without a login to it."""
        ...

    def send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """
        Send a request with the credentials; ``into`` receives a file.

        Raises what ``Http.send`` and ``response.check`` raise.
        """
        ...

    def search(
        self, kind: IssueKind, jql: str, *, is_given: bool = False
    ) -> SearchResult:
        """
        The issues of a kind that a JQL finds, from all pages.

        ``is_given``: a person has written the JQL, so that it may be wrong.
        """
        ...

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:
        """
        Words of the descriptions of Tests, where an import of features writes them.

        Cloud makes one of the comments above a scenario; Server keeps them apart.
        """
        ...

    def tests_in(self, key: str) -> dict[str, str]:
        """
        Summaries of the Tests of a Test Plan, Test Execution or Test Set, by key.

        Raises SelectionError where the issue is none of these.
        """
        ...


CLIENTS: Mapping[str, Callable[[Connection, Http], XrayClient]] = {
    SERVER: ServerXray,
    CLOUD: CloudXray,
}


def client(connection: Connection, http: Http) -> XrayClient:
    """The client for the connection's deployment."""
    return CLIENTS[connection.dialect.name](connection, http)
