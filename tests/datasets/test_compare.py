"""Rows that have run, compared with those of a dataset."""

from __future__ import annotations

import pytest

from xray_bridge.datasets.compare import compare_rows
from xray_bridge.model.dataset import Dataset


LOGIN = Dataset(
    key="CALC-5",
    columns=("User", "Password"),
    rows=(("ann", "a"), ("bob", "b"), ("eve", "x" * 300)),
)
ANN, BOB = {"User": "ann", "Password": "a"}, {"User": "bob", "Password": "b"}
EVE = {"User": "eve", "Password": f"{'x' * 200}..."}


@pytest.mark.parametrize(
    ("rows", "missing", "extra"),
    [
        ([ANN, BOB, EVE], (), ()),
        ([ANN, ANN, {**BOB, "number": "3"}, EVE], (), ()),
        ([{"User": "ann"}, {"Password": "b"}, {"User": "eve"}], (), ()),
        ([ANN, EVE], ("bob-b",), ()),
        ([ANN, BOB, EVE, {"User": "tom"}], (), ("User=tom",)),
        ([{**ANN, "Password": "b"}, BOB, EVE], ("ann-a",), ("User=ann, Password=b",)),
    ],
)
def test_rows_are_compared_by_their_columns(
    rows: list[dict[str, str]], missing: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    """Other parameters do not count, nor does what is cut off."""
    found = compare_rows(LOGIN, rows)

    assert found is not None
    assert (found.missing, found.extra) == (missing, extra)


def test_tests_without_a_column_are_not_compared() -> None:
    """Their parameters are about something else."""
    assert compare_rows(LOGIN, [{"number": "3"}, {}]) is None


def test_texts_without_secrets_are_compared() -> None:
    """The journal has no secrets, so they are no difference."""
    found = compare_rows(
        LOGIN,
        [{**ANN, "Password": "***"}, BOB, EVE],
        lambda text: {"a": "***"}.get(text, text),
    )

    assert found is not None
    assert (found.missing, found.extra) == ((), ())


def test_ten_thousand_rows_are_compared_at_once() -> None:
    """Only three rows are shown."""
    rows = tuple((f"user {number}", "p") for number in range(10_000))
    dataset = Dataset(key="CALC-5", columns=("User", "Password"), rows=rows)

    found = compare_rows(dataset, ({"User": user} for user, _ in rows[:9_000]))

    assert found is not None
    (line,) = found.lines("missing", "extra")
    assert line.startswith("CALC-5: 1000 of 10000 rows of its dataset missing: user 90")
    assert line.endswith("user 9002-p, ...")
