"""
What steps, hooks and plugins say of scenarios, until these are recorded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from behave_xray_bridge import captured
from behave_xray_bridge.noted import Noted
from xray_bridge.model.results import Outcome
from xray_bridge.runs.evidence import EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Callable

    from behave.model import Scenario, Step
    from behave.runner import Context

    from behave_xray_bridge.convert import Place
    from behave_xray_bridge.hooks import Plugins
    from xray_bridge.model.results import TestRun
    from xray_bridge.recording.annotations import Annotations
    from xray_bridge.recording.session import Session

NO_SCENARIO = (
    "xray(context) or context.attach was used outside of a scenario; that belongs to "
    "no Test and was not kept"
)
# By the setting ``captures``: of which outcomes; of all where it is not here.
CAPTURED = {"none": (), "failed": (Outcome.FAILED,)}


class Notes:
    """
    What was said of all scenarios that are not recorded yet.

    ``runner`` is behave's, where it could be found.
    """

    def __init__(self, session: Session, plugins: Plugins, runner: Any) -> None:
        self.plugins = plugins
        self._session = session
        self._folder = session.evidence
        self._runner = runner
        self._current: Scenario | None = None
        self._buffers: tuple[Any, ...] = ()
        # With the scenario beside its id, so that no other can have it.
        self._noted: dict[int, tuple[Scenario, Noted]] = {}

    def begin(self, scenario: Scenario) -> None:
        """A scenario begins: what was said in an earlier attempt counts no more."""
        self._current = scenario
        self._buffers = ()
        if self._known(scenario) is not None:
            self._of(scenario, self._context)

    def begin_step(self) -> None:
        """A step of the scenario begins."""
        noted = self._known(self._current)
        if noted is not None:
            noted.until(None)

    def end_step(self, step: Step) -> None:
        """A step of the scenario is over, its hooks included."""
        self._buffers = captured.buffers_of(step, self._runner)
        noted = self._known(self._current)
        if noted is not None:
            noted.until(step)

    def annotations(self, context: Context) -> Annotations | None:
        """Those of the scenario under way; ``None`` outside of scenarios."""
        scenario = getattr(context, "scenario", None)
        if scenario is None:
            self._session.note(NO_SCENARIO)
            return None
        return self._of(scenario, context).annotations

    def attach(self, data: bytes | str, media_type: str, name: str) -> None:
        """Evidence of the scenario under way: bytes, or a text itself."""
        context = self._context
        scenario = getattr(context, "scenario", None) if context else self._current
        if scenario is None:
            self._session.note(NO_SCENARIO)
            return
        said = self._of(scenario, context).annotations
        if isinstance(data, str):
            data = data.encode("utf-8", "backslashreplace")
        name = name or f"evidence{_ending(media_type)}"
        said.add(EvidenceSource(data, name, media_type))

    def added_to(self, run: TestRun, place: Place) -> TestRun:
        """The record of a scenario that has ended, with all that was said of it."""
        scenario = place.scenario
        found = self._noted.pop(id(scenario), None)
        noted = found[1] if found else Noted(self._folder, None)
        said = noted.annotations
        self.plugins.test_keys(scenario, self._checked(place, said.key))
        self.plugins.defects(scenario, self._checked(place, said.defect))
        self.plugins.evidence(scenario, said.add)
        output = self._output(scenario, run.outcome)
        return replace(noted.added_to(run, scenario), output=output)

    def clear(self) -> None:
        """Forget what belongs to no result."""
        self._noted.clear()

    @property
    def _context(self) -> Context | None:
        return getattr(self._runner, "context", None)

    def _known(self, scenario: Scenario | None) -> Noted | None:
        found = self._noted.get(id(scenario))
        return found[1] if found else None

    def _of(self, scenario: Scenario, context: Context | None) -> Noted:
        layer = _layer(context)
        known = self._known(scenario)
        if known is None or (layer is not None and known.layer is not layer):
            known = Noted(self._folder, layer)
            self._noted[id(scenario)] = (scenario, known)
        return known

    def _checked(
        self, place: Place, take: Callable[[str], None]
    ) -> Callable[[str], None]:
        def checked(key: str) -> None:
            try:
                take(key)
            except ValueError as error:
                self._session.note(f"{place.where}: from a hook: {error}")

        return checked

    def _output(self, scenario: Scenario, outcome: Outcome) -> str:
        if outcome not in CAPTURED.get(self._session.settings.captures, Outcome):
            return ""
        buffers = self._buffers if scenario is self._current else ()
        return captured.output(scenario, buffers)


def _layer(context: Any) -> object:
    """behave's layer of the scenario under way; each attempt at it has its own."""
    stack = getattr(context, "_stack", ())
    return next((layer for layer in stack if "scenario" in layer), None)


def _ending(media_type: str) -> str:
    from mimetypes import guess_extension

    return guess_extension(str(media_type).partition(";")[0].strip()) or ""
