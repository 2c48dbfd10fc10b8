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

from xray_bridge.client.import_answer import ImportAnswer, combine_answers
from xray_bridge.errors import AmbiguousError, DeliveryError
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.http import Deadline
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import Xray
    from xray_bridge.errors import XrayBridgeError
    from xray_bridge.runs.run_directory import RunDirectory

# Jira's search lags seconds behind, on Cloud sometimes longer.
LOOKS = (0.0, 2.0, 5.0, 10.0)
# By then every search has caught up, in seconds.
SETTLED = 300.0
# An import that takes longer than this may go on when its answer is lost; a search
# does not find what is not finished. In seconds.
QUICK = 5.0
# By then it has ended, one way or the other.
IN_PROGRESS = 300.0
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    What is to be sent: ``create`` makes a Test Execution, ``fill`` fills one.

    ``fill_after`` says that ``create`` cannot carry everything, so that ``fill``
    has to follow. ``fill`` is None where there is no second way to send the run.
    ``key`` is an existing Test Execution, or empty. ``is_shared``: other machines
    may have sent parts of the same CI run under this label.
    """

    label: str
    create: Request
    fill: Callable[[str], Request] | None
    fill_after: bool
    key: str
    is_shared: bool = False


def deliver(
    delivery: Delivery, xray: Xray, directory: RunDirectory, deadline: Deadline
) -> ImportAnswer:
    """
    Send a run and note each step in its ``state.json`` before it is taken.

    Raises DeliveryError (nothing arrived) and AmbiguousError (no telling); in
    both cases a second call takes up where this one stopped.
    """
    before = directory.state
    # Not the file's time alone: a resend that comes too early must not start the
    # wait anew.
    written = directory.path.joinpath("state.json").stat().st_mtime
    asked = before.asked or written
    age = time.time() - asked
    known = key = delivery.key or before.test_execution
    # Whether an earlier request may have made a Test Execution.
    doubt = not key and before.state in {run_directory.SENDING, run_directory.AMBIGUOUS}
    found: tuple[str, ...] = ()
    if delivery.is_shared and not key and not doubt:
        found = _made_elsewhere(delivery, xray)
        key = found[0] if found else ""
    sending = replace(before, state=run_directory.SENDING, attempts=before.attempts + 1)
    directory.state = replace(sending, test_execution=key)
    if doubt:
        sending = replace(sending, asked=asked)
        directory.state = sending
        is_settled = age > SETTLED
        key = _look(delivery, xray, deadline, LOOKS[:1] if is_settled else LOOKS)
        doubt = not is_settled
        if not key and age < IN_PROGRESS:
            msg = "an earlier request may still be under way"
            raise _open(delivery, AmbiguousError(msg, hint=""), wait=IN_PROGRESS - age)
    if not key:
        sending = replace(sending, asked=time.time())
        directory.state = sending
        made = _create(delivery, xray, deadline, doubt=doubt)
        if isinstance(made, str):
            key = made
        else:
            directory.state = replace(sending, test_execution=made.key)
            made = replace(made, found=_made_beside(delivery, xray, made.key))
            if not delivery.fill_after or delivery.fill is None:
                return made
            return combine_answers(made, xray.import_results(delivery.fill(made.key)))
    if delivery.fill is None:
        return _as_it_is(delivery, key, known=bool(known))
    directory.state = replace(sending, test_execution=key)
    filled = xray.import_results(delivery.fill(key))
    return replace(filled, resent=not known, found=found)


def _made_elsewhere(delivery: Delivery, xray: Xray) -> tuple[str, ...]:
    """
    Test Executions that other machines have made of this CI run, the first first.

    Another job may have merged the same parts a while ago. One look: nothing went
    out from here whose answer could be lost. Raises DeliveryError where the server
    does not let us look: going on could double all results.
    """
    try:
        labelled = xray.executions_labelled(delivery.label)
    except (DeliveryError, AmbiguousError) as error:
        msg = f"no telling whether another job has sent this CI run: {error.message}"
        hint = "name its Test Execution with --test-execution, or an empty one"
        raise DeliveryError(msg, hint=hint) from None
    return tuple(sorted(labelled, key=lambda key: (len(key), key)))


def _made_beside(delivery: Delivery, xray: Xray, key: str) -> tuple[str, ...]:
    """
    Test Executions that jobs have made while this one made its own.

    Nobody can keep them from it: Jira has no lock. This is to say so, and no more.
    """
    if not delivery.is_shared:
        return ()
    try:
        found = _made_elsewhere(delivery, xray)
    except DeliveryError:
        return ()
    return tuple(each for each in found if each != key)


def _as_it_is(delivery: Delivery, key: str, *, known: bool) -> ImportAnswer:
    """
    A Test Execution that cannot be filled again.

    Its key was noted only after Xray had taken the results. Raises AmbiguousError
    where its label alone led to it.
    """
    if known:
        return ImportAnswer(key=key)
    msg = f"it made {key}, into which this run cannot be sent again"
    raise _open(delivery, AmbiguousError(msg))


def _create(
    delivery: Delivery, xray: Xray, deadline: Deadline, *, doubt: bool
) -> ImportAnswer | str:
    """
    Make the Test Execution, or give the key of one that a lost answer had made.

    Raises AmbiguousError as long as an earlier request may have arrived: what
    fails last does not say that what was sent first did not.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return xray.import_results(delivery.create)
        except AmbiguousError as error:
            doubt = True
            key = _look(delivery, xray, deadline, LOOKS)
            if key:
                return key
            if error.waited >= QUICK:
                raise _open(delivery, error, wait=IN_PROGRESS) from None
            if attempt == ATTEMPTS:
                raise
        except DeliveryError as error:
            if not doubt:
                raise
            raise _open(delivery, error) from None
    raise AssertionError


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
    except (DeliveryError, AmbiguousError) as error:
        raise _open(delivery, error) from None
    return ""


def _open(
    delivery: Delivery, error: XrayBridgeError, *, wait: float = 0.0
) -> AmbiguousError:
    msg = f"a request may have arrived: {error.message}"
    hint = f'the label in Jira is "{delivery.label}"'
    later = f"resend it in {wait / 60:.0f} minutes; " if wait else ""
    return AmbiguousError(msg, hint=f"{later}{hint}")
