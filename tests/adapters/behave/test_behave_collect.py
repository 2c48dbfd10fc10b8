"""Several processes of behave whose results are sent as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge import cli
from xray_bridge.runs import run_directory
from xray_sandbox import Store


if TYPE_CHECKING:
    import pytest

    from tests.adapters.behave.conftest import Project

FEATURES = {
    "features/a.feature": """
Feature: A
  @TEST_CALC-1
  Scenario: works
    Given it works
""",
    "features/b.feature": """
Feature: B
  @TEST_CALC-2
  Scenario: breaks
    Given it breaks
""",
}
COLLECT = ("-D", "xray_collect=yes", "-D", "xray_upload=yes", "-D", "xray_project=CALC")


def test_matrix_is_sent_as_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process for each feature file, one Test Execution for all."""
    project.write(FEATURES)
    for name, browser in (("a", "chrome"), ("b", "firefox")):
        part = replace(project, environ={"XRAY_RUN_ID": "4711"})
        finished = part.run(
            *COLLECT, "-D", f"xray_environments={browser}", f"features/{name}.feature"
        )
        assert "Collected 1 result; nothing was sent." in finished.section
        assert "To send them: xray-bridge upload --run-id 4711 DIR" in finished.section
    states = {each.state.state for each in project.directories}
    monkeypatch.chdir(project.path)

    code = cli.main(["upload", "--run-id", "4711", "--parts", "2", "--sandbox"])

    store = Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    newest = store.test_execution(store.test_executions()[0].key)
    assert (code, states) == (0, {run_directory.SEALED})
    assert newest is not None
    assert {run.test_key: run.status for run in newest.runs} == {
        "CALC-1": "PASS",
        "CALC-2": "FAIL",
    }
    assert set(newest.environments) == {"chrome", "firefox"}
    assert "xray-bridge-CALC-behave-4711" in newest.labels


def test_report_of_a_part(project: Project) -> None:
    """``-o`` has its file, and the run stays to be sent."""
    project.write(FEATURES)

    finished = project.report(*COLLECT, "features/a.feature")

    assert finished.code == 0
    assert "works" in (project.path / "report.json").read_text()
    assert project.directory.state.state == run_directory.SEALED
    assert "To send them: xray-bridge upload .xray/runs/" in finished.section
