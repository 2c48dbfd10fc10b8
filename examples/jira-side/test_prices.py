"""Tests of the prices."""

from __future__ import annotations

import pytest
from prices import discount, shipping, total


@pytest.mark.xray("CALC-1", requirements="CALC-70")
@pytest.mark.parametrize("prices", [[100, 250], [1, 2, 3]], ids=["two", "three"])
def test_total(prices: list[int]) -> None:
    """Both rows share a bug."""
    assert total(prices) == sum(prices)


@pytest.mark.xray("CALC-2", requirements="CALC-70")
def test_discount() -> None:
    """A tenth less."""
    assert discount(1000, 10) == 900


@pytest.mark.xray("CALC-3")
@pytest.mark.parametrize(
    ("price", "expected"), [(0, 499), (4999, 499), (5000, 0), (9000, 0)]
)
def test_shipping(price: int, expected: int) -> None:
    """From 50 on, shipping is free."""
    assert shipping(price) == expected


@pytest.mark.skip(reason="no taxes yet")
def test_taxes() -> None:
    """Skipped, so it says nothing about a bug."""
