"""
One run's report to the server, exactly once.

Xray has no idempotency key, and multipart always makes a new Test Execution. So
each run carries a unique label; before anything is sent a second time, the label
is looked for. Results sent again to a found Test Execution replace its Test Runs.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_answer import ImportAnswer, combine_answers
from xray_bridge.errors import AmbiguousError, DeliveryError
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.http import Deadline
    from xray_bridge.client.pauses import Pauses
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import Xray
    from xray_bridge.errors import XrayBridgeError
    from xray_bridge.runs.run_directory import RunDirectory

# Requests that make a Test Execution, before nobody can tell what became of them.
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
    delivery: Delivery,
    xray: Xray,
    directory: RunDirectory,
    deadline: Deadline,
    pauses: Pauses,
) -> ImportAnswer:
    """
    Send a run and note each step in its ``state.json`` before it is taken.

    Raises DeliveryError (nothing arrived) and AmbiguousError (it may have arrived);
    in both cases a second call takes up where this one stopped.
    """
    work = _Work(delivery, xray, directory, deadline, pauses)
    found: Step | ImportAnswer = work.begin()
    while isinstance(found, Step):
        found = STEPS[found](work)
    return found


class Step(enum.Enum):
    """What a delivery does next."""

    ASK_OTHERS = "look whether another machine has made the Test Execution"
    LOOK_BACK = "look whether an earlier upload has made it"
    CREATE = "make it"
    LOOK_UP = "look whether the request has made it whose answer was lost"
    NOTE_KEY = "note the key of the one that was made"
    FILL_REST = "fill in what could not be said while it was made"
    FILL = "fill the one that exists"


class _Work:
    """
    One delivery under way: each step returns the next, or the answer that ends it.

    ``doubt``: an earlier request may have made a Test Execution. ``key`` is the one
    to fill, once it is known.
    """

    def __init__(
        self,
        delivery: Delivery,
        xray: Xray,
        directory: RunDirectory,
        deadline: Deadline,
        pauses: Pauses,
    ) -> None:
        before = directory.state
        # Not the file's time alone: a resend that comes too early must not start
        # the wait anew.
        asked = before.asked or directory.path.joinpath("state.json").stat().st_mtime
        self._delivery = delivery
        self._xray = xray
        self._directory = directory
        self._deadline = deadline
        self._pauses = pauses
        self._age = time.time() - asked
        self._is_known = bool(delivery.key or before.test_execution)
        self._key = delivery.key or before.test_execution
        self._doubt = not self._key and before.state in run_directory.IN_DOUBT
        self._state = replace(
            before,
            state=run_directory.SENDING,
            attempts=before.attempts + 1,
            asked=asked if self._doubt else before.asked,
        )
        self._posts = 0
        self._lost = AmbiguousError("")
        self._made = ImportAnswer(key="")
        self._elsewhere: tuple[str, ...] = ()

    def begin(self) -> Step:
        """Choose the first step by what is known of earlier ones."""
        if self._delivery.is_shared and not self._key and not self._doubt:
            return Step.ASK_OTHERS
        self._note(test_execution=self._key)
        if self._doubt:
            return Step.LOOK_BACK
        return Step.FILL if self._key else Step.CREATE

    def ask_others(self) -> Step:
        """
        Another job may have merged the same parts a while ago.

        One look: nothing went out from here whose answer could be lost.
        """
        self._elsewhere = self._made_elsewhere()
        self._key = self._elsewhere[0] if self._elsewhere else ""
        self._note(test_execution=self._key)
        return Step.FILL if self._key else Step.CREATE

    def look_back(self) -> Step:
        """Raise AmbiguousError as long as an earlier request may be under way."""
        pauses = self._pauses
        is_settled = self._age > pauses.settled
        self._key = self._search(pauses.looks[:1] if is_settled else pauses.looks)
        self._doubt = not is_settled
        if self._key:
            return Step.FILL
        if self._age < pauses.in_progress:
            error = AmbiguousError("an earlier request may still be under way")
            raise self._still_ambiguous(error, wait=pauses.in_progress - self._age)
        return Step.CREATE

    def create(self) -> Step:
        """
        Send the request that makes the Test Execution.

        Raises AmbiguousError as long as an earlier request may have arrived: what
        fails last does not say that what was sent first did not.
        """
        if not self._posts:
            self._state = replace(self._state, asked=time.time())
            self._note()
        self._posts += 1
        try:
            self._made = self._xray.import_results(self._delivery.create)
        except AmbiguousError as error:
            self._doubt = True
            self._lost = error
            return Step.LOOK_UP
        except DeliveryError as error:
            if not self._doubt:
                raise
            raise self._still_ambiguous(error) from None
        return Step.NOTE_KEY

    def look_up(self) -> Step:
        """Raise AmbiguousError where it may still be made, or nobody can tell."""
        self._key = self._search(self._pauses.looks)
        if self._key:
            return Step.FILL
        if self._lost.waited >= self._pauses.quick:
            wait = self._pauses.in_progress
            raise self._still_ambiguous(self._lost, wait=wait) from None
        if self._posts == ATTEMPTS:
            raise self._lost
        return Step.CREATE

    def note_key(self) -> Step | ImportAnswer:
        """
        Nobody can keep other jobs from making one at the same time: Jira has no
        lock. The second look is to say so, and no more.
        """
        key = self._made.key
        self._note(test_execution=key)
        if self._delivery.is_shared:
            try:
                others = self._made_elsewhere()
            except DeliveryError:
                others = ()
            found = tuple(each for each in others if each != key)
            self._made = replace(self._made, found=found)
        return Step.FILL_REST if self._delivery.fill_after else self._made

    def fill_rest(self) -> ImportAnswer:
        """Send the results again, with what only this request carries."""
        fill = self._delivery.fill
        if fill is None:
            return self._made
        return combine_answers(
            self._made, self._xray.import_results(fill(self._made.key))
        )

    def fill(self) -> ImportAnswer:
        """
        Replace the Test Runs of an existing Test Execution.

        Raises AmbiguousError for one that cannot be filled again, where its label
        alone led to it. Its key is noted only after Xray had taken the results.
        """
        if self._delivery.fill is None:
            if self._is_known:
                return ImportAnswer(key=self._key)
            msg = f"it made {self._key}, into which this run cannot be sent again"
            raise self._still_ambiguous(AmbiguousError(msg))
        self._note(test_execution=self._key)
        filled = self._xray.import_results(self._delivery.fill(self._key))
        return replace(filled, resent=not self._is_known, found=self._elsewhere)

    def _note(self, **changes: Any) -> None:
        self._directory.state = replace(self._state, **changes)

    def _made_elsewhere(self) -> tuple[str, ...]:
        """
        Test Executions that other machines have made of this CI run, oldest first.

        Raises DeliveryError where the server does not let us look: going on could
        double all results.
        """
        try:
            labelled = self._xray.executions_labelled(self._delivery.label)
        except (DeliveryError, AmbiguousError) as error:
            what = "no telling whether another job has sent this CI run"
            hint = "name its Test Execution with --test-execution, or an empty one"
            raise DeliveryError(f"{what}: {error.message}", hint=hint) from None
        return tuple(sorted(labelled, key=lambda key: (len(key), key)))

    def _search(self, pauses: tuple[float, ...]) -> str:
        """
        The Test Execution with the run's label, or nothing.

        Raises AmbiguousError where the server does not let us look: then only a
        person can tell.
        """
        try:
            for pause in pauses:
                self._deadline.pause(pause)
                found = self._xray.executions_labelled(self._delivery.label)
                if found:
                    return found[0]
        except (DeliveryError, AmbiguousError) as error:
            raise self._still_ambiguous(error) from None
        return ""

    def _still_ambiguous(
        self, error: XrayBridgeError, *, wait: float = 0.0
    ) -> AmbiguousError:
        msg = f"a request may have arrived: {error.message}"
        hint = f'the label in Jira is "{self._delivery.label}"'
        later = f"resend it in {wait / 60:.0f} minutes; " if wait else ""
        return AmbiguousError(msg, hint=f"{later}{hint}")


STEPS: Mapping[Step, Callable[[_Work], Step | ImportAnswer]] = {
    Step.ASK_OTHERS: _Work.ask_others,
    Step.LOOK_BACK: _Work.look_back,
    Step.CREATE: _Work.create,
    Step.LOOK_UP: _Work.look_up,
    Step.NOTE_KEY: _Work.note_key,
    Step.FILL_REST: _Work.fill_rest,
    Step.FILL: _Work.fill,
}
