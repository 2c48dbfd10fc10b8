"""
Decide what happens when the failure of a closed defect is back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.jira.defects.rules import NOTHING, REOPEN


if TYPE_CHECKING:
    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.record import Record
    from xray_bridge.jira.defects.rules import Rules


def decide_recurrence(defect: Defect, record: Record, rules: Rules) -> str:
    """
    Return REOPEN, NEW, COMMENT or NOTHING.

    A defect that a person has closed is reopened only if the rules say so; a flaky one
    is left to people.
    """
    if defect.is_flaky:
        return NOTHING
    chosen = rules.resolution.get(defect.resolution.lower(), rules.on_recurrence)
    by_us = record.is_closed_by_us or rules.reopen_closed_by_people
    return NOTHING if chosen == REOPEN and not by_us else chosen
