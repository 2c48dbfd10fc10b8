"""The steps of the features; the tags name the Tests."""

from __future__ import annotations

from importlib.metadata import version

import calculator
import pytest


pytest.importorskip("pytest_bdd")

from pytest_bdd import given, parsers, scenarios, then, when


scenarios("features/calculator.feature")
if int(version("pytest-bdd").split(".")[0]) >= 8:
    scenarios("features/rules.feature")


@pytest.fixture
def numbers():
    """The numbers that a scenario enters."""
    return []


@pytest.fixture(autouse=True)
def power(request):
    """Fail for scenarios with the tag for it."""
    if request.node.get_closest_marker("no_battery"):
        raise OSError("no battery")


@given(parsers.parse("the display shows {total:d}"))
@then(parsers.parse("the display shows {total:d}"))
def check(numbers, total):
    """Compare with the display."""
    shown = 0
    for number in numbers:
        shown = calculator.add(shown, number)
    assert shown == total


@when(parsers.parse("I add {number:d}"))
def add(numbers, number):
    """Enter a number."""
    numbers.append(number)


@when("I add all of")
def add_all(numbers, datatable):
    """Enter the numbers of a table."""
    numbers.extend(int(cell) for (cell,) in datatable[1:])


@then("the paper says")
def check_paper(numbers, docstring):
    """Compare with the entered numbers."""
    assert docstring.split() == [str(number) for number in numbers]


@when("I wait for the sun")
def wait():
    """Skip the scenario."""
    pytest.skip("it is dark")
