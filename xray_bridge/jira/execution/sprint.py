"""
Put the Test Execution into a sprint: the setting ``sprint``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.jira.releases.sprints import ACTIVE, put_into_sprint
from xray_bridge.jira.run import Step


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun


def _is_wanted(settings: Settings) -> bool:
    return bool(settings.sprint)


def _describe(run: JiraRun) -> Iterator[str]:
    sprint, board = run.settings.sprint, run.settings.board
    which = "the active sprint" if sprint.casefold() == ACTIVE else f"sprint {sprint}"
    of = f" of board {board}" if board else ""
    yield f"put {run.target} into {which}{of}"


def _apply(run: JiraRun) -> Iterator[str]:
    sprint = put_into_sprint(run, [run.test_execution])
    if sprint is None:
        yield f"{run.test_execution} is in no sprint: none is active"
    else:
        yield f"{run.test_execution} is in sprint {sprint.name or sprint.id}"


SPRINT = Step(name="sprint", is_wanted=_is_wanted, describe=_describe, apply=_apply)
