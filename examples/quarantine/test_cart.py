"""A cart with a known defect."""

import os

import pytest


# The whole price of a cart.
def total(prices):
    if os.environ.get("NEW_DEFECT"):
        raise KeyError("price")
    return sum(prices) - 1


@pytest.mark.xray("CALC-2")
def test_total():
    assert total([1, 2]) == 3


def test_empty_cart():
    assert sum([]) == 0
