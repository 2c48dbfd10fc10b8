"""
A step in the code of a test: a ``with`` block, or a function.

Page objects import this module in every session, so it imports little.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from xray_bridge.recording import step_texts
from xray_bridge.recording.running import RUNNING


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from xray_bridge.recording.annotations import Annotations

F = TypeVar("F", bound="Callable[..., Any]")

CO_COROUTINE = 0x80
# The flags of generators, and of asynchronous ones.
CO_GENERATORS = 0x20 | 0x200
# The places that were warned about: file and line.
_WARNED: set[tuple[str, int]] = set()


class StepBlock:
    """
    A step of a test, to be used with ``with`` or as the decorator of a function.

    ``annotations`` receive it; without them, those of the test that runs when the step
    begins. ``texts`` are its name, its data and its expected result. ``parameters``
    replace their names in braces, as ``str.format`` does.
    """

    __slots__ = ("_annotations", "_made_at", "_open", "_texts", "_values")

    def __init__(
        self,
        annotations: Annotations | None,
        texts: tuple[object, object, object],
        parameters: Mapping[str, object],
    ) -> None:
        # The file and line that made it, until the step is used.
        self._made_at: tuple[str, int] | None = None
        if parameters:
            step_texts.refuse_unused(parameters, texts)
        self._annotations = annotations
        self._texts = texts
        self._values = parameters
        self._open: list[_BegunStep | None] = []
        frame = sys._getframe(2)  # noqa: SLF001 - the caller of ``step``
        self._made_at = frame.f_code.co_filename, frame.f_lineno

    def __enter__(self) -> None:
        """The step begins."""
        self._made_at = None
        found = self._annotations or RUNNING.find()
        begun = _BegunStep(found, self._texts, self._values) if found else None
        self._open.append(begun)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The step ends; an exception is raised again."""
        begun = self._open.pop()
        if begun is not None:
            begun.end(error)

    def __call__(self, function: F) -> F:
        """
        Make each call of a function a step.

        Raises TypeError for generators and for anything that is no function, and
        ValueError if a text names something that is no argument.
        """
        self._made_at = None
        made: Any
        if isinstance(function, (staticmethod, classmethod)):
            made = type(function)(self(function.__func__))
            return made  # type: ignore[no-any-return]
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if isinstance(function, type) or not callable(function):
            msg = f"step(...) is for functions, and {function!r} is none"
            raise TypeError(msg)
        if flags & CO_GENERATORS:
            name = getattr(function, "__qualname__", "it")
            msg = (
                f"{name} is a generator, which has no end that a step could have; "
                f"write inside of it: with xray_bridge.step({str(self._texts[0])!r}):"
            )
            raise TypeError(msg)
        read = step_texts.argument_reader(function, self._texts, self._values)
        made = self._as_coroutine if flags & CO_COROUTINE else self._as_function
        return made(function, read)  # type: ignore[no-any-return]

    def _as_function(
        self, function: Callable[..., Any], read: step_texts.ArgumentReader
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        def run_step(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            found = self._annotations or RUNNING.find()
            if found is None:
                return function(*args, **kwargs)
            begun = _BegunStep(found, self._texts, read(args, kwargs))
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # raised again
                begun.end(error)
                raise
            begun.end(None)
            return result

        return run_step

    def _as_coroutine(
        self, function: Callable[..., Any], read: step_texts.ArgumentReader
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        async def run_step(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            found = self._annotations or RUNNING.find()
            if found is None:
                return await function(*args, **kwargs)
            begun = _BegunStep(found, self._texts, read(args, kwargs))
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:  # raised again
                begun.end(error)
                raise
            begun.end(None)
            return result

        return run_step

    def __del__(self) -> None:
        """Warn about a step that was never used, once for each line that made one."""
        place = self._made_at
        # What is left when Python ends may have been made for later.
        if place is None or place in _WARNED or sys.is_finalizing():
            return
        _WARNED.add(place)
        RUNNING.warn(step_texts.describe_unused(*place, self._texts[0]), *place)


class _BegunStep:
    """A step that has begun."""

    __slots__ = ("_annotations", "_began", "_number")

    def __init__(
        self,
        annotations: Annotations,
        texts: tuple[object, object, object],
        values: Mapping[str, object],
    ) -> None:
        name, data, expected = (step_texts.fill(text, values) for text in texts)
        self._annotations = annotations
        self._number, self._began = annotations.begin_step(name, data, expected)

    def end(self, error: BaseException | None) -> None:
        self._annotations.end_step(self._number, self._began, error)
