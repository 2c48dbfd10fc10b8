"""behave: the steps pass no context on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from behave import given, then, when


sys.path.insert(0, str(Path(__file__).parents[2]))

from shop import ShopPage


@given("{user} is in the shop")
def log_in(context, user):
    """Log in."""
    context.page = ShopPage()
    context.page.log_in(user)


@when("she buys {number:d} {goods}")
def buy(context, number, goods):
    """Buy something."""
    context.page.buy(goods, number)


@then("she pays {total:d}")
def pay(context, total):
    """Pay."""
    assert asyncio.run(context.page.pay()) == total
