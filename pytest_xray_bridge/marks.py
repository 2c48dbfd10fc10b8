"""
What the ``xray`` marks of a test say, from the test itself up to its module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xray_bridge import values


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

NAME = "xray"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What all marks of a test say together."""

    test_keys: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    custom_fields: tuple[tuple[str, str], ...] = field(default=())


def read(item: pytest.Item) -> Annotation | None:
    """
    The annotation of a test, or None where it has no mark.

    The closest mark with keys decides the keys; requirements, defects and
    labels add up; of the rest, the closest wins. Raises ValueError, in words.
    """
    marks = [_checked(mark) for mark in item.iter_markers(NAME)]
    if not marks:
        return None
    fields: dict[str, str] = {}
    for mark in reversed(marks):
        fields |= mark.custom_fields
    return Annotation(
        test_keys=next((mark.keys for mark in marks if mark.keys), ()),
        requirements=_all(mark.requirements for mark in marks),
        defects=_all(mark.defects for mark in marks),
        labels=_all(mark.labels for mark in marks),
        summary=next((mark.summary for mark in marks if mark.summary), ""),
        description=next((m.description for m in marks if m.description), ""),
        custom_fields=tuple(fields.items()),
    )


def problems(items: Iterable[pytest.Item]) -> Iterator[str]:
    """One line for each malformed mark, with file and line; each said once."""
    said = set()
    for item in items:
        try:
            read(item)
        except ValueError as error:
            path, line, _ = item.location
            text = f"{path}:{(line or 0) + 1}: {error}"
            if text not in said:
                said.add(text)
                yield text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    keys: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    custom_fields: dict[str, str] = field(default_factory=dict)


def _checked(mark: pytest.Mark) -> _Mark:
    given = dict(mark.kwargs)
    found: dict[str, Any] = {"keys": _keys(mark.args, "a Test key")}
    for name in ("requirements", "defects"):
        found[name] = _keys((given.pop(name, ()),), f"in {name}=")
    found["labels"] = tuple(_texts(given.pop("labels", ()), "labels"))
    for name in ("summary", "description"):
        found[name] = _text(given.pop(name, ""), name)
    fields = given.pop("custom_fields", {})
    if not isinstance(fields, dict):
        raise _wrong(f"custom_fields={fields!r} is not a dict")
    found["custom_fields"] = {str(name): str(value) for name, value in fields.items()}
    if given:
        raise _wrong(f"there is no {', '.join(given)}=")
    if not any(found.values()):
        raise _wrong("it says nothing; give a Test key such as CALC-1")
    return _Mark(**found)


def _keys(given: Iterable[object], what: str) -> tuple[str, ...]:
    found = []
    for value in given:
        for text in _texts(value, what):
            try:
                found.append(values.key(text))
            except ValueError as error:
                raise _wrong(f"{what}: {error}") from None
            if not text.strip():
                raise _wrong(f"{what} is empty")
    return tuple(dict.fromkeys(found))


def _texts(value: object, what: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_text(each, what) for each in value]
    raise _wrong(f"{what}: {value!r} is not text")


def _text(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(f"{what}: {value!r} is not text")


def _wrong(text: str) -> ValueError:
    return ValueError(f"@pytest.mark.{NAME}: {text}")


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for part in parts for value in part))
