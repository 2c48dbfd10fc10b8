"""Statuses, evidence, steps and iterations of Xray's own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import (
    decode_evidence,
    items_of,
    media_type,
    refuse_unknown,
    text_of,
    texts_of,
)
from xray_sandbox.read.submission import Evidence
from xray_sandbox.store.rows import IterationRow, StepRow, iteration_place, step_place


_STEP = frozenset(
    {"status", "comment", "actualResult", "evidence", "evidences", "defects"}
)
_EVIDENCE = frozenset({"data", "filename", "contentType"})


def read_status(values: Mapping[str, Any], product: Product) -> str:
    """Read the status; the products treat an unknown word differently."""
    word = text_of(values, "status")
    if not word:
        raise RefusedError("status is required")
    if word in product.statuses:
        return word
    if product.unknown_status is None:
        raise RefusedError(f"unknown status: {word}")
    return product.unknown_status


def read_evidence(values: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Read evidence under either of its two names, but not under both."""
    if "evidence" in values and "evidences" in values:
        raise RefusedError("evidence and evidences exclude each other")
    items = items_of(values, "evidence") + items_of(values, "evidences")
    return tuple(_read_item(item) for item in items)


def _read_item(item: Mapping[str, Any]) -> Evidence:
    refuse_unknown(item, _EVIDENCE, "evidence")
    name = text_of(item, "filename")
    if not name:
        raise RefusedError("evidence needs a filename")
    kind = text_of(item, "contentType") or media_type(name)
    return Evidence(name, kind, decode_evidence(item.get("data"), name))


def read_steps(values: Mapping[str, Any], product: Product) -> tuple[StepRow, ...]:
    """Read the steps, in their order."""
    return tuple(_read_step(item, product) for item in items_of(values, "steps"))


def _read_step(item: Mapping[str, Any], product: Product) -> StepRow:
    refuse_unknown(item, _STEP, "step")
    return StepRow(
        status=read_status(item, product),
        comment=text_of(item, "comment"),
        actual_result=text_of(item, "actualResult"),
        defects=texts_of(item, "defects"),
    )


def step_evidence(test: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """The evidence of all steps, including steps in iterations."""
    found = list(_evidence_of_steps(test, ""))
    for number, iteration in enumerate(items_of(test, "iterations"), 1):
        found += _evidence_of_steps(iteration, iteration_place(number))
    return tuple(found)


def _evidence_of_steps(holder: Mapping[str, Any], prefix: str) -> list[Evidence]:
    return [
        replace(item, place=step_place(number, prefix))
        for number, step in enumerate(items_of(holder, "steps"), 1)
        for item in read_evidence(step)
    ]


def read_iterations(
    test: Mapping[str, Any], product: Product
) -> tuple[IterationRow, ...]:
    """Read the iterations, in their order."""
    items = items_of(test, "iterations")
    _not_empty(test, "iterations", product)
    return tuple(_read_iteration(item, product) for item in items)


def _read_iteration(item: Mapping[str, Any], product: Product) -> IterationRow:
    refuse_unknown(item, product.iteration_keys, "iteration")
    _not_empty(item, "parameters", product)
    return IterationRow(
        status=read_status(item, product),
        name=text_of(item, "name"),
        parameters=tuple(
            (text_of(pair, "name"), text_of(pair, "value"))
            for pair in items_of(item, "parameters")
        ),
        log=text_of(item, "log"),
        steps=read_steps(item, product),
    )


def _not_empty(holder: Mapping[str, Any], name: str, product: Product) -> None:
    if name in holder and not holder[name] and not product.empty_lists:
        raise RefusedError(f"{name} must not be empty")
