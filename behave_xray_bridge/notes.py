"""
Keep what steps, hooks and plugins add to scenarios until these are recorded.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from behave_xray_bridge import captured
from behave_xray_bridge.guard import GUARD
from xray_bridge.model import results
from xray_bridge.model.results import Outcome
from xray_bridge.recording.annotations import Annotations
from xray_bridge.runs.evidence import EvidenceSource
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from behave.model import Scenario, Step
    from behave.runner import Context

    from behave_xray_bridge.convert import Place
    from behave_xray_bridge.hooks import Hooks
    from xray_bridge.recording.session import Session
    from xray_bridge.runs.evidence import EvidenceFolder

NO_SCENARIO = (
    "xray(context) or context.attach was used outside of a scenario; what it added was "
    "not recorded, because it belongs to no Test"
)
# By the setting ``captures``: the outcomes whose captured output is recorded; a value
# that is missing here means all outcomes.
CAPTURED = {"none": (), "failed": (Outcome.FAILED,)}
# Owners of additions before the first and after the last step, beside the ids of
# behave's steps.
BEFORE = -1
AFTER = -2
# The keyword of Gherkin for a step that is neither Given, When nor Then.
STEP_OF_CODE = "*"
# Xray decides a scenario by its steps: a failed step of the code must not fail it
# if the code has handled the failure.
HANDLED = {Outcome.FAILED: Outcome.XFAILED, Outcome.SKIPPED: Outcome.XFAILED}


class ScenarioNotes:
    """
    The additions to one attempt at a scenario, and the steps that they belong to.

    ``layer`` is behave's layer of the context; each attempt has its own. The first
    addition may come when steps ``have_run`` already.
    """

    def __init__(
        self, folder: EvidenceFolder | None, layer: object, *, have_run: bool = False
    ) -> None:
        self.annotations = Annotations(folder)
        self.layer = layer
        # The owner of each of ``annotations.steps``.
        self._owners: list[int] = []
        self._evidence: defaultdict[int, list[results.Evidence]] = defaultdict(list)
        self._has_run_steps = have_run

    def assign_to(self, step: Step | None) -> None:
        """Assign the additions since the last call to this step, or to none."""
        owner = AFTER if self._has_run_steps else BEFORE
        if step is not None:
            owner = id(step)
            self._has_run_steps = True
        added = self.annotations
        self._owners += [owner] * (len(added.steps) - len(self._owners))
        self._evidence[owner] += added.evidence
        added.evidence.clear()

    def add_to(self, run: results.TestRun, scenario: Scenario) -> results.TestRun:
        """Return the record of the scenario with its additions."""
        self.assign_to(None)
        added = self.annotations
        test = run.test
        return replace(
            run,
            test=replace(
                test,
                test_keys=unique((test.test_keys, tuple(added.test_keys))),
                requirements=unique((test.requirements, tuple(added.requirements))),
            ),
            comment="\n\n".join(added.comments),
            defects=tuple(added.defects),
            custom_fields=tuple(added.custom_fields.items()),
            evidence=(*self._evidence[BEFORE], *self._evidence[AFTER]),
            left_out=tuple(added.left_out),
            steps=tuple(self._all_steps(run, scenario)),
        )

    def _all_steps(
        self, run: results.TestRun, scenario: Scenario
    ) -> Iterator[results.Step]:
        """Yield behave's steps, each with the steps that its code has reported."""
        yield from self._steps_of_code(BEFORE, run.outcome, scenario.line)
        for step, recorded in zip(scenario.all_steps, run.steps, strict=True):
            owner = id(step)
            yield replace(recorded, evidence=tuple(self._evidence[owner]))
            yield from self._steps_of_code(owner, recorded.outcome, recorded.line)
        yield from self._steps_of_code(AFTER, run.outcome, scenario.line)

    def _steps_of_code(
        self, owner: int, outcome: Outcome, line: int
    ) -> Iterator[results.Step]:
        failed = outcome is Outcome.FAILED
        for number, step in self.annotations.ordered_steps():
            if self._owners[number] == owner:
                handled = HANDLED.get(step.outcome, step.outcome)
                yield replace(
                    step,
                    keyword=STEP_OF_CODE,
                    line=line,
                    depth=step.depth + (owner not in {BEFORE, AFTER}),
                    outcome=step.outcome if failed else handled,
                )


class NoteBook:
    """
    The notes of all scenarios that are not recorded yet: ``notes``, by their ids.

    ``runner`` is behave's, if it was found.
    """

    def __init__(self, session: Session, hooks: Hooks, runner: Any) -> None:
        self.hooks = hooks
        self._session = session
        self._folder = session.evidence
        self._runner = runner
        self._current: Scenario | None = None
        self._buffers: tuple[Any, ...] = ()
        # Keeping the scenario beside its id prevents that another gets that id.
        self.notes: dict[int, tuple[Scenario, ScenarioNotes]] = {}
        takes_output = session.settings.captures not in CAPTURED
        self._adds_to_all = takes_output or hooks.add_to_results

    def begin_scenario(self, scenario: Scenario) -> None:
        """Begin a scenario: the notes of an earlier attempt no longer count."""
        self._current = scenario
        self._buffers = ()
        if self._find_notes(scenario) is not None:
            self._open_notes(scenario, self._context)

    def may_add_to(self, scenario: Scenario) -> bool:
        """Whether anything may be added to the result of a scenario that passed."""
        return self._adds_to_all or id(scenario) in self.notes

    def begin_step(self) -> None:
        """A step of the scenario begins."""
        notes = self._find_notes(self._current)
        if notes is not None:
            notes.assign_to(None)

    def end_step(self, step: Step) -> None:
        """A step of the scenario is over, its hooks included."""
        if captured.HAS_BUFFERS:
            self._buffers = captured.buffers_of(self._runner)
        notes = self._find_notes(self._current)
        if notes is not None:
            notes.assign_to(step)

    def annotations(self, context: Context) -> Annotations | None:
        """Return the annotations of the running scenario; ``None`` outside of one."""
        scenario = getattr(context, "scenario", None)
        if scenario is None:
            self._session.add_notice(NO_SCENARIO)
            return None
        return self._open_notes(scenario, context).annotations

    @GUARD.otherwise(lambda *_: None)
    def find_running(self) -> Annotations | None:
        """Return the annotations of the running scenario, for functions of users."""
        context = self._context
        scenario = getattr(context, "scenario", None) if context else self._current
        if scenario is None:
            return None
        return self._open_notes(scenario, context).annotations

    def warn_user(self, text: str, path: str, line: int) -> None:
        """Remember a warning about the user's code; behave shows no warnings."""
        self._session.add_notice(f"{self._session.redact(path)}:{line}: {text}")

    def attach(self, data: bytes | str, media_type: str, name: str) -> None:
        """Add evidence to the running scenario: bytes, or the text itself."""
        context = self._context
        scenario = getattr(context, "scenario", None) if context else self._current
        if scenario is None:
            self._session.add_notice(NO_SCENARIO)
            return
        annotations = self._open_notes(scenario, context).annotations
        if isinstance(data, str):
            data = data.encode("utf-8", "backslashreplace")
        name = name or f"evidence{_guess_extension(media_type)}"
        annotations.add_evidence(EvidenceSource(data, name, media_type))

    def add_to(self, run: results.TestRun, place: Place) -> results.TestRun:
        """Return the record of an ended scenario with all additions."""
        scenario = place.scenario
        found = self.notes.pop(id(scenario), None)
        notes = found[1] if found else ScenarioNotes(self._folder, None)
        annotations = notes.annotations
        self.hooks.test_keys(scenario, self._with_notice(place, annotations.key))
        self.hooks.defects(scenario, self._with_notice(place, annotations.defect))
        self.hooks.evidence(scenario, annotations.add_evidence)
        output = self._captured_output(scenario, run.outcome)
        return replace(notes.add_to(run, scenario), output=output)

    def clear(self) -> None:
        """Forget notes that belong to no result."""
        self.notes.clear()

    @property
    def _context(self) -> Context | None:
        return getattr(self._runner, "context", None)

    def _find_notes(self, scenario: Scenario | None) -> ScenarioNotes | None:
        found = self.notes.get(id(scenario))
        return found[1] if found else None

    def _open_notes(self, scenario: Scenario, context: Context | None) -> ScenarioNotes:
        layer = _layer_of(context)
        notes = self._find_notes(scenario)
        if notes is None or (layer is not None and notes.layer is not layer):
            statuses = [step.status.name for step in scenario.all_steps]
            have_run = any(not name.startswith("untested") for name in statuses)
            notes = ScenarioNotes(self._folder, layer, have_run=have_run)
            self.notes[id(scenario)] = (scenario, notes)
        return notes

    def _with_notice(
        self, place: Place, add: Callable[[str], None]
    ) -> Callable[[str], None]:
        def add_checked(key: str) -> None:
            try:
                add(key)
            except ValueError as error:
                self._session.add_notice(f"{place.where}: from a hook: {error}")

        return add_checked

    def _captured_output(self, scenario: Scenario, outcome: Outcome) -> str:
        if outcome not in CAPTURED.get(self._session.settings.captures, Outcome):
            return ""
        buffers = self._buffers if scenario is self._current else ()
        return captured.output(scenario, buffers)


def _layer_of(context: Any) -> object:
    """Return behave's layer of the running scenario; each attempt has its own."""
    stack = getattr(context, "_stack", ())
    return next((layer for layer in stack if "scenario" in layer), None)


def _guess_extension(media_type: str) -> str:
    from mimetypes import guess_extension

    return guess_extension(str(media_type).partition(";")[0].strip()) or ""
