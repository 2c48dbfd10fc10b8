"""``xray-bridge datasets``: fetch rows, and list them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xray_bridge.cli import main
from xray_sandbox import Store
from xray_sandbox.store.datasets import import_dataset


def run_json(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and its document."""
    code = main([*arguments, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with code that names two datasets, of which the sandbox has one."""
    monkeypatch.chdir(tmp_path)
    Path("test_a.py").write_text('ROWS = dataset("CALC-2"), dataset("CALC-3")')
    store = Store(Path(".xray", "sandbox", "sandbox.sqlite3"))
    for key in ("CALC-2", "CALC-3"):
        store.add_test(key, project="CALC", summary="x")
    test = store.issue("CALC-2")
    assert test is not None
    import_dataset(store, test.id, b"User name\nann\nann\n")


def test_rows_of_the_code_are_fetched_and_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A dataset without rows is told, and ends it with 85; notes follow."""
    code = main(["datasets", "fetch", "--sandbox"])
    fetched = capsys.readouterr().out.splitlines()
    listed = main(["datasets", "list"])
    lines = capsys.readouterr().out.splitlines()

    assert (code, listed) == (85, 0)
    assert fetched[0].startswith("CALC-2: 2 rows (User name), 2")
    assert fetched[1].startswith("CALC-3 has no dataset in Xray; add one")
    assert fetched[2].startswith("Note: the dataset of CALC-2 has equal rows: 1 and 2;")
    assert lines[0] == fetched[0]
    assert "type xray-bridge datasets fetch CALC-3" in lines[1]


def test_named_datasets_are_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    """Keys may be in lower case; the document says how many rows there are."""
    code, document = run_json(capsys, "datasets", "fetch", "calc-2", "--sandbox")

    assert code == 0
    assert list(document["datasets"]) == ["CALC-2"]
    assert document["datasets"]["CALC-2"]["rows"] == 2
    kept = json.loads(Path(".xray/datasets/CALC-2.json").read_text())
    assert kept["rows"] == [["ann"], ["ann"]]


def test_what_is_no_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is asked."""
    code = main(["datasets", "fetch", "../x", "--sandbox"])

    assert code == 2
    assert "../x: not the key of a Test, such as CALC-15" in capsys.readouterr().err


def test_without_a_server_nothing_is_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows that were fetched last stay."""
    main(["datasets", "fetch", "CALC-2", "--sandbox"])
    before = Path(".xray/datasets/CALC-2.json").read_text()

    monkeypatch.setenv("XRAY_TOKEN", "t")

    code = main(["datasets", "fetch", "CALC-2", "--url", "http://127.0.0.1:9"])

    assert code == 80
    assert Path(".xray/datasets/CALC-2.json").read_text() == before
    assert "error" in capsys.readouterr().err


def test_code_without_datasets_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is asked."""
    Path("test_a.py").unlink()

    assert main(["datasets", "fetch"]) == 0
    assert capsys.readouterr().out == "The code here names no dataset.\n"


def test_a_session_gets_what_there_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The sandbox begins without datasets: the rows that were fetched last count."""
    main(["datasets", "fetch", "CALC-2", "--sandbox"])
    content = Path(".xray/datasets/CALC-2.json").read_text()
    Path(".xray/datasets/CALC-3.json").write_text(content.replace("CALC-2", "CALC-3"))
    capsys.readouterr()
    run = tmp_path / "run" / "datasets"

    code, document = run_json(
        capsys, "datasets", "fetch", "CALC-2", "CALC-3", "--sandbox", "--into", str(run)
    )

    assert code == 0
    assert sorted(each.name for each in run.iterdir()) == ["CALC-2.json", "CALC-3.json"]
    assert document["datasets"]["CALC-3"]["rows"] == 2
    assert "the sandbox has no dataset of these Tests" in document["notices"][-1]
