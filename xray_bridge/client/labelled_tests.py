"""
Find the Tests in Xray that the label of a quarantine marks.

Their assignees are the owners, and their due dates the last days.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.issues import TESTS
from xray_bridge.client.xray import make_client
from xray_bridge.config.quarantine_table import parse_quarantine
from xray_bridge.errors import NotXrayError
from xray_bridge.model.keys import project_of
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings

# Seconds: the tests wait for it.
PATIENCE = 30.0
LABELLED = replace(TESTS, fields=("summary", "assignee", "duedate"))


def list_quarantined(
    settings: Settings, connection: Connection
) -> list[dict[str, Any]]:
    """
    Ask for the labelled Tests of the project, as entries of the quarantine's table.

    Raises XrayBridgeError; NotXrayError for values that no Jira has.
    """
    project = settings.project or project_of(settings.test_execution)
    label = settings.quarantine["label"]
    deadline = Deadline(min(PATIENCE, settings.deadline))
    xray = make_client(connection, Http(connection, deadline, attempts=1))
    jql = f'project = "{project}" AND labels = "{label}" ORDER BY key'
    found = xray.search(LABELLED, jql).issues
    entries = (
        {"test": key, "owner": each.assignee, "issue": key, "until": each.due}
        for key, each in sorted(found.items())
    )
    listed = [{k: v for k, v in each.items() if v} for each in entries]
    try:
        parse_quarantine({"tests": listed})
    except ValueError as error:
        raise NotXrayError(one_line(str(error)), hint="check xray_url") from None
    return listed
