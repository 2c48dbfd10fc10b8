"""Files with datasets, and where code names them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from xray_bridge.datasets import files
from xray_bridge.datasets.cached import find_projects, note_cached, read_cached
from xray_bridge.datasets.scan import find_keys
from xray_bridge.model.dataset import Dataset


LOGIN = Dataset(
    key="CALC-5",
    columns=("User name", "Größe"),
    rows=(("ann", "\x00\x1b\ud800"), ("=1+1", "x" * 100_000)),
    fetched="2026-11-28 17:00 UTC",
    notices=("a note",),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Hostile values and large ones, too; only the owner may read the file."""
    files.write(tmp_path, LOGIN)

    assert files.read(tmp_path, "CALC-5") == LOGIN
    assert files.read(tmp_path, "CALC-6") is None
    mode = (tmp_path / "CALC-5.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_git_ignores_what_is_kept(tmp_path: Path) -> None:
    """Rows may be passwords; datasets without rows are not kept."""
    files.write_cache(tmp_path, [LOGIN, Dataset(key="CALC-6", problem="none")])

    assert (tmp_path / ".xray" / ".gitignore").read_text() == "*\n"
    assert [each.name for each in (tmp_path / files.CACHE).iterdir()] == ["CALC-5.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"version": 2, "key": "CALC-5", "columns": ["a"], "rows": [["b"]]}',
        b'{"version": 1, "key": "CALC-6", "columns": ["a"], "rows": [["b"]]}',
        b'{"version": 1, "key": "CALC-5", "columns": ["a"], "rows": [["b", "c"]]}',
        b'{"version": 1, "key": "CALC-5", "columns": ["a"], "rows": [[1]]}',
        b'{"version": 1, "key": "CALC-5", "columns": "a", "rows": ["b"]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named_and_not_used(tmp_path: Path, content: bytes) -> None:
    """The message says what to type; the file stays."""
    path = tmp_path / files.CACHE / "CALC-5.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    found = read_cached([tmp_path], "CALC-5", "no server")

    assert found.rows == ()
    assert str(path) in found.problem
    assert "type xray-bridge datasets fetch CALC-5" in found.problem
    assert path.read_bytes() == content


def test_a_damaged_file_does_not_hide_another(tmp_path: Path) -> None:
    """Those of the project are read after those of the current folder."""
    inner = tmp_path / "inner"
    files.write_cache(inner, [LOGIN])
    (inner / files.CACHE / "CALC-5.json").write_text("{")
    files.write_cache(tmp_path, [LOGIN])

    assert read_cached([inner, tmp_path], "CALC-5") == LOGIN


@pytest.mark.parametrize("key", ["../CALC-5", "CALC-5/x", "", "calc"])
def test_only_a_key_is_the_name_of_a_file(tmp_path: Path, key: str) -> None:
    """No other file is read or written."""
    with pytest.raises(ValueError, match="is not the key of a Test"):
        files.path_of(tmp_path, key)


def test_folders_up_to_the_clone_are_searched(tmp_path: Path) -> None:
    """Without a clone, only the folder itself."""
    inner = tmp_path / "a" / "b"
    (tmp_path / ".git").mkdir()

    assert find_projects(inner) == [inner, tmp_path / "a", tmp_path]
    assert find_projects(tmp_path.parent)[0] == tmp_path.parent


def test_one_notice_is_for_all_cached_datasets() -> None:
    """It names the oldest time, and the reason."""
    other = Dataset(key="CALC-6", rows=(("a",),), fetched="2026-01-01 00:00 UTC")

    found = note_cached([LOGIN, other, Dataset(key="CALC-7")], "no server")

    when = "2026-01-01 00:00 UTC"
    notice = (
        f"rows of CALC-5, CALC-6 are those of {when}, from {files.CACHE}: no server"
    )
    assert [each.notices[-1:] for each in found] == [(notice,), (notice,), ()]


CODE = """
import pytest, xray_bridge
from xray_bridge import dataset as rows_of, dataset

@pytest.mark.xray("calc-1", dataset=True)
class TestIt: pass

@pytest.mark.xray("CALC-2", dataset="CALC-3")
def test_a(): xray_bridge.dataset("CALC-4"); dataset("CALC-5")

@pytest.mark.xray("CALC-6")
def test_b(): dataset(KEY); dataset("no key"); xray("CALC-7", dataset=KEY)

@pytest.mark.xray(["CALC-8"], dataset=False)
def test_c(): pass
"""


def test_code_names_datasets(tmp_path: Path) -> None:
    """Keys as text are found; hidden folders, environments and bad files are not."""
    (tmp_path / "test_a.py").write_text(CODE)
    (tmp_path / "test_bad.py").write_text("dataset('CALC-90'")
    for name in (".tox", "venv", "env"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text("dataset('CALC-91')")
    (tmp_path / "env" / "pyvenv.cfg").touch()

    found = find_keys([tmp_path, tmp_path / "test_a.py", tmp_path / "nowhere"])

    assert sorted(found) == ["CALC-1", "CALC-3", "CALC-4", "CALC-5"]


def test_each_row_is_one_line_of_the_file(tmp_path: Path) -> None:
    """So that a team that commits the file sees which rows changed."""
    files.write(tmp_path, LOGIN)

    lines = (tmp_path / "CALC-5.json").read_text().splitlines()

    assert [
        json.loads(line.rstrip(",")) for line in lines if line.startswith("  [")
    ] == [[*row] for row in LOGIN.rows]
