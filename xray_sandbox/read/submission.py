"""What an upload says, read from any format, before it is matched and stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xray_sandbox.product import Product
from xray_sandbox.store.rows import IterationRow, StepRow


@dataclass(frozen=True)
class Evidence:
    """Evidence as it was uploaded, decoded."""

    filename: str
    media_type: str
    data: bytes
    place: str = ""


@dataclass(frozen=True)
class NewTest:
    """How to find a Test that has no key, and what to make if there is none."""

    kind: str
    summary: str
    definition: str = ""
    scenario: str = ""
    description: str = ""
    project: str = ""
    labels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What the upload says about one Test."""

    status: str
    test_key: str = ""
    test_id: str = ""
    test: NewTest | None = None
    comment: str = ""
    log: str = ""
    started: str = ""
    finished: str = ""
    executed_by: str = ""
    defects: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[StepRow, ...] = ()
    iterations: tuple[IterationRow, ...] = ()
    examples: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Details:
    """What is said about a Test Execution; None where nothing is said."""

    project: str | None = None
    summary: str | None = None
    description: str | None = None
    labels: tuple[str, ...] | None = None
    fix_versions: tuple[str, ...] | None = None
    test_plans: tuple[str, ...] | None = None
    environments: tuple[str, ...] | None = None
    revision: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """
    One upload.

    `tagged_execution` is a key on a feature that may be a Test Execution's;
    `only_tagged`: results whose key is not a Test's are left out;
    `unique`: a Test may occur only once;
    `targets_generic`: no other type of Test can be named.
    """

    results: tuple[Result, ...]
    details: Details = field(default_factory=Details)
    test_execution: str = ""
    test_fields: Mapping[str, Any] = field(default_factory=dict)
    tagged_execution: str = ""
    only_tagged: bool = False
    unique: bool = False
    targets_generic: bool = False
    needs_summary: bool = False
    plan_takes_tests: bool = True


def fold(statuses: Iterable[str], product: Product) -> str:
    """All passed: passed; any failed: failed; anything else: to do."""
    seen = set(statuses)
    if product.failed in seen:
        return product.failed
    return product.passed if seen == {product.passed} else product.todo


def fold_results(results: tuple[Result, ...], product: Product) -> Result:
    """Several results of one Test, in one report, are one Test Run."""
    if len(results) == 1:
        return results[0]
    return Result(
        status=fold((one.status for one in results), product),
        test_key=results[0].test_key,
        test=results[0].test,
        comment=_lines(one.comment for one in results),
        log=_lines(one.log for one in results),
        started=min((one.started for one in results if one.started), default=""),
        finished=max((one.finished for one in results if one.finished), default=""),
        defects=tuple(key for one in results for key in one.defects),
        # Steps of several results have no numbers of their own any more.
        evidence=tuple(
            replace(item, place="") for one in results for item in one.evidence
        ),
        steps=tuple(step for one in results for step in one.steps),
        iterations=tuple(row for one in results for row in one.iterations),
        examples=tuple(row for one in results for row in one.examples),
        custom_fields={
            name: value for one in results for name, value in one.custom_fields.items()
        },
    )


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)
