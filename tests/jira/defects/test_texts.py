"""Texts of defects hold whatever tests contain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_run
from tests.jira.defects.a_jira import PretendJira, settle
from tests.jira.defects.test_step import suite
from xray_bridge.jira.defects.rules import DESCRIPTION, MACROS, SUMMARY
from xray_bridge.jira.defects.texts import (
    LONGEST_TEXT,
    cut_text,
    fill_line,
    fill_text,
    fill_value,
)
from xray_bridge.model.jira_text import jira_length, shorten
from xray_bridge.model.results import Outcome


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("test_a*b", r"test\_a\*b"),
        ("{color:red}x{color}", r"\{color:red\}x\{color\}"),
        ("[~admin] !x.png!", r"\[\~admin\] \!x.png\!"),
        ("h1. Big", r"\h1. Big"),
        ("bq. quote", r"\bq. quote"),
        ("# one\n# two", r"\# one \# two"),
        ("a-b and -c-", r"a-b and \-c\-"),
        ("||head||", r"\|\|head\|\|"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_wiki_markup_in_names_has_no_meaning(name: str, shown: str) -> None:
    """Outside of verbatim areas each sign of wiki markup is escaped."""
    assert fill_text("${test.name}", {"test.name": name}) == shown


def test_verbatim_areas_keep_texts_and_cannot_be_left() -> None:
    """A text inside of noformat stays as it is, but cannot end the area."""
    template = "{noformat}\n${error.text}\n{noformat} ${test.name}"
    text = "a*b\n{noformat}\nh1. out {CODE}"

    found = fill_text(template, {"error.text": text, "test.name": "x*"})

    assert found == "{noformat}\na*b\n{ noformat}\nh1. out { CODE}\n{noformat} x\\*"


@given(st.text(max_size=200), st.text(max_size=60_000))
def test_all_texts_fit_into_jira(name: str, text: str) -> None:
    """Summary and description have the lengths that Jira accepts, in UTF-16 units."""
    values = dict.fromkeys(MACROS, name) | {"error.text": text, "error.message": text}

    summary = fill_line(SUMMARY, values)
    description = fill_text(DESCRIPTION, values)

    assert jira_length(summary) <= 255
    assert "\n" not in summary
    assert jira_length(description) <= LONGEST_TEXT
    assert description.count("{noformat}") % 2 == 0


def test_a_long_text_keeps_its_end_and_closes_its_area() -> None:
    """The exception stands at the end of a traceback."""
    text = "x" * 100_000 + "\nValueError: the end"

    found = fill_text(DESCRIPTION, {"error.text": text, "test.name": "y" * 40_000})

    assert "ValueError: the end" in found
    assert found.endswith("{noformat}")


def test_secrets_of_the_machine_that_sends_are_removed(tmp_path: Path) -> None:
    """A secret in a failure does not get into summary, description or comments."""
    jira = PretendJira()
    secret = "hunter2-hunter2"
    message = f"E   ValueError: no login with {secret}\n\ntests/a.py:3: ValueError"
    runs = suite(a_run(Outcome.FAILED, message=message))

    for number in range(2):
        settle(jira, tmp_path / str(number), *runs, token=secret)
    made = jira.issues[0]

    assert secret not in str(made)
    assert "***" in made.fields["description"]


def test_values_of_fields_are_filled_at_all_levels() -> None:
    """A field may be a list or an object of Jira's; numbers stay as they are."""
    values = {"ci.url": "https://ci.example.com/7", "test.name": "a\x1b[31mb"}
    given = {"a": ["${ci.url}", 7], "b": {"c": "see ${test.name}"}, "d": True}

    assert fill_value(given, values) == {
        "a": ["https://ci.example.com/7", 7],
        "b": {"c": "see ab"},
        "d": True,
    }


def test_a_text_that_is_too_long_is_cut_and_its_area_closed() -> None:
    """Also a text of many lists, whose parts fit."""
    open_area = "{noformat}\n" + "x" * 40_000
    closed = f"{{noformat}}x{{noformat}}{'y' * 40_000}"

    assert cut_text("short") == "short"
    assert cut_text(open_area).endswith("...\n{noformat}")
    assert jira_length(cut_text(open_area)) <= LONGEST_TEXT
    assert cut_text(closed).endswith("y...")


def test_half_a_character_is_dropped_from_a_long_text() -> None:
    """A text of JSON may have one anywhere."""
    assert shorten("\ud800" + "x" * 20, 10) == "xxxxxx..."
