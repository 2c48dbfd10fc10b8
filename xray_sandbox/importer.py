"""
Write a submission as a Test Execution with its Test Runs, or refuse all of it.

Source: Xray's manuals, 'Import Execution Results'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from xray_sandbox.errors import NO_PROJECT, NO_VALID_TESTS, RefusedError
from xray_sandbox.matching import Match, Matcher
from xray_sandbox.product import Product
from xray_sandbox.read.submission import Details, Result, Submission, fold_results
from xray_sandbox.store.catalogue import split_key
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import TEST_EXECUTION, TEST_PLAN, IssueRow


@dataclass(frozen=True)
class ImportedResults:
    """The Test Execution of an upload, its Tests, and the errors of other results."""

    execution: IssueRow
    tests: tuple[IssueRow, ...]
    errors: tuple[Mapping[str, Any], ...]


def import_results(
    registry: Registry, product: Product, submission: Submission
) -> ImportedResults:
    """Find or create the Tests and write the Test Runs, in one transaction."""
    with registry.store.transaction():
        existing = _find_existing(registry, submission)
        project = registry.project(_project_key(submission, existing))
        matcher = Matcher(registry, product, project, submission)
        matched, errors = matcher.match()
        if errors and not product.reports_test_errors:
            raise RefusedError(f"Error importing results: {errors[0]['messages'][0]}")
        if not matched:
            raise RefusedError(NO_VALID_TESTS)
        if existing is None:
            _check_summary(submission, product)
        execution = _write_execution(
            registry, product, submission.details, project, existing
        )
        for match in matched:
            result = _fold_match(match, submission, product)
            registry.store.put_test_run(execution, match.test, result)
        tests = tuple(match.test for match in matched)
        if submission.plan_takes_tests:
            for plan in submission.details.test_plans or ():
                registry.store.link_to_plan(plan, [test.key for test in tests])
        return ImportedResults(execution, tests, errors)


def make_execution(registry: Registry, product: Product, details: Details) -> IssueRow:
    """Create a Test Execution without Test Runs, as Jira and GraphQL do."""
    if not details.summary:
        raise RefusedError("summary: You must specify a summary of the issue.")
    with registry.store.transaction():
        project = registry.project(details.project or "")
        return _write_execution(registry, product, details, project, None)


def _find_existing(registry: Registry, submission: Submission) -> IssueRow | None:
    if submission.test_execution:
        return registry.require(submission.test_execution, TEST_EXECUTION)
    if submission.tagged_execution:
        return registry.find(submission.tagged_execution, TEST_EXECUTION)
    return None


def _project_key(submission: Submission, existing: IssueRow | None) -> str:
    """The project of the Test Execution, of the upload, or of a Test, in this order."""
    if existing:
        return existing.project
    if submission.details.project:
        return submission.details.project
    places = (split_key(result.test_key) for result in submission.results)
    named = (one.test.project for one in submission.results if one.test)
    found = next((place[0] for place in places if place), "")
    project = found or next((name for name in named if name), "")
    if not project:
        raise RefusedError(NO_VALID_TESTS if submission.only_tagged else NO_PROJECT)
    return project


def _check_summary(submission: Submission, product: Product) -> None:
    needed = submission.needs_summary and product.needs_summary
    if needed and not submission.details.summary:
        raise RefusedError("Error importing results: summary is required")


def _fold_match(match: Match, submission: Submission, product: Product) -> Result:
    if submission.unique and len(match.results) > 1:
        raise RefusedError(f"The Test {match.test.key} occurs more than once")
    return fold_results(match.results, product)


def _write_execution(
    registry: Registry,
    product: Product,
    details: Details,
    project: str,
    existing: IssueRow | None,
) -> IssueRow:
    """Create or change the Test Execution with the details of the upload."""
    store = registry.store
    columns = checked_columns(registry, product, details, project)
    if existing is None:
        key = store.add_test_execution(
            project=project,
            summary=details.summary or _default_summary(),
            description=details.description or "",
            labels=details.labels or (),
            **columns,
        )
    else:
        key = existing.key
        columns["fields"] = {**existing.fields, **details.fields}
        store.change_issue(key, **columns)
    for plan in details.test_plans or ():
        store.link_to_plan(registry.require(plan, TEST_PLAN).key, [key])
    found = store.issue(key)
    assert found is not None  # noqa: S101 -- it was written a line above
    return found


def checked_columns(
    registry: Registry, product: Product, details: Details, project: str
) -> dict[str, Any]:
    """The columns that a new and an existing Test Execution have in common."""
    columns: dict[str, Any] = {"fields": dict(details.fields)}
    if details.fix_versions is not None:
        columns["fix_versions"] = tuple(
            registry.version(project, name) for name in details.fix_versions
        )
    if details.environments is not None:
        columns["environments"] = registry.environments(
            project, details.environments, product
        )
    if details.revision is not None:
        columns["revision"] = details.revision
    return columns


def _default_summary() -> str:
    now = datetime.now(timezone.utc)
    return f"Execution results [{now.timestamp():.0f}]"
