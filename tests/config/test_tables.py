"""Tables of the shared file: values, and all mistakes in them."""

from __future__ import annotations

import pytest

from xray_bridge.config.tables import read_table, switch, whole_number


PARSERS = {"max": whole_number(1), "on": switch}


def test_values_and_all_mistakes() -> None:
    """One wrong value does not hide the others."""
    mistakes: list[str] = []

    found = read_table({"max": 2, "on": "x" * 99, "mx": 1, "q": 1}, PARSERS, mistakes)

    assert found == {"max": 2}
    value, near, far = mistakes
    assert value == f"on is '{'x' * 39}..., but must be true or false"
    assert near == "there is no key mx (did you mean max?)"
    assert far == "there is no key q (known: max, on)"


@pytest.mark.parametrize("value", [0, True, 1.0, "1", None])
def test_numbers_are_whole_and_large_enough(value: object) -> None:
    """A switch is no number."""
    with pytest.raises(ValueError, match="must be a whole number from 1"):
        whole_number(1)(value)
