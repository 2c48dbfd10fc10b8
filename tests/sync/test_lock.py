"""The lock file: what users may do to it, and what a merge of git does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.values import a_line
from xray_bridge.errors import CheckError, ReportError
from xray_bridge.sync.lock import LOCK_FILE, read_lock, write_lock


if TYPE_CHECKING:
    from pathlib import Path

HEAD = '{"xray-tests": 1, "project": "CALC"}\n'
ONE = '{"test": "test_a.test_one", "key": "CALC-1"}\n'


def read_text(folder: Path, text: str) -> str:
    """Return what is wrong with a lock file."""
    path = folder / LOCK_FILE
    path.write_text(text)
    with pytest.raises(CheckError) as caught:
        read_lock(path, "CALC")
    return str(caught.value)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also names with letters of any language, and odd ones."""
    path = tmp_path / LOCK_FILE
    entries = (
        a_line("test_a.test_\u00e4[\u2028]", labels=("x",), folder="/a b"),
        a_line("test_a.test_b[\ud800]", "CALC-2", requirements=("CALC-7",)),
    )
    write_lock(path, "CALC", reversed(entries))

    assert set(read_lock(path, "CALC")) == set(entries)


def test_a_merge_shows_one_line_for_each_test(tmp_path: Path) -> None:
    """Sorted by name, without what is empty."""
    path = tmp_path / LOCK_FILE
    write_lock(path, "CALC", [a_line("b.test", "CALC-2"), a_line("a.test")])

    assert path.read_text() == HEAD + (
        '{"test": "a.test", "key": "CALC-1", "file": "test_a.py", "body": "b0d1"}\n'
        '{"test": "b.test", "key": "CALC-2", "file": "test_a.py", "body": "b0d1"}\n'
    )


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    """Before the first sync."""
    assert read_lock(tmp_path / LOCK_FILE, "CALC") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<<<<<<< HEAD", "a conflict of git is not resolved"),
        ("=======", "a conflict of git is not resolved"),
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is not an object of JSON"),
        ('{"test": "a", "key": "CALC-1", "lables": []}', "there is no key lables"),
        ('{"test": "a"}', "key is missing"),
        ('{"key": "CALC-1"}', "test is missing"),
        ('{"test": 5, "key": "CALC-1"}', "test must be a text"),
        ('{"test": "a", "key": "CALC-1", "labels": "x"}', "labels must be a list"),
        ('{"test": "a", "key": "calc"}', "key is 'calc', and keys look like CALC-15"),
        ('{"xray-tests": 2}', "version 2 of the file is not known"),
    ],
)
def test_a_wrong_line(tmp_path: Path, line: str, said: str) -> None:
    """It is named by its number, with what to do."""
    found = read_text(tmp_path, f"{HEAD}{line}\n")

    assert f"nothing was synced: xray-tests.lock, line 2: {said}" in found
    assert "their Tests are found again by their names" in found


def test_two_branches_that_added_the_same_key(tmp_path: Path) -> None:
    """All doubled names and keys are named at once."""
    other = ONE.replace("one", "two")
    found = read_text(tmp_path, HEAD + ONE + other + ONE.replace("-1", "-2"))

    assert "lines 2 and 3: the key CALC-1 is there 2 times" in found
    assert "lines 2 and 4: the test test_a.test_one is there 2 times" in found


def test_the_file_of_another_project(tmp_path: Path) -> None:
    """Its keys would be those of other Tests."""
    found = read_text(tmp_path, HEAD.replace("CALC", "SHOP") + ONE)

    assert "line 1: it is for the project SHOP, but this is CALC" in found


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Git has the last version."""
    (tmp_path / LOCK_FILE).write_bytes(b"\xff")
    with pytest.raises(ReportError, match=r"xray-tests.lock cannot be read"):
        read_lock(tmp_path / LOCK_FILE, "CALC")


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    """A check in CI finds no difference, and build tools no newer file."""
    path = tmp_path / LOCK_FILE
    write_lock(path, "CALC", [a_line()])
    path.chmod(0o444)
    before = path.stat().st_ino
    write_lock(path, "CALC", [a_line()])

    assert path.stat().st_ino == before


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The Tests are in Xray already; the next sync finds them by their names."""
    (tmp_path / "file").touch()

    with pytest.raises(ReportError, match="cannot be written: ") as caught:
        write_lock(tmp_path / "file" / LOCK_FILE, "CALC", [a_line()])
    assert caught.value.hint.endswith("Tests are found by their names")
