"""
Which endpoint, which parts, which query: decided before anything is sent.

Pure functions from values to ``Request`` values, so that a plan can be printed
and compared. Sources: Xray's manual, "Import Execution Results - REST", and
xray-maven-plugin's README for what the plain endpoints take.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.request import JSON, XML, Part, Request
from xray_bridge.errors import SettingError
from xray_bridge.model.formats import XML_FORMATS
from xray_bridge.model.times import iso, jira_time


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """
    What the settings say about the Test Execution.

    ``label`` is unique to the run: by it a Test Execution is found again after a
    lost answer. ``revision_is_guessed``: CI told it, nobody set it. ``started``
    and ``finished`` are seconds since the epoch.
    """

    project: str = ""
    label: str = ""
    test_plan: str = ""
    environments: tuple[str, ...] = ()
    revision: str = ""
    revision_is_guessed: bool = False
    fix_version: str = ""
    summary: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    test_fields: Mapping[str, Any] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFields:
    """Ids of the Test Execution's custom fields; empty where there is none."""

    test_plan: str = ""
    environments: str = ""
    revision: str = ""
    started: str = ""
    finished: str = ""


# Stand-ins where a dry run may not ask the server for the real ids.
UNKNOWN_FIELDS = CustomFields(
    test_plan="customfield_TestPlan",
    environments="customfield_TestEnvironments",
    revision="customfield_Revision",
)
NEW_KEY = "KEY-OF-THE-NEW-ONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A rendered report on disk."""

    format: str
    path: Path

    @property
    def media_type(self) -> str:
        """XML or JSON."""
        return XML if self.format in XML_FORMATS else JSON


def new_execution(
    report: Report, execution: Execution, dialect: Dialect, fields: CustomFields
) -> Request:
    """
    The multipart request that makes a Test Execution and fills it.

    Multipart takes no query and always makes a new one.
    """
    info = info_part(execution, dialect, fields)
    parts = [
        _part(dialect.report_part(report.format), report),
        _json_part("info", "info.json", info),
    ]
    if execution.test_fields:
        test_info = as_document(execution.test_fields)
        parts.append(_json_part("testInfo", "test-info.json", test_info))
    return Request(
        method="POST",
        path=dialect.import_to(report.format, multipart=True),
        parts=tuple(parts),
    )


def existing_execution(
    report: Report, execution: Execution, key: str, dialect: Dialect
) -> Request:
    """
    The request that puts results into an existing Test Execution.

    It replaces the Test Runs of the same Tests, so it can be repeated. For Xray
    JSON, key and settings are in the report itself (``xray_header``).
    """
    path = dialect.import_to(report.format, multipart=False)
    if report.format not in XML_FORMATS:
        return Request(
            method="POST",
            path=path,
            content=report.path,
            media_type=report.media_type,
            repeatable=True,
        )
    query = (
        ("projectKey", execution.project),
        ("testExecKey", key),
        ("testPlanKey", execution.test_plan),
        ("testEnvironments", ";".join(execution.environments)),
        ("revision", execution.revision),
        ("fixVersion", execution.fix_version),
    )
    request = Request(
        method="POST",
        path=path,
        query=tuple((name, value) for name, value in query if value),
        repeatable=True,
    )
    if dialect.plain_xml_part:
        return replace(request, parts=(_part(dialect.plain_xml_part, report),))
    return replace(request, content=report.path, media_type=report.media_type)


def unlabelled(report: Report, dialect: Dialect) -> Request:
    """
    The request that leaves everything to what JSON says itself: tags, ``info``.

    Nothing marks the Test Execution that it may make, so it must not be repeated.
    """
    return Request(
        method="POST",
        path=dialect.import_to(report.format, multipart=False),
        content=report.path,
        media_type=report.media_type,
    )


def shown(request: Request) -> list[str]:
    """Lines for a person: the request, and those of its parts that are not on disk."""
    lines = list(request.describe())
    for part in request.parts:
        if isinstance(part.content, bytes):
            text = part.content.decode("utf-8")
            lines += [f"    {line}" for line in text.splitlines()]
    return lines


def xray_header(execution: Execution, key: str) -> dict[str, Any]:
    """What stands before ``tests`` in Xray JSON for an existing Test Execution."""
    info = {
        "project": execution.project,
        "version": execution.fix_version,
        "revision": execution.revision,
        "testPlanKey": execution.test_plan,
        "testEnvironments": list(execution.environments),
        "startDate": iso(execution.started),
        "finishDate": iso(execution.finished),
    }
    given = {name: value for name, value in info.items() if value}
    return {"testExecutionKey": key, **({"info": given} if given else {})}


def info_part(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> dict[str, Any]:
    """
    The ``info`` part: Jira's own syntax for creating an issue.

    What the user gave as fields wins; their labels are added to.
    """
    own: dict[str, Any] = {
        "project": {"key": execution.project},
        "summary": execution.summary,
        "issuetype": {"name": "Test Execution"},
        "description": _description(execution, dialect, fields),
        "fixVersions": [{"name": execution.fix_version}]
        if execution.fix_version
        else (),
        **_custom_fields(execution, fields),
    }
    document = as_document(execution.fields)
    theirs = document.pop("fields")
    labels = (*execution.labels, *theirs.pop("labels", ()), execution.label)
    info = {
        "fields": {
            **{name: value for name, value in own.items() if value},
            **theirs,
            "labels": list(dict.fromkeys(label for label in labels if label)),
        },
        **document,
    }
    beside = {
        "testPlanKey": execution.test_plan,
        "environments": list(execution.environments),
    }
    given = {name: value for name, value in beside.items() if value}
    if dialect.plan_and_environments and given:
        theirs_beside = info.get(dialect.plan_and_environments, {})
        info[dialect.plan_and_environments] = {**given, **theirs_beside}
    return info


def not_carried(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> frozenset[str]:
    """
    What the info part cannot say and a second request has to.

    A guessed revision is not among it: that goes into the description.
    """
    wanted = {
        "test_plan": bool(execution.test_plan),
        "environments": bool(execution.environments),
        "revision": bool(execution.revision) and not execution.revision_is_guessed,
    }
    return frozenset(
        name
        for name, is_wanted in wanted.items()
        if is_wanted and not _carries(name, dialect, fields)
    )


def _carries(name: str, dialect: Dialect, fields: CustomFields) -> bool:
    if name not in dialect.info_carries:
        return False
    return bool(dialect.plan_and_environments or getattr(fields, name))


def _custom_fields(execution: Execution, fields: CustomFields) -> dict[str, Any]:
    values = {
        fields.test_plan: [execution.test_plan] if execution.test_plan else (),
        fields.environments: list(execution.environments),
        fields.revision: execution.revision,
        fields.started: jira_time(execution.started),
        fields.finished: jira_time(execution.finished),
    }
    return {field_id: value for field_id, value in values.items() if field_id}


def _description(execution: Execution, dialect: Dialect, fields: CustomFields) -> str:
    guessed = execution.revision if execution.revision_is_guessed else ""
    if not guessed or _carries("revision", dialect, fields):
        return execution.description
    return f"{execution.description}\n\nRevision: {guessed}".strip()


def as_document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """
    Fields alone, or a whole document with ``fields`` in it, as Jenkins users have.

    A label alone is a list of one.
    """
    document = {**fields} if isinstance(fields.get("fields"), dict) else {}
    own = dict(document.get("fields", fields))
    if isinstance(own.get("labels"), str):
        own["labels"] = [own["labels"]]
    return {**document, "fields": own}


def refuse_odd(name: str, fields: Mapping[str, Any]) -> None:
    """
    Refuse fields that are not of the shape that Jira and Xray take.

    ``name`` is the setting's. Raises SettingError.
    """
    for place in ("fields", "xrayFields"):
        if not isinstance(fields.get(place, {}), dict):
            raise _odd(name, f"{place} is not a JSON object")
    labels = as_document(fields)["fields"].get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(x, str) for x in labels):
        raise _odd(name, "labels is not a list of texts")


def _odd(name: str, what: str) -> SettingError:
    hint = 'as in {"labels": ["nightly"], "priority": {"name": "High"}}'
    return SettingError(f"{name}: {what}", hint=hint)


def _part(name: str, report: Report) -> Part:
    return Part(
        name=name,
        filename=report.path.name,
        media_type=report.media_type,
        content=report.path,
    )


def _json_part(name: str, filename: str, content: Mapping[str, Any]) -> Part:
    return Part(
        name=name,
        filename=filename,
        media_type=JSON,
        content=json.dumps(content, indent=1).encode(),
    )
