"""Tests of the calculator; a mark names the Test in Xray that each automates."""

from __future__ import annotations

import calculator
import pytest


@pytest.mark.xray("CALC-1")
def test_add():
    """The simplest case: one test function, one Test."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-2", requirements=["CALC-70"], labels=["smoke"])
def test_subtract():
    """A mark can say more of the Test than its key."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-4")
@pytest.mark.parametrize(
    ("first", "second", "quotient"), [(6, 3, 2), (8, 2, 4), (1, 4, 0.25)]
)
def test_divide(first, second, quotient):
    """Three results of the same Test: they become one Test Run."""
    assert calculator.divide(first, second) == quotient


@pytest.mark.xray("CALC-5")
def test_divide_by_zero():
    """An expected exception is a pass like any other."""
    with pytest.raises(ZeroDivisionError):
        calculator.divide(1, 0)


@pytest.mark.parametrize(
    ("number", "root"),
    [
        pytest.param(9, 3, marks=pytest.mark.xray("CALC-6")),
        pytest.param(2, 1.4142, marks=pytest.mark.xray("CALC-3")),
    ],
)
def test_square_root(number, root):
    """Each row has a Test of its own: the mark on the row wins."""
    assert calculator.square_root(number) == pytest.approx(root, abs=1e-4)


@pytest.mark.xray("CALC-9")
@pytest.mark.skip(reason="the display has no room for them yet")
def test_very_large_numbers():
    """A skipped test is reported, too, and is no pass."""


def test_add_negative_numbers():
    """Without a key: Xray finds or makes a Generic Test with this test's name."""
    assert calculator.add(-2, -3) == -5
