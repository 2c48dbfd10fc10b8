"""Formatting of lines and words for people."""

from __future__ import annotations

from xray_bridge.text import merge_lines


def test_lines_of_one_part_stay() -> None:
    """Lines that one part has twice stay twice."""
    assert merge_lines([["},", "a", "},"]]) == ("},", "a", "},")


def test_lines_that_several_parts_have() -> None:
    """A line of several parts appears once, in the first of these parts."""
    assert merge_lines([["a"], ["b", "a", "b"], ["b", "c"]]) == ("a", "b", "b", "c")
