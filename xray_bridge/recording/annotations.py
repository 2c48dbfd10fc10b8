"""
Collect what the code of a test adds to its result while it runs.

The fixture ``xray`` of pytest and ``behave_xray_bridge.xray(context)`` are one
``Annotations`` each. Without an upload it accepts everything and keeps no evidence.
"""

from __future__ import annotations

import re
import time
from contextvars import ContextVar
from dataclasses import field, replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.model import keys
from xray_bridge.model.results import Evidence, Outcome, Step
from xray_bridge.recording.step_block import StepBlock
from xray_bridge.recording.step_texts import unknown_argument
from xray_bridge.runs import codec
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource, NotKeptError


if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import NoReturn

    from xray_bridge.runs.codec import Line

KEY = re.compile(keys.KEY)
NO_STEP = -1
ATTACH_TAKES = ("content", "name", "media_type")
# By the name of an exception's class or base class: the frameworks are not imported
# here. (pytest's classes name ``builtins`` as their module.) Any other is a failure.
OUTCOME_OF_EXCEPTION = {
    "builtins.Skipped": Outcome.SKIPPED,
    "_pytest.outcomes.Skipped": Outcome.SKIPPED,
    "unittest.case.SkipTest": Outcome.SKIPPED,
    "_pytest.outcomes.XFailed": Outcome.XFAILED,
    "_pytest.outcomes.Exit": Outcome.NOT_RUN,
    "builtins.KeyboardInterrupt": Outcome.NOT_RUN,
    # A step that never ended.
    "builtins.GeneratorExit": Outcome.NOT_RUN,
}


# The open steps of this thread or task, outermost first: whose, and their numbers.
_OPEN_STEPS: ContextVar[tuple[tuple[object, int], ...]] = ContextVar(
    "xray_bridge_open_steps", default=()
)


@dataclass(slots=True, repr=False)
class Annotations:
    """
    The additions of a test so far; sequences keep their order, with each key once.

    Several threads and tasks may use it at once.

    A malformed key raises ValueError at the call. Evidence that cannot be kept does
    not fail the test: the reason is in ``left_out``.
    """

    folder: EvidenceFolder | None = None
    test_keys: dict[str, None] = field(default_factory=dict)
    requirements: dict[str, None] = field(default_factory=dict)
    defects: dict[str, None] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    # In the order in which they began; ``ordered_steps`` has the order of a report.
    steps: list[Step] = field(default_factory=list)
    # For each step the number of the step around it, or NO_STEP.
    _parents: list[int] = field(default_factory=list)
    # Bound when the class is made: tests patch clocks.
    _clock: Callable[[], float] = time.perf_counter
    # A thread may hold it already, because signal handlers use it, too.
    _lock: AbstractContextManager[Any] = field(default_factory=RLock)

    def __repr__(self) -> str:
        """Return a short text, which is in tracebacks of tests that use the fixture."""
        return "<xray>"

    def key(self, test_key: str) -> None:
        """Count this result for the Test with that key, too."""
        self._add_key(self.test_keys, test_key)

    def requirement(self, key: str) -> None:
        """Link the Test to the issue that it covers."""
        self._add_key(self.requirements, key)

    def defect(self, key: str) -> None:
        """Link the Test Run to the issue that explains the result."""
        self._add_key(self.defects, key)

    def comment(self, text: str) -> None:
        """Add a paragraph of Jira's wiki text to the Test Run's comment."""
        self.comments.append(str(text))

    def custom_field(self, name: str, value: object) -> None:
        """Set a custom field of the Test Run."""
        name, text = str(name), str(value)
        with self._lock:
            self.custom_fields[name] = text

    def attach(
        self,
        content: bytes | str | os.PathLike[str],
        name: str = "",
        media_type: str = "",
        **unknown: NoReturn,
    ) -> None:
        """
        Add evidence: the path of a file, which is copied now, or bytes.

        Inside ``step`` it belongs to that step. Raises TypeError for an unknown
        argument.
        """
        if unknown:
            raise unknown_argument("attach", unknown, ATTACH_TAKES)
        self.add_evidence(EvidenceSource(content, name, media_type))

    def add_evidence(self, source: EvidenceSource) -> None:
        """Add evidence that a hook or another plugin has described."""
        if self.folder is None:
            return
        try:
            found = self.folder.add(source)
        except NotKeptError as error:
            self._add_once(self.left_out, str(error))
            return
        number = self._current_step()
        if number is None:
            self._add_once(self.evidence, found)
            return
        with self._lock:
            step = self.steps[number]
            self.steps[number] = replace(step, evidence=(*step.evidence, found))

    def step(
        self, name: str, *, data: str = "", expected: str = "", **parameters: object
    ) -> StepBlock:
        """
        Report the code in a ``with`` block, or each call of a function, as a step.

        The step passes unless an exception leaves it, which is raised again. With
        parameters, ``{name}`` in a text is the value of the parameter. Raises TypeError
        for a parameter that no text has.
        """
        return StepBlock(self, (name, data, expected), parameters)

    def begin_step(self, name: str, data: str, expected: str) -> tuple[int, float]:
        """Begin a step; return its number and the time, for ``end_step``."""
        parent = self._current_step()
        with self._lock:
            number = len(self.steps)
            self.steps.append(
                Step(
                    keyword="",
                    name=name,
                    outcome=Outcome.NOT_RUN,
                    data=data,
                    expected=expected,
                    depth=0 if parent is None else self.steps[parent].depth + 1,
                )
            )
            self._parents.append(NO_STEP if parent is None else parent)
        _OPEN_STEPS.set((*_OPEN_STEPS.get(), (self._lock, number)))
        return number, self._clock()

    def end_step(self, number: int, began: float, error: BaseException | None) -> None:
        """End a step, which an exception has left, or none."""
        outcome = Outcome.PASSED if error is None else _outcome_of(error)
        message = "" if error is None else _describe_error(error)
        duration = max(0.0, self._clock() - began)
        with self._lock:
            self.steps[number] = replace(
                self.steps[number], outcome=outcome, duration=duration, message=message
            )
        ended = (self._lock, number)
        _OPEN_STEPS.set(tuple(each for each in _OPEN_STEPS.get() if each != ended))

    def ordered_steps(self) -> Iterator[tuple[int, Step]]:
        """
        Yield the steps with their numbers, each before the steps inside of it.

        Threads and tasks may have begun steps of their own in between.
        """
        inner: dict[int, list[int]] = {}
        for number, parent in enumerate(self._parents):
            inner.setdefault(parent, []).append(number)
        waiting = inner.get(NO_STEP, [])[::-1]
        while waiting:
            number = waiting.pop()
            yield number, self.steps[number]
            waiting += inner.get(number, [])[::-1]

    def to_line(self, line_so_far: Line) -> Line:
        """Return the annotations as fields of a journal line, merged with the line."""
        with self._lock:
            return self._to_line(line_so_far)

    def _to_line(self, line_so_far: Line) -> Line:
        given: dict[str, Any] = {**line_so_far}
        fields = {**dict(given.get("custom_fields", ())), **self.custom_fields}
        found: dict[str, Any] = {
            "comment": "\n\n".join(self.comments),
            "custom_fields": [*fields.items()] if self.custom_fields else (),
            "evidence": [codec.to_builtins(each) for each in self.evidence],
            "left_out": self.left_out,
            "steps": [codec.to_builtins(step) for _, step in self.ordered_steps()],
        }
        for name in ("test_keys", "requirements", "defects"):
            own = getattr(self, name)
            both = [*given.get(name, ()), *own]
            found[name] = list(dict.fromkeys(both)) if own else ()
        return {name: value for name, value in found.items() if value}  # type: ignore[return-value]

    def _current_step(self) -> int | None:
        """
        Return the innermost open step of this thread or task, or of its creator.

        A step that ended in another task is not open any more.
        """
        own = (n for owner, n in reversed(_OPEN_STEPS.get()) if owner is self._lock)
        is_open = (n for n in own if self.steps[n].outcome is Outcome.NOT_RUN)
        return next(is_open, None)

    def _add_key(self, keys: dict[str, None], key: str) -> None:
        found = _parse_key(key)
        with self._lock:
            keys[found] = None

    def _add_once(self, values: list[Any], value: Any) -> None:
        with self._lock:
            if value not in values:
                values.append(value)


def _outcome_of(error: BaseException) -> Outcome:
    for kind in type(error).__mro__:
        found = OUTCOME_OF_EXCEPTION.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            return found
    return Outcome.FAILED


def _describe_error(error: BaseException) -> str:
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException as trouble:  # a user's ``str`` may raise anything
        if isinstance(trouble, KeyboardInterrupt):
            raise
        return name
    return f"{name}: {text}" if text else name


def _parse_key(given: Any) -> str:
    found = keys.spell_key(given) if isinstance(given, str) else ""
    if not KEY.fullmatch(found):
        msg = f"{given!r} is not an issue key; keys look like CALC-15"
        raise ValueError(msg)
    return found
