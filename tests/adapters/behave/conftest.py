"""
Real runs of behave in a process of their own, by both supported versions.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import behave
import pytest

import behave_xray_bridge
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.model.results import TestRun

OLD = "1.2.6"
FORMATTER = "behave_xray_bridge:XrayFormatter"
ROOT = Path(behave_xray_bridge.__file__).parents[1]
STEPS = """
from behave import step

@step("it works")
def _(context): pass

@step("it breaks")
def _(context): assert False, "broken"
"""


@dataclass(frozen=True)
class Finished:
    """The output and the run directory of a behave run."""

    code: int
    out: str
    err: str

    @property
    def section(self) -> str:
        """The section that xray-bridge prints at the end; empty without one."""
        return self.out.partition("- xray-bridge -")[2]


@dataclass(frozen=True)
class Project:
    """A directory with features, in which behave runs."""

    path: Path
    python_path: str
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files; ``features/steps/steps.py`` has two steps already."""
        for name, content in {"features/steps/steps.py": STEPS, **files}.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def run(
        self,
        *arguments: str,
        formatter: str = FORMATTER,
        timeout: float = 60,
    ) -> Finished:
        """Run ``behave``; with the formatter, unless it is empty."""
        chosen = ["-f", formatter] if formatter else []
        return self._start("behave", *chosen, *arguments, timeout=timeout)

    def rerun(self, *arguments: str, run: tuple[str, ...] = ()) -> Finished:
        """Run ``xray-bridge rerun``; the arguments go to behave."""
        behave = (sys.executable, "-m", "behave", "-f", FORMATTER)
        return self.command("rerun", *run, "--", *behave, *arguments)

    def command(self, *arguments: str) -> Finished:
        """Run ``xray-bridge``."""
        return self._start("xray_bridge", *arguments)

    def _start(self, module: str, *arguments: str, timeout: float = 60) -> Finished:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("XRAY_")}
        finished = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.path,
            env={
                **environ,
                "PYTHONPATH": self.python_path,
                "PYTHONIOENCODING": "utf-8",
                **self.environ,
            },
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Finished(finished.returncode, finished.stdout, finished.stderr)

    def report(self, *arguments: str) -> Finished:
        """Run ``behave`` and have the report written to ``report.json``."""
        return self.run("-o", "report.json", *arguments)

    @property
    def directories(self) -> list[run_directory.RunDirectory]:
        """All run directories, oldest first."""
        found = run_directory.find(self.path / ".xray")
        # Names of the same second have no order.
        return sorted(
            found, key=lambda each: (each.path / "run.json").stat().st_mtime_ns
        )

    @property
    def directory(self) -> run_directory.RunDirectory:
        """The only run directory."""
        (found,) = self.directories
        return found

    @property
    def recorded(self) -> dict[str, TestRun]:
        """The records of the only run, by the name of the scenario."""
        return {
            run.scenario.name.strip(): run
            for run in self.directory.runs()
            if run.scenario
        }

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each recorded scenario."""
        return {name: run.outcome.value for name, run in self.recorded.items()}


@pytest.fixture(scope="session")
def old_behave(request: pytest.FixtureRequest) -> str:
    """A directory with behave 1.2.6, which goes before the installed one."""
    assert request.config.cache is not None

    path = request.config.cache.mkdir(f"behave-{OLD}")
    installed = path / "installed"
    if not installed.is_dir():
        # Renamed into place: with xdist several workers may be here at once.
        draft = path / f"draft-{os.getpid()}"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--target", str(draft), f"behave=={OLD}"]
        subprocess.run(command, check=True)
        with contextlib.suppress(OSError):
            draft.rename(installed)
        shutil.rmtree(draft, ignore_errors=True)
    return str(installed)


@pytest.fixture(scope="session", params=["installed", OLD])
def python_path(request: pytest.FixtureRequest) -> str:
    """``PYTHONPATH`` for each version of behave."""
    if request.param == "installed":
        return str(ROOT)
    return os.pathsep.join((request.getfixturevalue("old_behave"), str(ROOT)))


@pytest.fixture(scope="session")
def project_in(python_path: str) -> Callable[[Path], Project]:
    """Makes a project of a directory; runs once for each version of behave."""
    return lambda path: Project(path, python_path)


@pytest.fixture
def project(tmp_path: Path, python_path: str) -> Project:
    """An empty project; every test runs once for each version of behave."""
    return Project(tmp_path, python_path)


@pytest.fixture
def new_project(tmp_path: Path) -> Project:
    """A project for what only the installed, newer behave can do."""
    if behave.__version__.startswith("1.2"):
        pytest.skip("needs behave 1.3")
    return Project(tmp_path, str(ROOT))
