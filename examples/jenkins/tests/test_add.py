"""Tests without marks: Xray finds or makes a Test by the name of each."""


def test_add():
    """Two numbers."""
    assert 2 + 3 == 5


def test_add_nothing():
    """A number and nothing."""
    assert 2 + 0 == 2
