"""
A finding of the check, and how to make one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    DeliveryError,
    RefusedError,
    UnreachableError,
)


if TYPE_CHECKING:
    from collections.abc import Callable

# Errors that may be over at the time of the upload: a warning, no refusal.
PASSING = (UnreachableError, BusyError, AmbiguousError)
TO_ASK_JIRA = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    The result of one question.

    ``ok`` is ``None`` if the question has no answer.
    """

    what: str
    ok: bool | None
    message: str
    hint: str = ""


def ask_question(
    what: str, question: Callable[[], Finding], *, decides: bool = True
) -> Finding:
    """
    Ask a question; an error becomes a finding, too.

    ``decides``: the upload asks the same, and fails if it does. Some versions of the
    server do not know the other questions.
    """
    try:
        return question()
    except (DeliveryError, AmbiguousError) as error:
        found = failed_finding(what, error)
        return found if decides else replace(found, ok=None, hint="")


def failed_finding(what: str, error: DeliveryError | AmbiguousError) -> Finding:
    """Make a finding from an error."""
    ok: bool | None = False
    if isinstance(error, PASSING):
        ok = None
    elif isinstance(error, RefusedError) and error.status not in {404, 405}:
        # The account may lack a permission that the upload does not need.
        ok = None
    return Finding(what=what, ok=ok, message=error.message, hint=error.hint)
