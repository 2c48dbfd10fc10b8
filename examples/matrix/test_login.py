import pytest


USERS = {"ann", "bob"}


@pytest.mark.xray("CALC-2")
def test_login():
    assert "ann" in USERS
