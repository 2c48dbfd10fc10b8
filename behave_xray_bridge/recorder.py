"""
Record the scenarios of a behave run as they end, then publish the results.

The formatter reports scenarios one by one; the reporter reports every feature at its
end, even after a failed hook. The first report of a scenario is recorded.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from behave_xray_bridge import captured, outcomes
from behave_xray_bridge.convert import Place, find_places
from behave_xray_bridge.late_faults import LateFaults
from behave_xray_bridge.straight_path import PASSED, StraightPath
from xray_bridge.model.results import Outcome
from xray_bridge.recording.clock import Clock
from xray_bridge.recording.dataset_source import note_rows
from xray_bridge.recording.ending import Ending
from xray_bridge.runs import codec
from xray_bridge.runs.aggregate import attempt_lines
from xray_bridge.runs.run_directory import INTERRUPTED
from xray_bridge.text import count, quote_command


if TYPE_CHECKING:
    from behave.model import Feature, Scenario, Step

    from behave_xray_bridge.convert import Converter
    from behave_xray_bridge.notes import NoteBook
    from behave_xray_bridge.open_defects import OpenDefects
    from behave_xray_bridge.quarantine import RunQuarantine
    from behave_xray_bridge.selection import BehaveSelection
    from xray_bridge.recording.session import Session

# Statuses of a feature that follow from its scenarios. (behave 1.2.6 also has "failed"
# for cleanup errors, but exits with 0.)
OF_SCENARIOS = {
    "passed",
    "failed",
    "error",
    "skipped",
    "untested",
    "xfailed",
    "xpassed",
}
ENDED_EARLY = (
    "The run ended while this scenario ran: SystemExit in a step or hook, or an "
    "error of behave or one of its formatters."
)


class Recorder:
    """
    Records scenarios, and knows whether the run failed or was interrupted.

    ``runner`` is behave's, if it was found. Without ``publishes`` the user sends the
    run directory with ``xray-bridge upload``.
    """

    def __init__(  # noqa: PLR0913 - one for each part that it combines
        self,
        session: Session,
        converter: Converter,
        selection: BehaveSelection,
        notebook: NoteBook,
        runner: Any = None,
        *,
        publishes: bool = True,
    ) -> None:
        self.session = session
        self.notebook = notebook
        self.failed = False
        self.interrupted = False
        self.ended = False
        self._converter = converter
        self._selection = selection
        self._runner = runner
        self._publishes = publishes
        self._clock = Clock()
        self._pid = os.getpid()
        self._places: dict[int, Place] = {}
        self._started: dict[int, float] = {}
        self._recorded: set[int] = set()
        self._current: Scenario | None = None
        # The scenario that began last; it may be over.
        self._last: Scenario | None = None
        # A line for each failed attempt before the last one.
        self._attempts: dict[int, list[str]] = {}
        self._failed_step = ""
        self._has_begun = False
        self._is_open = False
        self._was_aborted = False
        self._not_run = 0
        self._late_faults = LateFaults(runner)
        self._straight_path = StraightPath(converter, session)
        # For the setting ``xfail_open_defects``.
        self.open_defects: OpenDefects | None = None
        # For the setting ``quarantine``.
        self.quarantine: RunQuarantine | None = None

    @property
    def aborted(self) -> bool:
        """Whether Ctrl-C, a hook or ``abort`` has stopped behave."""
        return bool(getattr(self._runner, "aborted", False))

    def begin_file(self) -> None:
        """A feature file begins; hooks of its feature come next."""
        self._has_begun = True
        self._is_open = True
        self._was_aborted = self.aborted
        self._late_faults.forget()

    def begin_feature(self, feature: Feature) -> None:
        """A feature begins."""
        self._find_places(feature)

    def begin_scenario(self, scenario: Scenario) -> None:
        """A scenario begins; the one before it is over."""
        if scenario is not self._current:
            self._end_scenario()
        elif scenario is not None:
            # behave.contrib.scenario_autoretry repeats it because it failed.
            self._attempts.setdefault(id(scenario), []).append(self._failed_step)
        self._failed_step = ""
        self._last = self._current = scenario
        self._late_faults.forget()
        self.notebook.begin_scenario(scenario)
        self._started[id(scenario)] = self._clock()
        self._write_note(scenario)

    def end_step(self, step: Step) -> None:
        """A step is over, its hooks included."""
        if captured.HAS_BUFFERS or self.notebook.notes:
            self.notebook.end_step(step)
        if step.status is PASSED:
            return
        if outcomes.of_step(step.status.name) is Outcome.FAILED:
            lines = (step.error_message or "").strip().splitlines()
            reason = lines[-1] if lines else step.status.name
            self._failed_step = f"{step.keyword} {step.name}: {reason}"

    def end_feature(self) -> None:
        """All scenarios of the feature, and its hooks, are over."""
        self._end_scenario()
        self._is_open = False

    def read(self, feature: Feature) -> None:
        """Record the rest of a feature that behave has ended."""
        if self._is_open and self.aborted and not self._was_aborted:
            # Ctrl-C in a hook of behave 1.2.6 changes no status.
            self.interrupted = True
            running = self._running_scenario
            if running is not None and not _has_failed(running):
                self._recorded.add(id(running))
        self._find_places(feature)
        for place in self._places.values():
            self._record_once(place)
        self._add_hook_notice(feature)
        self._add_late_faults(feature)
        self._last = self._current = None
        self._is_open = False
        self._places = {}
        self._started = {}
        self._attempts = {}
        self._recorded = set()
        self.notebook.clear()

    def end(self) -> Ending | None:
        """Seal and publish; ``None`` if nothing was recorded."""
        self._add_missing()
        for fault in self._late_faults.of_run() if self._has_begun else ():
            self.failed = True
            self.session.add_incomplete(fault)
        return self._publish_run()

    def end_early(self, interrupted: bool) -> Ending | None:
        """Seal and publish what is recorded when the process ends before behave."""
        if self.ended or os.getpid() != self._pid:
            return None
        running = self._running_scenario
        if running is not self._current:
            self._end_scenario()
        place = self._places.get(id(running))
        if place is not None and _has_failed(place.scenario):
            self._record_as(place, Outcome.FAILED)
        elif place is not None and not interrupted:
            self._record_as(place, Outcome.FAILED, ENDED_EARLY)
        self.interrupted = self.interrupted or interrupted
        self.session.add_incomplete("behave ended before its run was complete")
        return self._publish_run()

    @property
    def is_red(self) -> bool:
        """Whether behave's own exit code reports a failure."""
        runner = self._runner
        return bool(
            self.failed
            or self.aborted
            or getattr(runner, "hook_failures", 0)
            or getattr(runner, "undefined_steps", ())
        )

    @property
    def is_green_after_all(self) -> bool:
        """Whether all failures that behave has counted are expected or spared."""
        known = self.open_defects is not None and self.open_defects.found > 0
        spared = self.quarantine is not None and self.quarantine.has_spared
        return (known or spared) and not self.is_red

    @property
    def _running_scenario(self) -> Scenario | None:
        """The scenario that behave is in, including its hooks."""
        context = getattr(self._runner, "context", None)
        if context is None:
            return self._current
        return getattr(context, "scenario", None)

    def _find_places(self, feature: Feature) -> None:
        self._places = {id(place.scenario): place for place in find_places(feature)}

    def _write_note(self, scenario: Scenario | None) -> None:
        """Note the running scenario, in case it ends the process."""
        note, place = self.session.note, self._places.get(id(scenario))
        if note is not None and place is not None:
            started = self._started[id(scenario)]
            if not self._straight_path.note(place, started):
                unknown = Outcome.NOT_RUN
                run = self._converter.make_run(place, unknown, started=started)
                note.write(codec.encode(run))

    def _end_scenario(self) -> None:
        place = self._places.get(id(self._current))
        if place is not None:
            self._record_once(place)
        self._current = None

    def _record_once(self, place: Place) -> None:
        scenario = place.scenario
        if id(scenario) in self._recorded:
            return
        self._recorded.add(id(scenario))
        if self._record_passed(place):
            return
        interrupted = _was_interrupted(scenario) or any(
            map(_hook_was_interrupted, place.containers)
        )
        self.interrupted = self.interrupted or interrupted
        reason = next(filter(None, map(_before_hook_error, place.containers)), "")
        selected = self._selection.has(scenario)
        found = outcomes.of_scenario(
            self._status_of(scenario),
            selected=selected,
            # A scenario that failed before the interruption has failed.
            interrupted=interrupted and not _has_failed(scenario),
            never_began=bool(reason),
        )
        if found.warning:
            self.session.notices.append(f"{place.where}: {found.warning}")
        if found.outcome is Outcome.NOT_RUN:
            self._not_run += selected
            return
        self._record_as(place, found.outcome, reason)

    def _record_passed(self, place: Place) -> bool:
        """Record a scenario that has passed and no more; False if there is more."""
        number = id(place.scenario)
        started = self._started.get(number)
        if started is None or number in self._attempts:
            return False
        if self.notebook.may_add_to(place.scenario):
            return False
        return self._straight_path.record_passed(place, started)

    def _status_of(self, scenario: Scenario) -> str:
        name = str(scenario.status.name)
        # behave passes a scenario without steps, even if it never began.
        if name == "passed" and id(scenario) not in self._started:
            return "untested"
        if name == "passed" and any(map(outcomes.is_pending, _step_statuses(scenario))):
            return outcomes.PENDING
        return name

    def _record_as(self, place: Place, outcome: Outcome, reason: str = "") -> None:
        self._recorded.add(id(place.scenario))
        if self._converter.read_tags(place).ignored:
            self.session.ignored += 1
            self.failed = self.failed or outcome is Outcome.FAILED
            return
        attempts = self._attempts.pop(id(place.scenario), [])
        if attempts and outcome is Outcome.PASSED:
            outcome = Outcome.FLAKY
        started = self._started.get(id(place.scenario), self._clock())
        run = self._converter.make_run(place, outcome, started=started, reason=reason)
        if attempts:
            text = "\n".join(filter(None, (run.message, *attempt_lines(attempts))))
            run = replace(run, message=text)
        self._add_notices(place, has_steps=bool(run.steps))
        run = self.notebook.add_to(run, place)
        if self.open_defects is not None:
            run = self.open_defects.expect(run)
        line = codec.encode(run)
        if self.quarantine is not None:
            self.quarantine.judge(line)
        is_spared = "quarantined" in line
        self.failed = self.failed or (run.outcome is Outcome.FAILED and not is_spared)
        self.session.record_line(line)

    def _add_notices(self, place: Place, *, has_steps: bool) -> None:
        notices = self.session.notices
        if not has_steps:
            notices.append(f"{place.where}: the scenario has no steps")
        for tag in self._converter.read_tags(place).malformed:
            notices.append(f"{place.where}: @{tag} contains no issue key")

    def _add_hook_notice(self, feature: Feature) -> None:
        """Note a hook that failed after the scenarios, because no result shows it."""
        status = feature.status.name
        if not feature.hook_failed and status in OF_SCENARIOS:
            return
        self.failed = True
        if status == "cleanup_error":
            return
        reason = feature.error_message or f"behave's status of the feature is {status}"
        if not _before_hook_error(feature):
            self.session.add_incomplete(f"{feature.filename}: {reason}")

    def _add_late_faults(self, feature: Feature) -> None:
        last = [self._last] if self._last is not None else []
        fault = self._late_faults.of_feature(last)
        if fault:
            self.session.add_incomplete(f"{feature.filename}: {fault}")

    def _add_missing(self) -> None:
        if not self._not_run:
            return
        why = "the run was stopped after a failure"
        if not self._has_begun:
            why = "before_all failed"
        elif self.interrupted:
            why = f"the run {INTERRUPTED}"
        elif self.aborted:
            why = "the run was aborted"
        number = count(self._not_run, "scenario")
        self.session.add_incomplete(f"{number} did not run: {why}")

    def _publish_run(self) -> Ending | None:
        self.ended = True
        error = self.session.seal()
        note_rows(self.session)
        if error:
            self.session.notices.append(error)
        if self.quarantine is not None:
            self.quarantine.end(is_red=self.is_red)
        if not self._publishes:
            where = self.session.settings.report_dir
            command = quote_command("xray-bridge", "upload", where)
            line = f"This is one part of a run. To send all parts: {command}"
            place = self.session.settings.bucket
            note = f"Note: parts of behavex are not put into {place}, but stay here"
            return Ending(lines=(note, line) if place else (line,), exit_code=0)
        return self.session.publish(interrupted=self.interrupted)


def _step_statuses(scenario: Scenario) -> list[str]:
    return [step.status.name for step in scenario.all_steps]


def _was_interrupted(scenario: Scenario) -> bool:
    return _hook_was_interrupted(scenario) or any(
        isinstance(getattr(step, "exception", None), KeyboardInterrupt)
        or (_hook_was_interrupted(step) and getattr(step, "exception", None) is None)
        for step in scenario.all_steps
    )


def _has_failed(scenario: Scenario) -> bool:
    """Whether a step has failed, other than by an interruption."""
    return any(
        outcomes.of_step(step.status.name) is Outcome.FAILED
        and not isinstance(getattr(step, "exception", None), KeyboardInterrupt)
        and not _hook_was_interrupted(step)
        for step in scenario.all_steps
    )


def _hook_was_interrupted(statement: Any) -> bool:
    """Whether Ctrl-C ended a hook; behave 1.3 keeps no message then."""
    return bool(statement.hook_failed) and not statement.error_message


def _before_hook_error(container: Any) -> str:
    """Return the error of a hook that kept a feature or rule from starting."""
    message = container.error_message or ""
    never_began = container.hook_failed and message.startswith("HOOK-ERROR in before_")
    return str(message) if never_began else ""
