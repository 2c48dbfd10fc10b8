"""
Checks the screen for new Test Executions: Jira refuses fields that it lacks.

Source: Jira's REST API 2, "Create issue metadata".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask_question
from xray_bridge.client.import_requests import with_fields_object
from xray_bridge.client.issues import type_name
from xray_bridge.config.settings import Settings
from xray_bridge.model.execution_fields import EXECUTION_FIELDS


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.check.site import JiraSite
    from xray_bridge.client.import_requests import CustomFields

SCREEN = "the screen for new Test Executions"


def execution_type(settings: Settings) -> str:
    """Return the name of the issue type of Test Executions; empty if only an id is."""
    given = with_fields_object(settings.execution_fields)["fields"].get("issuetype")
    return type_name({"issuetype": given}) if given else "Test Execution"


def check_screen(
    settings: Settings, site: JiraSite, custom: CustomFields
) -> Iterator[Finding]:
    """
    Check that the screen has the fields that an upload sends.

    Fields in settings must be there; an upload can leave out the others. ``custom``
    are the ids of Xray's fields. There is no finding if Jira does not list the fields
    of a new Test Execution.
    """
    name = execution_type(settings).lower()
    offered: list[frozenset[str]] = []

    def question() -> Finding:
        found = site.list_screen_fields(settings.project, name) or frozenset()
        offered.append(found)
        return _compare_fields(settings, found, custom)

    finding = ask_question("screen", question, decides=False)
    if offered != [frozenset()]:
        yield finding


def _compare_fields(
    settings: Settings, offered: frozenset[str], custom: CustomFields
) -> Finding:
    asked = _list_asked_fields(settings, custom)
    refused = [
        f"{name} ({field})" for field, name in asked.items() if field not in offered
    ]
    if refused:
        return Finding(
            what="screen",
            ok=False,
            message=f"{SCREEN} lacks {', '.join(refused)}",
            hint="add the fields to the screen, or remove the settings",
        )
    lacking = [
        title
        for field, title in _list_unasked_fields(custom).items()
        if field not in offered and field not in asked
    ]
    if lacking:
        return Finding(
            what="screen",
            ok=None,
            message=f"{SCREEN} lacks {', '.join(lacking)}",
            hint="uploads leave these fields out, in a second request; to send them, "
            "add them to the screen",
        )
    message = f"{SCREEN} has all fields that are sent"
    return Finding(what="screen", ok=True, message=message)


def _list_asked_fields(settings: Settings, custom: CustomFields) -> dict[str, str]:
    """Return the ids of fields in settings, each with its setting."""
    own = {
        "labels": "labels",
        "description": "description",
        "fixVersions": "fix_version",
    }
    own |= {
        custom[each.name]: each.name
        for each in EXECUTION_FIELDS
        if each.name in custom and not each.is_time
    }
    found = {
        field: f"xray_{name}"
        for field, name in own.items()
        if settings.is_given(getattr(Settings, name)) and getattr(settings, name)
    }
    named = with_fields_object(settings.execution_fields)["fields"]
    return {**found, **dict.fromkeys(named, "xray_execution_fields")}


def _list_unasked_fields(custom: CustomFields) -> Mapping[str, str]:
    """Return the ids and titles of fields that an upload sends without a setting."""
    found = {"labels": "Labels", "description": "Description"}
    return found | {
        custom[each.name]: each.title
        for each in EXECUTION_FIELDS
        if each.name in custom and (each.is_time or each.name == "revision")
    }
