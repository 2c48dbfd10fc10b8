"""Real pytest in a subprocess, against the embedded sandbox or a scripted server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# pytester takes modules away that were first imported within a test, and neither
# obstore 0.8 nor requests take being there twice.
import obstore.store  # noqa: F401
import pytest

import xray_bridge.upload.publish  # noqa: F401
from xray_sandbox import Store, TestExecutionRow


# Plugins that our tests are made with, and that most sessions of users lack: to load
# them takes longer than most of these sessions, and again in each worker.
OURS = (
    *("-p", "no:hypothesispytest"),
    *("-p", "no:pytest_httpserver"),
    *("-p", "no:rerunfailures"),
)
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OURS)
RERUNS = ("-p", "rerunfailures", "--reruns")


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns


@dataclass
class Project:
    """A user's project in a folder of its own."""

    pytester: pytest.Pytester

    def run(self, *arguments: str, **environ: str) -> pytest.RunResult:
        """Run pytest there, with ``XRAY_*`` variables as given."""
        self.environ(**environ)
        given = ("-p", "no:cacheprovider", *OURS, *arguments)
        return self.pytester.runpytest_subprocess(*given)

    def environ(self, **variables: str) -> None:
        """Set variables for all that runs afterwards."""
        os.environ.update(variables)

    def upload(self, *arguments: str, **environ: str) -> pytest.RunResult:
        """Run pytest with an upload to the embedded sandbox."""
        return self.run("--xray-upload", "--xray-sandbox", *arguments, **environ)

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return Store(self.pytester.path / ".xray" / "sandbox" / "sandbox.sqlite3")

    @property
    def executions(self) -> list[TestExecutionRow]:
        """The Test Executions in the sandbox, newest first, without its demo data."""
        store = self.store
        found = [store.test_execution(row.key) for row in store.test_executions()]
        return [row for row in found if row and row.key != "CALC-20"]

    @property
    def statuses(self) -> dict[str, str]:
        """Status by Test key, of the only Test Execution."""
        (execution,) = self.executions
        return {run.test_key: run.status for run in execution.runs}

    @property
    def runs(self) -> list[Path]:
        """Run directories, oldest first."""
        # Names of the same second have no order.
        found = (self.pytester.path / ".xray" / "runs").glob("*/run.json")
        return [path.parent for path in sorted(found, key=_age)]

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The lines of the only journal."""
        (_,) = self.runs
        return self.last

    @property
    def last(self) -> list[dict[str, Any]]:
        """The lines of the newest journal, wherever in the project it is."""
        journals = self.pytester.path.rglob(".xray/runs/*/journal.jsonl")
        newest = max(journals, key=lambda path: _age(path.with_name("run.json")))
        lines = newest.read_text().splitlines()
        return [json.loads(line.partition("\t")[0]) for line in lines]

    @property
    def receipt(self) -> dict[str, Any]:
        """The receipt of the newest run."""
        found: dict[str, Any] = json.loads((self.runs[-1] / "receipt.json").read_text())
        return found


def rerun(project: Project, *arguments: str) -> pytest.RunResult:
    """Run ``xray-bridge rerun``; what follows ``--`` goes to pytest."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    own, given = arguments[:at], arguments[at + 1 :]
    words = ("rerun", *own, "--", *PYTEST, *given)
    return project.pytester.run(sys.executable, "-m", "xray_bridge", *words)


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """An empty project; the environment is put back afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("XRAY_", "GITHUB_", "CI_", "PYTEST_")) or name == "CI":
            monkeypatch.delenv(name)
    yield Project(pytester)
    # What a test set beside ``run`` would be put back later, as it was after ``run``.
    monkeypatch.undo()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(params=[(), ("-n", "2")], ids=["serial", "n2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Without xdist, and with two workers."""
    found: tuple[str, ...] = request.param
    return found
