"""The table of the gate."""

from __future__ import annotations

import re
from typing import Any

import pytest

from xray_bridge.config.gate_table import Gate, parse_gate
from xray_bridge.gate.rules import RULES


def test_each_limit_has_a_rule() -> None:
    """The table in the project's file and the table of rules have the same names."""
    fields = list(Gate.__dataclass_fields__)

    assert [rule.name for rule in RULES] == fields


def test_all_rules_are_read() -> None:
    """One environment may be a text; a query stands for the requirements."""
    table: dict[str, Any] = {
        "min_tests": 5,
        "max_failures": 0,
        "max_new_failures": 0,
        "max_flaky": 2,
        "environments": "linux",
        "no_expired_quarantine": True,
        "all_tests_of_plan": True,
        "requirements_covered": "project = CALC",
    }

    assert parse_gate(table) == Gate(**{**table, "environments": ("linux",)})
    assert parse_gate({}) == Gate(min_tests=1)


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ({"max_failure": 0}, "there is no rule max_failure (did you mean max_failures"),
        ({"x": 0}, "there is no rule x (known: min_tests, max_failures, "),
        ({"min_tests": 1.0}, "min_tests is 1.0, but must be a whole number from 0"),
        ({"max_flaky": True}, "max_flaky is True, but must be a whole number from 0"),
        ({"environments": [1]}, "must be a list of Test Environments"),
        ({"environments": " "}, "must be a list of Test Environments"),
        ({"all_tests_of_plan": 1}, "must be true or false"),
        ({"requirements_covered": ""}, "must be true, false or a JQL query"),
        ({"max_flaky": -1, "min_tests": "a"}, "but must be a whole number from 0; min"),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], mistake: str) -> None:
    """All of them, each with what must be there instead."""
    with pytest.raises(ValueError, match=re.escape(mistake)):
        parse_gate(table)
