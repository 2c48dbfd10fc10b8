"""The steps of scenarios that are written here and kept in Xray."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from behave import given, then, when


if TYPE_CHECKING:
    from behave.runner import Context

OPERATIONS = {"add": operator.add, "divide": operator.truediv}


@given("I have entered {number:g} into the calculator")
def enter(context: Context, number: float) -> None:
    """Enter a number."""
    context.numbers = [*getattr(context, "numbers", ()), number]


@when("I press {operation:w}")
def press(context: Context, operation: str) -> None:
    """Replace the last two numbers with the result of an operation."""
    *others, first, second = context.numbers
    context.numbers = [*others, OPERATIONS[operation](first, second)]


@then("the result should be {number:g}")
def check(context: Context, number: float) -> None:
    """Compare with the last number."""
    assert context.numbers[-1] == number, f"it is {context.numbers[-1]:g}"
