"""The rows of a dataset as values, and their ids."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from xray_bridge.datasets.rows import NoRow, Rows, make_ids
from xray_bridge.errors import DatasetError
from xray_bridge.model.dataset import Dataset, argument_name, make_dataset


LOGIN = make_dataset(
    "CALC-5", ["User name", "Class*"], [["ann", "=1+1"], ["bob", ""]], "now"
)
NONE = Dataset(key="CALC-5", problem="it has none; add one")


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("User name", "user_name"),
        ("  E-Mail (work) ", "e_mail_work"),
        ("2nd", "_2nd"),
        ("class", "class_"),
        ("userName", "username"),
        ("Straße", "strasse"),
        ("\u540d\u524d", "\u540d\u524d"),
        ("?!", ""),
    ],
)
def test_a_column_has_the_name_of_an_argument(column: str, name: str) -> None:
    """Lower case, and one underscore for all that is neither letter nor digit."""
    assert argument_name(column) == name


def test_a_row_is_read_by_column_and_by_argument() -> None:
    """Formulas are text, and an empty cell is an empty text."""
    first, second = Rows(LOGIN)

    assert first["User name"] == first["user_name"] == "ann"
    assert dict(**first) == {"user_name": "ann", "class_": "=1+1"}
    assert second.to_dict() == {"User name": "bob", "Class": ""}
    assert str(second) == second.__name__ == "bob-empty"
    with pytest.raises(KeyError, match="no column 'city'; the columns are User name"):
        first["city"]
    with pytest.raises(TypeError, match="name the columns"):
        list(first)


def test_values_of_columns_have_the_order_that_is_asked_for() -> None:
    """One column gives texts, several give tuples; an unknown one is an error."""
    rows = Rows(LOGIN)

    assert rows.values("user_name") == ["ann", "bob"]
    assert rows.values("class_", "User name") == [("=1+1", "ann"), ("", "bob")]
    with pytest.raises(DatasetError, match="no column city"):
        rows.values("city")


def test_without_rows_each_use_of_the_one_row_says_why() -> None:
    """So a file can be collected, and only its tests with rows fail."""
    (row,) = Rows(NONE)

    assert isinstance(row, NoRow)
    assert Rows(NONE).values("a", "b") == [(row, row)] or len(Rows(NONE)) == 1
    for use in (lambda: row["a"], row.keys, row.to_dict):
        with pytest.raises(DatasetError, match="it has none; add one"):
            use()


@pytest.mark.parametrize(
    ("row", "id_"),
    [
        (("ann", "secret"), "ann-secret"),
        (("", ""), "empty-empty"),
        (("a::b[1]/c",), "a__b_1__c-c95c88"),
        (("\x1b[31mred\x07\x00",), "red_x07_x00-8aa255"),
        (("two\nlines",), "two lines-edc8c1"),
    ],
)
def test_an_id_shows_the_values(row: tuple[str, ...], id_: str) -> None:
    """What a name cannot hold is replaced, and a digest of the row follows."""
    assert make_ids([row]) == [id_]


def test_long_values_are_cut() -> None:
    """pytest would rename tests with long names."""
    first, second = make_ids([("x" * 1000,), ("x" * 1001,)])

    assert first != second
    assert {len(first), len(second)} == {37}
    assert max(map(len, make_ids([["y" * 30] * 20]))) <= 90


@hypothesis.given(st.lists(st.lists(st.text(max_size=4), min_size=2, max_size=2)))
def test_no_two_rows_have_the_same_id(rows: list[list[str]]) -> None:
    """Even equal rows have not, nor values that look like a part of an id."""
    ids = make_ids(rows)

    assert len(set(ids)) == len(rows)
    assert all("::" not in each and "[" not in each for each in ids)


def test_ids_do_not_depend_on_other_rows() -> None:
    """A row that is added in Xray renames no test."""
    before = make_ids([("a", "b"), ("c", "d" * 99)])

    after = make_ids([("new", "row"), ("c", "d" * 99), ("a", "b")])

    assert set(before) <= set(after)


@pytest.mark.parametrize(
    ("names", "rows", "problem"),
    [
        ([], [], "CALC-5 has no dataset in Xray; add one"),
        (["A"], [], "the dataset of CALC-5 has no rows"),
        (["A", "a"], [["1", "2"]], "the columns 'A' and 'a' .* are both a; rename"),
        (["A"], [["1", "2"]], "row 1 .* a value in a column without a name"),
        (["A", ""], [["1", ""], ["1", "x"]], "row 2 .* a value in a column without"),
    ],
)
def test_a_table_that_is_no_dataset_has_a_problem(
    names: list[str], rows: list[list[str]], problem: str
) -> None:
    """It says what to do in Xray."""
    found = make_dataset("CALC-5", names, rows, "now")

    assert found.rows == ()
    with pytest.raises(DatasetError, match=problem):
        Rows(found)[0]["a"]


def test_equal_rows_are_kept_and_told() -> None:
    """Nothing is lost, and a notice names them."""
    found = make_dataset("CALC-5", ["A"], [["1"], ["2"], ["1"], ["1"]], "now")

    assert len(found.rows) == 4
    assert make_ids(found.rows) == ["1", "2", "1-2", "1-3"]
    (notice,) = found.notices
    assert notice.startswith("the dataset of CALC-5 has equal rows: 1 and 3; 1 and 4;")


def test_short_rows_are_filled_and_empty_columns_left_out() -> None:
    """Spreadsheets leave both."""
    found = make_dataset("CALC-5", ["A", "", "B"], [["1"], ["2", "", "3"]], "now")

    assert (found.columns, found.rows) == (("A", "B"), (("1", ""), ("2", "3")))


def test_a_value_that_looks_like_the_number_of_an_equal_row() -> None:
    """All rows are numbered then, because no two may have one id."""
    assert make_ids([["a"], ["a"], ["a-2"]]) == ["a-row1", "a-2-row2", "a-2-row3"]
