"""
The workflow of all issues: To Do, In Progress, Done.

Source: Atlassian's 'Simplified workflow' of software projects.
"""

from __future__ import annotations

from typing import NamedTuple


class Status(NamedTuple):
    """A status, and the category that is the same in all languages."""

    id: str
    name: str
    category: str
    category_name: str


class Transition(NamedTuple):
    """A step of the workflow; `sources` are the statuses in which it is offered."""

    id: str
    name: str
    target: str
    sources: tuple[str, ...]


TO_DO = Status("10000", "To Do", "new", "To Do")
IN_PROGRESS = Status("3", "In Progress", "indeterminate", "In Progress")
DONE = Status("10001", "Done", "done", "Done")
STATUSES = (TO_DO, IN_PROGRESS, DONE)
BY_NAME = {each.name: each for each in STATUSES}
TRANSITIONS = (
    Transition("11", "Reopen", TO_DO.name, (IN_PROGRESS.name, DONE.name)),
    Transition("21", "Start", IN_PROGRESS.name, (TO_DO.name, DONE.name)),
    Transition("31", "Finish", DONE.name, (TO_DO.name, IN_PROGRESS.name)),
)
RESOLUTIONS = ("Done", "Won't Do", "Duplicate", "Cannot Reproduce")
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
DEFAULT_PRIORITY = "Medium"


def status_of(name: object) -> Status:
    """The status of an issue; without a name, the first one."""
    return BY_NAME.get(str(name), TO_DO)
