import pytest


@pytest.mark.xray("CALC-4")
def test_checkout():
    assert sum([2.5, 2.0]) == 4.5
