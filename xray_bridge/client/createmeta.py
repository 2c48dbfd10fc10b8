"""
What Jira wants to know of a new issue: types of a project, and fields of a type.

Source: Jira's REST API, "Get create issue metadata" by issue type. The list's name
differs: ``values`` on Data Center, ``issueTypes`` and ``fields`` on Cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.paging import FEW_PAGES
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import NotXrayError


if TYPE_CHECKING:
    from xray_bridge.client.jira import Jira

LISTS = ("issueTypes", "fields", "values")
PAGE = 50
# The kinds of values that a project has itself. Other fields may list no value, and
# still accept some.
OF_PROJECT = frozenset({"component", "version"})
# The names by which an allowed value is known, the one for people first.
# Jira's own fields with texts, and the end of the type of custom ones.
TEXTS, TEXT_AREA = ("description", "environment"), ":textarea"
VALUE_NAMES = ("name", "value", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    """A type of issues in a project."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """
    A field on the screen for new issues.

    ``needed``: it is required and has no default. ``type`` and ``items`` are those of
    Jira's schema. ``allowed`` are the names of the allowed values; empty: any value,
    except if ``is_empty``: the project has no component, or no version.
    ``is_text``: it takes text of several lines, which may be wiki markup.
    """

    id: str
    name: str
    needed: bool = False
    type: str = "string"
    items: str = ""
    allowed: tuple[str, ...] = ()
    is_empty: bool = False
    is_text: bool = False


def list_types(jira: Jira, project: str) -> tuple[IssueType, ...]:
    """
    List the types of issues that the account can create in a project.

    Raises RefusedError with status 404 for a project that it does not see.
    """
    path = f"/rest/api/2/issue/createmeta/{quote(project, safe='')}/issuetypes"
    return tuple(
        IssueType(id=str(each.get("id")), name=str(each.get("name")))
        for each in _read_pages(jira, path)
    )


def list_fields(jira: Jira, project: str, type_id: str) -> tuple[FieldRule, ...]:
    """List the fields of a new issue of a type."""
    path = f"/rest/api/2/issue/createmeta/{quote(project, safe='')}/issuetypes"
    found = _read_pages(jira, f"{path}/{quote(type_id, safe='')}")
    return tuple(map(_read_field, found))


def _read_field(found: dict[str, Any]) -> FieldRule:
    schema = found.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    items = str(schema.get("items") or "")
    listed = found.get("allowedValues")
    is_empty = listed == [] and items in OF_PROJECT
    listed = listed if isinstance(listed, list) else []
    values = [each for each in listed if isinstance(each, dict)]
    key = next((k for k in VALUE_NAMES if values and k in values[0]), "name")
    return FieldRule(
        id=str(found.get("fieldId") or found.get("key")),
        name=str(found.get("name")),
        needed=bool(found.get("required")) and not found.get("hasDefaultValue"),
        type=str(schema.get("type") or "string"),
        items=items,
        allowed=tuple(str(each[key]) for each in values if key in each),
        is_empty=is_empty,
        is_text=str(schema.get("custom")).endswith(TEXT_AREA)
        or schema.get("system") in TEXTS,
    )


def _read_pages(jira: Jira, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: list[Any] = []
    for _ in range(FEW_PAGES):
        page = jira.get_json(path, dict, maxResults=str(PAGE), startAt=str(len(found)))
        listed = next((page[name] for name in LISTS if name in page), None)
        if not isinstance(listed, list):
            msg = f"{path} does not answer like Jira"
            raise NotXrayError(msg, hint="check the address of the Jira site")
        if listed and listed == before:
            break
        before = listed
        found += (each for each in listed if isinstance(each, dict))
        total = page.get("total")
        is_over = page.get("isLast") is True or not isinstance(total, int)
        if not listed or is_over or len(found) >= int(total or 0):
            return found
    msg = f"{path} returns pages without end"
    raise NotXrayError(msg, hint="check the address of the Jira site")
