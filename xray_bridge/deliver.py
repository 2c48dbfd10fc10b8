"""
One run's report to the server, exactly once.

Xray has no idempotency key, and multipart always makes a new Test Execution. So
each run carries a unique label; before anything is sent a second time, the label
is looked for. What is found is filled again, which replaces and does not double.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xray_bridge import journal
from xray_bridge.errors import AmbiguousError, DeliveryError


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.http import Deadline
    from xray_bridge.journal import RunDirectory
    from xray_bridge.request import Request
    from xray_bridge.xray import Imported, Xray

# Jira's search lags seconds behind, on Cloud sometimes longer.
LOOKS = (0.0, 2.0, 5.0, 10.0)
# By then every search has caught up, in seconds.
SETTLED = 300.0
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    What is to be sent: ``create`` makes a Test Execution, ``fill`` fills one.

    ``fill_after`` says that ``create`` cannot carry everything, so that ``fill``
    has to follow. ``key`` is an existing Test Execution, or empty.
    """

    label: str
    create: Request
    fill: Callable[[str], Request]
    fill_after: bool
    key: str


def deliver(
    delivery: Delivery, xray: Xray, directory: RunDirectory, deadline: Deadline
) -> Imported:
    """
    Send a run and note each step in its ``state.json`` before it is taken.

    Raises DeliveryError (nothing arrived) and AmbiguousError (no telling); in
    both cases a second call takes up where this one stopped.
    """
    before = directory.state
    age = time.time() - directory.path.joinpath("state.json").stat().st_mtime
    key = delivery.key or before.test_execution
    asked_before = before.state in {journal.SENDING, journal.AMBIGUOUS}
    sending = replace(before, state=journal.SENDING, attempts=before.attempts + 1)
    directory.state = replace(sending, test_execution=key)
    if not key and asked_before:
        key = _look(delivery, xray, deadline, (0.0,) if age > SETTLED else LOOKS)
    for attempt in range(1, ATTEMPTS + 1):
        if key:
            directory.state = replace(sending, test_execution=key)
            return xray.import_results(delivery.fill(key))
        try:
            imported = xray.import_results(delivery.create)
        except AmbiguousError:
            key = _look(delivery, xray, deadline, LOOKS)
            if not key and attempt == ATTEMPTS:
                raise
            continue
        directory.state = replace(sending, test_execution=imported.key)
        if delivery.fill_after:
            return xray.import_results(delivery.fill(imported.key))
        return imported
    msg = "the results were sent and are not found"
    raise AmbiguousError(msg)


def _look(
    delivery: Delivery, xray: Xray, deadline: Deadline, pauses: tuple[float, ...]
) -> str:
    """
    The Test Execution that an earlier attempt made, or nothing.

    Raises AmbiguousError where the server does not let us look: then only a
    person can tell.
    """
    try:
        for pause in pauses:
            deadline.pause(pause)
            found = xray.executions_labelled(delivery.label)
            if found:
                return found[0]
    except DeliveryError as error:
        msg = f"it cannot be looked up whether they arrived: {error.message}"
        hint = f'look for the label "{delivery.label}" in Jira'
        raise AmbiguousError(msg, hint=hint) from None
    return ""
