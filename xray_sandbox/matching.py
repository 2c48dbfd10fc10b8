"""
Find the Test of each result.

Source: Xray's manuals: by key; Generic Tests by definition, Manual and Cucumber
Tests by summary, in the same project. A Test that is not found is created.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import text_of, texts_of
from xray_sandbox.read.submission import NewTest, Result, Submission
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import (
    PRECONDITION,
    TEST,
    TEST_EXECUTION,
    TEST_PLAN,
    TEST_SET,
    IssueRow,
)


# An issue of any other type can be a requirement.
_OF_XRAY = frozenset({PRECONDITION, TEST, TEST_EXECUTION, TEST_PLAN, TEST_SET})


@dataclass(frozen=True)
class Match:
    """A Test and its results in the report."""

    test: IssueRow
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Matcher:
    """Matches the results of one submission."""

    registry: Registry
    product: Product
    project: str
    submission: Submission

    def match(self) -> tuple[tuple[Match, ...], tuple[Mapping[str, Any], ...]]:
        """Return the results of each Test, and an error for each result without one."""
        found: dict[str, list[Result]] = {}
        tests: dict[str, IssueRow] = {}
        errors: list[Mapping[str, Any]] = []
        self._adopt_tests()
        self._refuse_no_requirements()
        for result in self.submission.results:
            try:
                test = self._find_test(result)
            except RefusedError as error:
                key = result.test_key or result.test_id
                errors.append({"testKey": key, "messages": [error.text]})
                continue
            if test is not None:
                tests[test.key] = test
                found.setdefault(test.key, []).append(result)
        matched = (Match(tests[key], tuple(found[key])) for key in found)
        return tuple(matched), tuple(errors)

    def _refuse_no_requirements(self) -> None:
        """
        Refuse all results if a requirement is an issue of Xray, as Server does.

        With `adopt` nothing is refused, because a user's own keys may be keys of demo
        Tests.
        """
        if self.product.xray_fields or self.registry.adopt:
            return
        named = (
            key
            for result in self.submission.results
            if result.test is not None
            for key in result.test.requirements
        )
        known = (self.registry.store.issue(key) for key in dict.fromkeys(named))
        wrong = [each.key for each in known if each and each.type in _OF_XRAY]
        if wrong:
            said = (f"Issue {key} is not a requirement issue." for key in wrong)
            raise RefusedError(" ".join(said))

    def _adopt_tests(self) -> None:
        """Create the named Tests first, so that no other new Test gets their keys."""
        for result in self.submission.results:
            if result.test_key and self.registry.adopt:
                self._find_by_key(result)

    def _find_test(self, result: Result) -> IssueRow | None:
        if self.submission.only_tagged:
            return self._find_by_key(result)
        if result.test_id:
            return self._find_by_id(result)
        if not result.test_key:
            assert result.test is not None  # noqa: S101 -- the readers see to it
            return self._find_or_add(result.test)
        test = self._find_by_key(result)
        if test is None:
            raise RefusedError(f"Test with key {result.test_key} does not exist")
        if result.test and test.kind in {"", result.test.kind}:
            self._add_coverage(test, result.test)
        return self._require_suitable(test)

    def _find_by_key(self, result: Result) -> IssueRow | None:
        kind = result.test.kind if result.test else "Generic"
        summary = result.test.summary if result.test else result.test_key
        return self.registry.find(result.test_key, TEST, kind=kind, summary=summary)

    def _find_by_id(self, result: Result) -> IssueRow:
        """Find by issue id, or else by definition: manuals differ about `test_id`."""
        store = self.registry.store
        test = store.issue(int(result.test_id)) if result.test_id.isdecimal() else None
        if test is None:
            test = self._find_issue("Generic", result.test_id, self.project)
        if test is None or test.type != TEST:
            raise RefusedError(f"Test with id {result.test_id} does not exist")
        return self._require_suitable(test)

    def _require_suitable(self, test: IssueRow) -> IssueRow:
        """Refuse other Tests than Generic ones in reports of test frameworks."""
        generic = test.kind == "Generic" or self.registry.adopt
        if self.submission.targets_generic and not generic:
            raise RefusedError(f"The Test {test.key} is not a Generic Test")
        return test

    def _find_or_add(self, test: NewTest) -> IssueRow:
        registry = self.registry
        project = registry.project(test.project) if test.project else self.project
        value = test.definition if test.kind == "Generic" else test.summary
        found = self._find_issue(test.kind, value, project)
        if found is None:
            return self._add_test(test, project)
        self._add_coverage(found, test)
        return found

    def _find_issue(self, kind: str, value: str, project: str) -> IssueRow | None:
        """Find a Generic Test by definition, any other Test by summary."""
        column = "definition" if kind == "Generic" else "summary"
        found = self.registry.store.issues(
            f"{column} = ? AND kind = ? AND type = ? AND project = ?",
            (value, kind, TEST, project),
        )
        return found[0] if found else None

    def _add_test(self, test: NewTest, project: str) -> IssueRow:
        given = self.submission.test_fields
        key = self.registry.store.add_test(
            project=project,
            type=test.kind,
            summary=test.summary,
            definition=test.definition,
            scenario=test.scenario,
            description=test.description or text_of(given, "description"),
            labels=tuple(dict.fromkeys((*test.labels, *texts_of(given, "labels")))),
            requirements=test.requirements,
            fields=given,
        )
        made = self.registry.store.issue(key)
        assert made is not None  # noqa: S101 -- it was written a line above
        return made

    def _add_coverage(self, test: IssueRow, new: NewTest) -> None:
        """Add the requirements and labels that the report names."""
        given = texts_of(self.submission.test_fields, "labels")
        labels = tuple(dict.fromkeys((*test.labels, *new.labels, *given)))
        requirements = tuple(dict.fromkeys((*test.requirements, *new.requirements)))
        if (labels, requirements) != (test.labels, test.requirements):
            self.registry.store.change_issue(
                test.key, labels=labels, requirements=requirements
            )
