"""
The requests that import results, with endpoint, parts and query.

Pure functions that return ``Request`` values, which can be printed and compared.
Sources: Xray's manual, "Import Execution Results - REST", and xray-maven-plugin's
README for the query of the plain endpoints.
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from xray_bridge.client.request import JSON, XML, Part, Request
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SettingError
from xray_bridge.model.execution_fields import EXECUTION_FIELDS, XRAY_FIELDS
from xray_bridge.model.formats import XML_FORMATS
from xray_bridge.model.times import iso_time, jira_time


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.execution_fields import ExecutionField


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """
    The Test Execution that settings and run describe.

    ``label`` is unique to the run: it is searched for after a lost answer.
    ``revision_is_guessed``: it comes from CI, not from a setting. ``started`` and
    ``finished`` are seconds since the epoch.
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


# Ids of the Test Execution's custom fields, by the names of the settings.
CustomFields: TypeAlias = "Mapping[str, str]"
# Placeholders in a dry run, which does not ask the server for the ids.
UNKNOWN_FIELDS: CustomFields = {
    each.name: f"customfield_{each.title.replace(' ', '')}" for each in XRAY_FIELDS
}
# Members of Jira's documents that are not fields.
BESIDE_FIELDS = frozenset({"update", "transition", "xrayFields"})
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
    Make the multipart request that creates a Test Execution with results.

    Multipart takes no query and always creates a new one.
    """
    info = info_part(execution, dialect, fields)
    parts = [
        _report_part(dialect.report_part(report.format), report),
        _json_part("info", "info.json", info),
    ]
    if execution.test_fields:
        test_info = with_fields_object(execution.test_fields)
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
    Make the request that adds results to an existing Test Execution.

    It replaces the Test Runs of the same Tests, so it can be repeated. In Xray
    JSON, key and settings are in the report (``xray_header``).
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
    query = [("projectKey", execution.project), ("testExecKey", key)]
    query += [
        (each.query_name, _query_text(getattr(execution, each.name)))
        for each in EXECUTION_FIELDS
        if each.query_name
    ]
    request = Request(
        method="POST",
        path=path,
        query=tuple((name, value) for name, value in query if value),
        repeatable=True,
    )
    if dialect.plain_xml_part:
        return replace(request, parts=(_report_part(dialect.plain_xml_part, report),))
    return replace(request, content=report.path, media_type=report.media_type)


def import_without_label(report: Report, dialect: Dialect) -> Request:
    """
    Make the request that sends only a JSON report, with its own tags and ``info``.

    It may create a Test Execution without a label, so it must not be repeated.
    """
    return Request(
        method="POST",
        path=dialect.import_to(report.format, multipart=False),
        content=report.path,
        media_type=report.media_type,
    )


def list_request(request: Request) -> list[str]:
    """List the request for a person, and its parts that are not on disk."""
    lines = list(request.describe())
    for part in request.parts:
        if isinstance(part.content, bytes):
            text = part.content.decode("utf-8")
            lines += [f"    {line}" for line in text.splitlines()]
    return lines


def xray_header(execution: Execution, key: str) -> dict[str, Any]:
    """Make the members before ``tests`` in Xray JSON for an existing Test Execution."""
    # These three come first; their values are in the table.
    info: dict[str, Any] = {"project": execution.project, "version": "", "revision": ""}
    for each in EXECUTION_FIELDS:
        info[each.json_name] = _json_value(each, execution, iso_time)
    given = {name: value for name, value in info.items() if value}
    return {"testExecutionKey": key, **({"info": given} if given else {})}


def _query_text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ";".join(value)


def _json_value(
    known: ExecutionField, execution: Execution, spell: Callable[[float | None], str]
) -> Any:
    """Return a field's value; ``spell`` writes a point in time."""
    value = getattr(execution, known.name)
    if known.is_time:
        return spell(value)
    return list(value) if isinstance(value, tuple) else value


def info_part(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> dict[str, Any]:
    """
    Make the ``info`` part, in Jira's syntax for creating an issue.

    The user's fields win; labels are added to theirs.
    """
    own: dict[str, Any] = {
        "project": {"key": execution.project},
        "summary": execution.summary,
        "issuetype": {"name": "Test Execution"},
        "description": _make_description(execution, dialect, fields),
        "fixVersions": [{"name": execution.fix_version}]
        if execution.fix_version
        else (),
        **_custom_fields(execution, fields),
    }
    document = with_fields_object(execution.fields)
    theirs = document.pop("fields")
    # The transition comes last: Cloud refuses it here, and iterations of a closed
    # Test Execution stay TODO.
    document.pop("transition", None)
    labels = (*execution.labels, *theirs.pop("labels", ()), execution.label)
    theirs["labels"] = list(dict.fromkeys(label for label in labels if label))
    if not theirs["labels"]:
        # Some screens do not have the field.
        del theirs["labels"]
    info = {
        "fields": {**{name: value for name, value in own.items() if value}, **theirs},
        **document,
    }
    given = {
        each.cloud_name: value
        for each in XRAY_FIELDS
        if each.cloud_name and (value := _json_value(each, execution, iso_time))
    }
    if dialect.xray_fields and given:
        theirs_beside = info.get(dialect.xray_fields, {})
        info[dialect.xray_fields] = {**given, **theirs_beside}
    return info


def unset_fields(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> frozenset[str]:
    """
    Return the names of fields that only a second request can set.

    A guessed revision is not among them: it goes into the description.
    """
    left_out = _without_place(execution, dialect, fields)
    return left_out - {"revision"} if execution.revision_is_guessed else left_out


def _without_place(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> frozenset[str]:
    return frozenset(
        each.name
        for each in XRAY_FIELDS
        if getattr(execution, each.name)
        and not (each.cloud_name if dialect.xray_fields else fields.get(each.name))
    )


def _custom_fields(execution: Execution, fields: CustomFields) -> dict[str, Any]:
    """Return custom fields; those of Xray's own types are arrays."""
    found = {}
    for each in EXECUTION_FIELDS:
        if field_id := fields.get(each.name):
            value = _json_value(each, execution, jira_time)
            is_one = each.custom_type and value and not isinstance(value, list)
            found[field_id] = [value] if is_one else value
    return found


def _make_description(
    execution: Execution, dialect: Dialect, fields: CustomFields
) -> str:
    left_out = _without_place(execution, dialect, fields)
    if execution.revision_is_guessed and "revision" in left_out:
        return f"{execution.description}\n\nRevision: {execution.revision}".strip()
    return execution.description


def with_fields_object(fields: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the fields as a document with ``fields``, which Jenkins users write.

    ``update``, ``transition`` and ``xrayFields`` move out of ``fields``. A single
    label becomes a list.
    """
    is_document = isinstance(fields.get("fields"), dict)
    beside = {k: v for k, v in fields.items() if is_document or k in BESIDE_FIELDS}
    own = dict(fields["fields"] if is_document else fields)
    document = {k: v for k, v in beside.items() if k != "fields"}
    for name in BESIDE_FIELDS & own.keys():
        document.setdefault(name, own.pop(name))
        own.pop(name, None)
    if isinstance(own.get("labels"), str):
        own["labels"] = [own["labels"]]
    return {**document, "fields": own}


def validate_fields(name: str, fields: Mapping[str, Any]) -> None:
    """
    Refuse fields in a form that Jira and Xray do not accept.

    ``name`` is the setting's. Raises SettingError.
    """
    for place in ("fields", "xrayFields", "update", "transition"):
        if not isinstance(fields.get(place, {}), dict):
            raise _fields_error(name, f"{place} is not a JSON object")
    labels = with_fields_object(fields)["fields"].get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(x, str) for x in labels):
        raise _fields_error(name, "labels is not a list of texts")


def _fields_error(name: str, what: str) -> SettingError:
    hint = 'write, for example, {"labels": ["nightly"], "priority": {"name": "High"}}'
    return SettingError(f"{name}: {what}", hint=hint)


def _report_part(name: str, report: Report) -> Part:
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
