"""
The common parts of Cucumber and Behave reports: tags with keys, steps, rows.

Source: Xray's manuals, 'Testing with Cucumber', 'Testing with Behave'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import decode_evidence, items_of, text_of
from xray_sandbox.read.submission import Evidence, NewTest, Result, fold_statuses
from xray_sandbox.store.rows import StepRow, step_place


_TEST_TAG = re.compile(r"(?:TEST_)?([A-Z][A-Z0-9_]+?-[1-9][0-9]*)")
_PLAIN_TAG = re.compile(r"[A-Z][A-Z0-9]+-[1-9][0-9]*")
_OTHER_PREFIX = re.compile(r"(?:REQ|PRECOND|TESTSET|TESTPLAN)_")
_PASSED = frozenset({"passed"})
_FAILED = frozenset({"failed"})
_OPEN = frozenset({"skipped", "undefined", "pending", "untested"})
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "text/plain": "txt"}


def test_keys(tags: Iterable[str]) -> tuple[str, ...]:
    """The Test keys in tags such as `PROJ-1` and `TEST_PROJ-1`."""
    found = (_TEST_TAG.fullmatch(tag) for tag in tags if not _OTHER_PREFIX.match(tag))
    return tuple(match[1] for match in found if match)


def execution_key(tags: Iterable[str]) -> str:
    """The key of the Test Execution in the tags of a feature, or an empty string."""
    return next((tag for tag in tags if _PLAIN_TAG.fullmatch(tag)), "")


def status_of(word: object, product: Product) -> str:
    """Turn a word of a report into a status; refuse an unknown word."""
    if word in _PASSED:
        return product.passed
    if word in _FAILED:
        return product.failed
    if word in _OPEN:
        return product.todo
    raise RefusedError(f"unknown status in report: {word!r}")


def scenario_results(
    element: Mapping[str, Any],
    keys: Sequence[str],
    steps: Sequence[Mapping[str, Any]],
    extra: Sequence[str],
    product: Product,
) -> tuple[Result, ...]:
    """One result per Test of a scenario; `extra` has the statuses of hooks."""
    rows = tuple(_read_step(step, product) for step in steps)
    status = fold_statuses((*(row.status for row in rows), *extra), product)
    outline = "Outline" in text_of(element, "keyword")
    name = re.sub(r" -- @\d+\.\d+ .*", "", text_of(element, "name"))
    result = Result(
        status=status,
        test=NewTest("Cucumber", summary=name),
        log="\n".join(filter(None, map(_step_message, steps))),
        evidence=tuple(_embedded_evidence(steps, placed=not outline)),
        steps=() if outline else rows,
        examples=(status,) if outline else (),
    )
    return tuple(replace(result, test_key=key) for key in keys)


def _read_step(step: Mapping[str, Any], product: Product) -> StepRow:
    outcome = step.get("result")
    word = outcome.get("status") if isinstance(outcome, dict) else "untested"
    action = f"{text_of(step, 'keyword').strip()} {text_of(step, 'name')}".strip()
    return StepRow(status_of(word, product), action, actual_result=_step_message(step))


def _step_message(step: Mapping[str, Any]) -> str:
    outcome = step.get("result")
    found = outcome.get("error_message", "") if isinstance(outcome, dict) else ""
    return "\n".join(map(str, found)) if isinstance(found, list) else str(found)


def _embedded_evidence(
    steps: Sequence[Mapping[str, Any]], *, placed: bool
) -> Iterable[Evidence]:
    """The evidence in steps; rows of an outline are shown without their steps."""
    for number, step in enumerate(steps, 1):
        for index, item in enumerate(items_of(step, "embeddings"), 1):
            kind = text_of(item, "mime_type") or text_of(item, "media_type")
            name = text_of(item, "name") or (
                f"embedding-{number}-{index}.{_EXTENSIONS.get(kind, 'bin')}"
            )
            data = decode_evidence(item.get("data"), name)
            place = step_place(number) if placed else ""
            yield Evidence(name, kind, data, place)
