"""
The guard around hooks: an internal error ends the hook, and nothing else.

All methods that a framework calls get it, by a decorator of their class or by one call
for their module, so a hook that is added later gets it, too. ``OWN_FAULTS`` keeps the
caught errors until they are printed, at the latest when the process exits.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

# Why a run is incomplete after an error of ours.
OWN_FAULT = "xray-bridge had an internal error"
OURSELVES = "xray-bridge itself"
# An error repeats with every test; later ones have the same cause.
MOST = 5
CO_GENERATOR = 0x20

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any]")


def describe_error(error: BaseException) -> str:
    """Describe an error in one line, even if its ``str`` raises."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error of a user's, with any __str__
        text = "its str() raises an error"
    line = " ".join(f"{type(error).__name__}: {text}".split())
    return line.encode("utf-8", "backslashreplace").decode()


def fault_line(faults: Sequence[str], run: str) -> str:
    """Describe all faults in one line; ``run`` is the run directory, or empty."""
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    line = f"ERROR in {faults[0]}{more}. The tests are not affected, but "
    if not run:
        return f"{line}xray-bridge recorded nothing."
    command = quote_command("xray-bridge", "runs", "show", run)
    return f"{line}results may be missing. To check: {command}"


class OwnFaults:
    """The first internal errors in this process, as texts."""

    def __init__(self) -> None:
        self.hooks: set[str] = set()
        self.texts: list[str] = []
        self._kinds: list[str] = []
        self._pid = 0
        self._is_handed_over = False

    def note(self, hook: str, error: BaseException) -> None:
        """Keep an error that a hook raised."""
        self.hooks.add(hook)
        text = f"{OURSELVES}: {describe_error(error)} (in {hook})"
        self._pid = os.getpid()
        if len(self.texts) < MOST and text not in self.texts:
            self.texts.append(text)
            self._kinds.append(f"{type(error).__name__} in {hook}")

    def hand_over(self) -> list[str]:
        """Return the list, which later errors extend; the caller prints them."""
        self._is_handed_over = True
        return self.texts

    def take(self) -> list[str]:
        """Return and remove all errors; the caller prints them."""
        found = [*self.texts]
        self.texts.clear()
        self._kinds.clear()
        return found

    def print_rest(self) -> None:
        """
        Print the errors that no session of xray-bridge could print.

        Their texts are left out, because they may contain secrets.
        """
        stream = sys.__stderr__
        # In a worker of xdist the error came before the list was handed over; the
        # controller has the same error.
        is_worker = "PYTEST_XDIST_WORKER" in os.environ and "xdist" in sys.modules
        is_printed = self._is_handed_over or is_worker
        if os.getpid() != self._pid or is_printed or not self._kinds or stream is None:
            return
        kinds = "; ".join(self._kinds)
        print(
            f"xray-bridge: ERROR in {OURSELVES}: {kinds}. The tests are not affected, "
            "but results may be missing. To check: xray-bridge runs",
            file=stream,
        )


OWN_FAULTS = OwnFaults()
# Registered first, so that it runs last.
atexit.register(OWN_FAULTS.print_rest)


class Guard:
    """
    Wraps hooks, and keeps the errors that they raise.

    ``catches`` are the classes of internal errors. ``passes`` are the exceptions that
    stop a framework; they go through, as Ctrl-C and SystemExit do.
    """

    def __init__(
        self,
        catches: tuple[type[BaseException], ...] = (Exception,),
        passes: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._catches = catches
        self._passes = passes

    def guard_class(
        self, is_hook: Callable[[str], bool]
    ) -> Callable[[type[T]], type[T]]:
        """Decorate a class: guard its methods with such names."""

        def decorate(cls: type[T]) -> type[T]:
            for name, method in [*vars(cls).items()]:
                if is_hook(name) and type(method) is FunctionType:
                    setattr(cls, name, self.guard_function(method))
            return cls

        return decorate

    def handle(self, hook: str, error: BaseException) -> None:
        """Note an internal error that a hook raised; raise any other error again."""
        if isinstance(error, self._passes) or not isinstance(error, self._catches):
            raise error
        OWN_FAULTS.note(hook, error)

    def guard_function(self, method: F) -> F:
        """Guard one function; it returns None if it raises."""
        return self.otherwise(None)(method)

    def otherwise(self, instead: Callable[..., Any] | None) -> Callable[[F], F]:
        """Guard one function; if it raises, ``instead`` is called."""

        def decorate(method: F) -> F:
            if hasattr(method, "is_guarded"):
                return method
            is_wrapper = method.__code__.co_flags & CO_GENERATOR
            make = self._guard_wrapper if is_wrapper else self._guard_function
            guarded = functools.wraps(method)(make(method, instead))
            guarded.is_guarded = True  # type: ignore[attr-defined]
            return guarded  # type: ignore[return-value]

        return decorate

    def before(self, base: Callable[..., Any]) -> Callable[[F], F]:
        """Guard code before a framework's function, which is called in any case."""

        def decorate(method: F) -> F:
            guarded = self.guard_function(method)

            @functools.wraps(method)
            def call_both(*args: Any, **kwargs: Any) -> Any:
                guarded(*args, **kwargs)
                return base(*args, **kwargs)

            call_both.is_guarded = True  # type: ignore[attr-defined]
            return call_both  # type: ignore[return-value]

        return decorate

    def _guard_function(
        self, method: Callable[..., Any], instead: Callable[..., Any] | None
    ) -> Callable[..., Any]:
        name, passes, catches = method.__name__, self._passes, self._catches

        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except passes:
                raise
            except catches as error:
                # A bug of ours must not end a user's session.
                OWN_FAULTS.note(name, error)
            return None if instead is None else instead(*args, **kwargs)

        return guarded

    def _guard_wrapper(
        self, method: Callable[..., Any], _instead: object
    ) -> Callable[..., Any]:
        """Guard a hook with a ``yield``, at which other hooks are called."""
        name, passes, catches = method.__name__, self._passes, self._catches

        def guarded(*args: Any) -> Generator[None, Any, Any]:
            ours = None
            try:
                ours = method(*args)
                next(ours)
            except passes:
                raise
            except catches as error:
                OWN_FAULTS.note(name, error)
                ours = None
            try:
                result = yield
            except BaseException as theirs:
                self._end_hook(name, ours, theirs)
                raise
            if ours is None:
                return result
            try:
                ours.send(result)
            except StopIteration as end:
                return end.value
            except passes:
                raise
            except catches as error:
                OWN_FAULTS.note(name, error)
            return result

        return guarded

    def _end_hook(self, name: str, ours: Any, theirs: BaseException) -> None:
        """Throw the error of another hook into our hook."""
        if ours is None:
            return
        try:
            ours.throw(theirs)
        except StopIteration:
            pass
        except BaseException as error:
            if error is theirs:
                return
            is_bug = isinstance(error, self._catches)
            if not is_bug or isinstance(error, self._passes):
                raise
            OWN_FAULTS.note(name, error)
