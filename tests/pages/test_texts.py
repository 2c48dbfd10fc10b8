"""The parts of a failure's text."""

from __future__ import annotations

import pytest

from xray_pages.texts import Failure, Line, split_failure


PYTEST = """def test_add():
>       assert add(1, 2) == 4
E       assert 3 == 4
E        +  where 3 = add(1, 2)

test_add.py:3: AssertionError"""
PYTEST_DIFF = """>       assert found == wanted
E       AssertionError: assert 'one' == 'two'
E
E         - two
E         + one
E         ? ^^^

test_add.py:3: AssertionError"""
DOCTEST = """021
022     >>> subtract(5, 3)
Expected:
    2
Got:
    -2

calculator.py:22: DocTestFailure"""
PYTHON = """Traceback (most recent call last):
  File "steps.py", line 3, in step
    assert 1 == 2, "no"
           ^^^^^^
AssertionError: no
and more"""
CHAINED = f"""{PYTHON}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "steps.py", line 9, in step
    raise KeyError("x")
KeyError: 'x'"""


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (PYTEST, ["assert 3 == 4", " +  where 3 = add(1, 2)"]),
        (PYTHON, ["AssertionError: no", "and more"]),
        (CHAINED, ["KeyError: 'x'"]),
        (DOCTEST, ["Expected:", "    2", "Got:", "    -2"]),
        ("one\ntwo", ["one", "two"]),
        ("", []),
        ("Traceback (most recent call last):", ["Traceback (most recent call last):"]),
    ],
    ids=[
        *("pytest", "python", "chained", "doctest", "plain", "empty"),
        "traceback without an end",
    ],
)
def test_the_lines_about_the_error_come_first(message: str, lines: list[str]) -> None:
    """The lines are those that pytest marks, or that follow the last traceback."""
    found = split_failure(message)

    assert [line.text for line in found.lines] == lines


def test_lines_of_a_diff_have_signs() -> None:
    """Lines of a diff have signs; lines that only look so have none."""
    found = split_failure(PYTEST_DIFF)

    assert [line.sign for line in found.lines] == ["", "", "del", "ins", "hint"]
    assert {line.sign for line in split_failure(PYTEST).lines} == {""}


def test_a_whole_text_is_not_repeated() -> None:
    """A text without anything to fold has no rest; another one is there as a whole."""
    assert split_failure("no") == Failure((Line("no"),))
    assert split_failure(PYTEST).rest == PYTEST
