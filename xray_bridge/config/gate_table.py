"""
The table of the gate: ``[tool.xray-bridge.gate]``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from xray_bridge.config.tables import read_table, switch, whole_number
from xray_bridge.dataclass import dataclass


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
    mistakes: list[str] = []
    found = read_table(table, PARSERS, mistakes, what="rule")
    if mistakes:
        raise ValueError("; ".join(mistakes))
    return Gate(**found)


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
    "int": whole_number(0),
    "int | None": whole_number(0),
    "bool": switch,
    "bool | str": _requirements,
    "tuple[str, ...]": _names,
}
PARSERS: Mapping[str, Callable[[object], Any]] = {
    each.name: KINDS[str(each.type)] for each in fields(Gate)
}
