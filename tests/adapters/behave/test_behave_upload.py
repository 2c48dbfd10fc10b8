"""From behave into the sandbox: what Xray has of it, and what the user reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.refusals import WORDS, planned_fields, refusing_server
from xray_sandbox import CREDENTIALS, RunningSandbox, TestExecutionRow, running


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.adapters.behave.conftest import Project

FEATURE = """
@REQ_CALC-70
Feature: Calculator

  @CALC-78
  Scenario: works
    Given it works

  @broken_after @TEST_CALC-1
  Scenario: fails in a hook after all steps passed
    Given it works

  @broken_before @CALC-2
  Scenario: fails in a hook before the first step
    Given it works

  @jira.testcase('CALC-79')
  Scenario Outline: rows
    Given it <does>

    Examples:
      | does   |
      | works  |
      | breaks |

  @CALC-3
  Scenario: skipped
    Given it works

  @CALC-4
  Scenario: exception
    When it breaks
    Then nobody knows this
"""
ENVIRONMENT = """
def before_scenario(context, scenario):
    assert "broken_before" not in scenario.tags, "no browser"
    if "CALC-3" in scenario.tags: scenario.skip("no browser")

def after_scenario(context, scenario):
    assert "broken_after" not in scenario.tags, "browser is gone"
"""
STATUSES = {
    "CALC-78": "PASS",
    "CALC-1": "FAIL",
    "CALC-2": "FAIL",
    "CALC-79": "FAIL",
    "CALC-3": "TODO",
    "CALC-4": "FAIL",
}
UPLOAD = ("-D", "xray_upload=yes", "-D", "xray_project=CALC")


@pytest.fixture
def sandbox(project: Project) -> Iterator[RunningSandbox]:
    """A sandbox that the project's environment knows."""
    with running(project.path / "sandbox") as found:
        project.environ.update(
            XRAY_URL=found.url,
            XRAY_DEPLOYMENT="server",
            XRAY_TOKEN=CREDENTIALS.token,
        )
        yield found


@pytest.fixture
def calculator(project: Project) -> Project:
    """A project with a result of every kind."""
    project.write(
        {
            "features/calculator.feature": FEATURE,
            "features/environment.py": ENVIRONMENT,
        }
    )
    return project


def _made(sandbox: RunningSandbox) -> TestExecutionRow:
    """The only Test Execution that the demo project did not have before."""
    keys = {each.key for each in sandbox.store.test_executions()}
    (key,) = keys - {"CALC-20"}
    made = sandbox.store.test_execution(key)
    assert made is not None
    return made


def test_all_results_arrive(calculator: Project, sandbox: RunningSandbox) -> None:
    """Each Test has the status that behave saw, failed hooks included."""
    finished = calculator.run(*UPLOAD)
    execution = _made(sandbox)
    statuses = {run.test_key: run.status for run in execution.runs}

    assert finished.code == 1
    assert statuses == STATUSES
    assert f"Test Execution: {execution.key}" in finished.section
    assert "6 sent, 6 accepted, 0 refused" in finished.section


def test_a_dry_run_prints_whole_documents(calculator: Project) -> None:
    """Lines that are equal stay: what is printed is JSON."""
    calculator.environ.update(XRAY_URL="https://jira.invalid", XRAY_TOKEN="secret")
    options = ("-D", "xray_dry_run=yes", "-D", "xray_project=CALC")
    finished = calculator.run(*options, "-D", "xray_environments=chrome;linux")
    fields = planned_fields(finished.section)

    assert fields["project"] == {"key": "CALC"}
    assert fields["issuetype"] == {"name": "Test Execution"}


def test_refusals_with_the_same_words(calculator: Project) -> None:
    """Two scenarios were refused, so two lines say it."""
    with refusing_server() as environ:
        calculator.environ.update(environ)
        finished = calculator.run(*UPLOAD)

    assert finished.section.count(f"Refused by Xray: {WORDS}") == 2


SHARED = """
Feature: Keys

  @CALC-78 @CALC-79
  Scenario: of two Tests
    Given it breaks

  @CALC-1
  Scenario: works
    Given it works

  @CALC-1
  Scenario: works not
    Given it breaks
"""


def test_keys_that_are_shared(project: Project, sandbox: RunningSandbox) -> None:
    """A scenario of two Tests is both; of two scenarios of one the worse one counts."""
    project.write({"features/a.feature": SHARED})
    project.run(*UPLOAD)
    statuses = {run.test_key: run.status for run in _made(sandbox).runs}

    assert statuses == {"CALC-78": "FAIL", "CALC-79": "FAIL", "CALC-1": "FAIL"}


SAYS = """
from behave import step
from behave_xray_bridge import xray

@step("it works at last")
def _(context):
    try:
        with xray(context).step("at first"):
            raise ValueError
    except ValueError:
        with xray(context).step("again"):
            xray(context).attach(b"shot", "shot.png")

@step("it is known")
def _(context):
    xray(context).key("CALC-79")
    xray(context).defect("CALC-9")
"""


@pytest.mark.parametrize(
    ("step", "keys", "defects"),
    [
        ("it works", {"CALC-78"}, ()),
        # Behave JSON has no place for defects.
        ("it is known", {"CALC-78", "CALC-79"}, ("CALC-9",)),
    ],
)
def test_what_steps_say(
    project: Project,
    sandbox: RunningSandbox,
    step: str,
    keys: set[str],
    defects: tuple[str, ...],
) -> None:
    """It arrives in every format; a handled failure fails nothing."""
    feature = "Feature: F\n @CALC-78\n Scenario: s\n  Given it works at last\n  And "
    project.write(
        {"features/a.feature": feature + step, "features/steps/more.py": SAYS}
    )
    finished = project.run(*UPLOAD)
    runs = _made(sandbox).runs

    assert finished.code == 0, finished
    assert {run.test_key for run in runs} == keys
    for run in runs:
        assert (run.status, run.defects) == ("PASS", defects)
        assert [each.size for each in run.evidence] == [len(b"shot")]


def test_existing_test_execution(calculator: Project, sandbox: RunningSandbox) -> None:
    """Results of a run can go to a Test Execution that exists."""
    calculator.run(*UPLOAD, "-D", "xray_test_execution=CALC-20")
    execution = sandbox.store.test_execution("CALC-20")

    assert execution is not None
    assert {run.test_key: run.status for run in execution.runs} == STATUSES


def test_test_plan_from_a_tag(project: Project, sandbox: RunningSandbox) -> None:
    """A tag of a feature can name the Test Plan, as behave-xray's users know it."""
    feature = FEATURE.replace("@REQ_CALC-70", "@jira.test_plan('CALC-15')")
    project.write({"features/calculator.feature": feature})
    project.run(*UPLOAD)
    execution = _made(sandbox)

    assert execution.test_plans == ("CALC-15",)


def test_settings_win_over_tags(project: Project, sandbox: RunningSandbox) -> None:
    """A setting for this run wins over tags."""
    feature = FEATURE.replace("@REQ_CALC-70", "@jira.test_plan('CALC-99')")
    project.write({"features/calculator.feature": feature})
    project.run(*UPLOAD, "-D", "xray_test_plan=CALC-15")
    execution = _made(sandbox)

    assert execution.test_plans == ("CALC-15",)


def test_green_run_stays_green(project: Project, sandbox: RunningSandbox) -> None:
    """All passed, all accepted: exit code 0, one Test Execution for two features."""
    feature = "Feature: F\n @CALC-{}\n Scenario: works\n  Given it works"
    project.write(
        {
            "features/a.feature": feature.format(78),
            "features/b.feature": feature.format(79),
        }
    )
    finished = project.run(*UPLOAD)

    assert finished.code == 0, finished
    assert len(_made(sandbox).runs) == 2


def test_green_run_that_is_not_delivered(project: Project) -> None:
    """Exit code 80 replaces 0, and the user reads how to send the results."""
    feature = "Feature: F\n @CALC-1\n Scenario: works\n  Given it works"
    project.write({"features/a.feature": feature})
    project.environ.update(XRAY_URL="http://127.0.0.1:9", XRAY_TOKEN=CREDENTIALS.token)
    options = ("-D", "xray_preflight=off", "-D", "xray_deadline=1s")
    finished = project.run(*UPLOAD, *options)

    assert finished.code == 80, finished
    assert "xray-bridge resend .xray/runs/" in finished.section
    assert project.run(*UPLOAD, *options, "-D", "xray_on_upload_error=warn").code == 0


def test_red_run_that_is_not_delivered(calculator: Project) -> None:
    """A red run keeps its own exit code."""
    calculator.environ.update(
        XRAY_URL="http://127.0.0.1:9", XRAY_TOKEN=CREDENTIALS.token
    )
    options = ("-D", "xray_preflight=off", "-D", "xray_deadline=1s")
    finished = calculator.run(*UPLOAD, *options)

    assert finished.code == 1
    assert "NOT DELIVERED" in finished.section
