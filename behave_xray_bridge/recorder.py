"""
One run of behave: scenarios are recorded as they end, results are published.

Fed by the formatter (which hears of scenarios one by one) and by the reporter
(which sees every feature, whatever happened). Whoever comes first records.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from behave_xray_bridge import outcomes
from behave_xray_bridge.convert import Place, places
from xray_bridge.model.results import Outcome
from xray_bridge.recording.session import Ending
from xray_bridge.runs.aggregate import told


if TYPE_CHECKING:
    from behave.model import Feature, Scenario, Step

    from behave_xray_bridge.convert import Recorder
    from behave_xray_bridge.notes import Notes
    from behave_xray_bridge.selection import Selection
    from xray_bridge.recording.session import Session

# "failed" is what its scenarios say; behave 1.2.6 says so of cleanup errors, too,
# but exits with 0.
NO_NEWS = {"passed", "failed", "error", "skipped", "untested", "xfailed", "xpassed"}
ENDED_EARLY = (
    "The run ended while this scenario ran: SystemExit in a step or hook, or an "
    "error of behave or one of its formatters."
)


class Run:
    """
    Records scenarios and knows how the run stands.

    ``runner`` is behave's, where it could be found. A run that does not publish
    leaves its run directory to ``xray-bridge upload``.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that it puts together
        self,
        session: Session,
        recorder: Recorder,
        selection: Selection,
        notes: Notes,
        runner: Any = None,
        *,
        publishes: bool = True,
    ) -> None:
        self.session = session
        self.notes = notes
        self.failed = False
        self.interrupted = False
        self.ended = False
        self._recorder = recorder
        self._selection = selection
        self._runner = runner
        self._publishes = publishes
        # Held here, so that a test which patches the module does not reach it.
        self._clock = time.time
        self._pid = os.getpid()
        self._places: dict[int, Place] = {}
        self._begun: dict[int, float] = {}
        self._recorded: set[int] = set()
        self._current: Scenario | None = None
        # What failed in attempts that were run again, in one line each.
        self._attempts: dict[int, list[str]] = {}
        self._failed = ""
        self._began = False
        self._is_open = False
        self._was_aborted = False
        self._not_run = 0

    @property
    def aborted(self) -> bool:
        """Whether behave was told to stop: by Ctrl-C, a hook, or ``abort``."""
        return bool(getattr(self._runner, "aborted", False))

    def begin_file(self) -> None:
        """Behave begins with a feature file; hooks of the feature come next."""
        self._began = True
        self._is_open = True
        self._was_aborted = self.aborted

    def begin_feature(self, feature: Feature) -> None:
        """Behave begins with a feature."""
        self._know(feature)

    def begin_scenario(self, scenario: Scenario) -> None:
        """Behave begins with a scenario; the one before it is over."""
        if scenario is not self._current:
            self._end_scenario()
        elif scenario is not None:
            # behave.contrib.scenario_autoretry: it begins anew because it failed.
            self._attempts.setdefault(id(scenario), []).append(self._failed)
        self._failed = ""
        self._current = scenario
        self.notes.begin(scenario)
        self._begun[id(scenario)] = self._clock()

    def end_step(self, step: Step) -> None:
        """A step is over, its hooks included."""
        self.notes.end_step(step)
        if outcomes.of_step(step.status.name) is Outcome.FAILED:
            lines = (step.error_message or "").strip().splitlines()
            said = lines[-1] if lines else step.status.name
            self._failed = f"{step.keyword} {step.name}: {said}"

    def end_feature(self) -> None:
        """All scenarios of the feature, and its hooks, are over."""
        self._end_scenario()
        self._is_open = False

    def read(self, feature: Feature) -> None:
        """Record what is left of a feature; behave is done with it."""
        if self._is_open and self.aborted and not self._was_aborted:
            # Ctrl-C in a hook of behave 1.2.6: it leaves everything as it is.
            self.interrupted = True
            self._recorded.add(id(self._running_scenario))
        self._know(feature)
        for place in self._places.values():
            self._record(place)
        self._note_hooks(feature)
        self._current = None
        self._is_open = False
        self._places = {}
        self._begun = {}
        self._attempts = {}
        self._recorded = set()
        self.notes.clear()

    def end(self) -> Ending | None:
        """Seal and publish; ``None`` where there is nothing to say."""
        self._note_missing()
        return self._publish()

    def end_early(self, interrupted: bool) -> Ending | None:
        """Seal and publish what there is: the process ends before behave did."""
        if self.ended or os.getpid() != self._pid:
            return None
        torn = self._running_scenario
        if torn is not self._current:
            self._end_scenario()
        place = self._places.get(id(torn))
        if place is not None and not interrupted:
            self._put(place, Outcome.FAILED, ENDED_EARLY)
        self.interrupted = self.interrupted or interrupted
        self.session.note_incomplete("behave did not reach the end of its run")
        return self._publish()

    @property
    def is_red(self) -> bool:
        """Whether behave's own exit code says that something failed."""
        runner = self._runner
        return bool(
            self.failed
            or self.aborted
            or getattr(runner, "hook_failures", 0)
            or getattr(runner, "undefined_steps", ())
        )

    @property
    def _running_scenario(self) -> Scenario | None:
        """The scenario that behave is in, its hooks included."""
        context = getattr(self._runner, "context", None)
        if context is None:
            return self._current
        return getattr(context, "scenario", None)

    def _know(self, feature: Feature) -> None:
        self._places = {id(place.scenario): place for place in places(feature)}

    def _end_scenario(self) -> None:
        place = self._places.get(id(self._current))
        if place is not None:
            self._record(place)
        self._current = None

    def _record(self, place: Place) -> None:
        scenario = place.scenario
        if id(scenario) in self._recorded:
            return
        self._recorded.add(id(scenario))
        torn = _was_interrupted(scenario) or any(map(_hook_torn, place.containers))
        self.interrupted = self.interrupted or torn
        reason = next(filter(None, map(_before_hook, place.containers)), "")
        selected = self._selection.has(scenario)
        found = outcomes.of_scenario(
            self._status(scenario),
            selected=selected,
            interrupted=torn,
            never_began=bool(reason),
        )
        if found.warning:
            self.session.notices.append(f"{place.where}: {found.warning}")
        if found.outcome is Outcome.NOT_RUN:
            self._not_run += selected
            return
        self._put(place, found.outcome, reason)

    def _status(self, scenario: Scenario) -> str:
        name = str(scenario.status.name)
        # Without steps, behave finds that all of them passed, run or not.
        if name == "passed" and id(scenario) not in self._begun:
            return "untested"
        if name == "passed" and any(map(outcomes.is_pending, _statuses(scenario))):
            return outcomes.PENDING
        return name

    def _put(self, place: Place, outcome: Outcome, reason: str) -> None:
        self._recorded.add(id(place.scenario))
        attempts = self._attempts.pop(id(place.scenario), [])
        if attempts and outcome is Outcome.PASSED:
            outcome = Outcome.FLAKY
        self.failed = self.failed or outcome is Outcome.FAILED
        started = self._begun.get(id(place.scenario), self._clock())
        run = self._recorder.test_run(place, outcome, started=started, reason=reason)
        if attempts:
            text = "\n".join(filter(None, (run.message, *told(attempts))))
            run = replace(run, message=text)
        self._warn(place, has_steps=bool(run.steps))
        self.session.record(self.notes.added_to(run, place))

    def _warn(self, place: Place, *, has_steps: bool) -> None:
        notices = self.session.notices
        if not has_steps:
            notices.append(f"{place.where}: the scenario has no steps")
        for tag in self._recorder.meaning(place).malformed:
            notices.append(f"{place.where}: @{tag} holds no issue key")

    def _note_hooks(self, feature: Feature) -> None:
        """A feature's hook that failed after its scenarios is nobody's result."""
        status = feature.status.name
        if not feature.hook_failed and status in NO_NEWS:
            return
        self.failed = True
        said = feature.error_message or f"behave's status of the feature is {status}"
        if not _before_hook(feature):
            self.session.notices.append(f"{feature.filename}: {said}")

    def _note_missing(self) -> None:
        if not self._not_run:
            return
        why = "the run was stopped after a failure"
        if not self._began:
            why = "before_all failed"
        elif self.interrupted:
            why = "the run was interrupted"
        elif self.aborted:
            why = "the run was aborted"
        who = "1 scenario" if self._not_run == 1 else f"{self._not_run} scenarios"
        self.session.note_incomplete(f"{who} did not run: {why}")

    def _publish(self) -> Ending | None:
        self.ended = True
        # What stands in a message twice is said once.
        self.session.notices[:] = dict.fromkeys(self.session.notices)
        trouble = self.session.seal()
        if trouble:
            self.session.notices.append(trouble)
        if not self._publishes:
            where = self.session.settings.report_dir
            said = f"One part of several. To send all: xray-bridge upload {where}"
            return Ending(lines=(said,), exit_code=0)
        return self.session.publish(interrupted=self.interrupted)


def _statuses(scenario: Scenario) -> list[str]:
    return [step.status.name for step in scenario.all_steps]


def _was_interrupted(scenario: Scenario) -> bool:
    return _hook_torn(scenario) or any(
        isinstance(getattr(step, "exception", None), KeyboardInterrupt)
        or (_hook_torn(step) and getattr(step, "exception", None) is None)
        for step in scenario.all_steps
    )


def _hook_torn(statement: Any) -> bool:
    """behave 1.3 stops a hook at Ctrl-C, and leaves no text of it."""
    return bool(statement.hook_failed) and not statement.error_message


def _before_hook(container: Any) -> str:
    """What a hook before a feature or rule failed with: nothing in it ran."""
    said = container.error_message or ""
    never_began = container.hook_failed and said.startswith("HOOK-ERROR in before_")
    return str(said) if never_began else ""
