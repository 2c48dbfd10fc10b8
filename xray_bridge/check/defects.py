"""
Checks the rules for defects with the fields that Jira wants of a new one.

Only a run that may create defects asks. Source: Jira's REST API, "Get create issue
metadata".
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xray_bridge.check.finding import Finding
from xray_bridge.client.createmeta import list_fields, list_types
from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.jira_settings import CREATE
from xray_bridge.errors import AmbiguousError, DeliveryError, RefusedError
from xray_bridge.jira.defects.fields import ESSENTIAL, Screen, optional_fields
from xray_bridge.jira.defects.find import find_open
from xray_bridge.jira.defects.known import to_content
from xray_bridge.jira.defects.rules import MACRO, MACROS, PER_ROW
from xray_bridge.jira.defects.settings import read_rules
from xray_bridge.jira.run import open_jira
from xray_bridge.text import first_names


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.createmeta import FieldRule, IssueType
    from xray_bridge.client.jira import Jira
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.defects.rules import Rules

WHAT = "defects"
# Seconds: the tests wait for it.
PATIENCE = 30.0
ALL_FIELDS = "`xray-bridge jira fields` lists them"
# Fields that Jira fills in itself.
FILLED = frozenset({"reporter", "issuetype", "project", "summary", "description"})


def check_defects(settings: Settings, jira: Jira) -> list[Finding]:
    """Check project, type and fields of new defects; each problem is a finding."""
    if settings.defects != CREATE:
        return []
    rules = read_rules(settings)
    try:
        return _check_type(rules, jira) or [_all_well(rules)]
    except RefusedError as error:
        word = jira.dialect.project_word
        message = f"there is no {word} {rules.project} in which the account can create"
        return [
            Finding(
                what=WHAT,
                ok=False,
                message=f"{message} a {rules.type}: {error.said or error.message}",
                hint="check `project` of the rules for bugs, and the permission Create",
            )
        ]
    except (DeliveryError, AmbiguousError) as error:
        return [Finding(what=WHAT, ok=None, message=error.message, hint=error.hint)]


def list_open_defects(settings: Settings, connection: Connection) -> dict[str, Any]:
    """
    Ask for the open defects of the project, as builtins for ``known.from_content``.

    Raises XrayBridgeError.
    """
    rules = read_rules(settings)
    http = Http(connection, Deadline(min(PATIENCE, settings.deadline)), attempts=1)
    found = find_open(open_jira(connection, http), rules)
    return to_content(
        ((each.key, each.labels) for each in found),
        project=rules.project,
        per_row=rules.per == PER_ROW,
    )


def _all_well(rules: Rules) -> Finding:
    message = f"{rules.project} takes a {rules.type} with the fields of the rules"
    return Finding(what=WHAT, ok=True, message=message)


def _check_type(rules: Rules, jira: Jira) -> list[Finding]:
    types = list_types(jira, rules.project)
    chosen = _find_type(types, rules.type)
    if chosen is None:
        names = [each.name for each in types]
        problem = f"{rules.project} has no type {rules.type}, only: "
        problem += ", ".join(names) or "none"
        return [_wrong(problem, _nearest(rules.type, names))]
    fields = list_fields(jira, rules.project, chosen.id)
    return list(_check_fields(rules, fields, jira))


def _find_type(types: Iterable[IssueType], name: str) -> IssueType | None:
    return next((each for each in types if each.name.lower() == name.lower()), None)


def _check_fields(
    rules: Rules, fields: tuple[FieldRule, ...], jira: Jira
) -> Iterator[Finding]:
    screen = Screen(fields, is_known=True)
    named = [*rules.priority, *rules.severity]
    sample = {name: f"${{{name}}}" for name in MACROS}
    given: set[str] = {*FILLED, *ESSENTIAL}
    told: set[str] = set()
    # Labels choose priority and severity: each choice is checked.
    for label in named or ("",):
        filled = optional_fields(
            rules, screen, jira.dialect, labels=[label], values=sample
        )
        for name in filled.unknown:
            if name not in told:
                told.add(name)
                known = [each.name for each in fields]
                near = _nearest(name, known)
                yield _wrong(f"a {rules.type} has no field {name}", near or ALL_FIELDS)
        for name, value in filled.fields.items():
            given.add(name)
            for finding in _check_field(screen, rules, name, value):
                if finding.message not in told:
                    told.add(finding.message)
                    yield finding
    for each in fields:
        if each.needed and each.id not in given:
            allowed = f", one of {first_names(each.allowed)}" if each.allowed else ""
            yield _wrong(
                f"a {rules.type} in {rules.project} needs {each.name} ({each.id})"
                f"{allowed}",
                "set it in `fields` of the rules for bugs",
            )
    if screen.find("labels") is None:
        yield _wrong(
            f"the screen for a new {rules.type} in {rules.project} has no labels, by "
            "which bugs are found again",
            "add the field Labels to the screen",
        )


def _check_field(
    screen: Screen, rules: Rules, name: str, value: Any
) -> Iterator[Finding]:
    rule = screen.find(name)
    if rule is None:
        yield _wrong(
            f"the screen for a new {rules.type} in {rules.project} has no {name}",
            "add it to the screen, or remove it from the rules",
        )
        return
    for word in _words_in(value):
        if MACRO.search(word):
            continue
        if rule.is_empty:
            yield _wrong(
                f"{rule.name} of a {rules.type} cannot be {word}: {rules.project} "
                "has none",
                "create it in Jira, or remove it from the rules",
            )
        elif rule.allowed and word.lower() not in {
            each.lower() for each in rule.allowed
        }:
            yield _wrong(
                f"{rule.name} of a {rules.type} cannot be {word}, only: "
                f"{', '.join(rule.allowed[:20])}",
                _nearest(word, rule.allowed),
            )


def _words_in(value: Any) -> Iterator[str]:
    """Yield the names of values."""
    if isinstance(value, list):
        for each in value:
            yield from _words_in(each)
    elif isinstance(value, dict):
        named = (value.get(key) for key in ("name", "value", "key"))
        yield from (str(each) for each in named if each)
    elif isinstance(value, str):
        yield value


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else ""


def _wrong(message: str, hint: str) -> Finding:
    return Finding(what=WHAT, ok=False, message=message, hint=hint)
