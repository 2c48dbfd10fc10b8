"""Tests of the Test Plan CALC-15, which has CALC-1, CALC-2 and CALC-3."""

import os

import pytest


@pytest.mark.xray("CALC-1")
def test_add():
    assert 1 + 2 == 3


@pytest.mark.xray("CALC-2")
def test_subtract():
    assert 3 - 2 == 1


@pytest.mark.xray("CALC-3")
@pytest.mark.skipif("ALL" not in os.environ, reason="not yet")
def test_multiply():
    assert 2 * 3 == 6
