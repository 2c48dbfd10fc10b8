"""Several results of one Test, and several Tests of one result."""

from __future__ import annotations

import calculator
import pytest


@pytest.mark.xray("CALC-231")
@pytest.mark.parametrize(("first", "second", "total"), [(1, 1, 2), (2, 3, 5)])
def test_all_rows_pass(first, second, total):
    """All rows of a parametrized test pass."""
    assert calculator.add(first, second) == total


@pytest.mark.xray("CALC-232")
@pytest.mark.parametrize(("first", "second", "rest"), [(1, 1, 0), (5, 3, 2)])
def test_a_row_fails(first, second, rest):
    """One row of a parametrized test fails."""
    assert calculator.subtract(first, second) == rest


@pytest.mark.xray("CALC-233")
@pytest.mark.parametrize("number", [1, pytest.param(9, marks=pytest.mark.skip("soon"))])
def test_a_row_is_skipped(number):
    """One row of a parametrized test is skipped."""
    assert calculator.divide(number, 1) == number


@pytest.mark.xray("CALC-234")
@pytest.mark.parametrize(
    "number", [1, pytest.param(0, marks=pytest.mark.xray("CALC-235"))]
)
def test_a_row_has_a_key(number):
    """A row of a parametrized test has a key of its own."""
    assert calculator.divide(number, number) == 1


@pytest.mark.xray("CALC-236")
def test_shared_by_one():
    """Two tests have the same key. One passes."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-236")
def test_shared_by_another():
    """The other one fails."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-237", "CALC-238")
def test_two_keys():
    """A test has two keys."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-239")
@pytest.mark.parametrize("text", ["a::b", "[1]", "x/y", "grün\n", "long " * 800])
def test_odd_names(text):
    """Parameters have special characters, and many of them."""
    assert text == text.encode().decode()


def test_without_a_key():
    """A test has no key."""
    assert calculator.add(2, 3) == 5
