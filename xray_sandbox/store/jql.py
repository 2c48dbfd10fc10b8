"""
A small part of JQL: comparisons and lists, joined with AND, and OR in brackets.

Source: Atlassian's 'Advanced searching'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.info import ISSUE_TYPES
from xray_sandbox.store import workflow
from xray_sandbox.store.documents import SPRINT
from xray_sandbox.store.planning import SPRINT_FIELD
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import IssueRow


_ORDER = re.compile(r"\border\s+by\b(?P<terms>[^\"']*)$", re.IGNORECASE)
_VALUE = r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'(),=!<>~]+)\s*"""
_CLAUSE = re.compile(
    rf"\s*(?P<field>\w+)\s*(?:(?P<relation>!=|[=~])(?P<one>{_VALUE})"
    rf"|(?P<absent>not\s+)?in\s*\((?P<many>{_VALUE}(?:,{_VALUE})*)\)"
    r"|(?P<is>is\s+(?P<some>not\s+)?(?:empty|null))\s*)"
    r"\s*(?P<joint>and\b|or\b|\)|$)",
    re.IGNORECASE,
)
_EACH = re.compile(_VALUE)


@dataclass(frozen=True)
class Clause:
    """One condition: the field's value is one of these, or is none of them."""

    field: str
    values: tuple[str, ...]
    alternatives: tuple[Clause, ...] = ()
    negated: bool = False

    @property
    def every(self) -> tuple[Clause, ...]:
        """This condition, or the conditions in brackets."""
        return self.alternatives or (self,)

    @property
    def sql(self) -> str:
        """The condition, with a mark for each value."""
        return f"({' OR '.join(one.own_sql for one in self.every)})"

    @property
    def own_sql(self) -> str:
        """The condition of this clause alone; fields without a value never match."""
        text = _IN_SQL[self.field].format(", ".join("?" * len(self.values)))
        if not self.negated:
            return text
        present = _PRESENT.get(self.field)
        return f"NOT ({text}) AND {present}" if present else f"NOT ({text})"


_STATUS = f"coalesce(json_extract(issue.fields, '$.status'), '{workflow.TO_DO.name}')"
_PRIORITY = (
    "coalesce(json_extract(issue.fields, '$.priority.name'), "
    f"'{workflow.DEFAULT_PRIORITY}')"
)
_EACH_OF = "EXISTS (SELECT 1 FROM json_each({}) WHERE {} IN ({{}}))"
_IN_SQL = {
    "key": "key IN ({})",
    "project": "project IN ({})",
    "issuetype": "type IN ({})",
    "labels": _EACH_OF.format("issue.labels", "value"),
    "summary": "summary IN ({})",
    "summary ~": "instr(lower(summary), lower({})) > 0",
    "text ~": "instr(lower(summary || ' ' || description), lower({})) > 0",
    "status": f"{_STATUS} COLLATE NOCASE IN ({{}})",
    "priority": f"{_PRIORITY} COLLATE NOCASE IN ({{}})",
    "resolution": (
        "coalesce(json_extract(issue.fields, '$.resolution'), 'Unresolved') "
        "COLLATE NOCASE IN ({})"
    ),
    "component": _EACH_OF.format(
        "json_extract(issue.fields, '$.components')", "json_extract(value, '$.name')"
    ),
    "fixversion": _EACH_OF.format("issue.fix_versions", "value"),
    "affectedversion": _EACH_OF.format(
        "json_extract(issue.fields, '$.versions')", "value"
    ),
    "parent": "json_extract(issue.fields, '$.parent.key') IN ({})",
    "sprint": _EACH_OF.format(
        f"json_extract(issue.fields, '$.{SPRINT_FIELD}')", "CAST(value AS TEXT)"
    ),
}
# A negated condition does not match an issue whose field is empty.
_PRESENT = {
    "labels": "json_array_length(issue.labels) > 0",
    "fixversion": "json_array_length(issue.fix_versions) > 0",
    "affectedversion": "json_array_length(issue.fields, '$.versions') > 0",
    "component": "json_array_length(issue.fields, '$.components') > 0",
    "parent": "json_extract(issue.fields, '$.parent.key') IS NOT NULL",
    "sprint": f"json_array_length(issue.fields, '$.{SPRINT_FIELD}') > 0",
}
_ALIASES = {
    "issuekey": "key",
    "issue": "key",
    "id": "key",
    "type": "issuetype",
    "label": "labels",
    "fixversions": "fixversion",
    "components": "component",
}
_SEARCHED_BY_WORDS = frozenset({"summary", "text"})
_ORDERS = {
    "created": "issue.created {}, issue.id {}",
    "updated": (
        "coalesce(json_extract(issue.fields, '$.updated'), issue.created) {}, "
        "issue.id {}"
    ),
    "key": "issue.project {}, issue.number {}",
    "issuekey": "issue.project {}, issue.number {}",
    "id": "issue.id {}",
    "rank": "issue.id {}",
    "summary": "issue.summary {}",
    "status": f"{_STATUS} {{}}",
    "priority": "coalesce(json_extract(issue.fields, '$.priority.id'), '3') {}",
}
_ORDER_LIMIT = 7


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
    known = name in _IN_SQL or name in {"statuscategory", "text"}
    if not known:
        raise RefusedError(
            f"Field '{match['field']}' does not exist or you do not have "
            "permission to view it."
        )
    if match["is"]:
        return _read_emptiness(match, name)
    values = _EACH.findall(match["one"] or match["many"])
    plain = tuple(_strip_quotes(value.strip()) for value in values)
    by_words = match["relation"] == "~"
    if by_words != (name in _SEARCHED_BY_WORDS) and (by_words or name == "text"):
        words = f"The operator '{match['relation'] or 'in'}' is not supported by the "
        raise RefusedError(f"{words}'{match['field']}' field.")
    negated = match["relation"] == "!=" or bool(match["absent"])
    if by_words:
        return Clause(f"{name} ~", (_strip_quotes(plain[0] or "?"),))
    if name == "statuscategory":
        return Clause("status", _statuses_of(plain), negated=negated)
    return Clause(name, plain, negated=negated)


def _read_emptiness(match: re.Match[str], name: str) -> Clause:
    """`IS EMPTY` and `IS NOT EMPTY`, as a condition that no value fulfils."""
    if name == "resolution":
        return Clause(name, ("Unresolved",), negated=bool(match["some"]))
    if name not in _PRESENT:
        words = f"The operator 'is' is not supported by the '{match['field']}' field."
        raise RefusedError(words)
    return Clause(f"{name} is{' not' if match['some'] else ''} empty", ())


for _name, _condition in tuple(_PRESENT.items()):
    _IN_SQL[f"{_name} is not empty"] = f"coalesce({_condition}, 0)"
    _IN_SQL[f"{_name} is empty"] = f"NOT coalesce({_condition}, 0)"


def _statuses_of(categories: tuple[str, ...]) -> tuple[str, ...]:
    """The statuses of categories, which have names, keys and no translations here."""
    found: list[str] = []
    for given in categories:
        names = [
            each.name
            for each in workflow.STATUSES
            if given.lower() in {each.category, each.category_name.lower()}
        ]
        if not names:
            raise _no_value(given, "statusCategory")
        found += names
    return tuple(found)


def _strip_quotes(value: str) -> str:
    if value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def read_order(text: str) -> str:
    """Read ORDER BY as SQL; empty without one."""
    match = _ORDER.search(text)
    if match is None:
        return ""
    terms = match["terms"].split(",")
    if len(terms) > _ORDER_LIMIT:
        raise RefusedError(f"You cannot sort by more than {_ORDER_LIMIT} fields.")
    found = []
    for term in terms:
        name, _, direction = term.strip().partition(" ")
        direction = direction.strip().upper() or "ASC"
        if direction not in {"ASC", "DESC"}:
            raise RefusedError(f"Error in the JQL Query: {text}")
        if name.lower() not in _ORDERS:
            raise RefusedError(f"Not able to sort using field '{name}'.")
        found.append(_ORDERS[name.lower()].replace("{}", direction))
    return ", ".join(found)


def search_issues(
    registry: Registry,
    text: str,
    type: str = "",  # noqa: A002
    *,
    forgives_unknown: bool = False,
) -> tuple[IssueRow, ...]:
    """
    Find the issues of a query; `type` restricts them further.

    `forgives_unknown`: keys of issues that do not exist find nothing.
    """
    clauses, order = parse_jql(text), read_order(text)
    every = [one for clause in clauses for one in clause.every]
    types = [one.values[0] for one in every if one.field == "issuetype"]
    given: list[str] = []
    for clause in every:
        reader = _READERS.get(clause.field, _accept_any)
        for value in clause.values:
            try:
                given.append(reader(registry, value, (type, *types)))
            except RefusedError:
                if clause.field != "key" or not forgives_unknown:
                    raise
                given.append(value)
    if type:
        clauses = (*clauses, Clause("issuetype", (type,)))
        given.append(type)
    where = " AND ".join(clause.sql for clause in clauses) or "1"
    return registry.store.issues(where, tuple(given), order)


def _no_value(value: str, field: str) -> RefusedError:
    return RefusedError(f"The value '{value}' does not exist for the field '{field}'.")


def _read_key(registry: Registry, value: str, types: tuple[str, ...]) -> str:
    """
    The current key of an issue, by key, old key or id.

    Refuse a query with the key of an issue that does not exist, as Jira does.
    """
    wanted = next(filter(None, types), "")
    named = registry.find(value, wanted) if wanted else None
    if named is None and value.isdecimal():
        named = registry.store.issue(int(value))
    found = named or registry.any_issue(value)
    if found is None:
        raise RefusedError(
            f"An issue with key '{value}' does not exist for field 'key'."
        )
    return found.key


def _read_project(registry: Registry, value: str, _: tuple[str, ...]) -> str:
    by_id = {str(registry.store.project_id(e)): e for e in registry.store.projects()}
    try:
        return registry.project(by_id.get(value, value))
    except RefusedError as error:
        raise _no_value(value, "project") from error


def _read_type(_: Registry, value: str, __: tuple[str, ...]) -> str:
    for id_, name in ISSUE_TYPES.items():
        if value.lower() in {id_, name.lower()}:
            return name
    raise _no_value(value, "issuetype")


def _read_status(_: Registry, value: str, __: tuple[str, ...]) -> str:
    by_id = {each.id: each.name for each in workflow.STATUSES}
    names = {each.name.lower() for each in workflow.STATUSES}
    if value not in by_id and value.lower() not in names:
        raise _no_value(value, "status")
    return by_id.get(value, value)


def _read_version(registry: Registry, value: str, _: tuple[str, ...]) -> str:
    known = {
        str(id_): name
        for project in registry.store.projects()
        for id_, name in registry.store.versions(project)
    }
    if value in known.values():
        return value
    if value not in known:
        raise _no_value(value, "fixVersion")
    return known[value]


def _read_sprint(registry: Registry, value: str, _: tuple[str, ...]) -> str:
    """The id of a sprint, by id or by name."""
    for each in registry.store.documents(SPRINT):
        if value in {str(each.id), each.name}:
            return str(each.id)
    raise RefusedError(
        f"Sprint with name '{value}' does not exist or you do not have permission to "
        "view it."
    )


def _accept_any(_: Registry, value: str, __: tuple[str, ...]) -> str:
    """Accept any text."""
    return value


_READERS: Mapping[str, Callable[[Registry, str, tuple[str, ...]], str]] = {
    "key": _read_key,
    "parent": _read_key,
    "project": _read_project,
    "issuetype": _read_type,
    "status": _read_status,
    "fixversion": _read_version,
    "affectedversion": _read_version,
    "sprint": _read_sprint,
}
