"""Keys that Xray gave are written into feature files of behave."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.adapters.behave.conftest import Project
from xray_sandbox import Store


FEATURE = """# language: en
Feature: Sums

  @slow  # takes long
  Scenario: one
    Given it works

  Scenario Outline: rows
    Given it <what>

    Examples:
      | what  |
      | works |
      | works |
"""
TWIN = "Feature: T\n  Scenario: same\n    Given it works\n"


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``xray-bridge``."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("XRAY_")}
    path = {"PYTHONPATH": project.python_path, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "xray_bridge", *arguments, "--sandbox"],
        cwd=project.path,
        env={**environ, **path, **project.environ},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def keys_in_xray(project: Project) -> list[str]:
    """Return the keys of all Tests in the sandbox."""
    store = Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    return [each.key for each in store.issues("type = ?", ("Test",))]


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_imported_scenarios_keep_their_tests(project: Project, deployment: str) -> None:
    """Import, keys, results: no second Test, also after a rename."""
    project.environ["XRAY_DEPLOYMENT"] = deployment
    project.write({"features/f.feature": FEATURE})
    command(project, "features", "import", "features")
    known = keys_in_xray(project)
    done = command(project, "keys", "--write")
    path = project.path / "features" / "f.feature"
    written = path.read_text()
    path.write_text(written.replace("Scenario: one", "Scenario: renamed"))
    command(project, "features", "import", "features")
    upload = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes")
    project.run(*upload, "-D", f"xray_deployment={deployment}")
    one, rows = known[-2:]

    assert done.returncode == 0, done.stderr
    assert written == FEATURE.replace("@slow ", f"@slow @{one} ").replace(
        "  Scenario Outline", f"  @{rows}\n  Scenario Outline"
    )
    assert keys_in_xray(project) == known
    keys = [run.test.test_keys for run in project.directory.runs()]
    assert keys == [(one,), (rows,), (rows,)]
    receipt = json.loads((project.directory.path / "receipt.json").read_text())
    assert receipt["status"] == "delivered"


def test_scenarios_of_one_name_get_no_key(project: Project) -> None:
    """Both are named, and the files stay as they are."""
    project.write({"features/a.feature": TWIN, "features/b.feature": TWIN})
    command(project, "features", "import", "features")
    done = command(project, "keys", "--write", "--check")
    found = [*(project.path / "features").glob("*.feature")]

    assert done.returncode == 0
    one, other = (f"features/{name}.feature:2: same" for name in "ab")
    assert done.stdout.splitlines() == [
        "Keys to write: 0 in 0 files",
        "Without a key: 2",
        f"  {one}: it has the same name in Xray as {other}",
        f"  {other}: it has the same name in Xray as {one}",
    ]
    assert [path.read_text() for path in found] == [TWIN, TWIN]


def test_a_file_that_behave_cannot_read(project: Project) -> None:
    """Nothing is written."""
    project.write({"features/a.feature": TWIN, "features/b.feature": "Scenario: x"})
    done = command(project, "keys", "--write")

    assert done.returncode == 83
    assert "behave could not collect tests" in done.stderr
    assert (project.path / "features/a.feature").read_text() == TWIN
