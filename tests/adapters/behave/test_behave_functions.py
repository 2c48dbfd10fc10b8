"""Page objects add to scenarios without the context, and scenarios may be ignored."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

PAGES = """
import threading
import xray_bridge

@xray_bridge.step("Log in as {user}")
def log_in(user):
    with xray_bridge.step("Open"):
        xray_bridge.attach(b"page", name="page.txt")
    xray_bridge.comment(f"{user} is in")

def log_in_elsewhere(user):
    thread = threading.Thread(target=log_in, args=[user])
    thread.start()
    thread.join()
"""
STEPS = """
import pages
import xray_bridge
from behave import step

@step("{user} is in")
@xray_bridge.step("Step of {user}")
def _(context, user):
    pages.log_in(user)

@step("a thread logs in {user}")
def _(context, user):
    pages.log_in_elsewhere(user)

@step("it is forgotten")
def _(context):
    xray_bridge.step("Open")
"""
ENVIRONMENT = """
import pages

def before_all(context):
    pages.log_in("nobody")

def before_feature(context, feature):
    pages.log_in("nobody")

def after_scenario(context, scenario):
    if "hook" in scenario.tags:
        pages.log_in("hook")
"""
FEATURE = """
Feature: Shop
  Scenario: in a step
    Given ann is in
    Then it works

  @hook
  Scenario: in a hook
    Given it works

  Scenario: in a thread
    Given a thread logs in ann

  Scenario: silent
    Given it works
"""


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with page objects."""
    project.write(
        {
            "features/steps/pages.py": PAGES,
            "features/steps/shop.py": STEPS,
            "features/environment.py": (
                "import os, sys\n"
                "sys.path.insert(0, os.path.join('features', 'steps'))\n" + ENVIRONMENT
            ),
            "features/shop.feature": FEATURE,
        }
    )
    return project


def steps(project: Project, name: str) -> list[tuple[str, str, int]]:
    """Keyword, name and depth of each step of a scenario."""
    run = project.recorded[name]
    return [(step.keyword, step.name, step.depth) for step in run.steps]


def test_page_objects(shop: Project) -> None:
    """Each call adds to the scenario that runs, and nothing outside of one."""
    finished = shop.report()

    assert finished.code == 0
    assert "outside of a scenario" not in finished.section
    assert steps(shop, "in a step") == [
        ("Given", "ann is in", 0),
        ("*", "Step of ann", 1),
        ("*", "Log in as ann", 2),
        ("*", "Open", 3),
        ("Then", "it works", 0),
    ]
    assert steps(shop, "in a hook") == [
        ("Given", "it works", 0),
        ("*", "Log in as hook", 0),
        ("*", "Open", 1),
    ]
    assert steps(shop, "in a thread")[1:] == [
        ("*", "Log in as ann", 1),
        ("*", "Open", 2),
    ]
    assert steps(shop, "silent") == [("Given", "it works", 0)]
    assert shop.recorded["in a step"].comment == "ann is in"
    (evidence,) = shop.recorded["in a hook"].steps[-1].evidence
    assert evidence.name == "page.txt"
    assert shop.recorded["silent"].comment == ""


def test_report_has_numbers(shop: Project) -> None:
    """Only the steps of code have them: Xray knows the others by their names."""
    shop.report()

    (feature,) = json.loads((shop.path / "report.json").read_text())
    found = [step["name"] for step in feature["elements"][0]["steps"]]
    assert found == [
        "ann is in",
        "1 Step of ann",
        "1.1 Log in as ann",
        "1.1.1 Open",
        "it works",
    ]


@pytest.mark.parametrize("formatter", ["", "behave_xray_bridge:XrayFormatter"])
def test_run_that_is_not_recorded(shop: Project, formatter: str) -> None:
    """Page objects work, and leave nothing."""
    finished = shop.run(formatter=formatter)

    assert finished.code == 0
    assert not (shop.path / ".xray").exists()


def test_step_without_with(shop: Project) -> None:
    """The end of the run says it once, with place and line to write."""
    feature = "Feature: F\n" + "".join(
        f" Scenario: {n}\n  Given it is forgotten\n" for n in range(3)
    )
    shop.write({"features/shop.feature": feature})

    finished = shop.report()

    notes = [line for line in finished.section.splitlines() if "shop.py" in line]
    assert len(notes) == 1
    assert notes[0].endswith(
        "shop.py:17: this step is not recorded, because it never begins; "
        'write: with xray_bridge.step("Open"):'
    )
    assert str(shop.path) not in notes[0]


IGNORED = """
Feature: Ignored
  @CALC-1
  Scenario: reported
    Given it works

  @xray-ignore @CALC-2
  Scenario: ignored
    Given it {does}

  @xray-ignore
  Scenario Outline: rows
    Given it <does>

    Examples:
      | does  |
      | works |
      | works |
"""


@pytest.mark.parametrize("does", ["works", "breaks"])
def test_ignored_scenarios(project: Project, does: str) -> None:
    """They run, are counted and are not reported; a failed one fails the run."""
    project.write({"features/a.feature": IGNORED.replace("{does}", does)})

    finished = project.report()

    assert finished.code == (does == "breaks")
    assert project.outcomes == {"reported": "passed"}
    assert "Ignored: 3 (not reported, as marked)" in finished.section
    assert "Incomplete" not in finished.section


def test_ignored_feature(project: Project) -> None:
    """The tag of a feature is that of all its scenarios, and also -D works."""
    project.write({"features/a.feature": f"@xray-ignore{IGNORED}".format(does="works")})

    finished = project.run("-D", "xray_sandbox=yes", "-D", "xray_upload=yes")

    assert finished.code == 0
    assert "Ignored: 4 (" in finished.section
    assert "Nothing to upload" in finished.section


def test_tag_that_a_hook_adds(project: Project) -> None:
    """It counts, too."""
    project.write(
        {
            "features/a.feature": "Feature: F\n Scenario: a\n  Given it works",
            "features/environment.py": (
                "def before_scenario(context, scenario):\n"
                "    scenario.tags.append('xray-ignore')\n"
            ),
        }
    )

    finished = project.report()

    assert "Ignored: 1 (" in finished.section


def test_ignored_scenario_that_ends_the_run(project: Project) -> None:
    """It is not reported as unfinished, though behave could not end."""
    project.write(
        {
            "features/a.feature": (
                "Feature: F\n Scenario: a\n  Given it works\n"
                " @xray-ignore\n Scenario: b\n  Given it exits"
            ),
            "features/steps/exit.py": (
                "import os\nfrom behave import step\n"
                "@step('it exits')\ndef _(context): os._exit(3)"
            ),
        }
    )

    project.report()
    command = [sys.executable, "-m", "xray_bridge", "upload", "--sandbox"]
    done = subprocess.run(
        [*command, "--project=CALC", "--only-keyed=no", str(project.directory.path)],
        cwd=project.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "b" not in {run.test.name for run in project.directory.runs()}, done


def test_keys_lists_malformed_tags(project: Project) -> None:
    """With their place; exit code 85."""
    text = "Feature: F\n @TEST_calc-1\n Scenario: a\n  Given it works\n"
    text += " @xray-ignore\n Scenario: b\n  Given it works\n"
    project.write({"features/a.feature": text})

    done = subprocess.run(
        [sys.executable, "-m", "xray_bridge", "keys", "--offline"],
        cwd=project.path,
        env={"PYTHONPATH": project.python_path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 85
    assert done.stdout.splitlines() == [
        "Tests: 2, 0 with a Test key, 1 ignored",
        "Malformed marks and tags: 1",
        "  features/a.feature:3: @TEST_calc-1 contains no issue key",
        "Without a Test key: 1",
        "  features/a.feature:3: a",
    ]
