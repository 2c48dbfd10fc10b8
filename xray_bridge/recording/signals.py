"""
End a session on SIGTERM and SIGHUP as Ctrl-C does, keeping the recorded results.

The first signal raises ``Stopped`` in the main thread and restores the system's own
handling, so that a second one ends the process at once.
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
# A shell adds this to the number of the signal that ended a process.
SHELL = 128


class Stopped(KeyboardInterrupt):
    """
    A signal asked the process to end.

    It is a KeyboardInterrupt, which frameworks know and which no ``except Exception``
    of a test catches.
    """


class StopSignals:
    """The handlers of one session; ``exit_code`` is 0 until a signal has come."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._numbers: list[signal.Signals] = []
        self._pid = os.getpid()

    def install(self) -> None:
        """Handle signals that nobody else handles; only the main thread may do so."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in NAMES:
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._stop_session)
                self._numbers.append(number)

    def remove(self) -> None:
        """Restore the system's handling of signals that we still handle."""
        for number in self._numbers:
            # Each access makes a new bound method, so they are equal but not identical.
            if signal.getsignal(number) == self._stop_session:
                signal.signal(number, signal.SIG_DFL)
        self._numbers.clear()

    def _stop_session(self, number: int, _frame: FrameType | None) -> None:
        self.remove()
        if os.getpid() != self._pid:
            # A child process that a test forked ends as without xray-bridge.
            os.kill(os.getpid(), number)
            return
        self.exit_code = SHELL + number
        raise Stopped(f"received {signal.Signals(number).name}")
