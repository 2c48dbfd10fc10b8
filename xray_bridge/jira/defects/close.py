"""
Close defects whose tests pass again, after enough runs in a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.defects import edit_labels
from xray_bridge.errors import RefusedError
from xray_bridge.jira.defects.comments import comment
from xray_bridge.jira.defects.find import find_open
from xray_bridge.jira.defects.moves import close_defect
from xray_bridge.jira.defects.record import MOST_CLOSINGS, read_record, write_record
from xray_bridge.jira.defects.rules import CLOSE, NOTHING
from xray_bridge.model.fingerprint import FLAKY
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.record import Record
    from xray_bridge.jira.defects.work import Work


def settle_passed(work: Work, passed: AbstractSet[str]) -> None:
    """
    Count this run for the defects of tests that passed, and close those at the end.

    ``passed`` are labels of tests.
    """
    if work.rules.when_passed == NOTHING or not passed:
        return
    for defect in find_open(work.jira, work.rules):
        if defect.is_flaky or passed.isdisjoint(defect.labels):
            continue
        try:
            _settle(work, defect)
        except RefusedError as error:
            work.troubles.append(f"{defect.key} could not be closed: {error.message}")


def _settle(work: Work, defect: Defect) -> None:
    before = read_record(work.jira, defect.id)
    record = before.with_pass(work.environments, work.run_name)
    if record is None:
        return
    rules = work.rules
    label = f"passed {defect.id}"
    is_first = max(before.clean.values(), default=0) == 0
    if rules.when_passed == CLOSE and record.is_clean_for(rules.close_after):
        _close(work, defect, record, label)
        return
    if rules.when_passed != CLOSE and is_first:
        where = work.run.test_execution
        comment(work, label, defect, f"The test passes again in {where}.")
        work.notices.append(f"{defect.key}: its test passes again")
    work.space(defect.id)
    write_record(work.jira, defect.id, record)


def _close(work: Work, defect: Defect, record: Record, label: str) -> None:
    """
    Close a defect, and say why.

    The record is written first: if the answer is lost, the next run sees that the
    defect is open, and that nothing was closed.
    """
    closed = record.after_closing()
    work.space(defect.id)
    write_record(work.jira, defect.id, closed)
    try:
        why = close_defect(work, defect)
    except RefusedError:
        write_record(work.jira, defect.id, record)
        raise
    if why:
        work.space(defect.id)
        write_record(work.jira, defect.id, record)
        work.notices.append(f"{defect.key} cannot be closed: {why}")
        return
    runs = count(work.rules.close_after, "run")
    what = f"closed after {runs} in a row without it"
    is_flaky = closed.closings >= MOST_CLOSINGS
    text = f"This was {what}, the last of them {work.run.test_execution}."
    if is_flaky:
        work.space(defect.id)
        edit_labels(work.jira, defect.id, add=[FLAKY])
        text += f" It was closed {closed.closings} times, so it is left to people now."
    comment(work, label, defect, text)
    flaky = f", with the label {FLAKY}: from now on it is left to people"
    work.notices.append(f"{defect.key}: {what}{flaky if is_flaky else ''}")
