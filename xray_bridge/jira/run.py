"""
A run that was sent, for the steps that follow in Jira, and the form of such a step.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.client.jira import Jira
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CredentialError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo


def open_jira(connection: Connection, http: Http) -> Jira:
    """
    Make the client of Jira.

    Raises CredentialError if there is no login to it.
    """
    if not connection.site or connection.site_credentials is None:
        msg = "there is no login to the Jira site"
        hint = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
        raise CredentialError(msg, hint=hint)
    return Jira.for_connection(connection, http)


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraRun:
    """
    One run with its results and settings.

    ``test_execution`` is the key of its Test Execution; empty in a dry run of a new
    one, or if the results could not be delivered. ``counts`` are results by outcome.
    """

    settings: Settings
    info: RunInfo
    results: Results
    directory: RunDirectory
    connection: Connection
    http: Http
    test_execution: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The Test Execution, also before it exists."""
        return self.test_execution or "the new Test Execution"

    @property
    def jira(self) -> Jira:
        """
        The client of Jira.

        Raises CredentialError if there is no login to it.
        """
        return open_jira(self.connection, self.http)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One thing that is done in Jira after the results were sent.

    ``is_wanted`` looks at the settings. ``describe`` returns the lines of a dry run,
    without asking a server. ``apply`` does it, and returns notices; it raises
    XrayBridgeError, and then ``xray-bridge resend`` does all steps again, so each step
    finds out first what is done already. ``needs_execution``: it is left out if the
    results could not be delivered.
    """

    name: str
    is_wanted: Callable[[Settings], bool]
    describe: Callable[[JiraRun], Iterable[str]]
    apply: Callable[[JiraRun], Iterable[str]]
    needs_execution: bool = True
