"""
Make feature files from Cucumber Tests.

Source: Xray's manuals, 'Export Cucumber Features' and 'Exporting Cucumber
Features - REST' of both products.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from gherkin.dialect import DIALECTS

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.feature_text import ENGLISH
from xray_sandbox.store.jql import search_issues
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import TEST, TEST_EXECUTION, TEST_PLAN, IssueRow


_NAME_LIMIT = 50


@dataclass(frozen=True)
class FeatureFile:
    """A feature file."""

    name: str
    text: str


def build_feature_files(
    registry: Registry, keys: str, filter_id: str, *, numbered: bool
) -> tuple[FeatureFile, ...]:
    """
    Make one file per requirement, Precondition and language.

    `numbered`: the names begin with a number, as on Server.
    """
    named = [key.strip() for key in re.split("[;,]", keys) if key.strip()]
    if filter_id:
        named += _keys_of_filter(registry, filter_id)
    executions: list[str] = []
    tests: dict[str, IssueRow] = {}
    for key in named:
        for test in _tests_of(registry, key, executions):
            tests[test.key] = test
    groups: dict[tuple[str, str, str], list[IssueRow]] = {}
    for test in tests.values():
        if test.scenario:
            held = [row.key for row in registry.store.preconditions_of(test.id)]
            place = (
                next(iter(test.requirements), ""),
                next(iter(held), ""),
                str(test.fields.get("language", ENGLISH)),
            )
            groups.setdefault(place, []).append(test)
    if not groups:
        raise RefusedError("No Cucumber Tests were found to export")
    return tuple(
        FeatureFile(
            _file_name(number, place, group, numbered=numbered),
            _feature_text(registry, place, group, executions),
        )
        for number, (place, group) in enumerate(groups.items(), 1)
    )


def _keys_of_filter(registry: Registry, filter_id: str) -> list[str]:
    found = registry.store.filter(int(filter_id)) if filter_id.isdecimal() else None
    if found is None:
        raise RefusedError(f"Filter with id {filter_id} does not exist")
    keys, query = found
    found_now = search_issues(registry, query) if query else ()
    return [*keys, *(issue.key for issue in found_now)]


def _tests_of(
    registry: Registry, key: str, executions: list[str]
) -> tuple[IssueRow, ...]:
    """The Test with this key, or the Tests in this issue, or those that cover it."""
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


def _file_name(
    number: int, place: tuple[str, str, str], group: list[IssueRow], *, numbered: bool
) -> str:
    requirement, precondition, language = place
    parts = (
        str(number) if numbered else "",
        requirement,
        precondition,
        language if language != ENGLISH else "",
    )
    stem = "_".join(filter(None, parts))
    return f"{(stem or group[0].key)[:_NAME_LIMIT]}.feature"


def _feature_text(
    registry: Registry,
    place: tuple[str, str, str],
    group: list[IssueRow],
    executions: list[str],
) -> str:
    requirement, precondition, language = place
    words = DIALECTS[language]
    story = registry.store.issue(requirement) if requirement else None
    lines = [f"# language: {language}"] if language != ENGLISH else []
    lines += [f"@{key}" for key in executions]
    lines += [f"@REQ_{requirement}"] if requirement else []
    name = story.summary if story else group[0].summary
    lines.append(f"{words['feature'][0]}: {name}")
    if held := registry.store.issue(precondition):
        steps = [f"#@PRECOND_{held.key}", *held.scenario.split("\n")]
        lines += ["", f"  {words['background'][0]}: {held.summary}"]
        lines += [f"    {step}".rstrip() for step in steps]
    for test in group:
        tags = [f"@TEST_{test.key}", *(f"@{label}" for label in test.labels)]
        headline, *rest = test.scenario.rstrip("\n").split("\n")
        # The name is Jira's summary, not the name in the imported text.
        body = (f"{headline.partition(':')[0]}: {test.summary}", *rest)
        lines += ["", *(f"  {line}".rstrip() for line in (" ".join(tags), *body))]
    return "\n".join(lines) + "\n"


def zip_files(files: tuple[FeatureFile, ...]) -> bytes:
    """Pack the files into an archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name), file.text)
    return buffer.getvalue()
