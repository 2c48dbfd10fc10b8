"""The rules of a gate, on known facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from xray_bridge.config.gate_table import Gate, parse_gate
from xray_bridge.errors import (
    AuthenticationError,
    RefusedError,
    SelectionError,
    UnreachableError,
)
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.gate.rules import check_rules, describe_gate
from xray_bridge.model.gate import GateRow, GateVerdict


@dataclass
class Known:
    """Facts that are known, or that raise."""

    tests: int = 3
    names: tuple[str, ...] = ()
    error: Exception | None = None

    def count_tests(self) -> int:
        """The number."""
        return self.tests

    def list_names(self, *_: Gate) -> tuple[str, ...]:
        """The names."""
        if self.error is not None:
            raise self.error
        return self.names

    list_failures = list_new_failures = list_flaky = list_names
    list_environments = list_expired = list_missing_tests = list_names
    list_uncovered = list_names


def row_of(table: dict[str, Any], facts: Known) -> GateRow:
    """The only rule beside min_tests."""
    return check_rules(parse_gate(table), facts).rows[-1]


@pytest.mark.parametrize(
    ("table", "names", "is_kept"),
    [
        ({"max_failures": 1}, ("a",), True),
        ({"max_failures": 1}, ("a", "b"), False),
        ({"max_new_failures": 0}, (), True),
        ({"max_new_failures": 0}, ("a",), False),
        ({"max_flaky": 0}, ("a",), False),
        ({"environments": ["linux"]}, ("linux", "windows"), True),
        ({"environments": ["linux", "mac"]}, ("linux",), False),
        ({"no_expired_quarantine": True}, (), True),
        ({"no_expired_quarantine": True}, ("a",), False),
        ({"all_tests_of_plan": True}, ("a",), False),
        ({"requirements_covered": True}, ("a",), False),
        ({"requirements_covered": True}, (), True),
    ],
)
def test_each_rule_counts(
    table: dict[str, Any], names: tuple[str, ...], *, is_kept: bool
) -> None:
    """Numbers have a limit; lists must be empty, or complete."""
    row = row_of(table, Known(names=names))

    assert row.result == ("passed" if is_kept else "FAILED")


@pytest.mark.parametrize(
    ("tests", "table", "is_kept"),
    [(0, {}, False), (1, {}, True), (0, {"min_tests": 0}, True)],
)
def test_a_run_without_tests_does_not_pass(
    tests: int, table: dict[str, Any], *, is_kept: bool
) -> None:
    """Unless it is allowed."""
    verdict = check_rules(parse_gate(table), Known(tests=tests))

    assert verdict.has_failed is not is_kept


@pytest.mark.parametrize(
    "error",
    [
        UnknownError("no answer"),
        UnreachableError("no answer"),
        RefusedError("no answer", status=503),
        RefusedError("no answer", status=429),
    ],
)
def test_what_is_not_known_is_not_checked(error: Exception) -> None:
    """One note has the reason for all rules that share it."""
    table = {"max_flaky": 0, "all_tests_of_plan": True}
    verdict = check_rules(parse_gate(table), Known(error=error))

    assert not verdict.has_failed
    assert verdict.notes == ["not checked: max_flaky, all_tests_of_plan: no answer"]


@pytest.mark.parametrize(
    ("limit", "result", "found"), [(1, "FAILED", "2 or more"), (2, "not checked", "")]
)
def test_names_that_are_known_may_be_too_many(
    limit: int, result: str, found: str
) -> None:
    """More of them would change nothing."""
    some = Known(error=UnknownError("no answer", ("a", "b")))
    row = row_of({"max_new_failures": limit}, some)

    assert (row.result, row.found) == (result, found)


@pytest.mark.parametrize(
    "error",
    [
        UnsetError("no plan"),
        SelectionError("no plan"),
        RefusedError("no plan", status=400),
        AuthenticationError("no plan"),
    ],
)
def test_a_rule_whose_setting_is_missing_or_wrong_fails(error: Exception) -> None:
    """The reason says which; otherwise a mistake would pass for ever."""
    row = row_of({"all_tests_of_plan": True}, Known(error=error))

    assert row.verdict == "FAILED: no plan"


def test_the_verdict_of_a_receipt_is_read_back() -> None:
    """JSON has lists where the values have tuples."""
    gate = parse_gate({"max_failures": 0, "max_flaky": 0})
    verdict = check_rules(gate, Known(names=("a", "b")))

    assert GateVerdict.from_json(verdict.to_json()) == verdict
    assert verdict.to_json()["passed"] is False


def test_the_first_names_are_shown() -> None:
    """The receipt has more of them."""
    row = row_of({"max_failures": 0}, Known(names=tuple("abcdefg")))

    assert row.verdict == "FAILED: a, b, c, d, e, ..."
    assert row.names == tuple("abcdefg")


def test_a_dry_run_names_the_limits() -> None:
    """In the order of the rules."""
    gate = parse_gate({"environments": ["linux", "mac"], "max_flaky": 2})

    assert describe_gate(gate) == (
        "min_tests (at least 1), max_flaky (at most 2), environments (linux, mac)"
    )


def test_texts_of_a_server_are_readable_on_a_terminal() -> None:
    """Summaries of requirements and errors may be any text."""
    odd = "CALC-1 a\x1b[2J\r\n::error::b"
    table = {"requirements_covered": True}

    rows = [
        row_of(table, Known(names=(odd,))),
        row_of(table, Known(error=UnknownError(odd))),
        row_of(table, Known(error=UnsetError(odd))),
    ]

    for row in rows:
        assert not set("\x1b\r\n").intersection("".join((*row.names, row.reason)))
