"""The steps: they know nothing of Xray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from behave import given, then, when


if TYPE_CHECKING:
    from behave.runner import Context


@given("the display shows {number:g}")
@then("the result should be {number:g}")
def check(context: Context, number: float) -> None:
    """Compare with the display."""
    shown = context.calculator.display

    assert shown == number, f"the display shows {shown:g}"


@given("I have entered {number:g} into the calculator")
def enter(context: Context, number: float) -> None:
    """Enter a number."""
    context.calculator.enter(number)


@when("I press {operation:w}")
def press(context: Context, operation: str) -> None:
    """Press the key of an operation."""
    context.calculator.press(operation)
