"""The runner that exports first, and runs that are one part of several."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from xray_sandbox import CREDENTIALS, running


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.adapters.behave.conftest import Project

RUNNER = ("--runner", "behave_xray_bridge:XrayRunner")
STEPS = """
from behave import step

@step("I have entered {number} into the calculator")
def _(context, number): pass

@step("I press {key}")
def _(context, key): pass

@step("the result should be {number}")
def _(context, number): pass
"""


@pytest.fixture
def exporting(new_project: Project) -> Iterator[Project]:
    """A project without feature files, and a sandbox that has some."""
    new_project.write({"features/steps/calculator.py": STEPS})
    with running(new_project.path / "sandbox") as sandbox:
        new_project.environ.update(
            XRAY_URL=sandbox.url, XRAY_DEPLOYMENT="server", XRAY_TOKEN=CREDENTIALS.token
        )
        yield new_project


@pytest.mark.parametrize("folder", ["features", "features/exported"])
def test_features_are_exported_first(exporting: Project, folder: str) -> None:
    """behave finds features that were not there when it was started."""
    define = f"xray_features_dir={folder}"
    keys = "xray_export_keys=CALC-78;CALC-79"
    finished = exporting.report(*RUNNER, "-D", keys, "-D", define)

    assert finished.code == 0, finished
    assert len(exporting.recorded) == 3


def test_exported_beside_own_features(exporting: Project) -> None:
    """Own features and exported ones run together, with the same steps."""
    feature = "Feature: F\n Scenario: works\n  Given it works"
    exporting.write({"features/a.feature": feature})
    keys = "xray_export_keys=CALC-78"
    define = "xray_features_dir=exported"
    finished = exporting.report(*RUNNER, "-D", keys, "-D", define)

    assert finished.code == 0, finished
    assert len(exporting.recorded) == 2


def test_exported_where_no_steps_are(exporting: Project) -> None:
    """A folder that behave would refuse is refused before the export, with a hint."""
    keys = "xray_export_keys=CALC-78"
    define = "xray_features_dir=exported"
    finished = exporting.report(*RUNNER, "-D", keys, "-D", define)

    assert finished.code == 2
    assert "set xray_features_dir to features/exported" in finished.err
    assert not (exporting.path / "exported").exists()


def test_features_are_named_on_the_command_line(exporting: Project) -> None:
    """A path that does not exist yet can be named."""
    keys = "xray_export_keys=CALC-78"
    define = "xray_features_dir=features/new"
    finished = exporting.report(*RUNNER, "-D", keys, "-D", define, "features/new")

    assert finished.code == 0, finished
    assert len(exporting.recorded) == 1


def test_export_fails(exporting: Project) -> None:
    """Exit code 82 and one line, before any test."""
    keys = "xray_export_keys=CALC-12345"
    finished = exporting.report(*RUNNER, "-D", keys)

    assert finished.code == 82
    assert "CALC-12345" in finished.err
    assert len(finished.err.strip().splitlines()) == 1


def test_nothing_to_export(new_project: Project) -> None:
    """Without export settings the runner is behave's own."""
    feature = "Feature: F\n Scenario: works\n  Given it works"
    new_project.write({"features/a.feature": feature})
    finished = new_project.report(*RUNNER)

    assert finished.code == 0
    assert list(new_project.outcomes) == ["works"]


def test_wrong_setting(new_project: Project) -> None:
    """The runner refuses what is wrong before it exports."""
    finished = new_project.run(*RUNNER, "-D", "xray_export_kyes=CALC-1")

    assert finished.code == 2
    assert "did you mean -D xray_export_keys?" in finished.err


@pytest.mark.fault("I10")
def test_parts_of_behavex_are_kept_together(project: Project) -> None:
    """behavex gives no end of the run, so the parts are kept and nothing is sent."""
    feature = "Feature: F\n Scenario: works\n  Given it works"
    project.write({"features/a.feature": feature})
    code = (
        "import sys, types; sys.modules['behavex'] = types.ModuleType('behavex'); "
        "from behave.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code]
    command += ["-f", "behave_xray_bridge:XrayFormatter", "-D", "xray_upload=yes"]
    finished = subprocess.run(
        command,
        cwd=project.path,
        env={**os.environ, "PYTHONPATH": project.python_path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = list(project.path.glob(".xray/behavex-*/runs/*/journal.jsonl"))

    assert finished.returncode == 0, finished
    assert len(found) == 1
    assert "xray-bridge upload .xray/behavex-" in finished.stdout


def test_parts_of_behavex_are_not_put_into_a_bucket(project: Project) -> None:
    """Nobody knows which process is the last; a note says where they are."""
    feature = "Feature: F\n Scenario: works\n  Given it works"
    project.write({"features/a.feature": feature})
    place = project.path.as_uri()
    code = (
        "import sys, types; sys.modules['behavex'] = types.ModuleType('behavex'); "
        "from behave.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, "-f", "behave_xray_bridge:XrayFormatter"],
        cwd=project.path,
        env={
            **os.environ,
            "PYTHONPATH": project.python_path,
            "XRAY_COLLECT": place,
            "XRAY_RUN_ID": "4711",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert f"not put into {place}, but stay here" in finished.stdout
    assert list(project.path.rglob("*.zip")) == []
