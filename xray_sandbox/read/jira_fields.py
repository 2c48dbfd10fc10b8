"""
The fields of ordinary issues, and the screens that have them.

Source: Jira's 'GET createmeta' and 'GET field'; the ids differ between instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from xray_sandbox.read import fields
from xray_sandbox.read.info import ISSUE_TYPES, SUBTASK
from xray_sandbox.store.planning import SPRINT_FIELD
from xray_sandbox.store.rows import TEST_EXECUTION
from xray_sandbox.store.store import Store


_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes:"


class Field(NamedTuple):
    """A field of a screen; `options` are the only values of a select list."""

    id: str
    name: str
    type: str
    items: str = ""
    custom: str = ""
    options: tuple[str, ...] = ()
    is_required: bool = False
    has_default: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The type in Jira's answers."""
        found: dict[str, Any] = {"type": self.type}
        if self.items:
            found["items"] = self.items
        if self.custom:
            number = int(self.id.partition("_")[2])
            return {**found, "custom": self.custom, "customId": number}
        return {**found, "system": self.id}


SEVERITY = Field(
    "customfield_11520",
    "Severity",
    "option",
    custom=f"{_TYPES}select",
    options=("Critical", "Major", "Minor"),
)
FOUND_IN = Field(
    "customfield_11523",
    "Found In",
    "array",
    "option",
    custom=f"{_TYPES}multiselect",
    options=("Unit", "Integration", "Production"),
)
CUSTOM_FIELDS = (
    Field(
        SPRINT_FIELD,
        "Sprint",
        "array",
        "json",
        custom="com.pyxis.greenhopper.jira:gh-sprint",
    ),
    SEVERITY,
    Field("customfield_11521", "Root Cause", "string", custom=f"{_TYPES}textarea"),
    Field("customfield_11522", "Team", "string", custom=f"{_TYPES}textfield"),
    FOUND_IN,
    Field("customfield_11524", "Story Points", "number", custom=f"{_TYPES}float"),
)
_SYSTEM = (
    Field("project", "Project", "project", is_required=True),
    Field("issuetype", "Issue Type", "issuetype", is_required=True),
    Field("summary", "Summary", "string", is_required=True),
    Field("reporter", "Reporter", "user", has_default=True),
    Field("assignee", "Assignee", "user", has_default=True),
    Field("priority", "Priority", "priority", has_default=True),
    Field("description", "Description", "string"),
    Field("environment", "Environment", "string"),
    Field("labels", "Labels", "array", "string"),
    Field("components", "Component/s", "array", "component"),
    Field("versions", "Affects Version/s", "array", "version"),
    Field("fixVersions", "Fix Version/s", "array", "version"),
    Field("parent", "Parent", "issuelink"),
    Field("duedate", "Due Date", "date"),
)
# A permission without which a field is on no screen.
_NEEDED = {
    "assignee": "ASSIGN_ISSUES",
    "reporter": "MODIFY_REPORTER",
    "fixVersions": "RESOLVE_ISSUES",
    "duedate": "SCHEDULE_ISSUES",
}


def screen_of(store: Store, type_: str) -> Mapping[str, Field]:
    """The fields of the screen for new issues of a type, by id."""
    custom: tuple[Field, ...] = CUSTOM_FIELDS
    if type_ == TEST_EXECUTION:
        custom = tuple(
            Field(each.id, each.name, each.type, custom=each.custom)
            for each in fields.CUSTOM_FIELDS
            if each.settable
        )
    away, required = store.taken_away, store.required
    return {
        each.id: each._replace(
            is_required=each.is_required
            or each.id in required
            or (each.id == "parent" and type_ == SUBTASK)
        )
        for each in (*_SYSTEM, *custom)
        if each.id not in away and _NEEDED.get(each.id) not in away
    }


def is_of_xray(schema: Mapping[str, Any]) -> bool:
    """Whether this is the type of one of Xray's own fields."""
    return str(schema.get("custom", "")).startswith("com.xpandit.")


def list_fields() -> list[dict[str, Any]]:
    """The answer of `GET field`: all fields of the instance."""
    known = fields.all_fields()
    ids = {each["id"] for each in known}
    added = [
        {
            "id": each.id,
            "name": each.name,
            "custom": bool(each.custom),
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [each.name if each.custom else each.id],
            "schema": each.schema,
        }
        for each in (*_SYSTEM, *CUSTOM_FIELDS)
        if each.id not in ids
    ]
    return known + added


def type_named(given: object) -> str | None:
    """The issue type that an object names by `name` or `id`; None if unknown."""
    if not isinstance(given, dict):
        return None
    name = given.get("name") or ISSUE_TYPES.get(str(given.get("id")))
    by_name = {each.lower(): each for each in ISSUE_TYPES.values()}
    return by_name.get(str(name).lower())
