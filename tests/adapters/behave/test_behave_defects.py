"""Real runs of behave whose failures have bugs in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jira.defects.bugs_in_sandbox import Bug, bugs_in, defects_in
from xray_sandbox import Store


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Finished, Project

FEATURE = """\
Feature: Cart
  @CALC-78
  Scenario: total
    Given the total is right
    Then it works

  @CALC-79
  Scenario Outline: prices
    Given the price of <item> is right

    Examples:
      | item  |
      | apple |
      | pear  |
      | fig   |
      | plum  |

  @CALC-201
  Scenario: empty
    Given it works

  @CALC-202
  Scenario: full
    Given it works
"""
STEPS = """\
import os
from behave import step

BROKEN = os.environ.get("BROKEN", "yes") == "yes"

@step("it works")
def _(context): pass

@step("the total is right")
def total(context): assert not BROKEN, "it is broken"

@step("the price of {item} is right")
def price(context, item):
    if BROKEN and item in ("pear", "fig"):
        raise ValueError(f"no price of {item} at {id(context):#x}")
"""
CLEANUP = """\
def before_all(context):
    context.add_cleanup(lambda: 1 / 0)
"""
RULES = """\
[defects]
mode = "create"
when_passed = "close"
close_after = 1
"""
UPLOAD = ("-D", "xray_upload=on", "-D", "xray_sandbox=on")
XFAIL = ("-D", "xray_xfail_open_defects=on")


def upload(project: Project, *arguments: str, broken: str = "yes") -> Finished:
    """Run behave with an upload to the embedded sandbox."""
    project.environ["BROKEN"] = broken
    return project.run(*UPLOAD, *arguments)


def store_of(project: Project) -> Store:
    """The sandbox's data."""
    return Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")


def bugs_of(project: Project) -> list[Bug]:
    """All bugs, oldest first."""
    return bugs_in(store_of(project))


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite whose failures get bugs."""
    project.write(
        {
            "features/cart.feature": FEATURE,
            "features/steps/steps.py": STEPS,
            "xray-bridge.toml": RULES,
        }
    )
    return project


def test_runs_make_close_and_reopen_the_same_bugs(shop: Project) -> None:
    """Three runs: made, closed after a pass, reopened; rows share a bug."""
    made = upload(shop)
    first = bugs_of(shop)
    passed = upload(shop, broken="no")
    closed = bugs_of(shop)
    again = upload(shop)
    reopened = bugs_of(shop)

    assert (made.code, passed.code, again.code) == (1, 0, 1)
    assert len(first) == len(closed) == len(reopened) == 2
    assert {each.status for each in closed} == {"Done"}
    assert {each.status for each in reopened} == {"To Do"}
    newest = store_of(shop).test_executions()[0].key
    assert defects_in(store_of(shop), newest) == {
        "Add two numbers on the display": (first[0].key,),
        "Divide numbers": (first[1].key,),
    }
    assert "closed after 1 run in a row without it" in passed.section


def test_open_bugs_make_failures_expected(shop: Project) -> None:
    """behave shows the failures; Xray and the exit code take them as expected."""
    upload(shop)
    keys = [each.key for each in bugs_of(shop)]

    done = upload(shop, *XFAIL)
    newest = shop.directories[-1]
    recorded = [run for run in newest.runs() if run.outcome.value == "xfailed"]

    assert done.code == 0
    assert "Results: 3 xfailed, 4 passed" in done.section
    assert [run.defects for run in recorded] == [
        (keys[0],),
        (keys[1],),
        (keys[1],),
    ]
    assert recorded[0].message.startswith(f"known bug {keys[0]}\n")


def test_a_new_failure_beside_a_known_one_is_a_failure(shop: Project) -> None:
    """The exit code is that of behave as long as one failure is not known."""
    upload(shop)
    broken = STEPS.replace("(context): pass", "(context): raise KeyError(1)")
    (shop.path / "features/steps/steps.py").write_text(broken)

    done = upload(shop, *XFAIL)

    assert done.code == 1
    assert "known bug" in str([run.message for run in shop.directories[-1].runs()])


def test_a_failed_cleanup_beside_a_known_failure_is_a_failure(shop: Project) -> None:
    """behave ends with 1 for it, although no result shows it."""
    upload(shop)
    (shop.path / "features/environment.py").write_text(CLEANUP)

    done = upload(shop, *XFAIL)

    assert done.code == 1
    assert "3 xfailed" in done.section
