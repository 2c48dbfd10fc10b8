"""
Search Jira for the label of a run: when, by which clock, and which match counts.
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
    from xray_bridge.errors import XrayBridgeError
    from xray_bridge.upload.shipment import Delivery

MINUTE = 60


class Watch:
    """
    Measures how long ago something was; the clock with the smallest answer counts.

    ``skew`` returns the seconds by which the server's clock is ahead of ours, or None.
    Our clock may be changed between two uploads, or during one.
    """

    def __init__(self, skew: Callable[[], float | None]) -> None:
        self._skew = skew
        self._noted: dict[float, float] = {}

    @property
    def skew(self) -> float:
        """Seconds by which the server's clock is ahead now; 0 if unknown."""
        return self._skew() or 0.0

    def note(self) -> float:
        """Note this moment, and return it in seconds since the epoch."""
        moment = time.time()
        self._noted[moment] = time.monotonic()
        return moment

    def age(self, moment: float, skew: float = 0.0) -> float:
        """Return the seconds since a moment with that skew; never negative."""
        ages = [time.time() - moment]
        now = self._skew()
        if skew and now is not None:
            ages.append(ages[0] + now - skew)
        if moment in self._noted:
            ages.append(time.monotonic() - self._noted[moment])
        return max(0.0, min(ages))


def find_labelled(xray: Xray, delivery: Delivery) -> list[str]:
    """Return the Test Executions that the search finds by the label."""
    if delivery.mark == marks.LABELS:
        return xray.executions_labelled(delivery.label)
    return xray.executions_mentioning(delivery.label, delivery.mark)


def made_elsewhere(xray: Xray, delivery: Delivery) -> tuple[str, ...]:
    """
    Return the Test Executions of this CI run by other machines, oldest first.

    Raises DeliveryError if the search fails: going on could duplicate all results.
    """
    try:
        found = find_labelled(xray, delivery)
    except (DeliveryError, AmbiguousError) as error:
        what = "unknown whether another job has already sent this CI run"
        hint = "give --test-execution with its Test Execution, or an empty one"
        raise DeliveryError(f"{what}: {error.message}", hint=hint) from None
    return oldest_first(found)


def search_hint(delivery: Delivery) -> str:
    """Return a hint how a person finds them."""
    if delivery.mark == marks.LABELS:
        return f'look in Jira for the label "{delivery.label}"'
    return f'look in Jira for "{delivery.label}" in the {delivery.mark}'


def describe_doubt(
    delivery: Delivery, error: XrayBridgeError, wait: float = 0.0
) -> AmbiguousError:
    """Return the error for results that may have arrived; ``wait``: before a resend."""
    msg = f"a request may have reached Xray: {error.message}"
    later = f"resend it in {format_wait(wait)}; " if wait else ""
    return AmbiguousError(msg, hint=f"{later}{search_hint(delivery)}")


def pauses_until(end: float, since: float) -> tuple[float, ...]:
    """Return growing pauses between searches, from ``since`` to ``end`` seconds."""
    found = []
    pause = max(since, end / 20)
    while since + pause < end:
        found.append(pause)
        since += pause
        pause *= 2
    return (*found, end - since)


def remaining_pauses(pauses: tuple[float, ...], since: float) -> tuple[float, ...]:
    """
    Return the pauses before the remaining searches, ``since`` seconds after the answer.

    One search at once replaces all missed ones, so that a short deadline gets there
    in several uploads.
    """
    moments = itertools.accumulate(pauses)
    left = [0.0, *(moment - since for moment in moments if moment > since)]
    return (0.0, *(later - sooner for sooner, later in itertools.pairwise(left)))


def oldest_first(keys: Iterable[str]) -> tuple[str, ...]:
    """Sort keys of one project by number, so that every job chooses the same one."""
    return tuple(sorted(set(keys), key=lambda key: (len(key), key)))


def format_wait(seconds: float) -> str:
    """Return a wait in words, rounded up."""
    if seconds > MINUTE:
        return f"{-(-seconds // MINUTE):.0f} minutes"
    return f"{-(-seconds // 1):.0f} seconds"
