"""Processes of behave that put their results into a bucket, sent as one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.adapters.behave.test_behave_collect import FEATURES
from xray_bridge import cli
from xray_sandbox import Store


if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.adapters.behave.conftest import Project


def test_a_matrix_is_sent_as_one(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge job has nothing but the bucket."""
    project.write(FEATURES)
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    place = bucket.as_uri()
    for name in ("a", "b"):
        part = replace(project, environ={"XRAY_RUN_ID": "4711"})
        finished = part.run(
            *("-D", f"xray_collect={place}", "-D", "xray_project=CALC"),
            f"features/{name}.feature",
        )
        assert f"nothing was sent to Xray. Put {place}/4711/parts/" in finished.section
        shutil.rmtree(project.path / ".xray")
    monkeypatch.chdir(project.path)

    code = cli.main(["upload", place, "--run-id", "4711", "--parts", "2", "--sandbox"])

    store = Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    newest = store.test_execution(store.test_executions()[0].key)
    assert code == 0
    assert newest is not None
    assert {run.test_key: run.status for run in newest.runs} == {
        "CALC-1": "PASS",
        "CALC-2": "FAIL",
    }


def test_the_report_of_behave_is_written(project: Project, tmp_path: Path) -> None:
    """``behave.ini`` names a file, although the results are in the bucket."""
    project.write(FEATURES)
    tmp_path.joinpath("bucket").mkdir()
    place = tmp_path.joinpath("bucket").as_uri()
    part = replace(project, environ={"XRAY_RUN_ID": "4711"})
    finished = part.run(
        *("-o", "report.json", "-D", f"xray_collect={place}", "features/a.feature")
    )

    assert finished.code == 0
    assert "ERROR" not in finished.section
    assert "works" in (project.path / "report.json").read_text()


def test_a_failed_put_is_exit_code_80(project: Project, tmp_path: Path) -> None:
    """And the results are saved."""
    project.write(FEATURES)
    place = (tmp_path / "none").as_uri()
    part = replace(project, environ={"XRAY_RUN_ID": "4711"})
    finished = part.run("-D", f"xray_collect={place}", "features/a.feature")

    assert finished.code == 80
    assert f"NOT PUT into {place}" in finished.section
    assert len(project.directories) == 1
