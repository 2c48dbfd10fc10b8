"""
What no request could carry: known without a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client import import_requests
from xray_bridge.errors import SettingError
from xray_bridge.formats import capabilities


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings


def refuse_impossible(settings: Settings, connection: Connection) -> None:
    """
    Refuse what no request could carry, before the first test.

    Raises SettingError.
    """
    if not settings.project and not settings.test_execution:
        msg = "no project: xray_project is not set"
        raise SettingError(msg, hint="set it, or report into an xray_test_execution")
    if settings.test_execution and settings.test_fields:
        msg = "xray_test_fields cannot be sent into an existing Test Execution"
        raise SettingError(
            msg, hint="leave out xray_test_fields or xray_test_execution"
        )
    import_requests.validate_fields("xray_execution_fields", settings.execution_fields)
    import_requests.validate_fields("xray_test_fields", settings.test_fields)
    capabilities.refuse(settings, connection.dialect.with_statuses(settings.statuses))
    is_cloud_update = (
        settings.test_execution
        and settings.execution_fields
        and connection.dialect.xray_fields
    )
    if is_cloud_update and connection.jira_credentials is None:
        msg = (
            "xray_execution_fields of an existing Test Execution are set by Jira, "
            "which is not configured"
        )
        hint = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
        raise SettingError(msg, hint=hint)
