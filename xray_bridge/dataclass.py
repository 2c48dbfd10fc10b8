"""
A ``dataclass`` that is cheap to define: its ``__init__`` is compiled at the first use.

A command imports about a hundred values and makes a third of them. The standard
library compiles up to six methods for each, which took 30 % of the instructions of
``xray-bridge upload`` of a small file.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any


__all__ = ["dataclass", "read_flat"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass
    from typing import TypeVar

    Value = TypeVar("Value")
else:

    def dataclass(cls: type | None = None, /, **given: bool) -> Any:
        """Decorate a class, with the arguments of ``_make_dataclass``."""
        if cls is not None:
            return _make_dataclass(cls)
        return lambda cls: _make_dataclass(cls, **given)


def read_flat(kind: type[Value], found: Mapping[str, Any]) -> Value:
    """
    Make a value without other values in it from what ``asdict`` or JSON has of it.

    Lists become tuples, unknown names are ignored. Raises TypeError if one is missing.
    """
    names = {each.name for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found.items()
        if name in names
    }
    return kind(**known)


def _make_dataclass(
    cls: type,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    repr: bool = True,  # noqa: A002 - as in the standard library
) -> Any:
    """Make what ``dataclasses.dataclass`` makes with these arguments."""
    # Without a docstring, it would compute the signature to make one.
    cls.__doc__ = cls.__doc__ or cls.__name__
    decorate = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
    )
    made: Any = decorate(cls)
    methods = {
        **_comparing_methods(made),
        "__init__": _make_late_init(made, frozen=frozen),
    }
    if repr:
        methods["__repr__"] = _make_repr(made)
    if frozen:
        methods |= FROZEN
        # A subclass must be frozen, too.
        made.__dataclass_params__.frozen = True
    else:
        methods["__hash__"] = None
    for name in methods.keys() - vars(cls).keys():
        setattr(made, name, methods[name])
    return made


def _comparing_methods(made: Any) -> dict[str, Any]:
    names = [each.name for each in dataclasses.fields(made) if each.compare]
    values: Callable[[object], object] = attrgetter(*names) if names else type

    def equal(self: object, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hash_values(self: object) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hash_values}


def _make_repr(made: Any) -> Callable[[object], str]:
    def show(self: object) -> str:
        names = (each.name for each in dataclasses.fields(made) if each.repr)
        shown = (f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    return show


def _make_late_init(made: Any, *, frozen: bool) -> Callable[..., None]:
    def compile_and_call(self: object, *positional: object, **named: object) -> None:
        init = _compile_init(made, frozen=frozen)
        made.__init__ = init
        init(self, *positional, **named)

    return compile_and_call


def _compile_init(made: Any, *, frozen: bool) -> Callable[..., None]:
    """Compile ``__init__``; a frozen value is filled past its ``__setattr__``."""
    # No field begins with two underscores.
    names: dict[str, Any] = {"__set": object.__setattr__, "__not_given": object()}
    parameters: dict[bool, list[str]] = {False: ["self"], True: []}
    lines = ["pass"]
    for field in dataclasses.fields(made):
        name = value = field.name
        default = ""
        if field.default is not dataclasses.MISSING:
            names[f"__default_{name}"] = field.default
            default = f"=__default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"__make_{name}"] = field.default_factory
            default = "=__not_given"
            value = f"__make_{name}() if {name} is __not_given else {name}"
        parameters[bool(field.kw_only)].append(name + default)
        if not frozen:
            lines.append(f"self.{name} = {value}")
        elif "__slots__" in vars(made):
            names[f"__set_{name}"] = getattr(made, name).__set__
            lines.append(f"__set_{name}(self, {value})")
        else:
            lines.append(f"__set(self, {name!r}, {value})")
    named = ["*", *parameters[True]] if parameters[True] else []
    head = f"def __init__({', '.join([*parameters[False], *named])}):"
    exec("\n ".join([head, *lines]), names)  # noqa: S102 - names of our own fields
    init: Callable[..., None] = names["__init__"]
    return init


def _refuse_change(_: object, name: str, __: object) -> None:
    msg = f"cannot assign to field {name!r}"
    raise dataclasses.FrozenInstanceError(msg)


def _refuse_deletion(_: object, name: str) -> None:
    msg = f"cannot delete field {name!r}"
    raise dataclasses.FrozenInstanceError(msg)


def _get_state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


FROZEN = {
    "__setattr__": _refuse_change,
    "__delattr__": _refuse_deletion,
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}
