"""The steps of the scenarios in ``features``."""

from __future__ import annotations

import operator

import pytest
from pytest_bdd import given, parsers, scenarios, then, when


OPERATIONS = {"add": operator.add, "divide": operator.truediv}

scenarios("../features")


@pytest.fixture
def numbers():
    """What was entered; the last number is the one on the display."""
    return []


@given(parsers.parse("I have entered {number:g} into the calculator"))
def enter(numbers, number):
    """Enter a number."""
    numbers.append(number)


@when(parsers.parse("I press {operation}"))
def press(numbers, operation):
    """Replace the last two numbers with the result of an operation."""
    second, first = numbers.pop(), numbers.pop()
    numbers.append(OPERATIONS[operation](first, second))


@then(parsers.parse("the result should be {number:g}"))
def check(numbers, number):
    """Compare with the display."""
    assert numbers[-1] == number
