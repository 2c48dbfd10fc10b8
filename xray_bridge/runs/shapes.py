"""
Make values that were read, and check that they have the types of their dataclass.

Damaged or foreign JSON may have any types; the error is raised when the value is
read, not when it is used.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Check = Callable[[Any], bool]

Value = TypeVar("Value")


def check_types(value: Value) -> Value:
    """
    Return the value itself.

    Raises TypeError, naming a field of another type.
    """
    name = odd_field(value)
    if name:
        msg = f"{name} cannot be {getattr(value, name)!r}"
        raise TypeError(msg)
    return value


def make_value(kind: Callable[..., Value], found: Mapping[str, Any]) -> Value:
    """
    Make a frozen dataclass from some of its fields; types are not checked.

    Raises TypeError for an unknown or a missing field.
    """
    made = _draft_of(kind)(**found)
    made.__class__ = kind
    value: Value = made
    return value


@cache
def _draft_of(kind: type) -> Any:
    """
    Return a class whose values are made quickly, and can become a ``kind``.

    Both have the same slots; the ``__init__`` of a frozen class calls a function for
    each field.
    """
    same = [
        (each.name, Any, field(default=each.default, kw_only=True))
        for each in fields(kind)
    ]
    return make_dataclass(kind.__name__, same, slots=True, repr=False, eq=False)


def odd_field(value: object) -> str:
    """Return the first field of another type; empty if there is none."""
    kind: type = type(value)
    for name, default, _, check in _field_checks(kind):
        found = getattr(value, name)
        # Most fields of most results have their default.
        if found is not default and not check(found):
            return name
    return ""


def field_checks(kind: type) -> Iterator[tuple[str, type | None, Check]]:
    """Yield each field of a dataclass, the type that needs no check, and the check."""
    for name, _, usual, check in _field_checks(kind):
        yield name, usual, check


@cache
def _field_checks(kind: type) -> tuple[tuple[str, Any, type | None, Check], ...]:
    """Return default, usual type and check of each field of a dataclass."""
    from typing import get_type_hints

    hints = get_type_hints(kind, localns={"Mapping": Mapping})
    return tuple(
        (
            each.name,
            each.default,
            _usual_type(hints[each.name]),
            _make_check(hints[each.name]),
        )
        for each in fields(kind)
    )


def _usual_type(hint: Any) -> type | None:
    """Return a type that is the whole check; None if there is none."""
    is_type = isinstance(hint, type) and not is_dataclass(hint)
    return hint if is_type and not hasattr(hint, "__origin__") else None


def _make_check(hint: Any) -> Check:
    """Return a check for a type; only types that are in use are known."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, types.UnionType):
        checks = [_make_check(each) for each in hint.__args__]
        return lambda value: any(check(value) for check in checks)
    origin, arguments = getattr(hint, "__origin__", None), getattr(hint, "__args__", ())
    if origin is tuple:
        return _tuple_check(arguments)
    if origin is Mapping:
        key, item = map(_make_check, arguments)
        return lambda value: (
            isinstance(value, dict)
            and all(key(name) and item(each) for name, each in value.items())
        )
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: isinstance(value, hint) and check_types(value) is value
    if isinstance(hint, enum.EnumMeta):
        return lambda value: isinstance(value, hint)
    msg = f"no check for {hint}"
    raise NotImplementedError(msg)


def _tuple_check(arguments: tuple[Any, ...]) -> Check:
    checks = [_make_check(each) for each in arguments if each is not Ellipsis]
    if Ellipsis not in arguments:
        return lambda value: (
            isinstance(value, tuple)
            and len(value) == len(checks)
            and all(check(each) for check, each in zip(checks, value, strict=True))
        )
    check = checks[0]
    return lambda value: isinstance(value, tuple) and all(map(check, value))


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    # Invalid times such as ``nan`` are repaired after reading; they are no damage. A
    # whole number may have any length; no time is that long.
    return type(value) is float or (type(value) is int and abs(value) < LARGEST)


LARGEST = 1e18
PLAIN: dict[Any, Check] = {
    str: lambda value: type(value) is str,
    bool: lambda value: type(value) is bool,
    int: _is_whole,
    float: _is_number,
    type(None): lambda value: value is None,
    Any: lambda _: True,
}
