"""Captured output of scenarios, in both versions and by the setting ``captures``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """
Feature: Captures

  Background:
    Given the background writes

  Scenario: passes
    Given it writes

  @not_selected
  Scenario: not selected
    Given it writes

  Scenario: fails
    Given it writes
    When it writes and breaks

  Scenario: breaks in a hook
    Given it writes

  Scenario: breaks after a step
    Given it writes

  Scenario: silent
    When it breaks
"""
MORE_STEPS = """
import logging, sys
from behave import step

def write(text):
    print(f"{text} to stdout")
    print(f"{text} to stderr", file=sys.stderr)
    logging.warning(f"{text} to log")

@step("{who} writes")
def _(context, who): write(who)

@step("{who} writes and breaks")
def _(context, who):
    write("more")
    assert False, "broken"
"""
ENVIRONMENT = """
def before_scenario(context, scenario):
    if "hook" in scenario.name: print("hook to stdout")

def after_scenario(context, scenario):
    assert "hook" not in scenario.name, "broken after all"

def after_step(context, step):
    assert "after a step" not in context.scenario.name, "broken after it"
"""
PASSES = """
Captured stdout:
the background to stdout
it to stdout

Captured stderr:
the background to stderr
it to stderr

Captured log:
the background to log
it to log
""".strip()
FAILS = (
    PASSES.replace("it to stdout", "it to stdout\nmore to stdout")
    .replace("it to stderr", "it to stderr\nmore to stderr")
    .replace("it to log", "it to log\nmore to log")
)
OF_HOOK = "Captured stdout of before_scenario:\nhook to stdout"


@pytest.fixture
def captures(project: Project) -> Project:
    """A project whose scenarios write to everything."""
    project.write({"features/a.feature": FEATURE, "features/steps/more.py": MORE_STEPS})
    return project


def _outputs(project: Project, *arguments: str) -> dict[str, str]:
    # Each version has a log format of its own.
    chosen = ["--logging-format=%(message)s", "--tags=-not_selected", "--no-skipped"]
    finished = project.report(*chosen, *arguments)

    assert finished.code == 1
    return {name: run.output for name, run in project.recorded.items()}


def test_of_failed_scenarios(captures: Project) -> None:
    """The default: what passed needs no explanation."""
    found = _outputs(captures)

    assert found["passes"] == ""
    assert found["fails"].splitlines() == FAILS.splitlines()
    assert found["silent"].count("Captured") == 3


def test_of_all_scenarios(captures: Project) -> None:
    """Passed scenarios have output, too, and each has only its own."""
    found = _outputs(captures, "-D", "xray_captures=all")

    assert found["passes"].splitlines() == PASSES.splitlines()
    assert found["fails"].splitlines() == FAILS.splitlines()


def test_none(captures: Project) -> None:
    """Not even in the message, where behave 1.2.6 puts it."""
    found = _outputs(captures, "-D", "xray_captures=none")
    run = captures.recorded["fails"]

    assert set(found.values()) == {""}
    assert "broken" in run.message
    assert " to stdout" not in run.message + "".join(s.message for s in run.steps)
    assert "Captured" not in run.message


def test_nothing_is_said_twice(captures: Project) -> None:
    """A text stands either in the message or in the output."""
    captures.write({"features/environment.py": ENVIRONMENT})
    _outputs(captures)
    fails = captures.recorded["fails"]
    hook = captures.recorded["breaks in a hook"]
    after = captures.recorded["breaks after a step"]

    assert " to stdout" not in fails.message
    assert "broken" not in fails.output
    assert "broken after all" in hook.message
    assert "broken after all" not in hook.output
    assert "broken after it" in after.message


def test_no_capture(captures: Project) -> None:
    """There is no output if behave captures nothing."""
    found = _outputs(captures, "--no-capture", "--no-capture-stderr", "--no-logcapture")

    assert set(found.values()) == {""}


def test_hooks(new_project: Project) -> None:
    """behave 1.3 captures hooks; their output stands under the hook's name."""
    new_project.write(
        {
            "features/a.feature": FEATURE,
            "features/steps/more.py": MORE_STEPS,
            "features/environment.py": ENVIRONMENT,
        }
    )
    found = _outputs(new_project)
    # behave's capture of a hook ends that of the log.
    without_log = PASSES.partition("\n\nCaptured log")[0]

    assert found["breaks in a hook"] == f"{OF_HOOK}\n\n{without_log}"
