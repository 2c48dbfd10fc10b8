"""All parts of feature files are recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

ARGUMENTS = '''# language: de
@REQ_CALC-7
Funktionalität: Rechnen
  Zwei Zeilen
  Beschreibung

  Grundlage:
    Angenommen it works

  @TEST_CALC-1 @smoke
  Szenario: addieren ü
    Wenn it works
      """
      erste
      zweite
      """
    Dann it works
      | a | b |
      | 1 | 2 |
'''
RULES = """
@REQ_CALC-7
Feature: Rules

  @REQ_CALC-8
  Rule: first
    Background:
      Given it works

    @CALC-1
    Scenario: in a rule
      Given it works

    Scenario Outline: rows in a rule
      Given it <does>

      Examples:
        | does  |
        | works |

  Rule: second
    Scenario: in another rule
      Given it works
"""
BROKEN_RULE = """
def before_rule(context, rule):
    assert rule.name != "first", "no rule"
"""


def test_other_language_text_and_table(project: Project) -> None:
    """Everything of a scenario is there, in any language, background included."""
    project.write({"features/de/rechnen.feature": ARGUMENTS})
    project.report()
    run = project.recorded["addieren ü"]

    assert run.scenario is not None
    assert run.test.test_keys == ("CALC-1",)
    assert run.test.requirements == ("CALC-7",)
    assert run.test.labels == ("smoke",)
    assert run.test.definition == "features.de.rechnen.addieren ü"
    assert run.scenario.feature.path == "features/de/rechnen.feature"
    assert run.scenario.feature.description == "Zwei Zeilen\nBeschreibung"
    assert run.scenario.feature.keyword == "Funktionalität"
    assert [step.keyword for step in run.steps] == ["Angenommen", "Wenn", "Dann"]
    assert run.steps[1].text == "erste\nzweite"
    assert run.steps[2].table == (("a", "b"), ("1", "2"))
    assert run.steps[2].line == 17


def test_absolute_paths_are_recorded_relative(project: Project) -> None:
    """No path of this machine goes into a definition."""
    project.write({"features/a.feature": "Feature: F\n Scenario: s\n  Given it works"})
    project.report(str(project.path / "features" / "a.feature"))

    assert project.recorded["s"].test.definition == "features.a.s"


RAISES = """
from behave import step
from helper import fails

@step("it raises")
def _(context): fails()
"""


@pytest.mark.parametrize("folder", ["", "elsewhere"])
def test_no_path_of_this_machine(project: Project, folder: str) -> None:
    """Tracebacks name files as the project does, wherever behave was started."""
    project.write(
        {
            "features/a.feature": "Feature: F\n Scenario: s\n  Given it raises",
            "features/steps/more.py": RAISES,
            "features/helper.py": "def fails(): raise ValueError('on purpose')",
        }
    )
    here = replace(project, path=project.path / folder)
    here.path.mkdir(exist_ok=True)
    here.report(str(project.path / "features"))
    message = here.recorded["s"].message

    assert 'File "features/helper.py"' in message
    assert str(project.path) not in message


def test_parametrized_tag(project: Project) -> None:
    """A row can name its own Test."""
    feature = (
        "Feature: F\n @TEST_<key>\n Scenario Outline: s\n  Given it works\n"
        "  Examples:\n   | key |\n   | CALC-1 |\n   | CALC-2 |\n"
    )
    project.write({"features/a.feature": feature})
    project.report()
    keys = [run.test.test_keys for run in project.recorded.values()]

    assert keys == [("CALC-1",), ("CALC-2",)]


def test_rules(new_project: Project) -> None:
    """Scenarios of a rule are recorded once, with the rule's requirements."""
    new_project.write({"features/rules.feature": RULES})
    finished = new_project.report()
    found = {n: run.test.requirements for n, run in new_project.recorded.items()}

    assert finished.code == 0, finished
    assert found == {
        "in a rule": ("CALC-7", "CALC-8"),
        "rows in a rule -- @1.1": ("CALC-7", "CALC-8"),
        "in another rule": ("CALC-7",),
    }


def test_before_rule_fails(new_project: Project) -> None:
    """Scenarios of a rule that did not begin have failed, and no others."""
    new_project.write(
        {"features/rules.feature": RULES, "features/environment.py": BROKEN_RULE}
    )
    finished = new_project.report()

    assert finished.code == 1
    assert new_project.outcomes == {
        "in a rule": "failed",
        "rows in a rule -- @1.1": "failed",
        "in another rule": "passed",
    }
