"""Subtests are iterations of their test."""

from __future__ import annotations

import calculator
import pytest


pytestmark = pytest.mark.skipif(
    pytest.version_tuple < (9,), reason="subtests came with pytest 9"
)


@pytest.mark.xray("CALC-241")
def test_all_pass(subtests):
    """All subtests pass."""
    for number in range(1, 4):
        with subtests.test("divides", number=number):
            assert calculator.divide(number, number) == 1


@pytest.mark.xray("CALC-242")
def test_one_fails(subtests):
    """One subtest fails."""
    for number in range(3):
        with subtests.test("divides", number=number):
            assert calculator.divide(number, number) == 1


@pytest.mark.xray("CALC-243")
def test_one_is_skipped(subtests):
    """One subtest is skipped."""
    for number in range(3):
        with subtests.test("divides", number=number):
            if number == 0:
                pytest.skip("nobody divides by zero")
            assert calculator.divide(number, number) == 1
