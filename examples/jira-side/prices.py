"""Prices of a shop, in cents, in four releases of which some are broken."""

from __future__ import annotations

import os


RELEASE = int(os.environ.get("RELEASE", "3"))


def total(prices: list[int]) -> int:
    """Add prices; releases 1, 2 and 4 forget the last one."""
    return sum(prices if RELEASE == 3 else prices[:-1])


def discount(price: int, percent: int) -> int:
    """Return a reduced price; release 2 cannot do it."""
    if RELEASE == 2:
        raise ValueError(f"no discount of {percent} % at {id(price):#x}")
    return price * (100 - percent) // 100


def shipping(price: int) -> int:
    """Return the price of shipping; expensive carts are free."""
    return 0 if price >= 5000 else 499
