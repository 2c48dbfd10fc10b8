"""
Deliver one run's report to the server exactly once.

Xray has no idempotency key, and multipart always creates a new Test Execution. So
each run has a unique label; before anything is sent a second time, Jira is searched
for the label. Results sent again to a found Test Execution replace its Test Runs.

Results that may have arrived are not sent again until the server has said that it no
longer works on them, or five minutes have passed. Then an empty Test Execution is
created, and filled once Jira's search shows it, or an older one, which it shows first.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_answer import ImportAnswer, combine_answers
from xray_bridge.errors import (
    AmbiguousError,
    DeliveryError,
    RefusedError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.runs import run_directory
from xray_bridge.upload import looks
from xray_bridge.upload.posting import post
from xray_bridge.upload.step import ATTEMPTS, Step


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.http import Deadline
    from xray_bridge.client.pauses import Pauses
    from xray_bridge.client.xray import Xray
    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.upload.shipment import Delivery


def deliver(
    delivery: Delivery,
    xray: Xray,
    directory: RunDirectory,
    deadline: Deadline,
    pauses: Pauses,
) -> ImportAnswer:
    """
    Send a run, and note each step in its ``state.json`` before the step.

    Raises DeliveryError (nothing arrived) and AmbiguousError (results may have
    arrived); after both, a second call continues where this one stopped.
    """
    work = _Work(delivery, xray, directory, deadline, pauses)
    found: Step | ImportAnswer = Step.BEGIN
    while isinstance(found, Step):
        try:
            found = STEPS[found](work)
        except (DeliveryError, RunDirectoryError) as error:
            # This failure does not mean that earlier requests did not arrive.
            if not work.is_in_doubt:
                raise
            raise work.still_ambiguous(error) from None
    return found


class _Work:
    """A delivery in progress: each step returns the next, or the answer at the end."""

    def __init__(
        self,
        delivery: Delivery,
        xray: Xray,
        directory: RunDirectory,
        deadline: Deadline,
        pauses: Pauses,
    ) -> None:
        before = directory.state
        # A resend that comes too early must not restart the wait.
        asked = before.asked or directory.path.joinpath("state.json").stat().st_mtime
        # A clock that was set back must not make it a wait of days.
        asked = min(asked, time.time())
        self._delivery = delivery
        self._xray = xray
        self._directory = directory
        self._deadline = deadline
        self._pauses = pauses
        self._watch = looks.Watch(lambda: xray.skew)
        self._is_known = bool(delivery.key or before.test_execution)
        self._key = delivery.key or before.test_execution
        in_doubt = before.state in run_directory.IN_DOUBT or before.sent
        self._is_open = is_open = bool(in_doubt) and not self._key
        # Older versions note only ``asked``.
        sent = before.sent or (0.0 if before.is_empty else asked)
        latest = time.time() + pauses.in_progress
        self._state = replace(
            before,
            state=run_directory.SENDING,
            attempts=before.attempts + 1,
            asked=asked if is_open else before.asked,
            sent=min(sent, latest) if is_open else before.sent,
        )
        self._posts = 0
        # When an empty one was asked for that may still appear.
        self._empty_asked = asked if is_open and before.is_empty else 0.0
        self._can_make = delivery.info is not None and delivery.fill is not None
        self._lost = AmbiguousError("an earlier request may still be in progress")
        self._resent = not self._is_known
        # The empty one is created while nothing is in doubt: no search is needed.
        self._is_plain = False
        self._made = ImportAnswer(key="")
        self._elsewhere: tuple[str, ...] = ()

    def begin(self) -> Step:
        """Choose the first step, by the notes of earlier uploads."""
        if self._delivery.is_shared and not self._key and not self._is_open:
            return Step.ASK_OTHERS
        self._note_state(test_execution=self._key)
        if self._is_open:
            return Step.SEE if self._state.made else Step.LOOK_BACK
        if self._key:
            return Step.FILL
        if not (self._delivery.fill_after and self._can_make):
            return Step.CREATE
        # The filling request contains everything, so the results are sent once.
        self._is_plain, self._resent = True, False
        return Step.MAKE

    def ask_others(self) -> Step:
        """
        Search for a Test Execution of another job that merged the same parts.

        Search once: this machine has sent no request whose answer could be lost.
        """
        self._elsewhere = looks.made_elsewhere(self._xray, self._delivery)
        self._key = self._elsewhere[0] if self._elsewhere else ""
        self._note_state(test_execution=self._key)
        if self._key:
            return Step.FILL
        self._resent = not self._can_make
        return Step.MAKE if self._can_make else Step.CREATE

    def look_back(self) -> Step:
        """Search for the Test Execution of an earlier upload without an answer."""
        age = self._watch.age(self._state.asked)
        if self._find_labelled(looks.remaining_pauses(self._pauses.looks, age)):
            return Step.FILL
        return self._when_it_has_ended()

    def create(self) -> Step:
        """Send the request that creates the Test Execution; nothing is in doubt yet."""
        # The latest possible time, in case this process is killed.
        left = min(self._deadline.left, self._pauses.in_progress)
        self._note_asked(is_empty=False, sent=time.time() + left)
        try:
            self._made = post(self._xray.import_results, self._delivery.create)
        except AmbiguousError as error:
            sent, skew = self._watch.note(), self._watch.skew
            return self._note_lost(error, sent=sent, skew=skew, answered=error.answered)
        except DeliveryError as error:
            self._state = replace(self._state, sent=0.0)
            if self._is_relaxed(error):
                shared = self._delivery.is_shared
                return Step.ASK_OTHERS if shared else Step.CREATE
            with contextlib.suppress(RunDirectoryError):
                self._note_state()
            raise
        return Step.NOTE_KEY

    def make(self) -> Step:
        """
        Create an empty Test Execution.

        If the server refuses this, CREATE remains.
        """
        self._note_asked(is_empty=True)
        info = self._delivery.info or {}
        try:
            key = post(self._xray.make_execution, info)
        except AmbiguousError as error:
            self._empty_asked = self._state.asked
            return self._note_lost(error)
        except RefusedError as error:
            if self._is_relaxed(error):
                return Step.MAKE
            self._can_make = False
            return self._when_it_has_ended()
        self._note_for_good(key, made=key)
        if self._is_plain:
            self._key = key
            return Step.FILL
        return Step.SEE

    def look_up(self) -> Step:
        """Search for the Test Execution of the request whose answer was lost."""
        if self._find_labelled(self._pauses.looks):
            return Step.FILL
        if self._posts == ATTEMPTS:
            raise self.still_ambiguous(self._lost)
        return self._when_it_has_ended()

    def see(self) -> Step:
        """
        Wait until the search shows the empty one; fill the oldest, as every job does.

        Raises AmbiguousError if the search does not show it yet, and may still show
        another one later.
        """
        mine, asked = self._state.made, self._state.asked
        age = self._watch.age(asked)
        if self._find_labelled(looks.remaining_pauses(self._pauses.looks, age), mine):
            return Step.FILL
        if self._watch.age(asked) <= self._pauses.settled:
            msg = f"{mine} was created, but Jira's search does not find it yet"
            raise self.still_ambiguous(AmbiguousError(msg))
        self._key = mine
        return Step.FILL

    def note_key(self) -> Step | ImportAnswer:
        """
        Note the key of the created Test Execution.

        Another job may have created one at the same time, if ``fill`` cannot contain
        everything; the second search only finds it for a notice.
        """
        key = self._made.key
        self._note_for_good(key, test_execution=key, sent=0.0)
        if self._delivery.is_shared:
            try:
                others = looks.made_elsewhere(self._xray, self._delivery)
            except DeliveryError:
                others = ()
            found = tuple(each for each in others if each != key)
            self._made = replace(self._made, found=found)
        return Step.FILL_REST if self._delivery.fill_after else self._made

    def fill_rest(self) -> Step | ImportAnswer:
        """
        Send the results again, with the fields that only this request can contain.

        The results have arrived already, so a failure is only noted.
        """
        fill = self._delivery.fill
        if fill is None:
            return self._made
        try:
            rest = post(self._xray.import_results, fill(self._made.key))
        except XrayBridgeError as error:
            if self._is_relaxed(error):
                return Step.FILL_REST
            return replace(self._made, unset=str(error))
        return combine_answers(self._made, rest)

    def fill(self) -> Step | ImportAnswer:
        """
        Send the results into an existing Test Execution.

        Raises AmbiguousError for a Test Execution that was found by its label, if the
        results cannot be sent into it. A noted key means that Xray has the results.
        """
        if self._delivery.fill is None:
            if self._is_known:
                return ImportAnswer(key=self._key)
            msg = f"it created {self._key}, and this run cannot be sent into it again"
            raise self.still_ambiguous(AmbiguousError(msg))
        self._note_state(test_execution=self._key)
        try:
            filled = post(self._xray.import_results, self._delivery.fill(self._key))
        except RefusedError as error:
            if self._is_relaxed(error):
                return Step.FILL
            raise
        return replace(filled, resent=self._resent, found=self._elsewhere)

    @property
    def is_in_doubt(self) -> bool:
        """Whether results were sent that may or may not have arrived."""
        return bool(self._state.sent)

    def _when_it_has_ended(self) -> Step:
        """
        Create another one, once the earlier request can no longer create anything.

        Raises AmbiguousError if the deadline comes first.
        """
        sent, pauses = self._state.sent, self._pauses
        if not sent:
            return Step.MAKE if self._can_make else self._when_empty_ones_are_there()
        if self._can_make and self._state.answered:
            return Step.MAKE
        end = pauses.in_progress if self._can_make else pauses.settled
        age = self._watch.age(sent, self._state.skew)
        if age < end:
            if end - age >= self._deadline.left:
                raise self.still_ambiguous(self._lost, wait=end - age)
            if self._find_labelled(looks.pauses_until(end, age)):
                return Step.FILL
        if self._watch.age(sent, self._state.skew) >= pauses.settled:
            self._state = replace(self._state, sent=0.0)
        return Step.MAKE if self._can_make else self._when_empty_ones_are_there()

    def _when_empty_ones_are_there(self) -> Step:
        """
        Create one with results, once no older empty one can still appear.

        A later search would fill the oldest one, and the results would be there twice.
        Raises AmbiguousError if the deadline comes first.
        """
        asked, end = self._empty_asked, self._pauses.settled
        age = self._watch.age(asked) if asked else end
        if age < end:
            if end - age >= self._deadline.left:
                self._note_state(asked=asked, is_empty=True)
                raise self.still_ambiguous(self._lost, wait=end - age)
            if self._find_labelled(looks.pauses_until(end, age)):
                return Step.FILL
        return Step.CREATE

    def _is_relaxed(self, error: XrayBridgeError) -> bool:
        """Leave out refused fields that the user did not set; note the mark."""
        if not isinstance(error, RefusedError):
            return False
        relaxed = self._delivery.relax(error)
        if relaxed is None:
            return False
        self._delivery = relaxed
        self._note_state(mark=relaxed.mark)
        return True

    def _note_state(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._directory.state = self._state

    def _note_asked(self, *, is_empty: bool, **changes: Any) -> None:
        """Note that a request that creates a Test Execution is about to be sent."""
        self._posts += 1
        asked = self._watch.note()
        if not is_empty:
            changes |= {"skew": self._watch.skew, "answered": False}
        self._note_state(asked=asked, is_empty=is_empty, made="", **changes)

    def _note_lost(self, error: AmbiguousError, **changes: Any) -> Step:
        """Note that the answer was lost, for the upload that continues from here."""
        self._lost, self._is_plain = error, False
        # Without the note, the next upload assumes it is in progress, and waits longer.
        with contextlib.suppress(RunDirectoryError):
            self._note_state(**changes)
        return Step.LOOK_UP

    def _note_for_good(self, key: str, **changes: Any) -> None:
        """Note a key; raise AmbiguousError if that fails: a search can find it."""
        try:
            self._note_state(**changes)
        except RunDirectoryError as error:
            msg = f"Xray has created {key}, but {error.message}"
            raise self.still_ambiguous(AmbiguousError(msg)) from None

    def _find_labelled(self, pauses: tuple[float, ...], until: str = "") -> bool:
        """
        Search for the run's label until there is a match, or the key ``until``.

        Raises AmbiguousError if the search fails: then only a person can look.
        """
        found: list[str] = []
        try:
            for pause in pauses:
                self._deadline.pause(pause, "until Jira's search knows new issues")
                found = looks.find_labelled(self._xray, self._delivery)
                if until in found or (found and not until):
                    break
        except (DeliveryError, AmbiguousError) as error:
            raise self.still_ambiguous(error) from None
        in_order = looks.oldest_first(found)
        self._key = in_order[0] if in_order else ""
        if len(in_order) > 1:
            self._elsewhere = in_order
        return bool(in_order)

    def still_ambiguous(
        self, error: XrayBridgeError, *, wait: float = 0.0
    ) -> AmbiguousError:
        """Return the error for results that may have arrived, with a hint."""
        return looks.describe_doubt(self._delivery, error, wait)


STEPS: Mapping[Step, Callable[[_Work], Step | ImportAnswer]] = {
    Step.BEGIN: _Work.begin,
    Step.ASK_OTHERS: _Work.ask_others,
    Step.LOOK_BACK: _Work.look_back,
    Step.CREATE: _Work.create,
    Step.MAKE: _Work.make,
    Step.LOOK_UP: _Work.look_up,
    Step.SEE: _Work.see,
    Step.NOTE_KEY: _Work.note_key,
    Step.FILL_REST: _Work.fill_rest,
    Step.FILL: _Work.fill,
}
