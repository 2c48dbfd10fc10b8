"""
What the code of a test says about its result while it runs.

The fixture ``xray`` of pytest and ``behave_xray_bridge.xray(context)`` are one
of these. Without an upload it takes everything and keeps next to nothing.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.model import keys
from xray_bridge.model.results import Evidence, Outcome, Step
from xray_bridge.runs import codec
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource, NotKeptError


if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from xray_bridge.runs.codec import Line

KEY = re.compile(keys.KEY)
# By the exception's class or one that it is made of; they belong to frameworks
# that are not imported here. (pytest's say that they are builtins.) Any other is
# a failure.
OF_EXCEPTION = {
    "builtins.Skipped": Outcome.SKIPPED,
    "_pytest.outcomes.Skipped": Outcome.SKIPPED,
    "unittest.case.SkipTest": Outcome.SKIPPED,
    "_pytest.outcomes.XFailed": Outcome.XFAILED,
    "_pytest.outcomes.Exit": Outcome.NOT_RUN,
    "builtins.KeyboardInterrupt": Outcome.NOT_RUN,
    # A step that nobody ended.
    "builtins.GeneratorExit": Outcome.NOT_RUN,
}


@dataclass(slots=True, repr=False)
class Annotations:
    """
    What a test has said so far; sequences keep their order, each key once.

    Keys that are none raise ValueError where they are given. Evidence that
    cannot be kept does not fail the test: the reason stands in ``left_out``.
    """

    folder: EvidenceFolder | None = None
    test_keys: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    # Bound when they are made: tests patch clocks.
    _clock: Callable[[], float] = time.perf_counter
    _under_way: list[int] = field(default_factory=list)

    def __repr__(self) -> str:
        """Short: it stands in the traceback of each test that has it."""
        return "<xray>"

    def key(self, test_key: str) -> None:
        """This test is a result of that Test, too."""
        _add(self.test_keys, _key(test_key))

    def requirement(self, key: str) -> None:
        """The Test covers that issue."""
        _add(self.requirements, _key(key))

    def defect(self, key: str) -> None:
        """The result is explained by that issue."""
        _add(self.defects, _key(key))

    def comment(self, text: str) -> None:
        """Add a paragraph to the Test Run's comment; Jira's wiki text."""
        self.comments.append(str(text))

    def custom_field(self, name: str, value: object) -> None:
        """Set a custom field of the Test Run."""
        self.custom_fields[str(name)] = str(value)

    def attach(
        self,
        content: bytes | str | os.PathLike[str],
        name: str = "",
        media_type: str = "",
    ) -> None:
        """
        Add evidence: the path of a file, which is copied now, or bytes.

        Within ``step`` it is that step's.
        """
        self.add(EvidenceSource(content, name, media_type))

    def add(self, source: EvidenceSource) -> None:
        """Add evidence that somebody else has described."""
        if self.folder is None:
            return
        try:
            found = self.folder.add(source)
        except NotKeptError as error:
            self.left_out.append(str(error))
            return
        if self._under_way:
            number = self._under_way[-1]
            step = self.steps[number]
            self.steps[number] = replace(step, evidence=(*step.evidence, found))
        else:
            _add(self.evidence, found)

    @contextmanager
    def step(self, name: str, *, data: str = "", expected: str = "") -> Iterator[None]:
        """
        Report what happens inside as a step.

        It passes unless an exception leaves it, which goes on its way. A step
        inside a step is one after it.
        """
        number = len(self.steps)
        unfinished = Outcome.NOT_RUN
        self.steps.append(
            Step(
                keyword="",
                name=str(name),
                outcome=unfinished,
                data=str(data),
                expected=str(expected),
            )
        )
        self._under_way.append(number)
        began = self._clock()
        try:
            yield
        except BaseException as error:
            self._end_step(number, _outcome(error), began, _said(error))
            raise
        self._end_step(number, Outcome.PASSED, began)

    def line(self, known: Line) -> Line:
        """What it adds to a line of the journal; ``known`` is the line so far."""
        given: dict[str, Any] = {**known}
        fields = {**dict(given.get("custom_fields", ())), **self.custom_fields}
        found: dict[str, Any] = {
            "comment": "\n\n".join(self.comments),
            "custom_fields": [*fields.items()] if self.custom_fields else (),
            "evidence": [codec.plain(each) for each in self.evidence],
            "left_out": self.left_out,
            "steps": [codec.plain(step) for step in self.steps],
        }
        for name in ("test_keys", "requirements", "defects"):
            own = getattr(self, name)
            both = [*given.get(name, ()), *own]
            found[name] = list(dict.fromkeys(both)) if own else ()
        return {name: value for name, value in found.items() if value}  # type: ignore[return-value]

    def _end_step(
        self, number: int, outcome: Outcome, began: float, message: str = ""
    ) -> None:
        duration = max(0.0, self._clock() - began)
        step = replace(self.steps[number], outcome=outcome, duration=duration)
        self.steps[number] = replace(step, message=message)
        if number in self._under_way:
            self._under_way.remove(number)


def _outcome(error: BaseException) -> Outcome:
    for kind in type(error).__mro__:
        found = OF_EXCEPTION.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            return found
    return Outcome.FAILED


def _said(error: BaseException) -> str:
    name = type(error).__name__
    try:
        said = str(error)
    except BaseException as trouble:
        if isinstance(trouble, KeyboardInterrupt):
            raise
        return name
    return f"{name}: {said}" if said else name


def _key(given: Any) -> str:
    found = given.strip() if isinstance(given, str) else ""
    if not KEY.fullmatch(found):
        msg = f"{given!r} is not an issue key; keys look like CALC-15"
        raise ValueError(msg)
    return found


def _add(values: list[Any], value: Any) -> None:
    if value not in values:
        values.append(value)
