"""The values of an upload in any format, before they are matched and stored."""

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
    """Uploaded evidence, decoded."""

    filename: str
    media_type: str
    data: bytes
    place: str = ""


@dataclass(frozen=True)
class NewTest:
    """A Test without a key: found by these fields, or created from them."""

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
    """Fields of a Test Execution; None if the upload does not contain one."""

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

    `tagged_execution`: a key on a feature; it may belong to a Test Execution;
    `only_tagged`: results are left out if their key does not belong to a Test;
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


def fold_statuses(statuses: Iterable[str], product: Product) -> str:
    """Failed if any failed, passed if all passed, otherwise to do."""
    seen = set(statuses)
    if product.failed in seen:
        return product.failed
    return product.passed if seen == {product.passed} else product.todo


def fold_results(results: tuple[Result, ...], product: Product) -> Result:
    """Combine several results of one Test in one report into one Test Run."""
    first, *others = results
    if not others:
        return first

    def each(name: str) -> list[Any]:
        return [getattr(result, name) for result in results]

    joined: dict[str, Any] = {name: tuple(chain(*each(name))) for name in _JOINED}
    return Result(
        status=fold_statuses(each("status"), product),
        test_key=first.test_key,
        test=first.test,
        comment=_join_lines(each("comment")),
        log=_join_lines(each("log")),
        started=min(filter(None, each("started")), default=""),
        finished=max(each("finished")),
        # The steps get new numbers, so the places of evidence are no longer valid.
        evidence=tuple(replace(item, place="") for item in chain(*each("evidence"))),
        custom_fields=dict(ChainMap(*reversed(each("custom_fields")))),
        **joined,
    )


def _join_lines(texts: Iterable[str]) -> str:
    return "\n".join(filter(None, texts))
