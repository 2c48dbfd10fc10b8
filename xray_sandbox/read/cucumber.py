"""
Cucumber JSON.

Source: Xray's manual, 'Import Execution Results' (Cucumber); Cucumber's own
description of its JSON formatter: tags keep their `@`, durations are nanoseconds,
an outline is written as one element per row, a background precedes its scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import expect, items_of, read_json, text_of
from xray_sandbox.read.scenarios import (
    execution_key,
    scenario_results,
    status_of,
    test_keys,
)
from xray_sandbox.read.submission import Result, Submission


def read_cucumber(file: IO[bytes], product: Product) -> Submission:
    """Read all scenarios that name a Test."""
    features = expect(read_json(file), list, "Cucumber report")
    results: list[Result] = []
    execution = ""
    for feature in features:
        expect(feature, dict, "feature")
        tags = _read_tags(feature)
        execution = execution or execution_key(tags)
        results.extend(_feature_results(feature, tags, product))
    return Submission(tuple(results), tagged_execution=execution, only_tagged=True)


def _feature_results(
    feature: Mapping[str, Any], inherited: tuple[str, ...], product: Product
) -> Iterator[Result]:
    background: tuple[dict[str, Any], ...] = ()
    for element in items_of(feature, "elements"):
        steps = items_of(element, "steps")
        for step in steps:
            _check_duration(step)
        if text_of(element, "type") == "background":
            background = steps
            continue
        own = tuple(tag for tag in _read_tags(element) if tag not in inherited)
        hooks = [
            status_of(
                expect(hook.get("result", {}), dict, "result").get("status"), product
            )
            for side in ("before", "after")
            for hook in items_of(element, side)
        ]
        broken = [status for status in hooks if status != product.passed]
        yield from scenario_results(
            element, test_keys(own), background + steps, broken, product
        )
        background = ()


def _read_tags(holder: Mapping[str, Any]) -> tuple[str, ...]:
    names = (text_of(tag, "name") for tag in items_of(holder, "tags"))
    return tuple(name[1:] for name in names if name.startswith("@"))


def _check_duration(step: Mapping[str, Any]) -> None:
    outcome = expect(step.get("result", {}), dict, "result")
    if not isinstance(outcome.get("duration", 0), int):
        raise RefusedError("duration must be a whole number of nanoseconds")
