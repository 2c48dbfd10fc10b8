"""
The table of the gate: ``[tool.xray-bridge.gate]``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """
    The limits of a gate; None or False: there is no such rule.

    ``min_tests`` counts tests that ran. ``max_failures`` and ``max_new_failures`` do
    not count failures in quarantine. ``requirements_covered`` is True for the
    requirements of the fix version, or a JQL query. ``environments`` are Test
    Environments that must have results.
    """

    min_tests: int = 1
    max_failures: int | None = None
    max_new_failures: int | None = None
    max_flaky: int | None = None
    environments: tuple[str, ...] = ()
    no_expired_quarantine: bool = False
    all_tests_of_plan: bool = False
    requirements_covered: bool | str = False


def parse_gate(table: Mapping[str, Any]) -> Gate:
    """
    Read the table.

    Raises ValueError, which lists all mistakes.
    """
    mistakes, found = [], {}
    for name, value in table.items():
        if name not in PARSERS:
            near = similar_word(name, PARSERS)
            hint = f"did you mean {near}?" if near else f"known: {', '.join(PARSERS)}"
            mistakes.append(f"there is no rule {name} ({hint})")
            continue
        try:
            found[name] = PARSERS[name](value)
        except ValueError as error:
            mistakes.append(f"{name} is {value!r}, but {error}")
    if mistakes:
        raise ValueError("; ".join(mistakes))
    return Gate(**found)


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        msg = "must be a whole number from 0"
        raise ValueError(msg)
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        msg = "must be true or false"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    return value


def _requirements(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value.strip():
        msg = "must be true, false or a JQL query"
        raise ValueError(msg)
    return value.strip()


def _names(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(
        isinstance(each, str) and each.strip() for each in given
    ):
        msg = "must be a list of Test Environments"
        raise ValueError(msg)
    return tuple(dict.fromkeys(each.strip() for each in given))


KINDS: Mapping[str, Callable[[object], Any]] = {
    "int": _number,
    "int | None": _number,
    "bool": _switch,
    "bool | str": _requirements,
    "tuple[str, ...]": _names,
}
PARSERS: Mapping[str, Callable[[object], Any]] = {
    each.name: KINDS[str(each.type)] for each in fields(Gate)
}
