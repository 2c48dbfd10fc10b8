"""
Link Tests to the requirements of their marks: the setting ``link_requirements``.

The import links Tests that it creates, and some formats link others. Xray JSON has no
place for the requirements of a Test with a key. So this looks at the links of these
Tests in Jira, and adds those that are missing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xray_bridge.client.issue_links import find_tests_type, is_tests_link, link_issues
from xray_bridge.client.jql import search_keys
from xray_bridge.config import fork_guard
from xray_bridge.errors import RefusedError, ReportError
from xray_bridge.jira.run import Step
from xray_bridge.text import count, first_names


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from xray_bridge.client.jira import Jira
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun

# Jira's answers for an issue that does not exist, or that may not be linked.
REFUSALS = frozenset({400, 401, 403})
NOT_FOUND = 404
# Lines about single links; more would hide the others.
SHOWN = 20


def _is_wanted(settings: Settings) -> bool:
    return settings.link_requirements


def find_pairs(run: JiraRun) -> dict[str, list[str]]:
    """Return the requirements of each Test with a key."""
    found: dict[str, dict[str, None]] = {}
    for result in run.results.all_runs():
        for key in result.test.test_keys:
            if result.test.requirements:
                wanted = dict.fromkeys(result.test.requirements)
                found.setdefault(key, {}).update(wanted)
    return {key: list(wanted) for key, wanted in found.items()}


def _why_not() -> str:
    """Return why no links are made: the author of a fork would choose the issues."""
    system = fork_guard.find_forbidden_fork(os.environ)
    if not system:
        return ""
    return f"no requirement is linked: this is a pull request from a fork ({system})"


def _describe(run: JiraRun) -> Iterator[str]:
    pairs = find_pairs(run)
    number = sum(map(len, pairs.values()))
    if pairs and (why := _why_not()):
        yield why
    elif number:
        yield f"add the missing ones of {count(number, 'link')} to requirements"


def _apply(run: JiraRun) -> Iterator[str]:
    """
    Add links that are missing; an error names those that Jira refused.

    A requirement that does not exist is only told: a resend would not find it either.
    """
    pairs = find_pairs(run)
    if not pairs:
        return
    if why := _why_not():
        yield why
        return
    jira = run.jira
    missing = _find_missing(jira, pairs)
    kind = find_tests_type(jira) if missing else ""
    refused: list[str] = []
    unknown: list[str] = []
    made = 0
    for test, requirement in missing:
        try:
            link_issues(jira, kind, test, requirement)
        except RefusedError as error:
            if error.status == NOT_FOUND:
                unknown.append(f"{test} to {requirement}")
                continue
            if error.status not in REFUSALS:
                raise
            refused.append(f"{test} to {requirement} ({error.said or error.message})")
        else:
            made += 1
    yield from _tell_unknown(unknown)
    if made:
        yield f"linked {count(made, 'requirement')} to Tests"
    if refused:
        msg = f"not linked: {first_names(refused)}"
        hint = "check the keys, and the permission Link Issues"
        raise ReportError(msg, hint=hint)


def _tell_unknown(links: Sequence[str]) -> Iterator[str]:
    for named in links[:SHOWN]:
        why = "it does not exist, or the account may not see or link it"
        yield f"not linked: {named}: {why}"
    if len(links) > SHOWN:
        yield f"... and {count(len(links) - SHOWN, 'other link')}"


def _find_missing(
    jira: Jira, pairs: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """Return the Tests and requirements that Jira does not show as linked."""
    there: dict[str, set[str]] = {}
    for issue in search_keys(jira, list(pairs), ("issuelinks",)):
        there[str(issue["key"])] = set(_list_tested(issue["fields"].get("issuelinks")))
    return [
        (test, requirement)
        for test, wanted in pairs.items()
        for requirement in wanted
        if requirement not in there.get(test, ())
    ]


def _list_tested(links: Any) -> Iterator[str]:
    """Yield the issues that a Test tests, as its links show them."""
    for link in links if isinstance(links, list) else ():
        other = link.get("outwardIssue") if isinstance(link, dict) else None
        if isinstance(other, dict) and is_tests_link(link.get("type")):
            yield str(other.get("key", ""))


LINK_REQUIREMENTS = Step(
    name="link_requirements", is_wanted=_is_wanted, describe=_describe, apply=_apply
)
