"""
Close and reopen a defect, by whatever transition its workflow offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.transitions import (
    do_transition,
    list_transitions,
    read_status,
)
from xray_bridge.errors import AmbiguousError
from xray_bridge.jira.defects.find import DONE
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.transitions import Transition
    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.work import Work

RESOLUTION = "resolution"
# Resolutions that Jira offers by default, the most fitting first.
USUAL = ("done", "fixed", "resolved")
DUPLICATE = ("duplicate",)


def close_defect(work: Work, defect: Defect, *, resolutions: Sequence[str] = ()) -> str:
    """
    Close a defect; return why it could not be closed, or an empty text.

    ``resolutions`` are the wanted ones; the first that the screen offers is set.
    """
    rules = work.rules
    wanted = resolutions or tuple(filter(None, (rules.close_resolution, *USUAL)))
    return _move(work, defect, rules.close_status, wanted, is_done=True)


def reopen_defect(work: Work, defect: Defect) -> str:
    """Reopen a defect; return why it could not be reopened, or an empty text."""
    return _move(work, defect, work.rules.reopen_status, (), is_done=False)


def _move(
    work: Work,
    defect: Defect,
    status: str,
    resolutions: Sequence[str],
    *,
    is_done: bool,
) -> str:
    offered = list_transitions(work.jira, defect.id)
    chosen = _choose(offered, status, is_done=is_done)
    if chosen is None:
        names = join_words([each.to.name for each in offered]) or "no status"
        return f"the workflow leads from {defect.status} to {names}"
    fields, missing = _fill(chosen, resolutions)
    if missing:
        return f"the transition {chosen.name} needs {join_words(missing)}"
    work.space(defect.id)
    try:
        do_transition(work.jira, defect.id, chosen, fields)
    except AmbiguousError:
        # A second try would be another transition, from the new status.
        if read_status(work.jira, defect.id).name != chosen.to.name:
            raise
    return ""


def _choose(
    offered: Sequence[Transition], status: str, *, is_done: bool
) -> Transition | None:
    """Choose by the name of the status, or else by its category."""
    if status:
        named = (t for t in offered if t.to.name.lower() == status.lower())
        return next(named, None)
    fitting = [t for t in offered if (t.to.category == DONE) == is_done]
    # A reopened defect is not in progress yet.
    new = [t for t in fitting if t.to.category == "new"]
    return next(iter((*new, *fitting)), None)


def _fill(
    transition: Transition, resolutions: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a transition, and the names of those that are missing."""
    fields: dict[str, Any] = {}
    for each in transition.fields:
        if each.id == RESOLUTION and resolutions:
            offered = {name.lower(): name for name in each.allowed}
            named = (offered.get(word.lower()) for word in resolutions)
            name = next(filter(None, named), next(iter(each.allowed), ""))
            if name:
                fields[RESOLUTION] = {"name": name}
    missing = [
        each.name
        for each in transition.fields
        if each.is_needed and each.id not in fields
    ]
    return fields, missing
