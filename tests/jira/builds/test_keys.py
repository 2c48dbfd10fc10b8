"""Keys of issues in branches, titles and messages."""

from __future__ import annotations

import pytest

from xray_bridge.jira.builds.keys import MOST, choose_keys, find_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("feature/MYT-12-x", ["MYT-12"]),
        ("[MYT-12] Add", ["MYT-12"]),
        ("MYT-12_fix", ["MYT-12"]),
        ("MYT-12,MYT-13; OPS-4", ["MYT-12", "MYT-13", "OPS-4"]),
        ("Add\n\nMYT-12: two numbers", ["MYT-12"]),
        ("(MYT-7)", ["MYT-7"]),
        ("MYT-12 MYT-12", ["MYT-12", "MYT-12"]),
        ("xMYT-12", []),
        ("AMYT-12", []),
        ("MYT-12abc", []),
        ("myt-12", []),
        ("MYT-0", []),
        ("MYT-012", []),
        ("UTF-8, SHA-256, ISO-8859, CVE-2024-1", []),
        ("MYTH-12", []),
        ("", []),
    ],
)
def test_only_keys_of_these_projects_are_found(text: str, keys: list[str]) -> None:
    """A key stands alone; other words with a number are none."""
    assert list(find_keys(text, {"MYT", "OPS"})) == keys


def test_a_branch_may_be_in_lower_case() -> None:
    """Some teams write all branches so; other letters do not become those of a key."""
    assert list(find_keys("fix/myt-12-ä", {"MYT"}, any_case=True)) == ["MYT-12"]
    assert list(find_keys("fix/m\u017ft-12", {"MST"}, any_case=True)) == []


def test_without_projects_there_are_no_keys() -> None:
    """UTF-8 would be one."""
    assert list(find_keys("MYT-12 UTF-8", ())) == []


def test_a_long_text_is_searched_in_time() -> None:
    """A hostile title has many letters and no key."""
    assert list(find_keys("A" * 20_000 + "-", {"A"})) == []
    assert list(find_keys("A1_" * 7_000, {"A"})) == []


def test_each_key_once_and_not_too_many() -> None:
    """Jira takes 500 of them; the first sources win."""
    many = [f"AA-{number}" for number in range(1, MOST + 3)]

    assert choose_keys([["BB-1", "BB-1"], ["CC-1", "BB-1"]]) == (("BB-1", "CC-1"), 0)
    found, left_out = choose_keys([["BB-1"], many])
    assert (len(found), found[0], left_out) == (MOST, "BB-1", 3)


def test_what_is_no_key_is_left_out() -> None:
    """Jira would reject all for an empty one; a run directory may have anything."""
    odd = ["", "AA", "AA-0", "aa-1", "AA-1 ", "A\nA-1", "https://a/AA-1"]

    assert choose_keys([odd, ["AA-1"]]) == (("AA-1",), 0)


def test_a_key_that_no_jira_has_is_left_out() -> None:
    """Jira would refuse the whole request because of its size."""
    assert choose_keys([["A" * 1000 + "-1", "AA-1"]]) == (("AA-1",), 0)
