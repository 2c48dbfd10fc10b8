"""
When Jira is to be asked for a label, and what of its answer counts.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable

MINUTE = 60


def age(asked: float) -> float:
    """Seconds since ``asked``; a clock that was set back has not waited."""
    return max(0.0, time.time() - asked)


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
