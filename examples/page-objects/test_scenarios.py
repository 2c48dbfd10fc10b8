"""pytest-bdd: the scenarios of behave, with the same page object."""

from __future__ import annotations

import asyncio

import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from shop import ShopPage


scenarios("features")


@pytest.fixture
def page():
    """A page for each scenario."""
    return ShopPage()


@given(parsers.parse("{user} is in the shop"))
def log_in(page, user):
    """Log in."""
    page.log_in(user)


@when(parsers.parse("she buys {number:d} {goods}"))
def buy(page, number, goods):
    """Buy something."""
    page.buy(goods, number)


@then(parsers.parse("she pays {total:d}"))
def pay(page, total):
    """Pay."""
    assert asyncio.run(page.pay()) == total
