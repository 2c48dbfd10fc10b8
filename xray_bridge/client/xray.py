"""
The protocol of both Xray clients, and the factory for a connection.
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
    """The requests of an upload and of the check before it."""

    @property
    def skew(self) -> float | None:
        """Seconds by which the server's clock is ahead; None before an answer."""
        ...

    def log_in(self) -> str:
        """Log in and return the account's name; empty if it is not known."""
        ...

    def custom_fields(self) -> CustomFields:
        """
        Return the ids of the fields for Test Plan, environments and revision.

        It asks the server, so that ``skew`` is known before results are sent.
        """
        ...

    def project(self, key: str) -> Project | None:
        """Return a project; None if there is none that the account may see."""
        ...

    def has_issue(self, key: str, kind: str) -> bool:
        """Whether ``key`` is a Test Plan or Test Execution, as ``kind`` says."""
        ...

    def current_key(self, key: str) -> str:
        """Return the current key of an issue; the same key if it is not known."""
        ...

    def statuses(self) -> frozenset[str] | None:
        """Return the statuses of Test Runs; None if the server does not list them."""
        ...

    def executions_labelled(self, label: str) -> list[str]:
        """Find the keys of Test Executions with a label; may lag behind."""
        ...

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """Find the keys of Test Executions with the label in a text field."""
        ...

    def import_results(self, request: Request) -> ImportAnswer:
        """
        Send a report.

        Raises DeliveryError only if the server certainly did not take it, otherwise
        AmbiguousError, also for a success that names no Test Execution.
        """
        ...

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """
        Create a Test Execution without Test Runs from an ``info`` part; return its key.

        Raises what ``import_results`` raises.
        """
        ...


class XrayClient(Xray, Protocol):
    """All requests of a client."""

    @property
    def jira(self) -> Jira | None:
        """The client of Jira; None without a login to it."""
        ...

    def send(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """
        Send a request with the credentials; ``into`` receives a file.

        Raises what ``Http.send`` and ``response.check_answer`` raise.
        """
        ...

    def search(
        self, kind: IssueKind, jql: str, *, is_given: bool = False
    ) -> SearchResult:
        """
        Find all issues of a kind by a JQL.

        ``is_given``: a person has written the JQL, so it may be wrong.
        """
        ...

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:
        """
        Return the descriptions of Tests, if an import of features overwrites them.

        Cloud writes the comments above a scenario into it; Server does not.
        """
        ...

    def tests_in(self, key: str) -> dict[str, str]:
        """
        Return the summaries of the Tests in a Test Plan, Test Execution or Test Set.

        They are by key. Raises SelectionError if the issue is none of these.
        """
        ...

    def statuses_in(self, key: str) -> dict[str, tuple[str, ...]]:
        """
        Return the statuses of the Tests in a Test Execution or Test Plan, by key.

        Raises SelectionError if the issue is none of these.
        """
        ...


CLIENTS: Mapping[str, Callable[[Connection, Http], XrayClient]] = {
    SERVER: ServerXray,
    CLOUD: CloudXray,
}


def make_client(connection: Connection, http: Http) -> XrayClient:
    """Make the client for the connection's deployment."""
    return CLIENTS[connection.dialect.name](connection, http)
