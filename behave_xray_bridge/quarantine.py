"""
Spare the exit code of a behave run whose failures are all in quarantine.

Only runs with a quarantine import it. behave's own summary stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from behave_xray_bridge.convert import find_templates
from behave_xray_bridge.guard import GUARD
from xray_bridge.model.results import Outcome
from xray_bridge.recording import quarantine


if TYPE_CHECKING:
    from typing import Any

    from behave_xray_bridge.selection import BehaveSelection
    from xray_bridge.recording.session import Session
    from xray_bridge.runs.codec import Line

HOOK = "it failed outside of its steps"


class RunQuarantine:
    """
    Judges the failed scenarios of a run; ``has_spared`` is known at its end.

    ``is_full``: all scenarios of the project were to run.
    """

    def __init__(self, session: Session, *, is_full: bool) -> None:
        self.has_spared = False
        self.lines: list[str] = []
        self._session = session
        self._is_full = is_full
        self._verdicts = quarantine.begin(session)

    @GUARD.guard_function
    def judge(self, line: Line) -> None:
        """Judge a scenario before it is recorded."""
        failed = Outcome.FAILED.value
        steps = line.get("steps", ())
        if line["outcome"] == failed and all(s["outcome"] != failed for s in steps):
            # A hook or a cleanup function, which other scenarios have, too.
            definition = ".".join(filter(None, (line["classname"], line["name"])))
            self._verdicts.refuse(definition, HOOK)
        self._verdicts.judge(line)

    @GUARD.guard_function
    def end(self, *, is_red: bool) -> None:
        """Decide about the exit code; ``is_red``: behave has other failures."""
        is_full = self._is_full and not self._session.incomplete
        if is_full:
            quarantine.note_tests(self._verdicts, self._session.folder)
        why_red = self._verdicts.why_red(self._session.incomplete)
        if not why_red and is_red:
            why_red = "behave has failures that belong to no scenario of this run"
        self.has_spared = bool(self._verdicts.spared) and not why_red
        self.lines = self._verdicts.list_lines(why_red, is_full=is_full)


def begin(
    session: Session, runner: Any, selection: BehaveSelection
) -> RunQuarantine | None:
    """Begin the quarantine of a run; None if it has none, or its runner is unknown."""
    settings = session.settings
    if not (settings.quarantine and settings.wants_record):
        return None
    if runner is None:
        session.add_notice("the quarantine needs behave's own runner: failures count")
        return None
    scenarios = (
        place.scenario
        for feature in runner.features
        for place in find_templates(feature)
    )
    # behave fills in the base of the features if no path is given.
    base = Path(runner.base_dir).absolute()
    is_whole = all(Path(path).absolute() == base for path in runner.config.paths)
    return RunQuarantine(
        session, is_full=is_whole and all(map(selection.has, scenarios))
    )
