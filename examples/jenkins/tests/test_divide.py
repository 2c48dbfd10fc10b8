"""One of these fails, as in life: the results go to Xray all the same."""


def test_divide():
    """Two numbers."""
    assert 6 / 3 == 2


def test_divide_by_zero():
    """The calculator should say infinity, and does not."""
    quotient = 1 / 0
    assert quotient == float("inf")
