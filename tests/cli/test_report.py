"""``xray-bridge report``: one HTML page of runs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from xray_bridge import cli


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., tuple[int, str]]


@pytest.fixture
def report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in an empty project; its exit code and its output."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(["report", *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_the_newest_run_is_reported(report: Command, tmp_path: Path) -> None:
    """Without names, the page has the newest run alone."""
    recorded(tmp_path, a_run(name="old"), started=1.0)
    newest = recorded(tmp_path, a_run(name="new"), started=2.0)

    assert report() == (0, f"report.html: 1 result of {newest.id}\n")
    written = (tmp_path / "report.html").read_text("utf-8")
    assert "<span>new</span>" in written
    assert "<span>old</span>" not in written


def test_a_folder_of_runs_is_a_history(report: Command, tmp_path: Path) -> None:
    """The runs of a folder, or named ones, are the history of the newest."""
    old = recorded(tmp_path, a_run(name="old"), started=1.0)
    newest = recorded(tmp_path, a_run(name="new"), started=2.0)
    expected = (0, f"out.html: 1 result of {newest.id}, and 1 earlier run\n")

    assert report(".xray/runs", "--out", "out.html") == expected
    assert report(newest.id, str(old.path), "--out", "out.html") == expected


def test_the_result_as_json(report: Command, tmp_path: Path) -> None:
    """A script reads the name of the file and the numbers."""
    recorded(tmp_path, a_run())

    _, printed = report("--json")

    assert json.loads(printed) == {"report": "report.html", "results": 1, "runs": 1}


def test_keys_link_to_the_given_address(report: Command, tmp_path: Path) -> None:
    """The address of Jira makes links of Test keys."""
    recorded(tmp_path, a_run(keys=["CALC-1"]))

    report("--url", "https://jira.example/")

    written = (tmp_path / "report.html").read_text("utf-8")
    assert 'href="https://jira.example/browse/CALC-1"' in written


@pytest.mark.parametrize("names", [(), ("nowhere",), ("empty",)])
def test_no_run_is_a_usage_error(
    report: Command, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Without a run, one line says so, and no file is written."""
    (tmp_path / "empty").mkdir()

    code, printed = report(*names)

    assert code == 2
    assert "there is no run" in printed
    assert not (tmp_path / "report.html").exists()


def test_a_missing_folder_is_made(report: Command, tmp_path: Path) -> None:
    """The folder of the file need not exist."""
    recorded(tmp_path, a_run())

    code, _ = report("--out", "new/folder/report.html")

    assert code == 0
    assert (tmp_path / "new" / "folder" / "report.html").exists()


def test_a_file_that_cannot_be_written(report: Command, tmp_path: Path) -> None:
    """A file in the place of a folder is a usage error, with the name."""
    recorded(tmp_path, a_run())
    (tmp_path / "file").write_text("")

    code, printed = report("--out", "file/report.html")

    assert code == 2
    assert "file/report.html" in printed


def test_jinja_is_missing(
    report: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Jinja2, the message names the extra to install."""
    recorded(tmp_path, a_run())
    monkeypatch.setitem(sys.modules, "jinja2", None)

    code, printed = report()

    assert code == 2
    assert "pip install jinja2" in printed


def test_a_damaged_run_stops_no_other(report: Command, tmp_path: Path) -> None:
    """A run that cannot be read is named and left out."""
    damaged = recorded(tmp_path, a_run(), started=9.0)
    (damaged.path / "run.json").write_text("{", "ascii")
    kept = recorded(tmp_path, a_run(), started=1.0)

    for names in ((), (".xray/runs",)):
        code, printed = report(*names)

        assert code == 0
        assert f"report.html: 1 result of {kept.id}" in printed
        assert "left out: " in printed
