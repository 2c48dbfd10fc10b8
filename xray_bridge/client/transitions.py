"""
The status of an issue, and the transitions of its workflow.

Source: Atlassian's REST reference, "Get transitions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xray_bridge.client.jira import Jira


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status; ``category`` is ``new``, ``indeterminate`` or ``done``."""

    name: str
    category: str = ""
    category_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionField:
    """
    A field on the screen of a transition.

    ``is_needed``: Jira refuses the transition without it. ``allowed`` maps the names
    of allowed values to their ids; empty if any value is allowed. ``is_list``: it
    takes several values.
    """

    id: str
    name: str
    is_needed: bool = False
    allowed: Mapping[str, str]
    is_list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A step that the workflow offers now, and the status after it."""

    id: str
    name: str
    to: Status
    fields: tuple[TransitionField, ...] = ()


def read_status(jira: Jira, key: str) -> Status:
    """Return the status of an issue."""
    path = f"/rest/api/2/issue/{quote(key, safe='')}"
    fields = jira.get_json(path, dict, fields="status").get("fields")
    return _make_status(fields.get("status") if isinstance(fields, dict) else None)


def list_transitions(jira: Jira, key: str) -> tuple[Transition, ...]:
    """List the transitions that this account can do now."""
    path = f"/rest/api/2/issue/{quote(key, safe='')}/transitions"
    found = jira.get_json(path, dict, expand="transitions.fields").get("transitions")
    listed = found if isinstance(found, list) else []
    return tuple(_make_transition(each) for each in listed if isinstance(each, dict))


def do_transition(
    jira: Jira, key: str, transition: Transition, fields: Mapping[str, Any]
) -> None:
    """Move an issue by a transition, and set fields of its screen."""
    path = f"/rest/api/2/issue/{quote(key, safe='')}/transitions"
    body: dict[str, Any] = {"transition": {"id": transition.id}}
    if fields:
        body["fields"] = dict(fields)
    jira.send_json("POST", path, body)


def _make_transition(found: Mapping[str, Any]) -> Transition:
    fields = found.get("fields")
    listed = fields.items() if isinstance(fields, dict) else ()
    return Transition(
        id=str(found.get("id", "")),
        name=str(found.get("name", "")),
        to=_make_status(found.get("to")),
        fields=tuple(
            _make_field(name, each) for name, each in listed if isinstance(each, dict)
        ),
    )


def _make_status(found: Any) -> Status:
    if not isinstance(found, dict):
        return Status(name="")
    category = found.get("statusCategory")
    known = category if isinstance(category, dict) else {}
    return Status(
        name=str(found.get("name", "")),
        category=str(known.get("key", "")),
        category_name=str(known.get("name", "")),
    )


def _make_field(field_id: str, found: Mapping[str, Any]) -> TransitionField:
    values = found.get("allowedValues")
    schema = found.get("schema")
    return TransitionField(
        id=field_id,
        name=str(found.get("name") or field_id),
        is_needed=bool(found.get("required")) and not found.get("hasDefaultValue"),
        allowed=dict(_list_allowed(values if isinstance(values, list) else [])),
        is_list=isinstance(schema, dict) and schema.get("type") == "array",
    )


def _list_allowed(values: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for each in values:
        if isinstance(each, dict) and each.get("id"):
            yield str(each.get("name") or each.get("value") or ""), str(each["id"])
