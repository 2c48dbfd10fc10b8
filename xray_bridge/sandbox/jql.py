"""
A small part of JQL: equality and lists, joined with AND; ORDER BY is ignored.

Source: Atlassian's 'Advanced searching'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xray_bridge.sandbox.refused import RefusedError
from xray_bridge.sandbox.registry import Registry
from xray_bridge.sandbox.rows import IssueRow


_ORDER = re.compile(r"\border\s+by\b.*$", re.IGNORECASE | re.DOTALL)
_VALUE = r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'(),=!<>~]+)\s*"""
_CLAUSE = re.compile(
    rf"\s*(?P<field>\w+)\s*(?:=(?P<one>{_VALUE})|in\s*\((?P<many>{_VALUE}(?:,{_VALUE})*)\))"
    r"\s*(?P<joint>and\b|$)",
    re.IGNORECASE,
)
_EACH = re.compile(_VALUE)


@dataclass(frozen=True)
class Clause:
    """One condition: the field's value is one of these."""

    field: str
    values: tuple[str, ...]


_IN_SQL = {
    "key": "key IN ({})",
    "project": "project IN ({})",
    "issuetype": "type IN ({})",
    "labels": "EXISTS (SELECT 1 FROM json_each(issue.labels) WHERE value IN ({}))",
    "summary": "summary IN ({})",
}
_ALIASES = {
    "issuekey": "key",
    "issue": "key",
    "id": "key",
    "type": "issuetype",
    "label": "labels",
}


def parse(text: str) -> tuple[Clause, ...]:
    """The conditions of a query."""
    rest = _ORDER.sub("", text).strip()
    clauses: list[Clause] = []
    joint = "and"
    while rest or (joint and clauses):
        match = _CLAUSE.match(rest)
        if match is None:
            raise RefusedError(f"Error in the JQL Query: {text}")
        clauses.append(_clause(match))
        joint, rest = match["joint"], rest[match.end() :]
    return tuple(clauses)


def _clause(match: re.Match[str]) -> Clause:
    name = _ALIASES.get(match["field"].lower(), match["field"].lower())
    if name not in _IN_SQL:
        raise RefusedError(
            f"Field '{match['field']}' does not exist or you do not have "
            "permission to view it."
        )
    values = _EACH.findall(match["one"] or match["many"])
    return Clause(name, tuple(_plain(value.strip()) for value in values))


def _plain(value: str) -> str:
    if value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def search(registry: Registry, text: str, type: str = "") -> tuple[IssueRow, ...]:  # noqa: A002
    """The issues that a query finds; `type` restricts them further."""
    clauses = parse(text)
    types = [one.values[0] for one in clauses if one.field == "issuetype"]
    for clause in clauses:
        for value in clause.values:
            _CHECKS.get(clause.field, _unchecked)(registry, value, (type, *types))
    if type:
        clauses = (*clauses, Clause("issuetype", (type,)))
    conditions = [
        _IN_SQL[one.field].format(", ".join("?" * len(one.values))) for one in clauses
    ]
    return registry.store.issues(
        " AND ".join(conditions) or "1",
        tuple(value for one in clauses for value in one.values),
    )


def _check_key(registry: Registry, value: str, types: tuple[str, ...]) -> None:
    """Jira refuses a query that names an issue which is not there."""
    wanted = next(filter(None, types), "")
    named = registry.find(value, wanted) if wanted else None
    if named is None and registry.any_issue(value) is None:
        raise RefusedError(
            f"An issue with key '{value}' does not exist for field 'key'."
        )


def _check_project(registry: Registry, value: str, _: tuple[str, ...]) -> None:
    try:
        registry.project(value)
    except RefusedError as error:
        raise RefusedError(
            f"The value '{value}' does not exist for the field 'project'."
        ) from error


def _unchecked(*_: object) -> None:
    """Any text will do."""


_CHECKS: Mapping[str, Callable[[Registry, str, tuple[str, ...]], None]] = {
    "key": _check_key,
    "project": _check_project,
}
