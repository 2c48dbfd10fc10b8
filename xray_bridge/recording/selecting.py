"""
Ask which Tests the setting ``select`` means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.errors import SelectionError
from xray_bridge.model.selection import read_selection
from xray_bridge.recording.second_process import SecondProcessError


if TYPE_CHECKING:
    from xray_bridge.recording.session import Session


def fetch_selected(session: Session) -> dict[str, str]:
    """
    Fetch the Tests of the setting ``select``: summaries by key.

    A list of keys needs no server. Raises SelectionError: without an answer it is
    unknown which tests to run.
    """
    keys = read_selection(session.settings.select).keys
    if keys:
        return dict.fromkeys(keys, "")
    try:
        answer = session.run_command("keys", "--selected")
    except SecondProcessError as problem:
        raise SelectionError(problem.message, hint=problem.hint) from None
    error = answer.content.get("error")
    if error:
        msg = f"xray_select: {error['message']}"
        raise SelectionError(msg, hint=error["hint"])
    session.add_notices_of(answer)
    return dict(answer.content["tests"])
