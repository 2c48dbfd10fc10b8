"""
Rules for Jira fields in settings, which are checked without network access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.import_requests import validate_fields, with_fields_object
from xray_bridge.config.jira_settings import AUTO, OFF
from xray_bridge.config.settings import Settings
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from xray_bridge.model.dialect import Dialect

LOGIN = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
# What is done in Jira itself; the rest of the Jira side has credentials of its own.
NEED_JIRA = (
    Settings.defects,
    Settings.xfail_open_defects,
    Settings.create_version,
    Settings.sprint,
    Settings.transition,
    Settings.attach,
    Settings.link_build,
    Settings.link_requirements,
)


def refuse_odd_fields(settings: Settings) -> None:
    """
    Refuse fields in a form that Jira and Xray do not accept.

    Raises SettingError.
    """
    validate_fields("xray_execution_fields", settings.execution_fields)
    validate_fields("xray_test_fields", settings.test_fields)


def refuse_without_jira(
    settings: Settings, dialect: Dialect, *, knows_jira: bool
) -> None:
    """
    Refuse what only Jira can do, if Cloud is used without a login to Jira.

    Raises SettingError.
    """
    fields = with_fields_object(settings.execution_fields)
    needs_jira = fields.get("transition") or (
        settings.test_execution and settings.execution_fields
    )
    if not dialect.xray_fields or knows_jira:
        return
    if settings.fix_version == AUTO:
        msg = f"{Settings.fix_version.ini} = {AUTO} needs a login to Jira"
        raise SettingError(msg, hint=LOGIN)
    for setting in NEED_JIRA:
        if getattr(settings, setting.name) not in {setting.default, OFF}:
            msg = f"{setting.ini} needs a login to Jira"
            raise SettingError(msg, hint=LOGIN)
    if needs_jira:
        which = (
            "of an existing Test Execution"
            if settings.test_execution
            else "with a transition"
        )
        msg = f"xray_execution_fields {which} need a login to Jira"
        raise SettingError(msg, hint=LOGIN)


def refuse_unsendable_test_fields(settings: Settings) -> None:
    """
    Refuse fields of Tests with an existing Test Execution: no request takes both.

    Raises SettingError.
    """
    if settings.test_execution and settings.test_fields:
        msg = "xray_test_fields cannot be sent into an existing Test Execution"
        hint = "leave out xray_test_fields or xray_test_execution"
        raise SettingError(msg, hint=hint)
