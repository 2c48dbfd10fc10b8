"""
The info part of a multipart import: Jira's syntax for creating an issue.

Source: Xray's manuals, 'Import Execution Results - REST' (multipart); Jira's
'Create issue' for the values and their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from xray_sandbox.errors import NO_INFO, NO_PROJECT, RefusedError, not_settable
from xray_sandbox.product import Product
from xray_sandbox.read import fields
from xray_sandbox.read.documents import expect, text_of, texts_of
from xray_sandbox.read.submission import Details
from xray_sandbox.store.rows import PRECONDITION, STORY, TEST_EXECUTION, TEST_SET


XRAY_TYPES = {
    "10200": "Test",
    "10201": "Test Plan",
    "10202": TEST_EXECUTION,
    "10203": PRECONDITION,
    "10204": TEST_SET,
}
SUBTASK = "Sub-task"
ISSUE_TYPES = {
    **XRAY_TYPES,
    "10000": "Epic",
    "10001": STORY,
    "10002": "Task",
    "10003": SUBTASK,
    "10004": "Bug",
}
_TOP = frozenset({"fields", "update", "historyMetadata", "properties", "transition"})
_SUMMARY_LIMIT = 255
_TEXT_LIMIT = 32_767
_KEPT = frozenset(
    {"priority", "components", "versions", "environment", "duedate", "security"}
)
_USERS = frozenset({"assignee", "reporter"})


def read_info(info: Any, product: Product) -> Details:
    """Read the details of the Test Execution to create."""
    if not isinstance(info, dict):
        raise RefusedError(NO_INFO)
    for name in info.keys() - _TOP:
        if name != "xrayFields" or not product.xray_fields:
            raise not_settable(name)
    if "transition" in info and product.xray_fields:
        raise not_settable("transition")
    details = read_fields(expect(info.get("fields", {}), dict, "fields"), product)
    if details.project is None:
        raise RefusedError(NO_PROJECT)
    given = expect(info.get("xrayFields", {}), dict, "xrayFields")
    return _with_xray_fields(details, given, product)


def _with_xray_fields(
    details: Details, given: Mapping[str, Any], product: Product
) -> Details:
    unknown = sorted(given.keys() - product.xray_fields)
    if unknown:
        raise RefusedError(
            "xrayFields in info file contains the following invalid fields: "
            f"{', '.join(unknown)}!"
        )
    if "testPlanKey" in given:
        details = replace(details, test_plans=(text_of(given, "testPlanKey"),))
    if "environments" in given:
        details = replace(details, environments=texts_of(given, "environments"))
    return details


def read_fields(values: Mapping[str, Any], product: Product) -> Details:
    """Read the Jira fields of a Test Execution, with the checks of Jira."""
    details: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name in _READERS:
            details |= _READERS[name](value)
        elif name in _USERS:
            _check_user(name, value, product)
            kept[name] = value
        elif name in _KEPT:
            kept[name] = value
        else:
            custom = _custom_field(name, product)
            custom.check(value)
            details |= _custom_value(custom, value)
            kept[name] = value
    return Details(**details, fields=kept)


def _custom_field(name: str, product: Product) -> fields.CustomField:
    """The field, if Test Executions have it; Xray's own fields are on Server only."""
    found = fields.BY_ID.get(name)
    foreign = found in (fields.ENVIRONMENTS, fields.TEST_PLAN) and product.xray_fields
    if found is None or not found.settable or foreign:
        raise not_settable(name)
    return found


def _custom_value(custom: fields.CustomField, value: Any) -> dict[str, Any]:
    if custom is fields.REVISION:
        return {"revision": value}
    if custom is fields.ENVIRONMENTS:
        return {"environments": tuple(value)}
    return {"test_plans": tuple(value)} if custom is fields.TEST_PLAN else {}


def _check_user(name: str, value: Any, product: Product) -> None:
    if value is not None and (
        not isinstance(value, dict) or product.user_key not in value
    ):
        raise RefusedError(
            "Error assembling issue data: expected Object containing a "
            f"'{product.user_key}' property ({name})"
        )


def _read_project(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("key"), str):
        raise RefusedError(NO_PROJECT)
    return {"project": value["key"]}


def _issue_type(value: Any) -> dict[str, Any]:
    given = expect(value, dict, "issuetype")
    name = given.get("name") or ISSUE_TYPES.get(str(given.get("id")))
    if name != TEST_EXECUTION:
        raise RefusedError(NO_PROJECT)
    return {}


def _read_summary(value: Any) -> dict[str, Any]:
    text = expect(value, str, "summary")
    if not text.strip():
        raise RefusedError("summary: You must specify a summary of the issue.")
    if "\n" in text or "\r" in text:
        raise RefusedError(
            "summary: The summary is invalid because it contains newline characters."
        )
    if len(text) > _SUMMARY_LIMIT:
        raise RefusedError(
            f"summary: Summary can't exceed {_SUMMARY_LIMIT} characters."
        )
    return {"summary": text}


def _read_description(value: Any) -> dict[str, Any]:
    text = expect(value, str, "description")
    if len(text) > _TEXT_LIMIT:
        raise RefusedError(
            "description: The entered text is too long. "
            f"It exceeds the allowed limit of {_TEXT_LIMIT} characters."
        )
    return {"description": text}


def _read_labels(value: Any) -> dict[str, Any]:
    labels = texts_of({"labels": value}, "labels")
    check_labels(labels)
    return {"labels": labels}


def check_labels(labels: tuple[str, ...]) -> None:
    """Refuse labels with white space in them."""
    for label in labels:
        if not label or any(letter.isspace() for letter in label):
            raise RefusedError(
                f"labels: The label '{label}' contains spaces which is invalid."
            )


def _fix_versions(value: Any) -> dict[str, Any]:
    versions = expect(value, list, "fixVersions")
    named = tuple(expect(item, dict, "fixVersions[]") for item in versions)
    return {"fix_versions": tuple(text_of(item, "name") for item in named)}


_READERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "project": _read_project,
    "issuetype": _issue_type,
    "summary": _read_summary,
    "description": _read_description,
    "labels": _read_labels,
    "fixVersions": _fix_versions,
}
# The readers of texts, which all issues have.
TEXT_READERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    name: _READERS[name] for name in ("summary", "description", "labels")
}


def read_test_info(info: Any) -> Mapping[str, Any]:
    """Read the fields of the Tests to create."""
    if not isinstance(info, dict) or not isinstance(info.get("fields", {}), dict):
        raise RefusedError(NO_INFO)
    found: Mapping[str, Any] = info.get("fields", {})
    check_labels(texts_of(found, "labels"))
    text_of(found, "description")
    return found
