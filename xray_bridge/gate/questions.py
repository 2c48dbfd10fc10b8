"""
The questions of a gate to the server.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from xray_bridge.changes.executions import UNFINISHED, is_failure, list_outcomes
from xray_bridge.client.coverage import UNCOVERED
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.jql import quote_text
from xray_bridge.client.labelled_tests import list_quarantined
from xray_bridge.client.xray import make_client
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SelectionError
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.jira.requirements.coverage import report_coverage
from xray_bridge.jira.requirements.pull import jql_for, pull_requirements
from xray_bridge.jira.run import open_jira
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.dialect import Dialect

# Seconds for each question: results do not wait for them, but people do.
PATIENCE = 60.0
ATTEMPTS = 2
# With the results of a run, a Test Plan gets its Tests: this is another one.
NO_TESTS = "{} has no Tests"


@dataclass(frozen=True)
class Server:
    """The server of a run, with the settings of the run."""

    settings: Settings
    connection: Connection

    def make_client(self) -> XrayClient:
        """Make a client with a deadline of its own."""
        return make_client(self.connection, self._make_http())

    def _make_http(self) -> Http:
        deadline = Deadline(min(PATIENCE, self.settings.deadline))
        return Http(self.connection, deadline, attempts=ATTEMPTS)

    def open_jira(self) -> Any:
        """Make a client of Jira; raise CredentialError if there is no login to it."""
        return open_jira(self.connection, self._make_http())

    def has_ended(self, statuses: Iterable[str]) -> bool:
        """Whether any of the statuses is that of a Test Run that has ended."""
        return any(status.upper() not in UNFINISHED for status in statuses)

    def has_failed(self, statuses: Iterable[str]) -> bool:
        """Whether any of the statuses is that of a failure, or no known one."""
        return any(is_failure(status, self._outcomes) for status in statuses)

    def is_new_failure(self, now: Iterable[str], before: Iterable[str]) -> bool:
        """
        Whether the statuses of a Test are a failure that an earlier run had not.

        A status that is not known, such as ``ABORTED``, is a failure now. It was none
        before, as in a comparison, unless the Test has it again.
        """
        had = {status.upper() for status in before}
        known = {word for word in had if self._outcomes.get(word) is Outcome.FAILED}
        failures = {s.upper() for s in now if is_failure(s, self._outcomes)}
        return bool(failures) and not known and not failures <= had

    def find_flaky_status(self) -> str:
        """Return the status that only flaky tests have; empty if there is none."""
        statuses = {key: word.upper() for key, word in self._dialect.statuses.items()}
        own = statuses.pop(Outcome.FLAKY)
        return "" if own in statuses.values() else own

    @property
    def _dialect(self) -> Dialect:
        return self.connection.dialect.with_statuses(self.settings.statuses)

    @cached_property
    def _outcomes(self) -> Mapping[str, Outcome]:
        return list_outcomes(self._dialect)


def list_labelled(server: Server) -> list[dict[str, Any]]:
    """List the Tests with the label of the quarantine, as entries of its table."""
    return list_quarantined(server.settings, server.connection)


def list_missing(server: Server, plan: str, executions: Sequence[str]) -> list[str]:
    """
    List the Tests of a Test Plan without a result in these Test Executions.

    Raises UnsetError if it has no Tests, or if there is no such plan.
    """
    xray = server.make_client()
    try:
        wanted = xray.tests_in(plan)
    except SelectionError as error:
        raise UnsetError(f"{error.message} (check xray_test_plan)") from None
    if not wanted:
        raise UnsetError(NO_TESTS.format(plan))
    ran: set[str] = set()
    for execution in executions:
        found = xray.statuses_in(execution)
        ran |= {key for key, statuses in found.items() if server.has_ended(statuses)}
    return [key for key in wanted if key not in ran]


def requirements_jql(settings: Settings, version: str) -> str:
    """
    Return the query for the requirements of a version.

    Raises UnsetError without a version or a project.
    """
    if not version:
        msg = "there is no fix version: set xray_fix_version, or write a JQL query"
        raise UnsetError(msg)
    if not settings.project:
        raise UnsetError("there is no project: set xray_project")
    head, order, rest = jql_for(settings, "", ()).partition(" ORDER BY ")
    return f"{head} AND fixVersion = {quote_text(version)}{order}{rest}"


def list_uncovered(server: Server, jql: str) -> list[str]:
    """List the requirements that a query finds, and that no Test covers."""
    jira = server.open_jira()
    requirements = pull_requirements(jira, server.settings, jql)
    if not requirements:
        msg = f"no requirement is found by {jql}"
        raise UnknownError(msg)
    report = report_coverage(
        jira, server.make_client(), server.settings, requirements, {}
    )
    return [
        f"{row.requirement.key} {row.requirement.summary}"
        for row in report.rows
        if row.status == UNCOVERED
    ]
