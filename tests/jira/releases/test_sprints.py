"""The Test Execution and new bugs go into a sprint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_jira, a_jira_run, a_run, recorded, settings_of
from xray_bridge.errors import NotXrayError, RefusedError, UsageError
from xray_bridge.jira.execution.sprint import SPRINT
from xray_bridge.jira.releases.sprints import find_sprint, put_into_sprint


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray

AGILE = "/rest/agile/1.0"
BOARD = f"{AGILE}/board"
SPRINTS = f"{BOARD}/4/sprint"
ALPHA = {"id": 7, "name": "Alpha", "state": "active"}
BETA = {"id": 8, "name": "Beta", "state": "future"}


def a_board(number: int = 4, name: str = "Team", kind: str = "scrum") -> dict[str, Any]:
    """A board as Jira lists it."""
    return {"id": number, "name": name, "type": kind}


def page(*values: dict[str, Any], last: bool = True) -> dict[str, Any]:
    """One page of a list."""
    return {"values": list(values), "isLast": last}


@pytest.fixture(autouse=True)
def _one_board(xray: Xray) -> None:
    """A project with one board, and two sprints."""
    xray.script = {
        BOARD: [page(a_board())],
        SPRINTS: [page(ALPHA)],
        f"{AGILE}/sprint/7": [ALPHA],
        f"{AGILE}/sprint/7/issue": [{}],
    }


def find(xray: Xray, **given: str) -> str:
    """The id of the sprint that is found."""
    found = find_sprint(a_jira(xray.url), settings_of(**given), "CALC")
    return found.id if found else ""


def test_active_sprint_of_the_only_board(xray: Xray) -> None:
    """The project has one board, and this one active sprint."""
    assert find(xray, sprint="active") == "7"
    assert xray.sent[0].query["projectKeyOrId"] == "CALC"
    assert xray.sent[1].query["state"] == "active"


def test_kanban_boards_do_not_count(xray: Xray) -> None:
    """They have no sprints."""
    xray.script[BOARD] = [page(a_board(1, "Ops", "kanban"), a_board())]

    assert find(xray, sprint="Active") == "7"


@pytest.mark.parametrize("board", ["4", "team"])
def test_board_is_found_by_id_or_name(xray: Xray, board: str) -> None:
    """One of several is set."""
    xray.script[BOARD] = [page(a_board(3, "Other"), last=False), page(a_board())]

    assert find(xray, sprint="active", board=board) == "7"


def test_sprint_is_found_by_name(xray: Xray) -> None:
    """Closed ones are not asked for: Jira puts nothing into them."""
    xray.script[SPRINTS] = [page(ALPHA, BETA)]

    assert find(xray, sprint="beta") == "8"
    assert xray.sent[-1].query["state"] == "active,future"


def test_sprint_with_an_id_needs_no_board(xray: Xray) -> None:
    """Ids are the same for all boards."""
    assert find(xray, sprint="7") == "7"
    assert xray.lines == [f"GET {AGILE}/sprint/7"]


@pytest.mark.parametrize(
    ("answers", "given", "why"),
    [
        (
            {BOARD: page()},
            {},
            r"no board with sprints in CALC \(unset xray_sprint\)",
        ),
        (
            {BOARD: page(a_board(), a_board(5, "Two"))},
            {},
            r"several boards in CALC: 4 Team, 5 Two \(set xray_board to",
        ),
        ({}, {"board": "9"}, r"no board 9 in CALC, only 4 Team \(correct xray_board\)"),
        (
            {SPRINTS: page(ALPHA, {**BETA, "state": "active"})},
            {},
            r"several active sprints: 7 Alpha, 8 Beta \(set xray_sprint to",
        ),
        (
            {},
            {"sprint": "Gamma"},
            r"no open sprint Gamma on board 4, only Alpha \(`xray-bridge releases",
        ),
        ({}, {"sprint": "99"}, r"no sprint with the id 99 \(`xray-bridge releases"),
    ],
)
def test_none_or_several_are_told_with_their_names(
    xray: Xray, answers: dict[str, Any], given: dict[str, str], why: str
) -> None:
    """Nothing is guessed."""
    xray.script |= {path: [answer] for path, answer in answers.items()}

    with pytest.raises(UsageError, match=why):
        find(xray, **{"sprint": "active", **given})


def test_no_sprint_is_active_between_two(tmp_path: Path, xray: Xray) -> None:
    """That is no error: a team may be between its sprints."""
    xray.script[SPRINTS] = [page()]
    run = a_jira_run(recorded(tmp_path, a_run()), xray.url, sprint="active")

    assert list(SPRINT.apply(run)) == ["CALC-7 is in no sprint: none is active"]
    assert "sprint/7/issue" not in " ".join(xray.lines)


def test_jira_without_boards_is_told(xray: Xray) -> None:
    """Jira Software is another product."""
    del xray.script[BOARD]

    with pytest.raises(UsageError, match="Jira Software is not installed"):
        find(xray, sprint="active")


@pytest.mark.parametrize(("status", "error"), [(400, UsageError), (403, RefusedError)])
def test_board_that_has_no_sprints(
    xray: Xray, status: int, error: type[Exception]
) -> None:
    """Jira refuses the question for some boards with 400."""
    xray.script[SPRINTS] = [Response("{}", status=status)]

    with pytest.raises(error):
        find(xray, sprint="Alpha")


def test_test_execution_is_put_into_it(tmp_path: Path, xray: Xray) -> None:
    """Without a project in the settings, that of its key counts."""
    run = a_jira_run(recorded(tmp_path, a_run()), xray.url, sprint="active")
    told = list(SPRINT.apply(run))

    assert told == ["CALC-7 is in sprint Alpha"]
    assert json.loads(xray.sent[-1].body) == {"issues": ["CALC-7"]}


@pytest.mark.parametrize(
    ("given", "project"), [({}, "CALC"), ({"project": "A2"}, "A2")]
)
def test_board_is_that_of_the_project(
    tmp_path: Path, xray: Xray, given: dict[str, str], project: str
) -> None:
    """Of the settings, or else of the issues."""
    run = a_jira_run(recorded(tmp_path, a_run()), xray.url, sprint="active", **given)
    list(SPRINT.apply(run))

    assert xray.sent[0].query["projectKeyOrId"] == project


@pytest.mark.parametrize(
    ("given", "keys"), [({}, ["CALC-7"]), ({"sprint": "active"}, [])]
)
def test_nothing_to_put_anywhere(
    tmp_path: Path, xray: Xray, given: dict[str, str], keys: list[str]
) -> None:
    """Without the setting, or without an issue, Jira is not asked."""
    run = a_jira_run(recorded(tmp_path, a_run()), xray.url, **given)

    assert put_into_sprint(run, keys) is None
    assert not xray.sent


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"sprint": "active"}, "put CALC-7 into the active sprint"),
        ({"sprint": "7", "board": "Ops"}, "put CALC-7 into sprint 7 of board Ops"),
    ],
)
def test_dry_run_says_which_sprint(
    tmp_path: Path, given: dict[str, str], line: str
) -> None:
    """No server is asked."""
    run = a_jira_run(recorded(tmp_path, a_run()), **given)

    assert list(SPRINT.describe(run)) == [line]


def test_boards_without_end_are_an_error(xray: Xray) -> None:
    """A server that always returns the first page is asked twice."""
    xray.script[BOARD] = [page(a_board(), last=False)]

    with pytest.raises(NotXrayError, match="without end"):
        find(xray, sprint="active")
    assert len(xray.sent) == 2
