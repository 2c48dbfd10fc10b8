"""The Test Execution gets another status."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_jira_run, a_run, recorded
from xray_bridge.client.transitions import Status, Transition, TransitionField
from xray_bridge.errors import UsageError
from xray_bridge.jira.execution.transition import (
    TRANSITION,
    choose_transition,
    fill_fields,
)


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray

ISSUE = "/rest/api/2/issue/CALC-7"
TRANSITIONS = f"{ISSUE}/transitions"
TO_DO = Status(name="To Do", category="new", category_name="A faire")
DONE = Status(name="Done", category="done", category_name="Termine")
CLOSED = Status(name="Closed", category="done", category_name="Termine")
RESOLUTION = TransitionField(
    id="resolution", name="Resolution", is_needed=True, allowed={"Fixed": "1"}
)


def a_transition(to: Status, *fields: TransitionField, name: str = "Go") -> Transition:
    """A transition to a status."""
    return Transition(id=f"{name}-{to.name}", name=name, to=to, fields=fields)


def status_json(status: Status) -> dict[str, Any]:
    """A status as Jira writes it."""
    category = {"key": status.category, "name": status.category_name}
    return {"name": status.name, "statusCategory": category}


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("done", [CLOSED, DONE], "Go-Done"),
        ("d o n e", [DONE], "Go-Done"),
        ("Go", [CLOSED], "Go-Closed"),
        ("Termine", [CLOSED], "Go-Closed"),
        ("done", [CLOSED], "Go-Closed"),
    ],
)
def test_status_is_found_by_name_then_by_category(
    wanted: str, offered: list[Status], chosen: str
) -> None:
    """Case and blanks do not count, and the category's key is not translated."""
    found = choose_transition(wanted, TO_DO, [a_transition(each) for each in offered])

    assert found is not None
    assert found.id == chosen


@pytest.mark.parametrize(
    ("wanted", "before"), [("Done", DONE), ("done", CLOSED), ("Termine", CLOSED)]
)
def test_nothing_is_done_if_the_status_is_there(wanted: str, before: Status) -> None:
    """A status of the wanted category is enough, if no other has the name."""
    assert choose_transition(wanted, before, [a_transition(TO_DO)]) is None


def test_a_status_of_that_name_is_better_than_its_category() -> None:
    """Closed is not Done, if Done can be reached."""
    found = choose_transition("Done", CLOSED, [a_transition(DONE)])

    assert found is not None
    assert found.to == DONE


def test_transition_without_needed_fields_is_preferred() -> None:
    """Two lead to the same status."""
    hard = a_transition(DONE, RESOLUTION, name="Resolve")
    found = choose_transition("Done", TO_DO, [hard, a_transition(DONE)])

    assert found is not None
    assert found.name == "Go"


@pytest.mark.parametrize(
    ("wanted", "offered", "why"),
    [
        ("Shipped", [DONE], "no transition leads to Shipped from To Do .*can be Done"),
        ("Shipped", [], "no transition leads to Shipped"),
        ("Termine", [DONE, CLOSED], "the category of several statuses: Done, Closed"),
    ],
)
def test_unreachable_status_is_told_with_the_others(
    wanted: str, offered: list[Status], why: str
) -> None:
    """The message names what can be set instead."""
    listed = [a_transition(each) for each in offered]

    with pytest.raises(UsageError) as caught:
        choose_transition(wanted, TO_DO, listed)
    assert re.search(why, str(caught.value))


def test_values_become_ids() -> None:
    """A field may be named by its id or its name, in any case."""
    teams = TransitionField(
        id="customfield_1", name="Teams", allowed={"Red": "7"}, is_list=True
    )
    note = TransitionField(id="customfield_2", name="Note", allowed={})
    chosen = a_transition(DONE, RESOLUTION, teams, note)
    given = {"resolution": "fixed", "TEAMS": "Red", "customfield_2": "ok"}

    assert fill_fields(chosen, given) == {
        "resolution": {"id": "1"},
        "customfield_1": [{"id": "7"}],
        "customfield_2": "ok",
    }


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "needs Resolution (Fixed) (set xray_transition to Done; Resolution = "),
        ({"Resolution": "Gone"}, "Resolution cannot be Gone (use Fixed)"),
        ({"Assignee": "ann"}, "has no field Assignee, but Resolution"),
    ],
)
def test_fields_that_jira_would_refuse_are_told(
    given: dict[str, str], why: str
) -> None:
    """The allowed values are named."""
    with pytest.raises(UsageError) as caught:
        fill_fields(a_transition(DONE, RESOLUTION), given)
    assert why in str(caught.value)


def test_the_status_is_read_before_it_is_changed(tmp_path: Path, xray: Xray) -> None:
    """The transition is sent by its id, with the fields of its screen."""
    screen = {
        "resolution": {
            "name": "Resolution",
            "required": True,
            "allowedValues": [{"id": "1", "name": "Fixed"}],
        }
    }
    offered = {"id": 31, "name": "Close", "to": status_json(DONE), "fields": screen}
    xray.script = {
        ISSUE: [{"fields": {"status": status_json(TO_DO)}}],
        TRANSITIONS: [{"transitions": [offered]}, {}],
    }
    run = a_jira_run(
        recorded(tmp_path, a_run()), xray.url, transition="done; Resolution = Fixed"
    )
    told = list(TRANSITION.apply(run))

    assert told == ["CALC-7 is now Done"]
    assert xray.lines == [f"GET {ISSUE}", f"GET {TRANSITIONS}", f"POST {TRANSITIONS}"]
    assert json.loads(xray.sent[-1].body) == {
        "transition": {"id": "31"},
        "fields": {"resolution": {"id": "1"}},
    }


def test_a_second_time_changes_nothing(tmp_path: Path, xray: Xray) -> None:
    """A resend finds the status, and says nothing."""
    xray.script = {
        ISSUE: [{"fields": {"status": status_json(DONE)}}],
        TRANSITIONS: [{"transitions": []}],
    }
    run = a_jira_run(recorded(tmp_path, a_run()), xray.url, transition="Done")

    assert list(TRANSITION.apply(run)) == []
    assert not xray.posts(TRANSITIONS)


@pytest.mark.parametrize(
    ("key", "where"), [("CALC-7", "CALC-7"), ("", "the new Test Execution")]
)
def test_dry_run_says_the_status(tmp_path: Path, key: str, where: str) -> None:
    """No server is asked."""
    run = a_jira_run(
        recorded(tmp_path, a_run()),
        test_execution=key,
        transition="Done;Resolution=Fixed",
    )

    assert [*TRANSITION.describe(run)] == [f"move {where} to Done, Resolution = Fixed"]
