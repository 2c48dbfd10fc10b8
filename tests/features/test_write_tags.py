"""An import tags the scenarios whose Tests it creates."""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge import cli
from xray_sandbox import Store


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Import = Callable[..., tuple[int, str, str]]

FEATURE = """\
@CALC-99
Feature: The calculator calculates

  @TEST_CALC-78
  Scenario: Add two numbers
    Given I have entered 2

  @fast
  Scenario: Subtract
    Given I have entered 3

  Scenario Outline: Add <a>
    Given I have entered <a>

    Examples:
      | a |
      | 1 |
"""


@pytest.fixture(params=["server", "cloud"])
def bring(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Import:
    """Import into the sandbox, on each product; return code, output and errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "calc.feature").write_text(FEATURE)

    def run(*arguments: str) -> tuple[int, str, str]:
        given = ("--write-tags", "--project", "CALC", "--overwrite", *arguments)
        command = ["features", "import", *given, "--sandbox"]
        code = cli.main([*command, "--deployment", request.param])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def known_tests(folder: Path) -> dict[str, str]:
    """Return the keys of all Tests in the sandbox, by summary."""
    store = Store(folder / ".xray" / "sandbox" / "sandbox.sqlite3")
    return {test.summary: test.key for test in store.tests()}


def test_new_tests_are_tagged(bring: Import, tmp_path: Path) -> None:
    """All else stays as it is, and a rename then makes no second Test."""
    path = tmp_path / "features" / "calc.feature"
    code, said, _ = bring("features")
    made = known_tests(tmp_path)
    tagged = path.read_text()
    path.write_text(tagged.replace("Subtract", "Take away"))
    bring("features")
    after = known_tests(tmp_path)

    assert code == 0
    assert (
        f"tagged features/calc.feature:9: Subtract: {made['Subtract']}\n"
        f"tagged features/calc.feature:12: Add <a>: {made['Add <a>']}\n"
    ) in said
    assert tagged == FEATURE.replace("@fast", f"@fast @{made['Subtract']}").replace(
        "  Scenario Outline", f"  @{made['Add <a>']}\n  Scenario Outline"
    )
    assert after["Take away"] == made["Subtract"]
    assert len(after) == len(made)


def test_a_dry_run_tags_nothing(bring: Import, tmp_path: Path) -> None:
    """It says how many scenarios have no key."""
    code, said, _ = bring("features", "--dry-run")

    assert code == 0
    assert "\n2 scenarios without a key would be tagged\nDry run: " in said
    assert (tmp_path / "features" / "calc.feature").read_text() == FEATURE


def test_changes_that_are_not_committed(bring: Import, tmp_path: Path) -> None:
    """Nothing is imported, so that no Test is without its tag."""
    path = tmp_path / "features" / "calc.feature"
    for command in ("init", "add .", "-c user.name=x -c user.email=x commit -qm x"):
        git = ["git", *command.split()]
        subprocess.run(git, check=True, capture_output=True)
    path.write_text(f"{FEATURE}# mine\n")
    code, _, said = bring("features")

    assert code == 2
    assert "nothing was imported: " in said
    assert "it has changes that are not committed" in said
    assert path.read_text() == f"{FEATURE}# mine\n"
    assert not (tmp_path / ".xray" / "sandbox" / "sandbox.sqlite3").exists() or (
        "Subtract" not in known_tests(tmp_path)
    )


def test_scenarios_of_one_name_are_not_tagged(bring: Import, tmp_path: Path) -> None:
    """Nobody knows which Test is whose; others are tagged."""
    twin = FEATURE.replace("@TEST_CALC-78", "@slow").replace("Subtract", "Divide")
    path = tmp_path / "features" / "twin.feature"
    path.write_text(twin.replace("Add two numbers", "Multiply"))
    code, said, _ = bring("features", "--json")
    found: dict[str, Any] = json.loads(said)["tags"]

    assert code == 0
    assert [each.rpartition(": ")[0] for each in found["written"]] == [
        "features/calc.feature:9: Subtract",
        "features/twin.feature:5: Multiply",
        "features/twin.feature:9: Divide",
    ]
    assert len(found["left_out"]) == 2
    assert all("it has the same name in Xray as" in each for each in found["left_out"])
    assert path.read_text().count("@CALC-1") == 2


def test_archives_are_not_tagged(bring: Import, tmp_path: Path) -> None:
    """They are named."""
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("more.feature", FEATURE.replace("@TEST_CALC-78", "@slow"))
    code, said, _ = bring("more.zip")

    assert code == 0
    assert "not tagged: more.zip: it is an archive\n" in said
