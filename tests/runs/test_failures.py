"""Failed tests, summarised for receipts and for CI systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, a_scenario_run, results
from xray_bridge.model.results import Outcome
from xray_bridge.runs.failures import find_place, first_failures


if TYPE_CHECKING:
    from pathlib import Path

LONG = """
    def test_add():
>       check(1)

tests/test_calculator.py:7:
_ _ _ _ _ _ _ _

    def check(value):
>       assert value == 2
E       assert 1 == 2

tests/helpers.py:3: AssertionError"""


@pytest.mark.parametrize(
    ("message", "classname", "place"),
    [
        (LONG, "tests.test_calculator", ("tests/test_calculator.py", 7)),
        (LONG, "tests.test_calculator.TestAdd", ("tests/test_calculator.py", 7)),
        (LONG, "tests.test_calc", ("tests/helpers.py", 3)),
        ("test_a.py:12: KeyError", "test_a", ("test_a.py", 12)),
        ("E   no\n", "test_a", ("", 0)),
        ("/usr/lib/python3/a.py:3: E", "test_a", ("", 0)),
        ("<python>/a.py:3: E", "test_a", ("", 0)),
        ("", "", ("", 0)),
    ],
)
def test_the_place_of_a_failure(
    message: str, classname: str, place: tuple[str, int]
) -> None:
    """The test's own file counts most; files of this machine do not count."""
    assert find_place(message, classname) == place


def test_failures_have_their_places(tmp_path: Path) -> None:
    """A test has the place of its traceback, a scenario that of its feature file."""
    found = first_failures(
        results(
            tmp_path,
            a_run(Outcome.FAILED, message=LONG),
            a_scenario_run(Outcome.FAILED),
            a_run(name="test_passes"),
        )
    )

    assert [(each.file, each.line, each.message) for each in found] == [
        ("tests/test_calculator.py", 7, "assert 1 == 2"),
        ("features/add.feature", 3, ""),
    ]
