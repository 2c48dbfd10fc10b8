"""Bodies of functions and steps of scenarios: the same after a rename."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from xray_bridge.source.places import TestPlace
from xray_bridge.sync.bodies import Bodies, Steps, digest


if TYPE_CHECKING:
    from pathlib import Path

FEATURE = '''\
@top
Feature: F
  Background:
    Given a start

  # about one
  @slow
  Scenario: one
    Given it is
      """
      # not a comment
      """

  @rows
  Scenario Outline: rows
    Given it is <n>

    @few
    Examples:
      | n |
      | 1 |

  Rule: R
    Scenario: last
      Given the end
'''


def body_of(folder: Path, code: str, *function: str) -> str:
    """Return the hash of a function's body."""
    path = folder / "test_a.py"
    path.write_text(textwrap.dedent(code), encoding="utf-8")
    place = TestPlace(name="", where="", file=str(path), function=function)
    return Bodies().read_body(place)


def steps_of(folder: Path, line: int, text: str = FEATURE) -> Steps:
    """Return the steps of the scenario at a line."""
    path = folder / "a.feature"
    path.write_text(text)
    place = TestPlace(name="", where="", file=str(path), line=line)
    return Bodies().read_steps(place)


@pytest.mark.parametrize(
    "code",
    [
        "def test_a():\n    assert 1\n",
        'def test_a():\n    """Any."""\n\n    assert 1   \n',
        "@mark\nasync def test_a(x, *, y):\n    assert 1\n",
        "import x\n\nif x:\n  def test_a():\n        assert 1\n",
        "def test_a(): assert 1",
        "x = 1\n\f\ndef test_a():\n    assert 1\n\n\ny = 2\n",
    ],
)
def test_name_docstring_and_decorators_are_no_body(tmp_path: Path, code: str) -> None:
    """All of these may change with a rename."""
    assert body_of(tmp_path, code, "test_a") == digest("assert 1")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def test_a(:", ("test_a",)),
        ("def test_a(): pass\ndef test_a(): pass", ("test_a",)),
        ('def test_a():\n    """Any."""', ("test_a",)),
        ("def test_b(): pass", ("test_a",)),
    ],
)
def test_no_body(tmp_path: Path, code: str, names: tuple[str, ...]) -> None:
    """It cannot be read, or is not one."""
    assert body_of(tmp_path, code, *names) == ""


def test_a_method_with_a_decorated_first_statement(tmp_path: Path) -> None:
    """The decorator belongs to the body."""
    code = "class A:\n    def test_a(self):\n        @x\n        def f(): pass\n"

    assert body_of(tmp_path, code, "A", "test_a") == digest("@x\ndef f(): pass")


def test_a_body_after_letters_of_two_bytes(tmp_path: Path) -> None:
    """Python counts columns in bytes."""
    code = 'def test_a(x="\u00e4\u00f6"): assert 1'

    assert body_of(tmp_path, code, "test_a") == digest("assert 1")


def test_steps_end_before_tags_and_comments_of_the_next(tmp_path: Path) -> None:
    """A docstring may contain anything."""
    assert steps_of(tmp_path, 8) == Steps(
        text='Given it is\n  """\n  # not a comment\n  """'
    )


def test_steps_of_an_outline_have_its_examples(tmp_path: Path) -> None:
    """With the tags of a table."""
    assert steps_of(tmp_path, 15) == Steps(
        text="Given it is <n>\n\n@few\nExamples:\n  | n |\n  | 1 |", is_outline=True
    )


def test_the_last_scenario(tmp_path: Path) -> None:
    """In a rule, at the end of the file."""
    assert steps_of(tmp_path, 24).text == "Given the end"


@pytest.mark.parametrize("text", ["", "no feature", FEATURE])
def test_no_steps(tmp_path: Path, text: str) -> None:
    """No feature, or no scenario on this line."""
    assert steps_of(tmp_path, 1, text).text == ""
