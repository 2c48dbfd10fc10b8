"""
When Jira is to be asked for a label, by which clock, and what of its answer counts.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MINUTE = 60


class Watch:
    """
    How long ago something was: of all clocks, the one that says least counts.

    ``skew`` tells by how many seconds the server's clock is ahead of ours, or None.
    Ours may be set by an hour between two uploads, or during one.
    """

    def __init__(self, skew: Callable[[], float | None]) -> None:
        self._skew = skew
        self._noted: dict[float, float] = {}

    @property
    def skew(self) -> float:
        """By how much the server's clock is ahead now; 0: it does not tell."""
        return self._skew() or 0.0

    def note(self) -> float:
        """Now, in seconds since the epoch."""
        moment = time.time()
        self._noted[moment] = time.monotonic()
        return moment

    def age(self, moment: float, skew: float = 0.0) -> float:
        """Seconds since a moment, at which the skew was ``skew``; never negative."""
        ages = [time.time() - moment]
        now = self._skew()
        if skew and now is not None:
            ages.append(ages[0] + now - skew)
        if moment in self._noted:
            ages.append(time.monotonic() - self._noted[moment])
        return max(0.0, min(ages))


def until(end: float, since: float) -> tuple[float, ...]:
    """Pauses between looks, ever longer, from ``since`` to ``end`` seconds."""
    found = []
    pause = max(since, end / 20)
    while since + pause < end:
        found.append(pause)
        since += pause
        pause *= 2
    return (*found, end - since)


def remaining(pauses: tuple[float, ...], since: float) -> tuple[float, ...]:
    """
    The pauses before the looks that are left, ``since`` seconds after the answer.

    One at once stands for all that are missed, so that a short deadline leads there
    in several uploads.
    """
    moments = itertools.accumulate(pauses)
    left = [0.0, *(moment - since for moment in moments if moment > since)]
    return (0.0, *(later - sooner for sooner, later in itertools.pairwise(left)))


def oldest_first(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys of one project, by number: all who look choose the same one."""
    return tuple(sorted(set(keys), key=lambda key: (len(key), key)))


def shown(seconds: float) -> str:
    """A wait in words, rounded up."""
    if seconds > MINUTE:
        return f"{-(-seconds // MINUTE):.0f} minutes"
    return f"{-(-seconds // 1):.0f} seconds"
