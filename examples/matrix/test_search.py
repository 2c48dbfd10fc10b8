import pytest


GOODS = ["green tea", "coffee"]


@pytest.mark.xray("CALC-3")
def test_search():
    assert [name for name in GOODS if "tea" in name] == ["green tea"]
