"""
The fields of a new defect, as Jira's API wants them.
"""

from __future__ import annotations

from dataclasses import field
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from xray_bridge.client.createmeta import FieldRule, list_fields, list_types
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError
from xray_bridge.jira.defects.rules import OTHERWISE
from xray_bridge.jira.defects.texts import fill_text, fill_value


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.client.jira import Jira
    from xray_bridge.jira.defects.rules import Rules
    from xray_bridge.model.dialect import Dialect

ARRAY, USER, NUMBER = "array", "user", "number"
# The member by which a value of a type is named.
MEMBERS = {
    "option": "value",
    "project": "key",
    "priority": "name",
    "version": "name",
    "component": "name",
    "group": "name",
    "resolution": "name",
}
# Without these there is no defect, or it is never found again.
ESSENTIAL = frozenset({"project", "issuetype", "summary", "labels"})


@dataclass(frozen=True, slots=True)
class Screen:
    """
    The fields on the screen for new issues of a type.

    ``is_known`` is false if Jira does not say: then only ids of fields can be used.
    """

    fields: tuple[FieldRule, ...] = ()
    is_known: bool = False

    def find(self, name: str) -> FieldRule | None:
        """Return a field by its id or its name."""
        lower = name.lower()
        found = (each for each in self.fields if each.id == name)
        named = (each for each in self.fields if each.name.lower() == lower)
        return next(iter((*found, *named)), None)


@dataclass(slots=True)
class Filled:
    """The fields of a new defect; ``unknown`` are names that the screen lacks."""

    fields: dict[str, Any]
    unknown: list[str] = field(default_factory=list)


def read_screen(jira: Jira, rules: Rules) -> Screen:
    """Ask for the screen; nothing is known if Jira refuses the question."""
    try:
        types = list_types(jira, rules.project)
        chosen = next((t for t in types if t.name.lower() == rules.type.lower()), None)
        if chosen is None:
            return Screen()
        return Screen(list_fields(jira, rules.project, chosen.id), is_known=True)
    except RefusedError:
        return Screen()


def needs_screen(rules: Rules) -> bool:
    """Whether a field is named, or has a value whose form only Jira knows."""
    return bool(rules.severity or rules.fields)


def choose_by_label(table: Mapping[str, str], labels: Iterable[str]) -> str:
    """Return the value for the first label that a map names, or its default."""
    named = (table[label] for label in labels if label in table)
    return next(named, table.get(OTHERWISE, ""))


def optional_fields(
    rules: Rules,
    screen: Screen,
    dialect: Dialect,
    *,
    labels: Sequence[str],
    values: Mapping[str, str],
) -> Filled:
    """Return the fields that a defect can be without."""
    found: dict[str, Any] = {}
    if priority := choose_by_label(rules.priority, labels):
        found["priority"] = {"name": priority}
    if rules.assignee:
        found["assignee"] = {dialect.user_key: rules.assignee}
    if rules.components:
        found["components"] = [{"name": each} for each in rules.components]
    filled = Filled(found)
    further = dict(rules.fields)
    if severity := choose_by_label(rules.severity, labels):
        further.setdefault(rules.severity_field, severity)
    for name, value in further.items():
        _add_field(filled, screen, dialect, name, _fill(screen, name, value, values))
    return filled


def _fill(screen: Screen, name: str, value: Any, values: Mapping[str, str]) -> Any:
    """Fill a template: in a text of several lines, signs of wiki markup are escaped."""
    rule = screen.find(name)
    if rule is not None and rule.is_text and isinstance(value, str):
        return fill_text(value, values)
    return fill_value(value, values)


def _add_field(
    filled: Filled, screen: Screen, dialect: Dialect, name: str, value: Any
) -> None:
    rule = screen.find(name)
    if rule is not None:
        filled.fields[rule.id] = shape_value(rule, value, dialect)
    elif screen.is_known or " " in name:
        filled.unknown.append(name)
    else:
        filled.fields[name] = value


def shape_value(rule: FieldRule, value: Any, dialect: Dialect) -> Any:
    """Return a value in the form that the type of its field needs."""
    if rule.type != ARRAY:
        return _shape_one(rule.type, value, dialect)
    given = value if isinstance(value, list | tuple) else [value]
    return [_shape_one(rule.items, each, dialect) for each in given]


def _shape_one(kind: str, value: Any, dialect: Dialect) -> Any:
    if isinstance(value, dict | list):
        return value
    if kind == NUMBER:
        return _to_number(value) if isinstance(value, str) else value
    member = {**MEMBERS, USER: dialect.user_key}.get(kind)
    return {member: str(value)} if member else str(value)


def _to_number(value: str) -> float | str:
    try:
        number = float(value)
    except ValueError:
        number = nan
    # Jira's own message says what it needs; JSON has no infinity.
    return number if isfinite(number) else value
