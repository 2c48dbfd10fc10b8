"""
A small part of JQL: equality, lists and phrases, joined with AND, and OR in
brackets; ORDER BY is ignored.

Source: Atlassian's 'Advanced searching'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xray_sandbox.errors import RefusedError
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import IssueRow


_ORDER = re.compile(r"\border\s+by\b[^\"']*$", re.IGNORECASE)
_VALUE = r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'(),=!<>~]+)\s*"""
_CLAUSE = re.compile(
    rf"\s*(?P<field>\w+)\s*(?:(?P<relation>[=~])(?P<one>{_VALUE})"
    rf"|in\s*\((?P<many>{_VALUE}(?:,{_VALUE})*)\))\s*(?P<joint>and\b|or\b|\)|$)",
    re.IGNORECASE,
)
_EACH = re.compile(_VALUE)


@dataclass(frozen=True)
class Clause:
    """One condition: the field's value is one of these."""

    field: str
    values: tuple[str, ...]
    alternatives: tuple[Clause, ...] = ()

    @property
    def every(self) -> tuple[Clause, ...]:
        """This condition, or the conditions in brackets."""
        return self.alternatives or (self,)

    @property
    def sql(self) -> str:
        """The condition, with a mark for each value."""
        parts = (
            _IN_SQL[one.field].format(", ".join("?" * len(one.values)))
            for one in self.every
        )
        return f"({' OR '.join(parts)})"


_IN_SQL = {
    "key": "key IN ({})",
    "project": "project IN ({})",
    "issuetype": "type IN ({})",
    "labels": "EXISTS (SELECT 1 FROM json_each(issue.labels) WHERE value IN ({}))",
    "summary": "summary IN ({})",
    "summary ~": "instr(lower(summary), lower({})) > 0",
}
_ALIASES = {
    "issuekey": "key",
    "issue": "key",
    "id": "key",
    "type": "issuetype",
    "label": "labels",
}


def parse_jql(text: str) -> tuple[Clause, ...]:
    """Read the conditions of a query."""
    rest = _ORDER.sub("", text).strip()
    clauses: list[Clause] = []
    joint = "and"
    while rest or (joint and clauses):
        clause, joint, rest = _read_condition(rest, text)
        clauses.append(clause)
    return tuple(clauses)


def _read_condition(rest: str, text: str) -> tuple[Clause, str, str]:
    """Read a condition, or a group in brackets; return it, its joint and the rest."""
    opened = rest.lstrip().startswith("(")
    rest = rest.lstrip().removeprefix("(") if opened else rest
    found: list[Clause] = []
    joint = "or"
    while joint == "or":
        match = _CLAUSE.match(rest)
        joint = match["joint"].lower() if match else ""
        if match is None or (joint in {"or", ")"}) != opened:
            raise RefusedError(f"Error in the JQL Query: {text}")
        found.append(_read_clause(match))
        rest = rest[match.end() :]
    if not opened:
        return found[0], joint, rest
    end = re.match(r"\s*(and\b|$)", rest, re.IGNORECASE)
    if end is None:
        raise RefusedError(f"Error in the JQL Query: {text}")
    return Clause("", (), tuple(found)), end[1].lower(), rest[end.end() :]


def _read_clause(match: re.Match[str]) -> Clause:
    name = _ALIASES.get(match["field"].lower(), match["field"].lower())
    if name not in _IN_SQL:
        raise RefusedError(
            f"Field '{match['field']}' does not exist or you do not have "
            "permission to view it."
        )
    values = _EACH.findall(match["one"] or match["many"])
    plain = tuple(_strip_quotes(value.strip()) for value in values)
    if match["relation"] != "~":
        return Clause(name, plain)
    if name != "summary":
        text = f"The operator '~' is not supported by the '{match['field']}' field."
        raise RefusedError(text)
    return Clause("summary ~", (_strip_quotes(plain[0] or "?"),))


def _strip_quotes(value: str) -> str:
    if value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def search_issues(
    registry: Registry,
    text: str,
    type: str = "",  # noqa: A002
) -> tuple[IssueRow, ...]:
    """Find the issues of a query; `type` restricts them further."""
    clauses = parse_jql(text)
    every = [one for clause in clauses for one in clause.every]
    types = [one.values[0] for one in every if one.field == "issuetype"]
    for clause in every:
        for value in clause.values:
            _CHECKS.get(clause.field, _accept_any)(registry, value, (type, *types))
    if type:
        clauses = (*clauses, Clause("issuetype", (type,)))
    return registry.store.issues(
        " AND ".join(clause.sql for clause in clauses) or "1",
        tuple(v for clause in clauses for one in clause.every for v in one.values),
    )


def _check_key(registry: Registry, value: str, types: tuple[str, ...]) -> None:
    """Refuse a query with the key of an issue that does not exist, as Jira does."""
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


def _accept_any(*_: object) -> None:
    """Accept any text."""


_CHECKS: Mapping[str, Callable[[Registry, str, tuple[str, ...]], None]] = {
    "key": _check_key,
    "project": _check_project,
}
