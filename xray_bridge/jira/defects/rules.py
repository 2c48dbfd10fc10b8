"""
The rules for defects: the table ``[tool.xray-bridge.defects]``.
"""

from __future__ import annotations

import re
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xray_bridge.config.tables import (
    read_table,
    suggest_name,
    switch,
    whole_number,
)
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PER_TEST, PER_ROW = "test", "row"
REOPEN, NEW, COMMENT, NOTHING, CLOSE = "reopen", "new", "comment", "nothing", "close"
OPEN, CLOSED = "open", "closed"
# The key for all labels that a map does not name.
OTHERWISE = "default"
SUMMARY = "${test.name}: ${error.type} ${error.message}"
DESCRIPTION = """\
A test fails.

|Test|${test.name} ${test.key}|
|Test Execution|${execution.key}|
|Build|${ci.url}|

{noformat}
${error.type} ${error.message}

${error.text}
{noformat}"""
# The names in templates, and what they stand for.
MACROS = {
    "test.key": "the Test key, if the test has one",
    "test.name": "the name of the test",
    "error.type": "the type of the exception, such as AssertionError",
    "error.message": "the main line of the failure",
    "error.text": "the complete text of the failure",
    "ci.url": "the address of the build",
    "execution.key": "the Test Execution",
}
# Fields that have a key of their own, without which a defect would not be found again.
OWN_KEYS = {
    "project": "project",
    "issuetype": "type",
    "issue type": "type",
    "summary": "summary",
    "labels": "labels",
}
MACRO = re.compile(r"\$\{([^}\s]*)\}")
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    How defects are found, created and closed.

    ``priority`` and ``severity`` are values by label of the Test, with ``default`` for
    all others. ``fields`` are further fields by name or id; texts in them are
    templates, as are ``summary`` and ``description``. ``per``: one defect for each
    test function or for each row. ``status`` says which statuses count as open or
    closed, ``resolution`` what happens when a defect with this resolution recurs.
    ``most``: the part of the tests, from 0 to 1, above which no defect is created.
    ``close_after`` is a number of runs, ``max`` a number of new defects in one run.
    """

    project: str = ""
    type: str = "Bug"
    summary: str = SUMMARY
    description: str = DESCRIPTION
    priority: Mapping[str, str] = field(default_factory=dict)
    severity: Mapping[str, str] = field(default_factory=dict)
    severity_field: str = "Severity"
    assignee: str = ""
    components: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    per: str = PER_TEST
    on_recurrence: str = REOPEN
    reopen_closed_by_people: bool = False
    reopen_status: str = ""
    when_passed: str = NOTHING
    close_after: int = 10
    close_status: str = ""
    close_resolution: str = ""
    status: Mapping[str, str] = field(default_factory=dict)
    resolution: Mapping[str, str] = field(default_factory=dict)
    max: int = 10
    most: float = 0.5
    evidence: bool = True
    pull_requests: bool = False


def parse_rules(table: Mapping[str, object], *, project: str = "") -> Rules:
    """
    Read the table; ``project`` is the one of the results, if the table names none.

    Raises SettingError, which lists all mistakes in the table.
    """
    mistakes: list[str] = []
    found = read_table(table, PARSERS, mistakes)
    if mistakes:
        msg = f"defects: {'; '.join(mistakes)}"
        raise SettingError(msg)
    rules = Rules(**{"project": project, **found})
    for name in rules.fields:
        if name.lower() in OWN_KEYS:
            msg = f"defects: {name} cannot be one of `fields`"
            raise SettingError(msg, hint=f"use the key `{OWN_KEYS[name.lower()]}`")
    for text in (rules.summary, rules.description, *_texts_in(rules.fields)):
        for name in MACRO.findall(text):
            if name not in MACROS:
                msg = f"defects: there is no ${{{name}}}"
                known = [f"${{{each}}}" for each in MACROS]
                raise SettingError(msg, hint=suggest_name(f"${{{name}}}", known))
    return rules


def _texts_in(value: object) -> Iterable[str]:
    """Yield all texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "must be a text"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    return value.strip()


def _project(value: object) -> str:
    from xray_bridge.config import parsers

    try:
        return parsers.project(_text(value))
    except ValueError:
        msg = "must be a project key, such as CALC"
        raise ValueError(msg) from None


def _texts(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(
        isinstance(each, str) and each.strip() for each in given
    ):
        msg = "must be a list of texts"
        raise ValueError(msg)
    return tuple(each.strip() for each in given)


def _labels(value: object) -> tuple[str, ...]:
    found = _texts(value)
    if any(len(label.split()) > 1 for label in found):
        msg = "a label of Jira has no blanks"
        raise ValueError(msg)
    return found


def _by_label(value: object) -> dict[str, str]:
    """Read one text, or a text for each label."""
    if isinstance(value, str):
        return {OTHERWISE: value.strip()} if value.strip() else {}
    return _text_map(value)


def _text_map(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(each, str) for each in value.values()
    ):
        msg = "must be a table of texts"
        raise ValueError(msg)
    return {str(name): each.strip() for name, each in value.items()}


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        msg = "must be a table of fields"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    return value


def _one_of(*words: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in words:
            msg = f"must be one of {', '.join(words)}"
            raise ValueError(msg)
        return str(value)

    return parse


def _map_to(*words: str) -> Callable[[object], dict[str, str]]:
    def parse(value: object) -> dict[str, str]:
        found = _text_map(value)
        for word in found.values():
            if word not in words:
                msg = f"{word!r} is not one of {', '.join(words)}"
                raise ValueError(msg)
        # Jira does not distinguish upper and lower case here.
        return {name.lower(): word for name, word in found.items()}

    return parse


def _part(value: object) -> float:
    if type(value) not in {int, float} or not 0 <= float(str(value)) <= 1:
        msg = "must be a number from 0 to 1, such as 0.5 for half of the tests"
        raise ValueError(msg)
    return float(str(value))


PARSERS: Mapping[str, Callable[[object], Any]] = {
    "project": _project,
    "type": _text,
    "summary": _text,
    "description": _text,
    "priority": _by_label,
    "severity": _by_label,
    "severity_field": _text,
    "assignee": _text,
    "components": _texts,
    "labels": _labels,
    "fields": _table,
    "per": _one_of(PER_TEST, PER_ROW),
    "on_recurrence": _one_of(REOPEN, NEW, COMMENT),
    "reopen_closed_by_people": switch,
    "reopen_status": _text,
    "when_passed": _one_of(NOTHING, COMMENT, CLOSE),
    "close_after": whole_number(1),
    "close_status": _text,
    "close_resolution": _text,
    "status": _map_to(OPEN, CLOSED),
    "resolution": _map_to(REOPEN, NEW, COMMENT, NOTHING),
    "max": whole_number(0),
    "most": _part,
    "evidence": switch,
    "pull_requests": switch,
}
