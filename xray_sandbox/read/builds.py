"""
Read builds and deployments, and refuse what Jira Cloud refuses.

Source: Atlassian's OpenAPI documents of 'Builds' and 'Deployments', Jira Software
Cloud. A fault of one item rejects this item; only a fault of all of them is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from xray_sandbox.errors import RefusedError


_AT_MOST = 100
_PROPERTIES = 5
_NAME, _URL = 255, 2000
_VALUES = 500
_INT64 = 2**63
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_KEY = re.compile(r"\w{1,255}-\d{1,255}")
_STATES = ("pending", "in_progress", "successful", "failed", "cancelled", "unknown")
_ENVIRONMENTS = ("unmapped", "development", "testing", "staging", "production")
_ISSUES = ("issueIdOrKeys", "issueKeys")

_Check = Callable[[str, Any], Iterator[str]]


class Kind(NamedTuple):
    """Builds or deployments: the members of an item, and its identity."""

    name: str
    word: str
    required: Mapping[str, _Check]
    optional: Mapping[str, _Check]
    associations: frozenset[str]

    def key_of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The identity of an item, as far as it has one."""
        if self.name == "builds":
            return {name: item.get(name) for name in ("pipelineId", "buildNumber")}
        pipeline, environment = item.get("pipeline"), item.get("environment")
        return {
            "pipelineId": _member(pipeline, "id"),
            "environmentId": _member(environment, "id"),
            "deploymentSequenceNumber": item.get("deploymentSequenceNumber"),
        }


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def read_items(body: Any, kind: Kind) -> list[Any]:
    """The items of a request; raises RefusedError for a fault of the whole request."""
    if not isinstance(body, dict):
        raise RefusedError("The request body must be a JSON object.")
    items = body.get(kind.name)
    if not isinstance(items, list) or not 1 <= len(items) <= _AT_MOST:
        raise RefusedError(f"'{kind.name}' must have from 1 to {_AT_MOST} items.")
    properties = body.get("properties", {})
    if not isinstance(properties, dict) or len(properties) > _PROPERTIES:
        raise RefusedError(f"'properties' can have at most {_PROPERTIES} members.")
    for name, value in properties.items():
        if name.startswith("_") or ":" in name or not _is_text(value, _NAME):
            raise RefusedError(f"The property '{name}' is not valid.")
    metadata = body.get("providerMetadata", {})
    if not isinstance(metadata, dict) or not isinstance(
        metadata.get("product", ""), str
    ):
        raise RefusedError("'providerMetadata' is not valid.")
    return items


def find_faults(item: Any, kind: Kind) -> list[str]:
    """What is wrong with one item."""
    if not isinstance(item, dict):
        return [f"A {kind.word} must be an object."]
    found = [f"'{name}' is required." for name in kind.required if name not in item]
    for name, check in {**kind.required, **kind.optional}.items():
        if name in item:
            found += check(name, item[name])
    return found + list(_check_associations(item, kind))


def _check_associations(item: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    groups = item.get("associations", [])
    if not isinstance(groups, list):
        yield "'associations' must be an array."
        return
    if "associations" in item and not groups:
        yield "'associations' must not be empty."
    count = 0
    for group in groups:
        name = _member(group, "associationType")
        values = _member(group, "values")
        if not isinstance(name, str) or name not in kind.associations:
            yield f"The association type '{name}' is not known."
        elif not isinstance(values, list) or not values:
            yield f"The association '{name}' must have values."
        else:
            count += len(values)
    if count > _VALUES:
        yield f"There can be at most {_VALUES} associated values."


def issues_of(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The issues that an item names, each after the type of its association."""
    found = [("", str(key)) for key in item.get("issueKeys") or ()]
    for group in item.get("associations") or ():
        if group["associationType"] in _ISSUES:
            found += [(group["associationType"], str(e)) for e in group["values"]]
    return found


def services_of(item: Mapping[str, Any]) -> list[str]:
    """The services that a deployment names."""
    return [
        str(value)
        for group in item.get("associations") or ()
        if group["associationType"] == "serviceIdOrKeys"
        for value in group["values"]
    ]


def _is_text(value: Any, limit: int) -> bool:
    return isinstance(value, str) and len(value) <= limit


def _check_text(name: str, value: Any) -> Iterator[str]:
    if not _is_text(value, _NAME):
        yield f"'{name}' must be a string of at most {_NAME} characters."


def _check_named(name: str, value: Any) -> Iterator[str]:
    yield from _check_text(name, value)
    if value == "":
        yield f"'{name}' must not be empty."


def _check_url(name: str, value: Any) -> Iterator[str]:
    if not _is_text(value, _URL) or not re.match(r"https?://[^\s/]+", value):
        yield f"'{name}' must be an address of at most {_URL} characters."


def _check_number(name: str, value: Any) -> Iterator[str]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not -_INT64 <= value < _INT64:
        yield f"'{name}' must be a whole number of 64 bits."


def _check_time(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        yield f"'{name}' must be a time as in RFC 3339."


def _one_of(*words: str) -> _Check:
    def check(name: str, value: Any) -> Iterator[str]:
        if value not in words:
            yield f"'{name}' must be one of: {', '.join(words)}."

    return check


def _object(required: Mapping[str, _Check], **optional: _Check) -> _Check:
    def check(name: str, value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"'{name}' must be an object."
            return
        yield from (f"'{name}.{e}' is required." for e in required if e not in value)
        for each, test in {**required, **optional}.items():
            if each in value:
                yield from test(f"{name}.{each}", value[each])

    return check


def _list_of(most: int, test: _Check) -> _Check:
    def check(name: str, value: Any) -> Iterator[str]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            yield f"'{name}' must have from 1 to {most} items."
            return
        for each in value:
            yield from test(name, each)

    return check


def _check_key(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        yield f"'{name}' has something that is no issue key."


_COMMIT = _object({"id": _check_named, "repositoryUri": _check_url})
_REF = _object({"name": _check_named, "uri": _check_url})
_COMMAND = _object({"command": _one_of("initiate_deployment_gating")})
_COMMON: Mapping[str, _Check] = {
    "updateSequenceNumber": _check_number,
    "displayName": _check_named,
    "url": _check_url,
    "lastUpdated": _check_time,
}
_MAY: Mapping[str, _Check] = {
    "schemaVersion": _one_of("1.0"),
    "label": _check_text,
    "issueKeys": _list_of(_AT_MOST, _check_key),
}
BUILDS = Kind(
    "builds",
    "build",
    {
        **_COMMON,
        "pipelineId": _check_named,
        "buildNumber": _check_number,
        "state": _one_of(*_STATES),
    },
    {
        **_MAY,
        "description": _check_text,
        "testInfo": _object(
            {
                "totalNumber": _check_number,
                "numberPassed": _check_number,
                "numberFailed": _check_number,
            },
            numberSkipped=_check_number,
        ),
        "references": _list_of(5, _object({}, commit=_COMMIT, ref=_REF)),
    },
    frozenset(_ISSUES),
)
DEPLOYMENTS = Kind(
    "deployments",
    "deployment",
    {
        **_COMMON,
        "deploymentSequenceNumber": _check_number,
        "description": _check_text,
        "state": _one_of(*_STATES, "rolled_back"),
        "pipeline": _object(
            {"id": _check_named, "displayName": _check_named, "url": _check_url}
        ),
        "environment": _object(
            {
                "id": _check_named,
                "displayName": _check_named,
                "type": _one_of(*_ENVIRONMENTS),
            }
        ),
    },
    {**_MAY, "duration": _check_number, "commands": _list_of(5, _COMMAND)},
    frozenset({*_ISSUES, "serviceIdOrKeys", "commit", "repository"}),
)
KINDS = {kind.name: kind for kind in (BUILDS, DEPLOYMENTS)}
