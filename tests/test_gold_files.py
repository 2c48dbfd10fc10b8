"""The comparison with gold files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.gold_files import OPTION, Gold


if TYPE_CHECKING:
    from pathlib import Path


def test_other_line_is_shown(tmp_path: Path) -> None:
    """The message shows the difference and the option that updates the file."""
    (tmp_path / "a.txt").write_text("one\ntwo\n")

    with pytest.raises(AssertionError, match=rf"-two\n\+three\n.*{OPTION}"):
        Gold(tmp_path).check("a.txt", "one\nthree\n")


@pytest.mark.parametrize("text", ["new\n", "new", ""])
def test_file_that_is_not_there(tmp_path: Path, text: str) -> None:
    """A document without a gold file fails, and so does a file without a document."""
    gold = Gold(tmp_path)
    (tmp_path / "old.txt").write_text("old\n")

    with pytest.raises(AssertionError):
        gold.check("a.txt", f"{text}.")
    with pytest.raises(AssertionError):
        gold.check("old.txt", text)
    with pytest.raises(AssertionError):
        gold.check_names("", {"a.txt"})


def test_update_writes_and_removes(tmp_path: Path) -> None:
    """After an update the same comparisons pass."""
    gold = Gold(tmp_path)
    (tmp_path / "old.txt").write_text("old\n")

    update = replace(gold, update=True)
    update.check("b/a.txt", "one\n")
    update.check_names("", {"b/a.txt"})

    gold.check("b/a.txt", "one\n")
    gold.check_names("", {"b/a.txt"})
