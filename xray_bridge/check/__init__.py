"""
Checks with the server whether an upload can work.

Before the first test only the decisive questions are asked; a person's check
(``thorough``) asks all. Each finding is a line with its fix. The order is that of a
request; the check stops at a finding after which nothing can be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check import after_upload, fields, permissions, project, reachability
from xray_bridge.check.finding import PASSING, Finding
from xray_bridge.check.reachability import WAY
from xray_bridge.check.site import JiraSite
from xray_bridge.check.statuses import check_statuses
from xray_bridge.client.field_rules import (
    refuse_odd_fields,
    refuse_unsendable_test_fields,
    refuse_without_jira,
)
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import make_client
from xray_bridge.config.jira_settings import CREATE, OFF
from xray_bridge.errors import SettingError
from xray_bridge.formats import capabilities


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import Xray
    from xray_bridge.config.settings import Settings

__all__ = [
    "PASSING",
    "WAY",
    "Finding",
    "list_findings",
    "refuse_impossible",
    "run_checks",
]

# A short limit: the tests wait for it.
ATTEMPTS = 1
PATIENCE = 30.0


def run_checks(
    settings: Settings,
    connection: Connection,
    *,
    thorough: bool,
    test_type: str = "Test",
) -> list[Finding]:
    """
    Ask the server, within 30 s and with one attempt for each question.

    ``test_type`` is the name that Jira has for the issue type of Tests.
    """
    deadline = Deadline(min(PATIENCE, settings.deadline))
    http = Http(connection, deadline, attempts=ATTEMPTS)
    site = JiraSite(connection, http) if thorough else None
    client = make_client(connection, http)
    found = list(list_findings(settings, connection, client, site, test_type))
    is_known = any(each.what == "credentials" and each.ok for each in found)
    if is_known and client.jira is not None and settings.defects == CREATE:
        from xray_bridge.check.defects import check_defects

        found += check_defects(settings, client.jira)
    if settings.shows_builds:
        from xray_bridge.check.builds import check_builds

        found.append(check_builds(settings, connection, http, thorough=thorough))
    return found


def list_findings(
    settings: Settings,
    connection: Connection,
    xray: Xray,
    site: JiraSite | None = None,
    test_type: str = "Test",
) -> Iterator[Finding]:
    """Return the findings; with a ``site`` those of a thorough check."""
    reached = reachability.check_way(connection, xray, site)
    yield from reached
    if not any(each.what == "credentials" and each.ok for each in reached):
        return
    if any(each.what == "jira" and not each.ok for each in reached) and site:
        # Jira requires a CAPTCHA after some refused logins.
        site = site.without_jira()
        xray = site.make_client()
    known = True
    if settings.project:
        found = list(project.check_project(settings, connection, xray, site))
        known = found[0].ok is not False
        yield from found
    if site and known:
        yield from permissions.check_permissions(settings, site, test_type)
    yield from check_statuses(settings, connection, xray)
    for kind in ("test_execution", "test_plan"):
        if key := getattr(settings, kind):
            yield project.check_issue(xray, site, kind, key)
    if site:
        yield from fields.check_fields(settings, connection, site)
        yield from after_upload.check_after_upload(settings, site)
        yield reachability.check_clock(site)


def refuse_impossible(
    settings: Settings, connection: Connection, *, usual: str = ""
) -> None:
    """
    Refuse settings that no request can send, before the first test.

    ``usual`` is the report format of a session whose scenarios have no Test key.
    Raises SettingError.
    """
    if not settings.project and not settings.test_execution:
        msg = "no project: xray_project is not set"
        raise SettingError(msg, hint="set it, or set xray_test_execution")
    refuse_unsendable_test_fields(settings)
    refuse_odd_fields(settings)
    dialect = connection.dialect.with_statuses(settings.statuses)
    capabilities.refuse_format(settings, dialect)
    if usual:
        capabilities.refuse_scenarios_without_keys(settings, dialect, usual)
    if settings.defects != OFF or settings.defect_rules or settings.xfail_open_defects:
        from xray_bridge.jira.defects.settings import refuse_odd_rules

        refuse_odd_rules(settings)
    knows_jira = connection.jira_credentials is not None
    refuse_without_jira(settings, connection.dialect, knows_jira=knows_jira)
