"""Tests in Xray follow feature files of behave, in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.behave.test_behave_keys_write import command
from xray_sandbox import Store


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project
    from xray_sandbox.store.rows import IssueRow

FEATURE = """Feature: Sums
  About sums.

  @slow
  Scenario: one
    What it shows.

    Given it works

  Scenario Outline: rows
    Given it <what>

    Examples:
      | what  |
      | works |
"""
SETTINGS = """
[tool.xray-bridge]
project = "CALC"

[tool.xray-bridge.tests]
folder = "/${package}/${file}"
"""


def known_tests(project: Project) -> dict[str, IssueRow]:
    """Return Tests by summary; without those of the demo."""
    store = Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    found = store.issues("type = ? AND number > 100", ("Test",))
    return {each.summary: each for each in found}


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_scenarios_get_tests_keys_and_results(
    project: Project, deployment: str
) -> None:
    """A sync creates Tests, keys are written, and a rename keeps the Test."""
    project.environ["XRAY_DEPLOYMENT"] = deployment
    project.write({"features/f.feature": FEATURE, "pyproject.toml": SETTINGS})
    first = command(project, "tests", "sync")
    made = known_tests(project)
    command(project, "keys", "--write")
    path = project.path / "features" / "f.feature"
    path.write_text(path.read_text().replace("Scenario: one", "Scenario: renamed"))
    second = command(project, "tests", "sync")
    after = known_tests(project)
    upload = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes")
    project.run(*upload, "-D", f"xray_deployment={deployment}")
    keys = [run.test.test_keys for run in project.directory.runs()]

    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Created: 2, changed: 0, unchanged: 0\n")
    assert made["one"].labels == ("slow",)
    assert made["one"].description == "What it shows."
    assert "Given it works" in made["one"].scenario
    assert made["one"].fields["folder"] == "/features/f"
    assert second.returncode == 0, second.stderr
    assert "Created: 0, changed: 1, unchanged: 1" in second.stdout
    assert after["renamed"].key == made["one"].key
    assert keys == [(made["one"].key,), (made["rows"].key,)]
    assert known_tests(project).keys() == after.keys()


def test_scenarios_without_a_line_are_found_by_their_names(project: Project) -> None:
    """An import of feature files has made their Tests."""
    project.write({"features/f.feature": FEATURE, "pyproject.toml": SETTINGS})
    command(project, "features", "import", "features")
    before = known_tests(project)
    done = command(project, "tests", "sync")

    assert done.returncode == 0, done.stdout
    assert "Found by name, and added to the lock file: 2" in done.stdout
    assert known_tests(project).keys() == before.keys()


def test_scenarios_of_one_name_are_left_out(project: Project) -> None:
    """Xray would find one Test for both."""
    project.write(
        {
            "features/a.feature": "Feature: A\n  Scenario: same\n    Given it works\n",
            "features/b.feature": "Feature: B\n  Scenario: same\n    Given it works\n",
            "pyproject.toml": SETTINGS,
        }
    )
    done = command(project, "tests", "sync")

    assert done.returncode == 85
    assert "Not synced: 2" in done.stdout
    assert (
        "features/a.feature:2: features/a.feature: same: it has the same name in Xray "
        "as features/b.feature:2: features/b.feature: same: write a key into one"
    ) in done.stdout
    assert known_tests(project) == {}
