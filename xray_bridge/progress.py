"""
Show on a terminal what takes longer than a second.

Nothing is shown until ``enable`` is called. The texts are our own words and numbers,
never those of a server or a file, so they contain no secret.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")

# Seconds before a step is shown, and between two looks at it.
PATIENCE = 1.0
TICK = 0.2
BYTES = "bytes"
# Removes the line of another process, and shows the cursor that a bar hides.
CLEAR = b"\r\x1b[2K\x1b[?25h"
# What is smaller is done in no time; what follows takes long.
LARGE = 1_000_000
# Columns of a terminal that does not say how many it has.
WIDTH = 80
# A person has closed the terminal, or a test the file; the step must not fail with it.
GONE = (OSError, ValueError)
# Where a line is nobody's business, or cannot be removed again.
SILENT_VARIABLES = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")


class Step:
    """
    One thing that takes time; ``total`` is 0 if its end is unknown.

    ``unit`` is what is counted, or BYTES. ``then`` follows when all is done.
    """

    def __init__(
        self, what: str, total: int = 0, unit: str = "", then: str = ""
    ) -> None:
        self.what = what
        self.total = total
        self.unit = unit
        self.then = then
        self.done = 0
        self.began = time.monotonic()

    def advance(self, number: int = 1) -> None:
        """Note what has been done."""
        self.done += number

    def describe(self) -> str:
        """Return the line for a terminal, such as ``sending: 12 of 100 MB``."""
        if not self.total:
            return self.what
        if self.then and (self.done >= self.total or self.total < LARGE):
            return f"{self.what}, {self.then}"
        if self.unit == BYTES:
            return f"{self.what}: {self.done / 1e6:,.0f} of {self.total / 1e6:,.0f} MB"
        words = f"{self.what}: {self.done:,} of {self.total:,}"
        return f"{words} {self.unit}".rstrip()


class Display(Protocol):
    """A place on the terminal for one line."""

    def draw(self, step: Step) -> None:
        """Show the step instead of what was there."""
        ...

    def clear(self) -> None:
        """Remove the line."""
        ...


class PlainLine:
    """A line that is written again and again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._is_drawn = False

    def draw(self, step: Step) -> None:
        """Write the line over the one before."""
        self._write(f"\r{step.describe()[: self._width() - 1]}\x1b[K")
        self._is_drawn = True

    def clear(self) -> None:
        """Remove the line, if there is one."""
        if self._is_drawn:
            self._write("\r\x1b[K")
            self._is_drawn = False

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._file.fileno()).columns or WIDTH
        except (OSError, ValueError):
            return WIDTH

    def _write(self, text: str) -> None:
        with contextlib.suppress(*GONE):
            self._file.write(text)
            self._file.flush()


def _do_nothing() -> None:
    """There is no bar to close."""


class RichBar:
    """A bar of ``rich``, which knows NO_COLOR and FORCE_COLOR."""

    def __init__(self, file: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=file)
        self._shown: tuple[Step, Callable[[int], None]] | None = None
        self._close: Callable[[], None] = _do_nothing

    def draw(self, step: Step) -> None:
        """Show the step in a bar of its own."""
        if self._shown is None or self._shown[0] is not step:
            self.clear()
            self._shown = (step, self._begin(step))
        self._shown[1](step.done)

    def _begin(self, step: Step) -> Callable[[int], None]:
        from rich.progress import BarColumn, Progress, TextColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            console=self._console,
            transient=True,
            auto_refresh=False,
            # What others print is not for this terminal.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        bar.start()
        task = bar.add_task(step.describe(), total=step.total or None)
        self._close = bar.stop

        def update(done: int) -> None:
            text = step.describe()
            bar.update(task, completed=done, description=text, refresh=True)

        return update

    def clear(self) -> None:
        """Remove the bar."""
        self._close()
        self._close, self._shown = _do_nothing, None


class Watcher:
    """Draws the newest step that takes long, from a thread of its own."""

    def __init__(self, file: TextIO, until: int | None = None) -> None:
        self._file = file
        self._until = until
        if until is not None:
            os.set_blocking(until, False)
        self._display: Display | None = None
        self._steps: list[Step] = []
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @contextlib.contextmanager
    def run(self, step: Step) -> Iterator[None]:
        """Show the step, if it takes long, until the block ends."""
        with self._lock:
            self._steps.append(step)
        try:
            yield
        finally:
            with self._lock:
                self._steps.remove(step)
                self._clear()

    def clear(self) -> None:
        """Make place for a line that stays."""
        with self._lock:
            self._clear()

    def close(self) -> None:
        """Show nothing any more."""
        self._is_over.set()
        self.clear()

    def _clear(self) -> None:
        if self._display is not None and self._is_lent():
            with contextlib.suppress(*GONE):
                self._display.clear()

    def _is_lent(self) -> bool:
        """Whether the session that lent its terminal still waits."""
        if self._until is None:
            return True
        try:
            return bool(os.read(self._until, 1))
        except BlockingIOError:
            return True

    def _watch(self) -> None:
        with contextlib.suppress(*GONE):
            while not self._is_over.wait(TICK):
                with self._lock:
                    if not self._is_lent():
                        return
                    if self._steps and _is_long(self._steps[-1]):
                        self._display = self._display or make_display(self._file)
                        self._display.draw(self._steps[-1])


def _is_long(step: Step) -> bool:
    return time.monotonic() - step.began >= PATIENCE


_WATCHERS: list[Watcher] = []


def may_show(file: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether a person sees this file, and expects a line that changes."""
    try:
        is_terminal = file is not None and file.isatty()
    except ValueError:
        return False
    is_silent = any(map(environ.get, SILENT_VARIABLES))
    return is_terminal and not is_silent and environ.get("TERM") != "dumb"


def make_display(file: TextIO) -> Display:
    """Return a bar if ``rich`` is installed, or else a line."""
    try:
        return RichBar(file)
    except ImportError:
        return PlainLine(file)


def enable(file: TextIO | None, until: int | None = None) -> None:
    """
    Show steps from now on, if this is the terminal of a person.

    ``until``: the end of a pipe that is closed when the file must not be used any more.
    """
    if file is not None and may_show(file, os.environ):
        _WATCHERS[:] = [Watcher(file, until)]


def disable() -> None:
    """Show nothing from now on."""
    while _WATCHERS:
        _WATCHERS.pop().close()


def clear() -> None:
    """Remove what is shown, before another line is printed."""
    for watcher in _WATCHERS:
        watcher.clear()


@contextlib.contextmanager
def step(what: str, total: int = 0, unit: str = "", then: str = "") -> Iterator[Step]:
    """Show what a block does, if it takes longer than a second."""
    found = Step(what, total, unit, then)
    if not _WATCHERS:
        yield found
        return
    with _WATCHERS[0].run(found):
        yield found


def counted(items: Iterable[T], what: str, total: int, unit: str = "") -> Iterable[T]:
    """Return the items, and show how many were taken; costs nothing if disabled."""
    return _count(items, what, total, unit) if _WATCHERS else items


def _count(items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
    with step(what, total, unit) as found:
        for item in items:
            yield item
            found.advance()
