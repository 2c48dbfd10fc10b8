"""The forms of the setting ``select``."""

from __future__ import annotations

import pytest

from xray_bridge.errors import SelectionError
from xray_bridge.model.selection import Selection, read_selection


@pytest.mark.parametrize(
    "text",
    [
        "CALC-1,CALC-2",
        " calc-1 ; CALC-2;",
        "CALC-1 CALC-2",
        ",CALC-1,\nCALC-2,CALC-1,",
    ],
)
def test_keys_are_a_list_in_any_spelling(text: str) -> None:
    """Commas, semicolons and blanks separate keys; each key counts once."""
    assert read_selection(text) == Selection(keys=("CALC-1", "CALC-2"))


def test_a_separator_makes_one_key_a_list() -> None:
    """A single key is an issue with Tests, unless a separator follows it."""
    assert read_selection("CALC-1") == Selection(issue="CALC-1")
    assert read_selection("CALC-1,") == Selection(keys=("CALC-1",))


@pytest.mark.parametrize(
    "text",
    [
        "CALC-20 status=FAIL,ABORTED",
        "calc-20  STATUS = fail ; aborted",
        "CALC-20 status in (FAILED, 'Aborted')",
    ],
)
def test_statuses_of_an_issue(text: str) -> None:
    """Both products' words of a status are one, in any case."""
    found = read_selection(text)

    assert found == Selection(issue="CALC-20", statuses=frozenset({"FAIL", "ABORTED"}))
    assert found.has_status("FAILED")
    assert not found.has_status("PASS")


def test_statuses_may_have_blanks() -> None:
    """A status of an administrator may have two words."""
    found = read_selection("CALC-20 status=To do,In Review")

    assert found.statuses == {"TODO", "IN REVIEW"}
    assert found.has_status("in review")


@pytest.mark.parametrize(
    "text", ["project = CALC and labels = smoke", "key in (CALC-1, CALC-2)", "smoke"]
)
def test_anything_else_is_a_query(text: str) -> None:
    """A text that does not begin with a key is for Jira."""
    assert read_selection(text) == Selection(jql=text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "xray_select is empty: it selects no Test"),
        (" , ;", "xray_select is empty: it selects no Test"),
        ("CALC-1,x", "xray_select: 'x' is not a Test key"),
        ('CALC-1" or project = X', "xray_select: 'CALC-1\"' is not a Test key"),
        ("project = SECRET,", "xray_select: 'project' is not a Test key"),
        ("CALC-1 $(id)", "xray_select: '$(id)' is not a Test key"),
        ("CALC-20 status=", "xray_select names no status of CALC-20"),
        ("CALC-20 status", "xray_select: 'status' is not a Test key"),
    ],
)
def test_a_malformed_selection_is_refused(text: str, line: str) -> None:
    """An empty or malformed list never means all tests, and never a query."""
    if text.startswith('CALC-1"'):
        text += ","

    with pytest.raises(SelectionError) as refused:
        read_selection(text)

    assert refused.value.message == line
    assert refused.value.hint
