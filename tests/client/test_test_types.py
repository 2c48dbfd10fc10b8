"""Whether a Test Type is for scenarios, by its kind and by its name."""

from __future__ import annotations

import pytest

from xray_bridge.client.test_types import is_for_scenarios


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Gherkin", "Cucumber"), True),
        (("Gherkin", "Manual"), True),
        (("Steps", "Cucumber"), False),
        (("Unstructured", "Cucumber"), False),
        (("", "Cucumber"), True),
        (("", "generic"), False),
        (("Manual", "Exploratory"), False),
        (("", "BDD"), None),
        (("", ""), None),
    ],
)
def test_the_kind_decides_before_the_name(
    words: tuple[str, str], expected: bool | None
) -> None:
    """People choose names; an unknown name without a kind tells nothing."""
    assert is_for_scenarios(*words) is expected
