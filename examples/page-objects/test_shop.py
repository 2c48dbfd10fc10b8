"""pytest: the tests pass no fixture on."""

from __future__ import annotations

import asyncio

import pytest
from shop import ShopPage


@pytest.fixture
def page():
    """A page for each test; its steps belong to the test that uses it."""
    page = ShopPage()
    page.log_in("ann")
    return page


@pytest.mark.xray("CALC-1")
def test_pay(page):
    """Three steps, two of them with steps of their own."""
    page.buy("apples", number=2)
    page.buy("pears")
    assert asyncio.run(page.pay()) == 10


@pytest.mark.xray(ignore=True)
def test_shop_is_open(page):
    """Runs, and is not reported: it checks the test environment."""
    assert page.user == "ann"
