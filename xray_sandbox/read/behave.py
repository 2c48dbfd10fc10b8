"""
Behave's own JSON.

Source: Xray's manual, 'Testing with Behave'; behave's JSON formatter: tags are
bare words, durations are seconds, each scenario contains its background's steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from xray_sandbox.product import Product
from xray_sandbox.read.documents import expect, items_of, read_json, text_of, texts_of
from xray_sandbox.read.scenarios import (
    execution_key,
    scenario_results,
    status_of,
    test_keys,
)
from xray_sandbox.read.submission import Result, Submission


def read_behave(file: IO[bytes], product: Product) -> Submission:
    """Read all scenarios that name a Test."""
    features = expect(read_json(file), list, "Behave report")
    results: list[Result] = []
    execution = ""
    for feature in features:
        expect(feature, dict, "feature")
        if "status" in feature:
            status_of(feature["status"], product)
        execution = execution or execution_key(texts_of(feature, "tags"))
        results.extend(_feature_results(feature, product))
    return Submission(tuple(results), tagged_execution=execution, only_tagged=True)


def _feature_results(feature: Mapping[str, Any], product: Product) -> Iterator[Result]:
    for element in items_of(feature, "elements"):
        if text_of(element, "type") == "background":
            continue
        own = [status_of(element["status"], product)] if "status" in element else []
        yield from scenario_results(
            element,
            test_keys(texts_of(element, "tags")),
            items_of(element, "steps"),
            own,
            product,
        )
