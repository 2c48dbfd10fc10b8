"""
Xray's own fields of a Test, which on Server are custom fields of Jira.

Source: Xray's manual, 'Tests - REST'.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.read import fields


KINDS = ("Manual", "Cucumber", "Generic")
SCENARIO, OUTLINE = "Scenario", "Scenario Outline"
_HEADLINE = re.compile(r"\s*(?!(?:Given|When|Then|And|But|\*)\b)[\w' ]+:.*")


def split_test_fields(
    values: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return Jira's fields, and the columns of Xray's; refuse wrong values."""
    rest = dict(values)
    columns: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for field, names in _OPTIONS.items():
        value = rest.pop(field.id, None)
        if value is not None and not _is_option(value, names):
            refused[field.id] = f"Option value '{value}' is not valid"
        elif value is not None:
            columns[_COLUMNS[field.id]] = value["value"]
    for field in (fields.DEFINITION, fields.SCENARIO):
        value = rest.pop(field.id, None)
        if value is not None and not isinstance(value, str):
            refused[field.id] = "Operation value must be a string"
        elif value is not None:
            columns[_COLUMNS[field.id]] = value
    if refused:
        raise RefusedError("", fields=refused)
    return rest, columns


def _is_option(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and value.get("value") in names


def with_headline(steps: str, kind: str, summary: str) -> str:
    """The text of a scenario, which begins with its keyword and its name."""
    inner = textwrap.indent(steps.strip(), "  ")
    return f"{kind}: {summary}\n{inner}\n"


def steps_of(scenario: str) -> str:
    """The text of a scenario without its first line and comments."""
    lines = scenario.splitlines()
    if lines and _HEADLINE.fullmatch(lines[0]):
        lines = lines[1:]
    inner = (line for line in lines if not line.lstrip().startswith("#"))
    return textwrap.dedent("\n".join(inner)).strip()


def scenario_columns(columns: dict[str, Any], summary: str) -> dict[str, Any]:
    """The columns with the text of the scenario as it is stored."""
    outline = columns.pop("outline", SCENARIO)
    if "scenario" in columns:
        if "Examples:" in columns["scenario"]:
            outline = OUTLINE
        columns["scenario"] = with_headline(columns["scenario"], outline, summary)
    return columns


_OPTIONS = {
    fields.TEST_TYPE: KINDS,
    fields.CUCUMBER_TYPE: (SCENARIO, OUTLINE),
}
_COLUMNS = {
    fields.TEST_TYPE.id: "kind",
    fields.CUCUMBER_TYPE.id: "outline",
    fields.DEFINITION.id: "definition",
    fields.SCENARIO.id: "scenario",
}
