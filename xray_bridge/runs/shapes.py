"""
Check that a value that was read has the types of its dataclass.

Damaged or foreign JSON may have any types; the error is raised when the value is
read, not when it is used.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar


if TYPE_CHECKING:
    from collections.abc import Callable

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


def odd_field(value: object) -> str:
    """Return the first field of another type; empty if there is none."""
    kind: type = type(value)
    for name, default, check in _field_checks(kind):
        found = getattr(value, name)
        # Most fields of most results have their default.
        if found is not default and not check(found):
            return name
    return ""


@cache
def _field_checks(kind: type) -> tuple[tuple[str, Any, Check], ...]:
    """Return default and check of each field of a dataclass."""
    from typing import get_type_hints

    hints = get_type_hints(kind, localns={"Mapping": Mapping})
    return tuple(
        (each.name, each.default, _make_check(hints[each.name]))
        for each in fields(kind)
    )


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
