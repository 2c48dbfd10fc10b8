"""
Read the fields of an ordinary issue: a bug, a story, a task, an epic.

Source: Jira's 'Create issue'. Jira refuses all wrong fields at once, each by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from xray_sandbox.errors import RefusedError, field_errors, not_settable
from xray_sandbox.product import Product
from xray_sandbox.read.documents import expect
from xray_sandbox.read.info import SUBTASK, TEXT_READERS
from xray_sandbox.read.jira_fields import Field
from xray_sandbox.store import workflow
from xray_sandbox.store.documents import SPRINT
from xray_sandbox.store.registry import Registry


USERS = {"sandbox": "Sandbox", "ann": "Ann", "bob": "Bob"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TEXT_LIMIT = 32_767
_EPIC = "Epic"


class Reading(NamedTuple):
    """What the values of fields depend on."""

    registry: Registry
    product: Product
    project: str
    type: str


def read_issue_fields(
    reading: Reading,
    values: Mapping[str, Any],
    screen: Mapping[str, Field],
    *,
    is_new: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns and the other fields; refuse all wrong values at once."""
    columns: dict[str, Any] = {}
    others: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, value in values.items():
        if name in {"project", "issuetype"}:
            continue
        try:
            found = _read_field(reading, name, value, screen)
        except RefusedError as error:
            refused |= field_errors(error.text) or {name: error.text}
        else:
            (columns if name in _COLUMNS else others)[_COLUMNS.get(name, name)] = found
    if is_new:
        for each in screen.values():
            if each.is_required and not values.get(each.id):
                refused.setdefault(each.id, _lacks(each))
    if refused:
        raise RefusedError("", fields=refused)
    return columns, others


def _lacks(field: Field) -> str:
    if field.id == "summary":
        return "You must specify a summary of the issue."
    return f"{field.name} is required."


def _read_field(
    reading: Reading, name: str, value: Any, screen: Mapping[str, Field]
) -> Any:
    if name not in screen:
        raise not_settable(name)
    if name in TEXT_READERS:
        return TEXT_READERS[name](_EMPTY[name] if value is None else value)[name]
    if value is None:
        return () if name in _COLUMNS else None
    reader = _READERS.get(name) or _BY_TYPE[screen[name].type]
    return reader(reading, screen[name], value)


def _read_text(_: Reading, field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise RefusedError("Operation value must be a string")
    if len(value) > _TEXT_LIMIT:
        raise RefusedError(
            f"{field.id}: The entered text is too long. "
            f"It exceeds the allowed limit of {_TEXT_LIMIT} characters."
        )
    return value


def _read_number(_: Reading, __: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RefusedError("Operation value must be a number")
    return value


def _read_date(_: Reading, __: Field, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise RefusedError(f"Error parsing date string: {value}")
    return value


def read_user(reading: Reading, field: Field, value: Any) -> dict[str, Any]:
    """A user of the instance, by the member that the product uses."""
    key = reading.product.user_key
    if not isinstance(value, dict) or key not in value:
        raise RefusedError(f"expected Object containing a '{key}' property")
    name = str(value[key])
    if name not in USERS and not reading.registry.adopt:
        if key == "name":
            raise RefusedError(f"User '{name}' does not exist.")
        raise RefusedError(f"Specify a valid value for {field.id}")
    return {"name": name}


def _read_priority(_: Reading, __: Field, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not (value.keys() & {"id", "name"}):
        raise RefusedError("Specify the Priority (id or name) in the string format")
    return named_value("Priority", workflow.PRIORITIES, value)


def named_value(
    what: str, names: tuple[str, ...], value: Mapping[str, Any]
) -> dict[str, str]:
    """One of a list of names, by name or by its number in the list."""
    by_id = {str(number): name for number, name in enumerate(names, 1)}
    if "id" in value:
        if str(value["id"]) not in by_id:
            raise RefusedError(f"{what} id '{value['id']}' is not valid")
        return {"id": str(value["id"]), "name": by_id[str(value["id"])]}
    for id_, name in by_id.items():
        if name.lower() == str(value.get("name")).lower():
            return {"id": id_, "name": name}
    raise RefusedError(f"{what} name '{value.get('name')}' is not valid")


def _read_components(reading: Reading, _: Field, value: Any) -> list[dict[str, str]]:
    def known() -> dict[str, str]:
        found = reading.registry.store.components(reading.project)
        return {str(each.id): each.name for each in found}

    def add(name: str) -> None:
        reading.registry.store.add_component(reading.project, name)

    return [
        {"id": id_, "name": name}
        for id_, name in _find_listed(reading, "Component", value, known, add)
    ]


def _read_versions(reading: Reading, _: Field, value: Any) -> tuple[str, ...]:
    def known() -> dict[str, str]:
        found = reading.registry.store.versions(reading.project)
        return {str(id_): name for id_, name in found}

    def add(name: str) -> None:
        reading.registry.store.add_version(reading.project, name)

    found = _find_listed(reading, "Version", value, known, add)
    return tuple(name for _, name in found)


def _find_listed(
    reading: Reading,
    what: str,
    value: Any,
    known: Callable[[], dict[str, str]],
    add: Callable[[str], None],
) -> list[tuple[str, str]]:
    """Id and name of each object of an array; `adopt` adds the missing ones."""
    if not isinstance(value, list):
        raise RefusedError("data was not an array")
    found = []
    for item in value:
        given = expect(item, dict, what)
        name, id_ = given.get("name"), given.get("id")
        if name and name not in known().values() and reading.registry.adopt:
            add(str(name))
        pair = next(
            (p for p in known().items() if str(id_) == p[0] or name == p[1]), None
        )
        if pair is None:
            raise RefusedError(
                f"{what} id '{id_}' is not valid"
                if name is None
                else f"{what} name '{name}' is not valid"
            )
        found.append(pair)
    return found


def _read_parent(reading: Reading, _: Field, value: Any) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    name = str(given.get("key") or given.get("id") or "")
    store = reading.registry.store
    found = store.issue(int(name)) if name.isdecimal() else store.issue(name)
    if found is None:
        raise RefusedError("Could not find issue by id or key.")
    if (found.type == _EPIC) == (reading.type == SUBTASK) or found.type == SUBTASK:
        raise RefusedError(
            "Given parent issue does not belong to appropriate hierarchy."
        )
    return {"id": str(found.id), "key": found.key}


def _read_option(_: Reading, field: Field, value: Any) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    by_id = {str(number): each for number, each in enumerate(field.options, 1)}
    if "id" not in given and "value" not in given:
        raise RefusedError(
            "Could not find valid 'id' or 'value' in the Parent Option object."
        )
    for id_, name in by_id.items():
        if id_ == str(given.get("id")) or name == given.get("value"):
            return {"id": id_, "value": name}
    if "value" in given:
        raise RefusedError(f"Option value '{given['value']}' is not valid")
    raise RefusedError(f"Option id '{given['id']}' is not valid")


def _read_array(reading: Reading, field: Field, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RefusedError("data was not an array")
    reader = _read_option if field.items == "option" else _read_text
    return [reader(reading, field, item) for item in value]


def _read_sprint(reading: Reading, _: Field, value: Any) -> list[int]:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError("Number value expected as the Sprint id.")
    if reading.registry.store.document(SPRINT, value) is None:
        raise RefusedError(f"Sprint with id {value} does not exist.")
    return [value]


_COLUMNS = {
    "summary": "summary",
    "description": "description",
    "labels": "labels",
    "fixVersions": "fix_versions",
}
_EMPTY: Mapping[str, Any] = {"summary": "", "description": "", "labels": []}
_Reader = Callable[[Reading, Field, Any], Any]
_READERS: Mapping[str, _Reader] = {
    "priority": _read_priority,
    "components": _read_components,
    "versions": _read_versions,
    "fixVersions": _read_versions,
    "parent": _read_parent,
    "customfield_10020": _read_sprint,
}
_BY_TYPE: Mapping[str, _Reader] = {
    "string": _read_text,
    "number": _read_number,
    "date": _read_date,
    "user": read_user,
    "option": _read_option,
    "array": _read_array,
}
