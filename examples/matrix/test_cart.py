import os

import pytest


@pytest.mark.xray("CALC-1")
def test_total():
    # Firefox rounds wrongly.
    total = 4.0 if os.environ["BROWSER"] == "firefox" else 4.5
    assert total == 4.5
