"""
List the versions of a project, and the sprints of its board.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client import agile
from xray_bridge.client.versions import list_versions
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError, UsageError
from xray_bridge.jira.releases.sprints import WITHOUT_BOARD, find_board


if TYPE_CHECKING:
    from xray_bridge.client.agile import Board, Sprint
    from xray_bridge.client.jira import Jira
    from xray_bridge.client.versions import Version
    from xray_bridge.config.settings import Settings

STATES = (agile.ACTIVE, agile.FUTURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """
    Versions and sprints of a project.

    ``board`` is None if there is not exactly one; ``why`` says why.
    """

    project: str
    versions: tuple[Version, ...]
    board: Board | None = None
    sprints: tuple[Sprint, ...] = ()
    why: str = ""


def list_releases(
    jira: Jira, settings: Settings, project: str, *, all_of_them: bool = False
) -> Releases:
    """
    List open versions and sprints; ``all_of_them``: also archived and closed ones.

    Raises UsageError for a project or a board of the settings that does not exist.
    """
    versions = list_versions(jira, project)
    if not all_of_them:
        versions = tuple(each for each in versions if not each.is_archived)
    try:
        board = find_board(jira, settings, project)
        states = (*STATES, agile.CLOSED) if all_of_them else STATES
        sprints = agile.list_sprints(jira, board.id, *states)
    except (UsageError, RefusedError) as error:
        if settings.board:
            raise
        # Versions are useful without them, and not every Jira has boards.
        # No sprint is asked for here, so there is none to unset.
        why = error.message if error.hint == WITHOUT_BOARD else str(error)
        return Releases(project=project, versions=versions, why=why)
    return Releases(project=project, versions=versions, board=board, sprints=sprints)
