"""
When Jira is to be asked for a label, by which clock, and what of its answer counts.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from xray_bridge.errors import AmbiguousError, DeliveryError
from xray_bridge.runs import marks


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xray_bridge.client.xray import Xray
    from xray_bridge.upload.shipment import Delivery

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


def marked(xray: Xray, delivery: Delivery) -> list[str]:
    """The Test Executions that the search finds by the label, wherever it stands."""
    if delivery.mark == marks.LABELS:
        return xray.executions_labelled(delivery.label)
    return xray.executions_mentioning(delivery.label, delivery.mark)


def made_elsewhere(xray: Xray, delivery: Delivery) -> tuple[str, ...]:
    """
    Test Executions that other machines have made of this CI run, oldest first.

    Raises DeliveryError where the server does not let us look: going on could
    double all results.
    """
    try:
        found = marked(xray, delivery)
    except (DeliveryError, AmbiguousError) as error:
        what = "no telling whether another job has sent this CI run"
        hint = "name its Test Execution with --test-execution, or an empty one"
        raise DeliveryError(f"{what}: {error.message}", hint=hint) from None
    return oldest_first(found)


def hint(delivery: Delivery) -> str:
    """How a person finds them."""
    if delivery.mark == marks.LABELS:
        return f'the label in Jira is "{delivery.label}"'
    return f'"{delivery.label}" stands in its {delivery.mark} in Jira'


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
