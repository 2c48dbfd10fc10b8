"""
The custom fields of the sandbox's Jira.

Their ids differ from those of other instances, so a client has to ask for them.
Source: Jira's 'GET field' and Xray's manual on its custom fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from xray_sandbox.errors import RefusedError


_XRAY = "com.xpandit.plugins.xray:"
_JIRA = "com.atlassian.jira.plugin.system.customfieldtypes:"
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")


@dataclass(frozen=True)
class CustomField:
    """A custom field; `settable`: it is on the screen of Test Executions."""

    id: str
    name: str
    custom: str
    type: str
    settable: bool = False

    def as_json(self) -> dict[str, Any]:
        """The field in Jira's list of fields."""
        number = int(self.id.partition("_")[2])
        schema: dict[str, Any] = {"type": self.type, "custom": self.custom}
        if self.type == "array":
            schema["items"] = "string"
        return {
            "id": self.id,
            "name": self.name,
            "custom": True,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [f"cf[{number}]", self.name],
            "schema": {**schema, "customId": number},
        }

    def check(self, value: Any) -> None:
        """Refuse a value of the wrong type, in Jira's words."""
        if self.type == "array" and not (
            isinstance(value, list) and all(isinstance(item, str) for item in value)
        ):
            raise RefusedError(f"{self.id}: data was not an array of strings")
        if self.type == "string" and not isinstance(value, str):
            raise RefusedError(f"{self.id}: Operation value must be a string")
        if self.type == "datetime" and not (
            isinstance(value, str) and _DATE_TIME.fullmatch(value)
        ):
            raise RefusedError(
                f"{self.id}: Error parsing date string: {value}; "
                "expected yyyy-MM-dd'T'HH:mm:ss.SSSZ"
            )


ENVIRONMENTS = CustomField(
    "customfield_11505",
    "Test Environments",
    f"{_XRAY}test-environments-custom-field",
    "array",
    settable=True,
)
TEST_PLAN = CustomField(
    "customfield_11507",
    "Test Plan",
    f"{_XRAY}test-plan-custom-field",
    "array",
    settable=True,
)
REVISION = CustomField(
    "customfield_11506", "Revision", f"{_JIRA}textfield", "string", settable=True
)
BEGIN_DATE = CustomField(
    "customfield_11502", "Begin Date", f"{_JIRA}datetime", "datetime", settable=True
)
END_DATE = CustomField(
    "customfield_11503", "End Date", f"{_JIRA}datetime", "datetime", settable=True
)
DEFINITION = CustomField(
    "customfield_11512",
    "Generic Test Definition",
    f"{_XRAY}path-editor-custom-field",
    "string",
)
TEST_TYPE = CustomField(
    "customfield_11510", "Test Type", f"{_XRAY}test-type-custom-field", "option"
)
REPOSITORY_PATH = CustomField(
    "customfield_11511",
    "Test Repository Path",
    f"{_XRAY}test-repository-path-custom-field",
    "any",
)
CUCUMBER_TYPE = CustomField(
    "customfield_11513",
    "Cucumber Test Type",
    f"{_XRAY}automated-test-type-custom-field",
    "option",
)
SCENARIO = CustomField(
    "customfield_11514",
    "Cucumber Scenario",
    f"{_XRAY}steps-editor-custom-field",
    "string",
)
# Fields that are fields of Jira on Server only.
ON_SERVER_ONLY = (
    DEFINITION,
    ENVIRONMENTS,
    TEST_PLAN,
    TEST_TYPE,
    REPOSITORY_PATH,
    CUCUMBER_TYPE,
    SCENARIO,
)

CUSTOM_FIELDS = (
    BEGIN_DATE,
    CUCUMBER_TYPE,
    DEFINITION,
    END_DATE,
    ENVIRONMENTS,
    REPOSITORY_PATH,
    REVISION,
    SCENARIO,
    TEST_PLAN,
    TEST_TYPE,
    *(
        CustomField(f"customfield_{number}", name, _XRAY + custom, type_)
        for number, name, custom, type_ in (
            (11515, "Manual Test Steps", "manual-test-steps-custom-field", "any"),
            (
                11516,
                "Tests association with a Test Execution",
                "testexec-tests-custom-field",
                "array",
            ),
            (
                11517,
                "Tests associated with a Test Plan",
                "tests-associated-with-test-plan-custom-field",
                "array",
            ),
        )
    ),
)
BY_ID = {found.id: found for found in CUSTOM_FIELDS}

_PLAIN = {
    "assignee": ("Assignee", "user"),
    "components": ("Component/s", "array"),
    "description": ("Description", "string"),
    "fixVersions": ("Fix Version/s", "array"),
    "issuetype": ("Issue Type", "issuetype"),
    "labels": ("Labels", "array"),
    "priority": ("Priority", "priority"),
    "project": ("Project", "project"),
    "reporter": ("Reporter", "user"),
    "summary": ("Summary", "string"),
}


def all_fields() -> list[dict[str, Any]]:
    """The answer of `GET field`."""
    plain = [
        {
            "id": id_,
            "name": name,
            "custom": False,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [id_],
            "schema": {"type": type_, "system": id_},
        }
        for id_, (name, type_) in _PLAIN.items()
    ]
    return plain + [found.as_json() for found in CUSTOM_FIELDS]
