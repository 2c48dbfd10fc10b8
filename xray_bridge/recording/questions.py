"""
Ask the server what the verdicts of a session need: open defects, a quarantine label.

The second process asks; the check before the tests does it in passing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.recording.second_process import SecondProcessError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.recording.session import Session


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question: the member of the answer, the flag that asks, and who wants to know.

    ``unknown`` begins the notice about a question without an answer.
    """

    name: str
    flag: str
    is_wanted: Callable[[Settings], bool]
    unknown: str


OPEN_DEFECTS = Question(
    "open_defects",
    "--open-defects",
    lambda settings: settings.xfail_open_defects,
    "open bugs are not known",
)
QUARANTINED = Question(
    "quarantined",
    "--quarantined",
    lambda settings: bool(settings.quarantine.get("label")),
    "Tests with the label of the quarantine are not known, so their failures count",
)
QUESTIONS = (OPEN_DEFECTS, QUARANTINED)


def choose_flags(settings: Settings) -> tuple[str, ...]:
    """Return the flags of the questions that the settings want to be asked."""
    return tuple(each.flag for each in QUESTIONS if each.is_wanted(settings))


def ask(session: Session, question: Question) -> Any:
    """
    Return the answer as builtins; None if there is none.

    Without an answer there is a notice, and failures count as failures. A dry run asks
    nothing.
    """
    settings = session.settings
    if settings.wants_upload or not question.is_wanted(settings):
        # The check of an upload has asked.
        return session.answers.get(question.name)
    try:
        answer: Mapping[str, Any] = session.run_command(
            "check", "--offline", question.flag
        ).content
    except SecondProcessError as problem:
        answer = {"error": {"message": problem.message}}
    if error := answer.get("error"):
        session.add_notice(f"{question.unknown}: {error['message']}")
    for notice in answer.get("notices", ()):
        session.add_notice(notice)
    return answer.get(question.name)
