"""
Ask which defects are open, for a session that counts their failures as expected.

The second process asks; the check before the tests does it in passing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.recording.second_process import SecondProcessError


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.recording.session import Session

# The member of the answer, and the flag that asks for it.
NAME, FLAG = "open_defects", "--open-defects"


def choose_flags(settings: Settings) -> tuple[str, ...]:
    """Return the flag, if the settings want it; a dry run asks nothing."""
    return (FLAG,) if settings.xfail_open_defects and not settings.dry_run else ()


def ask_open_defects(session: Session) -> Mapping[str, Any]:
    """
    Return the open defects as builtins; empty if there are none.

    Without an answer there is a notice, and failures count as failures.
    """
    settings = session.settings
    flags = choose_flags(settings)
    if not flags or settings.wants_upload:
        # The check of an upload has asked.
        return session.open_defects
    try:
        answer = session.second_process.run(
            "check",
            "--given",
            "-",
            "--offline",
            *flags,
            deadline=settings.deadline,
            stdin=settings.given,
        ).content
    except SecondProcessError as problem:
        answer = {"error": {"message": problem.message}}
    if error := answer.get("error"):
        session.add_notice(f"open bugs are not known: {error['message']}")
    for notice in answer.get("notices", ()):
        session.add_notice(notice)
    return answer.get(NAME) or {}
