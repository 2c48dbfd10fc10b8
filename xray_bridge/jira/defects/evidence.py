"""
Attach the evidence of a failure to its new defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.attachments import attach_file, list_attachments, read_limits
from xray_bridge.errors import AmbiguousError, RefusedError
from xray_bridge.text import count


if TYPE_CHECKING:
    from xray_bridge.client.attachments import Limits
    from xray_bridge.jira.defects.failures import FailureGroup
    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.work import Work

# Files of one defect.
MOST = 10


class Attacher:
    """Attaches files; Jira's limits are asked for once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._limits: Limits | None = None

    def attach(self, defect: Defect, group: FailureGroup) -> None:
        """
        Attach the evidence of a failure that is not there yet.

        What cannot be attached becomes a notice: the defect exists.
        """
        work = self._work
        if not (work.rules.evidence and group.evidence):
            return
        try:
            self._attach_all(defect, group)
        except RefusedError as error:
            self._tell(defect, f"evidence could not be attached: {error.message}")

    def _attach_all(self, defect: Defect, group: FailureGroup) -> None:
        work = self._work
        self._limits = self._limits or read_limits(work.jira)
        if not self._limits.is_enabled:
            self._tell(defect, "evidence was not attached: Jira takes no attachments")
            return
        noted = work.read_note(group.label).get("attached")
        done = list(noted) if isinstance(noted, list) else []
        if isinstance(noted, list):
            # An earlier try may have attached more than it could note.
            done += [each.name for each in list_attachments(work.jira, defect.id)]
        for piece in group.evidence[:MOST]:
            path = work.run.results.path_of(piece)
            if path is None or piece.name in done:
                continue
            if self._limits.size and piece.size > self._limits.size:
                self._tell(defect, f"{piece.name} was not attached: it is too large")
                continue
            work.space(defect.id)
            work.note(group.label, attached=done)
            try:
                attach_file(work.jira, defect.id, piece.name, path)
            except AmbiguousError as error:
                # A second try could attach it twice.
                self._tell(defect, f"{piece.name} may not be attached: {error.message}")
            done.append(piece.name)
            work.note(group.label, attached=done)
        if len(group.evidence) > MOST:
            more = count(len(group.evidence) - MOST, "file")
            self._tell(defect, f"{more} of evidence are only in the Test Execution")

    def _tell(self, defect: Defect, what: str) -> None:
        self._work.notices.append(f"{defect.key}: {what}")
