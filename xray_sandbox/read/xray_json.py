"""
Xray's own JSON.

Source: Xray's manuals, 'Import Execution Results', 'Using Xray JSON format'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from xray_sandbox.errors import NO_VALID_TESTS, RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import (
    expect,
    items_of,
    read_json,
    refuse_unknown,
    text_of,
    texts_of,
)
from xray_sandbox.read.submission import Details, NewTest, Result, Submission
from xray_sandbox.read.xray_steps import (
    read_evidence,
    read_iterations,
    read_status,
    read_steps,
    step_evidence,
)


_TOP = frozenset({"testExecutionKey", "info", "tests"})
_INFO = frozenset(
    {
        "project",
        "summary",
        "description",
        "version",
        "revision",
        "user",
        "startDate",
        "finishDate",
        "testPlanKey",
        "testEnvironments",
    }
)
_TEST_INFO = frozenset(
    {
        "summary",
        "projectKey",
        "type",
        "testType",
        "description",
        "requirementKeys",
        "labels",
        "steps",
        "scenario",
        "scenarioType",
        "definition",
    }
)
# pytest-jira-xray sends offsets without a colon, and Xray accepts them.
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|([+-]\d\d):?(\d\d))")
_BODIES = ("steps", "examples", "iterations")
_TYPES = ("Generic", "Cucumber", "Manual")


def read_xray(file: IO[bytes], product: Product) -> Submission:
    """Read all tests of a report, and the details of their Test Execution."""
    report = expect(read_json(file), dict, "Xray JSON report")
    refuse_unknown(report, _TOP, "report")
    tests = items_of(report, "tests")
    if not tests:
        raise RefusedError(NO_VALID_TESTS)
    execution = text_of(report, "testExecutionKey")
    info = expect(report.get("info", {}), dict, "info")
    return Submission(
        results=tuple(_read_result(test, product) for test in tests),
        details=_read_details(info),
        test_execution=execution,
        unique=True,
        needs_summary=True,
    )


def _read_details(info: Mapping[str, Any]) -> Details:
    refuse_unknown(info, _INFO, "info")
    begin, end = _read_times(info, "startDate", "finishDate")
    given = {"Begin Date": begin, "End Date": end, "user": text_of(info, "user")}
    return Details(
        project=text_of(info, "project") or None,
        summary=text_of(info, "summary") or None,
        description=text_of(info, "description") or None,
        fix_versions=_if_given(text_of(info, "version")),
        test_plans=_if_given(text_of(info, "testPlanKey")),
        environments=(
            texts_of(info, "testEnvironments") if "testEnvironments" in info else None
        ),
        revision=text_of(info, "revision") or None,
        fields={name: value for name, value in given.items() if value},
    )


def _if_given(text: str) -> tuple[str, ...] | None:
    return (text,) if text else None


def _read_times(values: Mapping[str, Any], start: str, finish: str) -> tuple[str, str]:
    started, finished = text_of(values, start), text_of(values, finish)
    moments = [_parse_time(text) for text in (started, finished) if text]
    if moments != sorted(moments):
        raise RefusedError(f"{finish} must not be before {start}")
    return started, finished


def _parse_time(text: str) -> datetime:
    found = _TIME.fullmatch(text)
    if not found:
        raise RefusedError(f"Invalid date format: {text}")
    offset = "+00:00" if found[2] == "Z" else f"{found[3]}:{found[4]}"
    try:
        return datetime.fromisoformat(f"{found[1]}{offset}")
    except ValueError as error:
        raise RefusedError(f"Invalid date: {text}") from error


def _read_result(test: Mapping[str, Any], product: Product) -> Result:
    refuse_unknown(test, product.test_keys, "test")
    if sum(body in test for body in _BODIES) > 1:
        raise RefusedError("steps, examples and iterations exclude each other")
    started, finished = _read_times(test, "start", "finish")
    return Result(
        status=read_status(test, product),
        test_key=text_of(test, "testKey"),
        test=_new_test(test, product),
        comment=text_of(test, "comment"),
        started=started,
        finished=finished,
        executed_by=text_of(test, "executedBy"),
        defects=texts_of(test, "defects"),
        evidence=read_evidence(test) + step_evidence(test),
        steps=read_steps(test, product),
        iterations=read_iterations(test, product),
        examples=_read_examples(test, product),
        custom_fields=_custom_fields(test),
    )


def _new_test(test: Mapping[str, Any], product: Product) -> NewTest | None:
    if "testInfo" not in test:
        if not text_of(test, "testKey"):
            raise RefusedError("a test needs a testKey or a testInfo")
        return None
    info = expect(test["testInfo"], dict, "testInfo")
    refuse_unknown(info, _TEST_INFO, "testInfo")
    if not text_of(info, "summary"):
        raise RefusedError("testInfo.summary is required")
    if sum(name in info for name in ("steps", "scenario", "definition")) > 1:
        raise RefusedError("steps, scenario and definition exclude each other")
    return NewTest(
        kind=_test_type(info, product),
        summary=text_of(info, "summary"),
        definition=text_of(info, "definition"),
        scenario=text_of(info, "scenario"),
        description=text_of(info, "description"),
        project=text_of(info, "projectKey"),
        labels=texts_of(info, "labels"),
        requirements=texts_of(info, "requirementKeys"),
    )


def _test_type(info: Mapping[str, Any], product: Product) -> str:
    given = text_of(info, "type") or (
        "" if product.needs_test_type else text_of(info, "testType")
    )
    if not given and product.needs_test_type:
        raise RefusedError("testInfo.type is required")
    kind = (given or "Generic").capitalize()
    if kind not in _TYPES:
        raise RefusedError(f"unknown Test type: {given}")
    return kind


def _read_examples(test: Mapping[str, Any], product: Product) -> tuple[str, ...]:
    examples = texts_of(test, "examples")
    if "examples" in test and not examples and not product.empty_lists:
        raise RefusedError("examples must not be empty")
    for word in examples:
        if word not in product.example_statuses:
            raise RefusedError(f"unknown status of an example: {word}")
    return examples


def _custom_fields(test: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        str(item.get("id")): item.get("value")
        for item in items_of(test, "customFields")
    }
