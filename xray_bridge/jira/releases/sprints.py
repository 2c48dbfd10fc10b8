"""
Find the sprint that the settings ``sprint`` and ``board`` mean, and put issues into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client import agile
from xray_bridge.errors import RefusedError, UsageError
from xray_bridge.model.keys import project_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    from xray_bridge.client.agile import Board, Sprint
    from xray_bridge.client.jira import Jira
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun

    T = TypeVar("T", Board, Sprint)

ACTIVE = "active"
NOT_FOUND = 404
WITHOUT_BOARD = "unset xray_sprint"
CORRECT = "correct xray_board"
SPRINTS = "`xray-bridge releases list` shows them"


def put_into_sprint(run: JiraRun, keys: Sequence[str]) -> Sprint | None:
    """
    Put issues into the sprint of the settings, and return it; None if there is none.

    Between two sprints no sprint is active. Issues that are in it stay there. Raises
    UsageError if there is no such sprint, or several; RefusedError.
    """
    if not run.settings.sprint or not keys:
        return None
    project = run.settings.project or project_of(keys[0])
    sprint = find_sprint(run.jira, run.settings, project)
    if sprint is None:
        return None
    agile.add_to_sprint(run.jira, sprint.id, keys)
    return sprint


def find_sprint(jira: Jira, settings: Settings, project: str) -> Sprint | None:
    """
    Find the one sprint that is meant: by id or name, or the active one.

    None if no sprint is active. Raises UsageError if there is none with this id or
    name, or several; RefusedError.
    """
    wanted = settings.sprint
    if wanted.isdecimal():
        found = agile.read_sprint(jira, wanted)
        if found is None:
            msg = f"there is no sprint with the id {wanted}"
            raise UsageError(msg, hint="`xray-bridge releases list` shows them")
        return found
    board = find_board(jira, settings, project)
    if wanted.casefold() == ACTIVE:
        sprints = agile.list_sprints(jira, board.id, agile.ACTIVE)
        if not sprints:
            return None
        return _choose_one(sprints, "", "active sprints", "xray_sprint")
    # Jira puts no issues into a closed sprint.
    sprints = agile.list_sprints(jira, board.id, agile.ACTIVE, agile.FUTURE)
    named = [each for each in sprints if each.name.casefold() == wanted.casefold()]
    none = f"no open sprint {wanted} on board {board.id}"
    none += _list_others(each.name for each in sprints)
    return _choose_one(named, none, f"sprints named {wanted}", "xray_sprint", SPRINTS)


def find_board(jira: Jira, settings: Settings, project: str) -> Board:
    """
    Find the board of the settings, or the only board with sprints of the project.

    Raises UsageError if there is none, or several; RefusedError.
    """
    wanted = settings.board
    try:
        boards = agile.list_boards(jira, project)
    except RefusedError as error:
        if error.status == NOT_FOUND:
            msg = "this Jira has no boards: Jira Software is not installed"
            raise UsageError(msg, hint=WITHOUT_BOARD) from None
        raise
    if wanted:
        named = [each for each in boards if _is_meant(each, wanted)]
        none = f"no board {wanted} in {project}"
        none += _list_others(f"{each.id} {each.name}" for each in boards)
        return _choose_one(named, none, f"boards named {wanted}", "xray_board", CORRECT)
    with_sprints = [each for each in boards if each.kind != agile.KANBAN]
    none = f"no board with sprints in {project}"
    return _choose_one(with_sprints, none, f"boards in {project}", "xray_board")


def _list_others(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f", only {listed}" if listed else ""


def _is_meant(board: Board, wanted: str) -> bool:
    return wanted == board.id or wanted.casefold() == board.name.casefold()


def _choose_one(
    found: Sequence[T], none: str, several: str, setting: str, hint: str = WITHOUT_BOARD
) -> T:
    if not found:
        raise UsageError(f"there is {none}", hint=hint)
    if len(found) > 1:
        names = ", ".join(f"{each.id} {each.name}" for each in found)
        hint = f"set {setting} to the id of one of them"
        raise UsageError(f"there are several {several}: {names}", hint=hint)
    return found[0]
