"""
Comments on defects: at most one for each run and defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.defects import add_comment, has_comment
from xray_bridge.errors import AmbiguousError
from xray_bridge.jira.defects.make import list_rows
from xray_bridge.jira.defects.texts import cut_text


if TYPE_CHECKING:
    from xray_bridge.jira.defects.failures import FailureGroup
    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.work import Work


def comment_failure(
    work: Work, label: str, defect: Defect, group: FailureGroup, what: str
) -> None:
    """Say where a defect happened again, with the rows and the build."""
    lines = [f"{what} in {work.run.test_execution}.", list_rows(work, group)]
    comment(work, label, defect, "\n".join(filter(None, lines)))


def comment(work: Work, label: str, defect: Defect, text: str) -> None:
    """
    Add a comment, unless this run has one on the defect.

    Another job of the same CI run, or an earlier try, may have written it.
    """
    if work.read_note(label).get("commented"):
        return
    if not has_comment(work.jira, defect.id, work.mark):
        build = f"\nBuild: {work.build_url}" if work.build_url else ""
        body = cut_text(f"{work.clean(text)}{build}")
        work.space(defect.id)
        try:
            # The mark comes last and is never cut.
            add_comment(work.jira, defect.id, f"{body[:30_000]}\n\n{work.mark}")
        except AmbiguousError:
            if not has_comment(work.jira, defect.id, work.mark):
                raise
    work.note(label, commented=True)
