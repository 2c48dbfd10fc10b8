"""The short form of the note about a running test."""

from __future__ import annotations

import pytest

from xray_bridge.runs.running_test import SIZE, pack_note, unpack_note


def test_what_is_packed_is_read_again() -> None:
    """Its name, its keys and when it began; what stands behind it is an older note."""
    found = pack_note("tests/unit/test_ä.py::TestB::test_c", "CALC-1 CALC-2", 12.5)

    assert unpack_note(found.ljust(SIZE, b"x")) == {
        "classname": "tests.unit.test_ä.TestB",
        "name": "test_c",
        "started": 12.5,
        "test_keys": ["CALC-1", "CALC-2"],
    }


@pytest.mark.parametrize("content", [b"", b"\1", bytes(SIZE)])
def test_no_test_is_noted(content: bytes) -> None:
    """The file is made before the first test."""
    assert unpack_note(content) is None


@pytest.mark.parametrize("nodeid", ["n" * SIZE, "\ud800"])
def test_no_place(nodeid: str) -> None:
    """A long name takes the long form, and what is no text as well."""
    with pytest.raises(ValueError, match=r"too long|surrogates"):
        pack_note(nodeid, "", 0.0)


def test_without_keys() -> None:
    """A test that no Test is named for has no list of keys, as in a journal."""
    assert unpack_note(pack_note("test_a.py::test_b", "", 1.0)) == {
        "classname": "test_a",
        "name": "test_b",
        "started": 1.0,
    }


def test_longest_note() -> None:
    """Name and keys together fill the file, and one byte more does not fit."""
    keys = "CALC-1"
    name = "test_a.py::" + "n" * (SIZE - 13 - len(keys) - len("test_a.py::"))

    assert len(pack_note(name, keys, 0.0)) == SIZE
    with pytest.raises(ValueError, match="too long"):
        pack_note(f"{name}n", keys, 0.0)
    with pytest.raises(ValueError, match="too long"):
        pack_note(name, f"{keys}0", 0.0)
