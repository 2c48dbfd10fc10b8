"""The steps of a calculator; ``xray(context)`` works like pytest's fixture."""

from __future__ import annotations

from behave import given, step, then, when

from behave_xray_bridge import xray


try:
    from behave.api.pending_step import StepNotImplementedError
except ImportError:
    # behave 1.2 has no name of its own for it.
    StepNotImplementedError = NotImplementedError

attempts = []


@given("the display shows {total:d}")
@then("the display shows {total:d}")
def check(context, total):
    """Compare with the display."""
    assert sum(context.numbers) == total, f"it shows {sum(context.numbers)}"


@step("I add {number:d}")
def add(context, number):
    """Enter a number."""
    context.numbers.append(number)


@when("I add {number:d} at the second attempt")
def add_at_last(context, number):
    """Enter a number, but not the first time."""
    attempts.append(number)
    assert len(attempts) == 2, "the key was stuck"
    context.numbers.append(number)


@when("I add all of")
def add_all(context):
    """Enter the numbers of a table."""
    context.numbers.extend(int(row["number"]) for row in context.table)


@when("I divide by {number:d}")
def divide(context, number):
    """Divide the number on the display."""
    print("pressing the key for division")
    context.numbers = [sum(context.numbers) / number]


@when("I press the key for percent")
def percent(context):
    """A step that is not implemented."""
    raise StepNotImplementedError("percent")


@when("I wait for the {weather}")
def wait(context, weather):
    """Skip the scenario."""
    if weather == "sun":
        context.scenario.skip("it is dark")


@when("I print the display")
def print_display(context):
    """Add data to the result."""
    said = xray(context)
    said.attach(b"0\n", name="display.txt", media_type="text/plain")
    said.comment("On *recycled* paper.")
    said.defect("CALC-302")
    said.custom_field("Browser", "none")


@when("I take a photo")
def take_photo(context):
    """Attach evidence with behave's own method."""
    context.attach("image/png", b"what the camera saw")


@when("I calculate a mean")
def mean(context):
    """Do several things in one step."""
    with xray(context).step("Add", data="2 and 4", expected="6"):
        context.numbers = [2 + 4]
    with xray(context).step("Divide", data="by 2", expected="3"):
        assert context.numbers == [6]
        context.numbers = [3]


@then("the paper says")
def check_paper(context):
    """Compare with the entered numbers."""
    assert context.text.split() == [str(number) for number in context.numbers]
