"""
Boards and sprints of Jira Software.

Source: Atlassian's REST reference, Jira Software 1.0, of both products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.paging import FEW_PAGES
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import NotXrayError, RefusedError


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.jira import Jira

BASE = "/rest/agile/1.0"
# A board without sprints.
KANBAN = "kanban"
ACTIVE, FUTURE, CLOSED = "active", "future", "closed"
# Jira's limit for one request.
MOST_MOVED = 50
NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board; ``kind`` is scrum, kanban or simple (of a team-managed project)."""

    id: str
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """A sprint; ``start`` and ``end`` are Jira's times, empty if not planned."""

    id: str
    name: str
    state: str = ""
    start: str = ""
    end: str = ""


def list_boards(jira: Jira, project: str) -> tuple[Board, ...]:
    """
    List the boards of a project.

    Raises RefusedError, also if this Jira has no boards.
    """
    found = _read_pages(jira, f"{BASE}/board", projectKeyOrId=project)
    return tuple(
        Board(
            id=str(each.get("id", "")),
            name=str(each.get("name", "")),
            kind=str(each.get("type", "")),
        )
        for each in found
    )


def list_sprints(jira: Jira, board: str, *states: str) -> tuple[Sprint, ...]:
    """
    List the sprints of a board in some states; of a board without sprints, none.

    Jira refuses the question for a kanban board with 400.
    """
    path = f"{BASE}/board/{quote(board, safe='')}/sprint"
    try:
        found = list(_read_pages(jira, path, state=",".join(states)))
    except RefusedError as error:
        if error.status == 400:  # noqa: PLR2004
            return ()
        raise
    return tuple(map(_make_sprint, found))


def read_sprint(jira: Jira, sprint: str) -> Sprint | None:
    """Return a sprint by its id; None if there is none."""
    try:
        path = f"{BASE}/sprint/{quote(sprint, safe='')}"
        return _make_sprint(jira.get_json(path, dict))
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def add_to_sprint(jira: Jira, sprint: str, keys: Sequence[str]) -> None:
    """Put issues into a sprint; those in it stay there."""
    path = f"{BASE}/sprint/{quote(sprint, safe='')}/issue"
    for at in range(0, len(keys), MOST_MOVED):
        body = {"issues": list(keys[at : at + MOST_MOVED])}
        jira.send_json("POST", path, body, repeatable=True)


def _make_sprint(found: dict[str, Any]) -> Sprint:
    return Sprint(
        id=str(found.get("id", "")),
        name=str(found.get("name", "")),
        state=str(found.get("state", "")),
        start=str(found.get("startDate") or ""),
        end=str(found.get("endDate") or ""),
    )


def _read_pages(jira: Jira, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """
    Yield the items of a list in pages; ``isLast`` says which is the last.

    Raises NotXrayError if the list does not end.
    """
    position = 0
    before: list[Any] = []
    for _ in range(FEW_PAGES):
        page = jira.get_json(path, dict, **query, startAt=str(position))
        values = page.get("values")
        if not isinstance(values, list):
            msg = f"{path} does not answer like Jira Software"
            raise NotXrayError(msg, hint="check xray_url")
        if values and values == before:
            break
        yield from (each for each in values if isinstance(each, dict))
        position += len(values)
        if page.get("isLast", True) or not values:
            return
        before = values
    msg = f"{path} returns pages without end"
    raise NotXrayError(msg, hint="check xray_url")
