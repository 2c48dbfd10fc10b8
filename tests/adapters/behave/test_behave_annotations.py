"""``xray(context)`` and ``context.attach``: what hooks and steps say of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.adapters.behave.conftest import Project
    from xray_bridge.model.results import Evidence, TestRun

FEATURE = """
@said_in_tag
Feature: Annotations

  Background:
    Given it works

  @CALC-1
  Scenario: everything
    Given everything is said
    Then it works

  Scenario: nothing
    Given it works

  @said_in_hooks @said_in_tag
  Scenario: hooks
    Given it works

  Scenario: steps within
    Given a step within
    And a failure within that is caught
    When a failure within
    Then it works

  Scenario: not kept
    Given what cannot be kept

  Scenario Outline: rows
    Given <what> is attached

    Examples:
      | what   |
      | first  |
      | second |
"""
ENVIRONMENT = """
from behave_xray_bridge import xray

def before_tag(context, tag):
    if tag == "said_in_tag" and "scenario" in context:
        xray(context).comment("before_tag")

def before_scenario(context, scenario):
    if "said_in_hooks" in scenario.tags:
        xray(context).attach(b"before", "before.txt")
        with xray(context).step("a browser is started"):
            context.add_cleanup(lambda: xray(context).comment("cleanup"))

def before_step(context, step):
    if "said_in_hooks" in context.tags:
        xray(context).attach(b"before step", "before_step.txt")

def after_step(context, step):
    if "said_in_hooks" in context.tags:
        xray(context).attach(b"after step", "after_step.txt")

def after_scenario(context, scenario):
    if "said_in_hooks" in scenario.tags:
        xray(context).defect("CALC-9")
        xray(context).attach(b"after", "after.txt")
        with xray(context).step("a browser is stopped"):
            pass
"""
MORE_STEPS = """
import pathlib
from behave import step
from behave_xray_bridge import xray

@step("everything is said")
def _(context):
    found = xray(context)
    found.key("CALC-2")
    found.key("CALC-1")
    found.comment("first")
    found.comment("second")
    found.defect("CALC-3")
    found.requirement("CALC-4")
    found.custom_field("Browser", "Firefox")
    pathlib.Path("server.log").write_text("line")
    found.attach("server.log")
    found.attach(b"\\x89PNG", "shot.png", "image/png")

@step("a step within")
def _(context):
    with xray(context).step("open the page", data="url", expected="a page"):
        xray(context).attach(b"page", "page.html")
    context.execute_steps("Given {what} is attached".format(what="nested"))

@step("a failure within that is caught")
def _(context):
    try:
        with xray(context).step("at first"):
            raise ValueError("not yet")
    except ValueError:
        pass

@step("a failure within")
def _(context):
    with xray(context).step("at last"):
        raise ValueError("never")

@step("what cannot be kept")
def _(context):
    xray(context).attach("no/such.log")
    xray(context).attach(b"", "empty.txt")

@step("{what} is attached")
def _(context, what):
    xray(context).attach(what.encode(), "what.txt")
"""


def _project(project: Project) -> Project:
    project.write(
        {
            "features/said.feature": FEATURE,
            "features/environment.py": ENVIRONMENT,
            "features/steps/more.py": MORE_STEPS,
        }
    )
    return project


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory,
    project_in: Callable[[Path], Project],
) -> Project:
    """A project whose scenarios use all annotations."""
    project = _project(project_in(tmp_path_factory.mktemp("said")))
    finished = project.report()

    assert finished.code == 1, finished
    assert "outside of a scenario" not in finished.section
    assert "ERROR" not in finished.section
    return project


@pytest.fixture(scope="module")
def recorded(ran: Project) -> dict[str, TestRun]:
    """The records of the run."""
    return ran.recorded


def _names(found: tuple[Evidence, ...]) -> list[str]:
    return [each.name for each in found]


def test_everything_is_recorded(recorded: dict[str, TestRun]) -> None:
    """Keys add to those of the tags; the rest is the scenario's."""
    run = recorded["everything"]

    assert run.test.test_keys == ("CALC-1", "CALC-2")
    assert run.test.requirements == ("CALC-4",)
    assert run.defects == ("CALC-3",)
    assert run.comment == "first\n\nsecond"
    assert run.custom_fields == (("Browser", "Firefox"),)


def test_evidence_of_a_step(ran: Project) -> None:
    """It belongs to the step that attached it, with its content at that time."""
    run = ran.recorded["everything"]
    background, step, last = run.steps
    log, shot = step.evidence
    folder = ran.directory.path / "evidence"

    assert (run.evidence, background.evidence, last.evidence) == ((), (), ())
    assert (log.name, log.media_type, log.size) == ("server.log", "text/plain", 4)
    assert (shot.name, shot.media_type) == ("shot.png", "image/png")
    assert (folder / log.file).read_bytes() == b"line"
    assert (folder / shot.file).read_bytes() == b"\x89PNG"


def test_nothing_said(recorded: dict[str, TestRun]) -> None:
    """The additions of one scenario do not reach the next."""
    run = recorded["nothing"]

    assert (run.test.test_keys, run.comment, run.evidence) == ((), "", ())
    assert [step.evidence for step in run.steps] == [(), ()]


def test_said_in_hooks(recorded: dict[str, TestRun]) -> None:
    """All hooks of a scenario and its cleanup speak of it; those of steps, of these."""
    run = recorded["hooks"]

    assert run.comment == "before_tag\n\ncleanup"
    assert run.defects == ("CALC-9",)
    assert _names(run.evidence) == ["before.txt", "after.txt"]
    assert [(step.keyword, step.name) for step in run.steps] == [
        ("*", "a browser is started"),
        ("Given", "it works"),
        ("Given", "it works"),
        ("*", "a browser is stopped"),
    ]
    of_step = ["before_step.txt", "after_step.txt"]
    assert [_names(step.evidence) for step in run.steps] == [[], of_step, of_step, []]


def test_steps_within(recorded: dict[str, TestRun]) -> None:
    """They follow the step they are a part of; one that was got over is no failure."""
    run = recorded["steps within"]
    told = [(step.keyword, step.name, step.outcome.value) for step in run.steps]
    page = run.steps[2]

    assert told == [
        ("Given", "it works", "passed"),
        ("Given", "a step within", "passed"),
        ("*", "open the page", "passed"),
        ("And", "a failure within that is caught", "passed"),
        ("*", "at first", "xfailed"),
        ("When", "a failure within", "failed"),
        ("*", "at last", "failed"),
        ("Then", "it works", "not run"),
    ]
    assert (page.data, page.expected) == ("url", "a page")
    assert page.line == run.steps[1].line
    assert _names(page.evidence) == ["page.html"]
    assert _names(run.steps[1].evidence) == ["what.txt"]
    assert run.steps[4].message == "ValueError: not yet"


def test_what_cannot_be_kept(recorded: dict[str, TestRun]) -> None:
    """It fails no scenario, and says which evidence is missing."""
    run = recorded["not kept"]

    assert run.outcome.value == "passed"
    assert run.left_out == ("such.log does not exist", "empty.txt is empty")


def test_rows(recorded: dict[str, TestRun]) -> None:
    """Each row of an outline speaks of itself."""
    first, second = (recorded[f"rows -- @1.{row}"].steps[1] for row in (1, 2))

    assert first.evidence[0].size == len("first")
    assert second.evidence[0].size == len("second")


def test_wrong_key_fails_the_step(project: Project) -> None:
    """The error says where the malformed key is."""
    steps = (
        "from behave import step\nfrom behave_xray_bridge import xray\n"
        "@step('a wrong key')\ndef _(context): xray(context).key('calc')"
    )
    feature = "Feature: F\n Scenario: s\n  Given a wrong key"
    project.write({"features/a.feature": feature, "features/steps/more.py": steps})
    project.report()
    run = project.recorded["s"]

    assert run.outcome.value == "failed"
    assert "'calc' is not an issue key" in run.message


@pytest.mark.parametrize("formatter", ["", "behave_xray_bridge:XrayFormatter"])
def test_no_upload(project: Project, formatter: str) -> None:
    """Without our formatter, or with nothing wanted of it, nothing happens."""
    finished = _project(project).run(formatter=formatter)

    assert finished.code == 1
    assert "6 scenarios passed, 1 failed" in finished.out.replace(
        "0 failed, 1 error", "1 failed"
    )
    assert finished.section == ""
    assert not (project.path / ".xray").exists()


def test_dry_run(project: Project) -> None:
    """``behave --dry-run`` runs no step that could say anything."""
    finished = _project(project).report("--dry-run")

    assert finished.code == 0
    assert project.directories == []


TRIES = """
from behave import step
from behave_xray_bridge import xray

@step("in the end")
def _(context):
    scenario = context.scenario
    scenario.tries = getattr(scenario, "tries", 0) + 1
    if scenario.tries < context.last:
        xray(context).attach(b"shot", "shot.png")
    assert scenario.tries >= context.last
"""


def test_last_attempt_counts(project: Project) -> None:
    """The additions of a failed attempt do not reach the attempt that passed."""
    environment = (
        "from behave.contrib.scenario_autoretry import "
        "patch_scenario_with_autoretry as patch\n"
        "from behave_xray_bridge import xray\n"
        "tries = []\n"
        "def before_feature(context, feature):\n"
        "    for scenario in feature.scenarios: patch(scenario, max_attempts=3)\n"
        "def before_scenario(context, scenario):\n"
        "    tries.append(1)\n"
        "    if len(tries) != 2: xray(context).comment(f'attempt {len(tries)}')\n"
    )
    for last in (2, 3):
        project.write(
            {
                "features/a.feature": "Feature: F\n Scenario: s\n  Given in the end",
                "features/steps/more.py": TRIES,
                "features/environment.py": (
                    f"{environment}\ndef before_all(context): context.last = {last}"
                ),
            }
        )
        finished = project.report()

        assert finished.code == 0, finished
    # Names of runs of the same second are in no order.
    runs = sorted(project.directories, key=lambda each: each.info.started)
    second, third = (next(each.runs()) for each in runs)

    assert (second.comment, third.comment) == ("", "attempt 3")
    assert second.steps[0].evidence == third.steps[0].evidence == ()


OUTSIDE = """
from behave_xray_bridge import xray

def before_all(context):
    xray(context).attach(b"nobody's", "shot.png")

def after_feature(context, feature):
    xray(context).key("CALC-1")
"""


def test_outside_of_scenarios(project: Project) -> None:
    """Additions outside of scenarios give one notice and reach no scenario."""
    feature = "Feature: F\n Scenario: s\n  Given it works"
    project.write({"features/a.feature": feature, "features/environment.py": OUTSIDE})
    finished = project.report()
    run = project.recorded["s"]

    assert finished.code == 0
    assert finished.section.count("outside of a scenario") == 1
    assert (run.evidence, run.test.test_keys) == ((), ())


ATTACHES = """
from behave import step

@step("a screenshot")
def _(context):
    context.attach("image/png", b"\\x89PNG")
    context.attach("text/plain; charset=utf-8", "text ü")
    context.attach("application/x-nobody-knows", bytearray(b"1"))

@step("no bytes")
def _(context): context.attach("image/png", None)

@step("the process ends")
def _(context):
    context.attach("image/png", b"\\x89PNG")
    raise SystemExit(3)
"""


def test_attach_of_behave(new_project: Project) -> None:
    """``context.attach`` is evidence: of a step, or of the scenario in its hooks."""
    feature = "Feature: F\n Scenario: s\n  Given a screenshot\n  And no bytes"
    hook = "def after_scenario(context, s): context.attach('text/html', b'<p>')"
    outside = "def before_all(context): context.attach('text/html', b'<p>')"
    new_project.write(
        {
            "features/a.feature": feature,
            "features/steps/more.py": ATTACHES,
            "features/environment.py": f"{hook}\n{outside}",
        }
    )
    finished = new_project.report()
    run = new_project.recorded["s"]
    shot, text, unknown = run.steps[0].evidence
    folder = new_project.directory.path / "evidence"

    assert finished.code == 0, finished
    assert finished.section.count("outside of a scenario") == 1
    assert (shot.name, shot.media_type) == ("evidence.png", "image/png")
    assert (text.name, text.media_type) == ("evidence.txt", "text/plain; charset=utf-8")
    assert (folder / text.file).read_text("utf-8") == "text ü"
    assert (unknown.name, unknown.size) == ("evidence", 1)
    assert _names(run.evidence) == ["evidence.html"]
    assert "NoneType" in run.left_out[0]


def test_process_ends_in_a_step(new_project: Project) -> None:
    """Evidence from before the end is kept."""
    feature = "Feature: F\n Scenario: s\n  Given the process ends\n  Then it works"
    new_project.write(
        {"features/a.feature": feature, "features/steps/more.py": ATTACHES}
    )
    finished = new_project.report()
    run = new_project.recorded["s"]

    assert finished.code == 3
    assert run.outcome.value == "failed"
    assert _names(run.evidence) == ["evidence.png"]


def test_evidence_over_the_limit(project: Project) -> None:
    """A file that is too big is left out, and the user reads which."""
    project.write(
        {"features/said.feature": FEATURE, "features/steps/more.py": MORE_STEPS}
    )
    finished = project.report("-D", "xray_evidence_limit=4b", "-n", "rows")
    first = project.recorded["rows -- @1.1"]

    (left_out,) = first.left_out
    assert left_out == (
        "what.txt: 5 bytes is over the limit of 4 bytes for a file "
        "(xray_evidence_limit)"
    )
    assert "what.txt: 5 bytes is over the limit" in finished.section
