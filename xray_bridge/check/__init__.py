"""
Questions to the server: can the upload work?

Before the first test, those whose answer decides; when a person asks
(``thorough``), all. Each finding is a line with its fix, in the order in which it
matters; it stops where nothing further can be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check import fields, issues, permissions, project, reachability
from xray_bridge.check.finding import PASSING, Finding
from xray_bridge.check.offline import refuse_impossible
from xray_bridge.check.site import Survey
from xray_bridge.check.statuses import statuses
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import client


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import Xray
    from xray_bridge.config.settings import Settings

__all__ = ["PASSING", "Finding", "findings", "look", "refuse_impossible"]

# Before the first test nobody waits long: the answer can wait, the tests cannot.
ATTEMPTS = 1
PATIENCE = 30.0


def look(
    settings: Settings, connection: Connection, *, thorough: bool
) -> list[Finding]:
    """Everything that is found, within 30 s and with one attempt for each question."""
    deadline = Deadline(min(PATIENCE, settings.deadline))
    http = Http(connection, deadline, attempts=ATTEMPTS)
    survey = Survey(connection, http) if thorough else None
    return list(findings(settings, connection, client(connection, http), survey))


def findings(
    settings: Settings,
    connection: Connection,
    xray: Xray,
    survey: Survey | None = None,
) -> Iterator[Finding]:
    """What is right and wrong; with a ``survey`` it is thorough."""
    reached = reachability.reach(connection, xray, survey)
    yield from reached
    if not any(each.what == "credentials" and each.ok for each in reached):
        return
    if any(each.what == "jira" and not each.ok for each in reached) and survey:
        # Each refused login brings a CAPTCHA nearer.
        survey = survey.without_jira()
        xray = survey.client()
    known = True
    if settings.project:
        found = list(project.project(settings, connection, xray, survey))
        known = found[0].ok is not False
        yield from found
    if survey and known:
        yield from permissions.permissions(settings, survey)
        yield from permissions.issue_types(settings, survey)
    yield from statuses(settings, connection, xray)
    for kind in ("test_execution", "test_plan"):
        if key := getattr(settings, kind):
            yield issues.issue(xray, survey, kind, key)
    if survey:
        yield from fields.fields(settings, connection, survey)
        yield reachability.clock(survey)
