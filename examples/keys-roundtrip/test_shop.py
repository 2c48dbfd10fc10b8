"""Tests without Test keys."""

import pytest


# What Xray calls this test is "test_shop.test_basket_is_empty".
def test_basket_is_empty():
    assert [] == []


@pytest.mark.parametrize("apples", [1, 2])
def test_apples_are_counted(apples):
    assert len(["apple"] * apples) == apples
