"""Lines and words for people."""

from __future__ import annotations

from xray_bridge.text import merge_lines


def test_lines_of_one_part_stay() -> None:
    """What one part says twice stays there twice."""
    assert merge_lines([["},", "a", "},"]]) == ("},", "a", "},")


def test_lines_that_several_parts_have() -> None:
    """They are those of the first part that has them."""
    assert merge_lines([["a"], ["b", "a", "b"], ["b", "c"]]) == ("a", "b", "b", "c")
