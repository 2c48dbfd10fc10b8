"""
SIGTERM and SIGHUP end a session as Ctrl-C does: what was recorded is kept.

The first one raises ``Stopped`` in the main thread; after it the system's own handling
is back, so that a second one ends the process at once.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from types import FrameType

# Windows has no SIGHUP.
NAMES = ("SIGTERM", "SIGHUP")
# What a shell makes of the number of a signal that has ended a process.
SHELL = 128


class Stopped(KeyboardInterrupt):
    """
    The process was told to end.

    A KeyboardInterrupt, which frameworks know, and which no ``except Exception`` of a
    test swallows.
    """


class StopSignals:
    """The handlers of one session; ``exit_code`` is 0 until a signal has come."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._numbers: list[signal.Signals] = []
        self._pid = os.getpid()

    def install(self) -> None:
        """Handle what nobody else handles; only the main thread may."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in NAMES:
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._stop_session)
                self._numbers.append(number)

    def remove(self) -> None:
        """Put back the system's handling, where ours is still in place."""
        for number in self._numbers:
            # A bound method is made anew each time: equal, and not the same.
            if signal.getsignal(number) == self._stop_session:
                signal.signal(number, signal.SIG_DFL)
        self._numbers.clear()

    def _stop_session(self, number: int, _frame: FrameType | None) -> None:
        self.remove()
        if os.getpid() != self._pid:
            # A child that a test forked ends as it would without us.
            os.kill(os.getpid(), number)
            return
        self.exit_code = SHELL + number
        raise Stopped(f"received {signal.Signals(number).name}")
