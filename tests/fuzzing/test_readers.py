"""A little of what ``nox -s fuzz`` does at length."""

from __future__ import annotations

import pytest

from tests.fuzzing.__main__ import inputs
from tests.fuzzing.readers import READERS


@pytest.mark.parametrize("name", READERS)
def test_odd_input(name: str) -> None:
    """Known input, what readers once failed at, and what is made of both."""
    for content in inputs(name, 200, seed=1):
        READERS[name](content)
