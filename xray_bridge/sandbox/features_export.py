"""
Feature files, made from Cucumber Tests.

Source: Xray's manuals, 'Export Cucumber Features' and 'Exporting Cucumber
Features - REST' of both products.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from xray_bridge.sandbox.jql import search
from xray_bridge.sandbox.refused import RefusedError
from xray_bridge.sandbox.registry import Registry
from xray_bridge.sandbox.rows import TEST, TEST_EXECUTION, TEST_PLAN, IssueRow


_NAME_LIMIT = 50


@dataclass(frozen=True)
class FeatureFile:
    """A feature file."""

    name: str
    text: str


def export(
    registry: Registry, keys: str, filter_id: str, *, numbered: bool
) -> tuple[FeatureFile, ...]:
    """One file per requirement; `numbered`: named as Server names them."""
    named = [key.strip() for key in re.split("[;,]", keys) if key.strip()]
    if filter_id:
        named += _filtered(registry, filter_id)
    executions: list[str] = []
    tests: dict[str, IssueRow] = {}
    for key in named:
        for test in _tests_of(registry, key, executions):
            tests[test.key] = test
    groups: dict[str, list[IssueRow]] = {}
    for test in tests.values():
        if test.scenario:
            groups.setdefault(next(iter(test.requirements), ""), []).append(test)
    if not groups:
        raise RefusedError("No Cucumber Tests were found to export")
    return tuple(
        FeatureFile(
            _name(number, requirement, group, numbered=numbered),
            _text(registry, requirement, group, executions),
        )
        for number, (requirement, group) in enumerate(groups.items(), 1)
    )


def _filtered(registry: Registry, filter_id: str) -> list[str]:
    found = registry.store.filter(int(filter_id)) if filter_id.isdecimal() else None
    if found is None:
        raise RefusedError(f"Filter with id {filter_id} does not exist")
    keys, query = found
    found_now = search(registry, query) if query else ()
    return [*keys, *(issue.key for issue in found_now)]


def _tests_of(
    registry: Registry, key: str, executions: list[str]
) -> tuple[IssueRow, ...]:
    """The Tests that a key stands for: itself, or what it holds or covers."""
    store = registry.store
    issue = store.issue(key)
    if issue is None:
        raise RefusedError(f"Issue with key {key} does not exist")
    if issue.type == TEST:
        return (issue,)
    if issue.type == TEST_PLAN:
        return store.plan_members(key, TEST)
    if issue.type == TEST_EXECUTION:
        executions.append(key)
        return store.issues(
            "id IN (SELECT test_id FROM run WHERE execution_id = ?)", (issue.id,)
        )
    return store.issues(
        "type = ? AND EXISTS "
        "(SELECT 1 FROM json_each(issue.requirements) WHERE value = ?)",
        (TEST, key),
    )


def _name(
    number: int, requirement: str, group: list[IssueRow], *, numbered: bool
) -> str:
    stem = requirement or group[0].key
    if numbered:
        return f"{number}_{requirement}.feature" if requirement else f"{number}.feature"
    return f"{stem[:_NAME_LIMIT]}.feature"


def _text(
    registry: Registry, requirement: str, group: list[IssueRow], executions: list[str]
) -> str:
    story = registry.store.issue(requirement) if requirement else None
    lines = [f"@{key}" for key in executions]
    lines += [f"@REQ_{requirement}"] if requirement else []
    lines.append(f"Feature: {story.summary if story else group[0].summary}")
    for test in group:
        tags = [f"@TEST_{test.key}", *(f"@{label}" for label in test.labels)]
        body = test.scenario.rstrip("\n").split("\n")
        lines += ["", *(f"  {line}".rstrip() for line in (" ".join(tags), *body))]
    return "\n".join(lines) + "\n"


def zipped(files: tuple[FeatureFile, ...]) -> bytes:
    """The files in an archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name), file.text)
    return buffer.getvalue()
