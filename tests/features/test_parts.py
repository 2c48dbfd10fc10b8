"""Exports of many keys: several requests, and one archive of all downloads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from xray_bridge.errors import FeaturesError
from xray_bridge.features.parts import (
    LONGEST_QUERY,
    MOST_KEYS,
    join_downloads,
    split_keys,
)


@pytest.mark.parametrize("project", ["CALC", "A_PROJECT_WITH_A_LONG_KEY_AS_SOME_HAVE"])
def test_parts_of_keys(project: str) -> None:
    """All keys are requested in order, in addresses of a safe length."""
    keys = [f"{project}-{number}" for number in range(1000, 2500)]

    parts = split_keys(keys)

    assert [key for part in parts for key in part] == keys
    assert all(len("%3B".join(part)) <= LONGEST_QUERY for part in parts)
    assert all(len(part) <= MOST_KEYS for part in parts)


@pytest.mark.parametrize("keys", [[], ["CALC-1"], ["CALC-1"] * MOST_KEYS])
def test_one_part(keys: list[str]) -> None:
    """An export of few keys is one request."""
    assert split_keys(keys) == [tuple(keys)]


def test_part_ends_where_an_address_would_be_too_long() -> None:
    """Each key counts with what stands between; the longest part is the whole limit."""
    length = LONGEST_QUERY // 4 - len("%3B")
    keys = [f"{'A' * (length - 2)}-{number}" for number in range(1, 6)]

    assert split_keys(keys) == [tuple(keys[:4]), tuple(keys[4:])]
    assert split_keys(["B" * (length + 1), *keys[1:4]]) == [
        ("B" * (length + 1), *keys[1:3]),
        (keys[3],),
    ]


def test_part_is_counted_anew() -> None:
    """The second is as long as the first."""
    keys = [f"CALC-{number}" for number in range(100, 100 + 2 * MOST_KEYS)]

    assert split_keys(keys) == [tuple(keys[:MOST_KEYS]), tuple(keys[MOST_KEYS:])]


def test_second_part_ends_where_the_first_would() -> None:
    """The key that begins a part counts in full."""
    length = LONGEST_QUERY // 4 - len("%3B")
    keys = [f"{'A' * (length - 2)}-{number}" for number in range(1, 9)]
    longer = [*keys[:5], f"A{keys[5]}", *keys[6:8]]

    assert split_keys(keys) == [tuple(keys[:4]), tuple(keys[4:])]
    assert split_keys(longer) == [
        tuple(longer[:4]),
        tuple(longer[4:7]),
        tuple(longer[7:]),
    ]


def test_two_hundred_keys_are_one_request() -> None:
    """Their address is about 2,000 characters long."""
    keys = [f"CALC-{number}" for number in range(1, 202)]

    assert [len(part) for part in split_keys(keys)] == [200, 1]


def test_key_longer_than_any_address_goes_alone() -> None:
    """No part is empty."""
    long = "A" * (LONGEST_QUERY + 1)

    assert split_keys([long, "CALC-1"]) == [(long,), ("CALC-1",)]


def a_download(path: Path, **files: str) -> Path:
    """Make an archive like the ones from Server."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.feature", f"Feature: {text}\n")
    return path


def joined(folder: Path, *downloads: Path) -> dict[str, str]:
    """Join several downloads; return the files of the archive."""
    target = folder / "all.zip"
    join_downloads(downloads, target)
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_names_that_come_again(tmp_path: Path) -> None:
    """Equal names get a number; equal files are written once."""
    first = a_download(tmp_path / "1", **{"1": "one", "2": "both"})
    second = a_download(tmp_path / "2", **{"1": "two", "2": "both"})

    assert joined(tmp_path, first, second) == {
        "1.feature": "Feature: one\n",
        "2.feature": "Feature: both\n",
        "1-2.feature": "Feature: two\n",
    }


def test_equal_file_before_others(tmp_path: Path) -> None:
    """The files after an equal one are added, too."""
    first = a_download(tmp_path / "1", **{"1": "both"})
    second = a_download(tmp_path / "2", **{"1": "both", "2": "two"})

    assert joined(tmp_path, first, second) == {
        "1.feature": "Feature: both\n",
        "2.feature": "Feature: two\n",
    }


def test_part_without_feature_files(tmp_path: Path) -> None:
    """An empty part is skipped; if all are empty, it is an error."""
    (tmp_path / "1").write_bytes(b"")
    second = a_download(tmp_path / "2", **{"1": "two"})

    assert list(joined(tmp_path, tmp_path / "1", second)) == ["1.feature"]
    with pytest.raises(FeaturesError, match="it is empty"):
        joined(tmp_path, tmp_path / "1", tmp_path / "1")


def test_part_that_is_broken(tmp_path: Path) -> None:
    """A broken part fails the export."""
    first = a_download(tmp_path / "1", **{"1": "one"})
    (tmp_path / "2").write_bytes(first.read_bytes()[:-10])

    with pytest.raises(FeaturesError, match="no end"):
        joined(tmp_path, first, tmp_path / "2")
