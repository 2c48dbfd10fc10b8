"""
A clock that tests cannot patch: results get their times from it.
"""

from __future__ import annotations

import time


class Clock:
    """
    Seconds since the epoch, from when it was made on by the performance counter.

    Made before the first test. freezegun puts other functions into modules, which this
    has left behind; time-machine changes ``time.time`` itself, and not this counter.
    A machine's clock that is set while tests run changes no duration.
    """

    def __init__(self) -> None:
        self._ticks = time.perf_counter
        self._offset = time.time() - self._ticks()

    def __call__(self) -> float:
        """Now."""
        return self._offset + self._ticks()
