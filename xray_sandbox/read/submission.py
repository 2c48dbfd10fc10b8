"""An upload in any format, as values: read, not yet matched and stored."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from xray_sandbox.product import Product
from xray_sandbox.store.rows import IterationRow, StepRow


_JOINED = ("defects", "steps", "iterations", "examples")


@dataclass(frozen=True)
class Evidence:
    """Evidence as it was uploaded, decoded."""

    filename: str
    media_type: str
    data: bytes
    place: str = ""


@dataclass(frozen=True)
class NewTest:
    """A Test without a key: found by its fields, or else made from them."""

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
    """The result of one Test."""

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
    """Fields of a Test Execution; None where the upload has none."""

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
    first, *others = results
    if not others:
        return first

    def each(name: str) -> list[Any]:
        return [getattr(result, name) for result in results]

    joined: dict[str, Any] = {name: tuple(chain(*each(name))) for name in _JOINED}
    return Result(
        status=fold(each("status"), product),
        test_key=first.test_key,
        test=first.test,
        comment=_lines(each("comment")),
        log=_lines(each("log")),
        started=min(filter(None, each("started")), default=""),
        finished=max(each("finished")),
        # The steps are counted anew: evidence has no place among them any more.
        evidence=tuple(replace(item, place="") for item in chain(*each("evidence"))),
        custom_fields=dict(ChainMap(*reversed(each("custom_fields")))),
        **joined,
    )


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(filter(None, texts))
