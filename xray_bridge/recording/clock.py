"""
A clock that tests cannot patch; results get their times from it.
"""

from __future__ import annotations

import time


class Clock:
    """
    Seconds since the epoch: the time when it was made, plus the performance counter.

    It is made before the first test. freezegun replaces functions in modules, which
    this object does not look up again; time-machine changes ``time.time``, but not this
    counter. Setting the machine's clock while tests run changes no duration.
    """

    def __init__(self) -> None:
        self._ticks = time.perf_counter
        self._offset = time.time() - self._ticks()

    def __call__(self) -> float:
        """Return the current time."""
        return self._offset + self._ticks()


def to_microseconds(seconds: float) -> float:
    """Return a time in whole microseconds, which has few digits as text."""
    return int(seconds * 1e6) / 1e6
