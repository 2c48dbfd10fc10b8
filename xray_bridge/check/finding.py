"""
A finding of the check, and how a question becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    DeliveryError,
    RefusedError,
    UnreachableError,
)


if TYPE_CHECKING:
    from collections.abc import Callable

# What may be over by the time of the upload is worth a warning, not a refusal.
PASSING = (UnreachableError, BusyError, AmbiguousError)
TO_ASK_JIRA = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that was looked at.

    ``ok`` is ``None`` where it could not be looked at.
    """

    what: str
    ok: bool | None
    message: str
    hint: str = ""


def ask(what: str, question: Callable[[], Finding], *, decides: bool = True) -> Finding:
    """
    What a question finds; one that fails is a finding, too.

    ``decides``: the upload asks it as well, and fails where it does. Other
    questions some versions do not know.
    """
    try:
        return question()
    except (DeliveryError, AmbiguousError) as error:
        found = failed(what, error)
        return found if decides else replace(found, ok=None, hint="")


def failed(what: str, error: DeliveryError | AmbiguousError) -> Finding:
    """What an error says of the thing that was asked about."""
    ok: bool | None = False
    if isinstance(error, PASSING):
        ok = None
    elif isinstance(error, RefusedError) and error.status not in {404, 405}:
        # The account may lack a permission that the upload does not need.
        ok = None
    return Finding(what=what, ok=ok, message=error.message, hint=error.hint)
