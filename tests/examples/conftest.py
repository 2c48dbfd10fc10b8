"""A copy of the examples, run as their READMEs say, and the sandbox they fill."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import forkserver
from xray_sandbox import Store, TestExecutionRow


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMPLES = Path(__file__).parents[2] / "examples"
LEFTOVERS = shutil.ignore_patterns(
    ".xray", "__pycache__", "*.output", ".pytest_cache", "exported"
)
# Of the pytest that runs us; a worker's would be taken for the example's own.
NOT_THEIRS = ("PYTEST_",)
# What tests of ours are made with; loading it takes longer than most of these sessions.
OURS = {"PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:pytest_httpserver"}


@dataclass(frozen=True)
class Workplace:
    """A copy of the examples, as in a fresh clone."""

    root: Path
    programs: str

    def run(
        self, *arguments: str, folder: str = ".", code: int = 0, python_path: str = ""
    ) -> str:
        """
        Run a module of Python and return what it printed.

        It must end with ``code``. ``python_path`` goes before what is installed.
        """
        python = (sys.executable, "-m", *arguments)
        more = {"PYTHONPATH": python_path} if python_path else {}
        return self._run(python, folder, code, more)

    def script(self, path: str, code: int = 0, **environ: str) -> str:
        """Run a shell script, with the programs of this environment."""
        return self._run(("sh", path), ".", code, {"PATH": self.programs, **environ})

    def _run(
        self, command: Sequence[str], folder: str, code: int, more: Mapping[str, str]
    ) -> str:
        theirs = {k: v for k, v in os.environ.items() if not k.startswith(NOT_THEIRS)}
        finished = subprocess.run(
            command,
            cwd=self.root / folder,
            env={**theirs, **OURS, **more},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert finished.returncode == code, finished.stdout + finished.stderr
        return finished.stdout

    def execution(self, folder: str = ".") -> TestExecutionRow:
        """The newest Test Execution in the sandbox of a folder."""
        store = self.store(folder)
        found = store.test_execution(store.test_executions()[0].key)
        assert found is not None
        return found

    def store(self, folder: str = ".") -> Store:
        """What the sandbox of a folder has."""
        return Store(self.root / folder / ".xray" / "sandbox" / "sandbox.sqlite3")


@pytest.fixture
def workplace(tmp_path: Path, request: pytest.FixtureRequest) -> Workplace:
    """A copy of the examples that may be written to."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=LEFTOVERS)
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    if forkserver.zygotes and not request.node.get_closest_marker("real_start"):
        folders.insert(0, str(forkserver.zygotes.programs(tmp_path)))
    return Workplace(tmp_path, os.pathsep.join(folders))
