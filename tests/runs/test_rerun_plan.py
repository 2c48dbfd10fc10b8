"""The plan of a rerun, as the session that runs the tests again reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded, settings_of
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs.rerun_plan import PLAN, RerunPlan, take_plan


if TYPE_CHECKING:
    from pathlib import Path

HERE = "https://jira.example.com"
DELIVERED = RerunPlan(run="the-run", tests=(), test_execution="CALC-20")


def refuse(plan: RerunPlan, **settings: str) -> None:
    """Compare with the settings of the rerun's session."""
    plan.refuse_other_place(settings_of(test_execution="CALC-20", **settings))


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ({"url": f"{HERE}/"}, {"url": HERE}),
        ({"url": HERE.upper()}, {"url": HERE}),
        ({"project": "calc"}, {"project": "CALC"}),
        ({"sandbox": "true"}, {"sandbox": "yes"}),
        ({}, {"url": HERE, "project": "CALC"}),
    ],
)
def test_the_same_place(theirs: dict[str, str], mine: dict[str, str]) -> None:
    """Slashes at the end and upper case do not count; what was not set may be."""
    refuse(replace(DELIVERED, places=theirs), **mine)


@pytest.mark.parametrize(
    ("theirs", "mine", "said"),
    [
        ({"url": "https://a"}, {"url": "https://b"}, "here xray_url is https://b"),
        ({"url": "https://a"}, {"url": ""}, "it is not set here"),
        ({"project": "CALC"}, {"project": "MATH"}, "here xray_project is MATH"),
        ({"connection": "a"}, {"connection": "b"}, "here xray_connection is b"),
        ({"sandbox": "true"}, {"sandbox": "no"}, "it is not set here"),
    ],
)
def test_another_place_is_refused(
    theirs: dict[str, str], mine: dict[str, str], said: str
) -> None:
    """Else the results would go into a Test Execution of another Jira."""
    ((name, value),) = theirs.items()

    with pytest.raises(UsageError) as caught:
        refuse(replace(DELIVERED, places=theirs), **mine)
    start = f"the results of the-run are for xray_{name} = {value}, but "
    assert caught.value.message == start + said


def test_results_that_xray_does_not_have_may_go_anywhere() -> None:
    """All of them are sent by the rerun."""
    plan = replace(DELIVERED, test_execution="", places={"url": "https://a"})

    refuse(plan, url="https://b")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"run": "a", "tests": 5, "rows_of": [], "parts": []}',
        '{"run": "a", "tests": [], "rows_of": [], "parts": [], "later": 1}',
    ],
)
def test_a_damaged_plan_is_named(tmp_path: Path, content: str) -> None:
    """Before any test runs."""
    (tmp_path / PLAN).write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match="the plan of the rerun cannot be read"):
        take_plan({RERUN_VARIABLE: str(tmp_path)})


def test_a_plan_is_read_back(tmp_path: Path) -> None:
    """And no session that a test starts sees it."""
    DELIVERED.save(tmp_path)
    environ = {RERUN_VARIABLE: str(tmp_path)}

    assert take_plan(environ) == replace(DELIVERED, folder=str(tmp_path))
    assert environ == {}
    assert take_plan(environ) is None


def test_a_run_directory_that_cannot_be_filled_is_named(tmp_path: Path) -> None:
    """The earlier results are needed: without them, the rerun would lose them."""
    directory = recorded(tmp_path, a_run())
    plan = replace(DELIVERED, folder=str(tmp_path / "gone"))

    with pytest.raises(RunDirectoryError, match="cannot be written: No such file"):
        plan.fill(directory)
