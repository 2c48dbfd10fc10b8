"""A scenario is called the same wherever behave was started."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from behave_xray_bridge.names import FeaturePaths
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.behave.conftest import Project

FEATURE = "Feature: Cart\n  Scenario: it opens\n    Given it works\n"
CONFIGURATION = "[behave.userdata]\nxray_project = CALC\n"


def names(project: Project) -> list[str]:
    """File and class of each scenario in the newest run directory, wherever it is."""
    journals = project.path.rglob(".xray/runs/*/journal.jsonl")
    found = run_directory.RunDirectory(max(journals).parent)
    return sorted(
        f"{run.scenario.feature.path} {run.test.classname}"
        for run in found.runs()
        if run.scenario
    )


@pytest.mark.parametrize(
    ("folder", "arguments"),
    [
        ("", []),
        ("", ["features/"]),
        ("", ["./features/shop"]),
        ("", ["features/shop/cart.feature:2"]),
        ("", ["{project}/features"]),
        ("features", ["."]),
        ("features", ["../features/shop"]),
        ("features/shop", [".."]),
        ("features/shop", ["cart.feature"]),
        ("elsewhere", ["../features"]),
        ("elsewhere", ["{project}/features/shop/cart.feature"]),
    ],
)
def test_names_of_features(project: Project, folder: str, arguments: list[str]) -> None:
    """The path within the project does not depend on the command line."""
    project.write(
        {
            "behave.ini": CONFIGURATION,
            "features/shop/cart.feature": FEATURE,
            "elsewhere/notes.txt": "",
        }
    )
    given = [each.format(project=project.path) for each in arguments]
    there = replace(project, path=project.path / folder)

    finished = there.run("-D", "xray_collect=yes", "-D", "xray_project=CALC", *given)

    assert finished.code == 0, finished
    assert names(project) == ["features/shop/cart.feature features.shop.cart"]


def test_a_step_that_changes_the_folder(project: Project) -> None:
    """Features that come later are called the same."""
    steps = "from behave import step\nimport os\n"
    steps += "@step('it goes away')\ndef _(context): os.chdir(os.sep)\n"
    project.write(
        {
            "features/a.feature": FEATURE.replace("it works", "it goes away"),
            "features/b.feature": FEATURE,
            "features/steps/away.py": steps,
        }
    )
    project.report()

    assert names(project) == [
        "features/a.feature features.a",
        "features/b.feature features.b",
    ]


def test_where_steps_lie_in_the_project(project: Project) -> None:
    """``behave ..`` from the folder of the features finds steps beside that."""
    steps = "from behave import step\n@step('it is so')\ndef _(c): 0\n"
    project.write(
        {
            "behave.ini": CONFIGURATION,
            "steps/steps.py": steps,
            "features/cart.feature": FEATURE.replace("it works", "it is so"),
        }
    )
    (project.path / "features/steps/steps.py").unlink()
    (project.path / "features/steps").rmdir()
    there = replace(project, path=project.path / "features")

    there.run("-D", "xray_collect=yes", "-D", "xray_project=CALC", "..")

    assert names(project) == ["features/cart.feature features.cart"]


@pytest.mark.parametrize(
    ("marks", "started_in", "expected"),
    [
        # Configuration of behave or ours, the nearest.
        (["behave.ini", "a/behave.ini", "a/.git/"], "a", "features/x.feature"),
        (["behave.ini", "a/behave.ini"], "", "features/x.feature"),
        (["behave.ini", "a/setup.py"], "", "a/features/x.feature"),
        (["xray-bridge.toml"], "a", "a/features/x.feature"),
        (["pyproject.toml=[tool.behave.userdata]"], "a", "a/features/x.feature"),
        (["tox.ini=[behave]", "a/tox.ini=[tox]"], "a", "a/features/x.feature"),
        # Not beyond the repository.
        (["behave.ini", "a/.git/"], "", "features/x.feature"),
        # What looks like a project.
        (["a/pyproject.toml=[project]", ".git/"], "", "features/x.feature"),
        ([".git/"], "a", "a/features/x.feature"),
        ([".git/"], "a/features", "a/features/x.feature"),
        # Nothing to go by.
        ([], "", "a/features/x.feature"),
        ([], "a", "features/x.feature"),
        ([], "a/features", "features/x.feature"),
        ([], "b", "features/x.feature"),
    ],
)
def test_the_project_of_a_feature(
    tmp_path: Path, marks: list[str], started_in: str, expected: str
) -> None:
    """It is the folder that configures behave, else a project, else the start."""
    for each in marks:
        name, _, content = each.partition("=")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(content, encoding="utf-8")
    here = tmp_path / started_in
    there = os.path.relpath(tmp_path / "a/features/x.feature", here)

    assert FeaturePaths(here).read(there) == expected


def test_a_configuration_of_a_person_is_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """behave reads ``~/.behaverc``, too; that makes the home folder no project."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".behaverc").touch()
    path = str(tmp_path / "src/shop/features/x.feature")

    assert FeaturePaths(tmp_path / "src/shop").read(path) == "features/x.feature"
    assert FeaturePaths(tmp_path).read(path) == "src/shop/features/x.feature"


def test_a_feature_of_no_project(tmp_path: Path) -> None:
    """It is called by its file alone."""
    path = str(tmp_path / "x.feature")

    assert FeaturePaths(tmp_path / "other").read(path) == "x.feature"
