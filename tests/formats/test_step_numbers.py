"""Nested steps have numbers, because Xray has only lists of steps."""

from __future__ import annotations

import pytest

from tests.builders import a_step
from xray_bridge.formats.write.step_numbers import number_steps


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "+b", "+c", "d", "+e"], ["1 a", "1.1 b", "1.2 c", "2 d", "2.1 e"]),
        (["a", "+b", "++c", "+d"], ["1 a", "1.1 b", "1.1.1 c", "1.2 d"]),
        # Steps inside of a step of behave.
        (["Given x", "+a", "+b"], ["Given x", "a", "b"]),
        (["Given x", "+a", "++b", "And y"], ["Given x", "1 a", "1.1 b", "And y"]),
        (
            ["Given x", "+a", "++b", "And y", "+c", "++d"],
            ["Given x", "1 a", "1.1 b", "And y", "1 c", "1.1 d"],
        ),
        # Depths of a damaged journal.
        (["+++a", "b", "+++++++c"], ["1 a", "2 b", "2.1 c"]),
    ],
)
def test_numbers(given: list[str], expected: list[str]) -> None:
    """All steps of a group are numbered if one of them is nested."""
    steps = []
    for text in given:
        name = text.lstrip("+")
        keyword, _, rest = name.rpartition(" ")
        depth = len(text) - len(name)
        steps.append(a_step(name=rest, keyword=keyword or "*", depth=depth))

    found = number_steps(steps)

    assert [f"{step.keyword} {step.name}".removeprefix("* ") for step in found] == (
        expected
    )
