"""
One run's report to the server, exactly once.

Xray has no idempotency key, and multipart always makes a new Test Execution. So
each run carries a unique label; before anything is sent a second time, the label
is looked for. Results sent again to a found Test Execution replace its Test Runs.

Results whose fate is open do not go out again, to whichever key, before the server
has said that it works at them no longer, or five minutes have passed. Then an empty
Test Execution is made first, and filled once Jira's search shows it: what was made
before it is shown by then, too, and the oldest of all is filled.
"""

from __future__ import annotations

import contextlib
import enum
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


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.http import Deadline
    from xray_bridge.client.pauses import Pauses
    from xray_bridge.client.xray import Xray
    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.upload.shipment import Delivery

# Requests that make a Test Execution, before nobody can tell what became of them.
ATTEMPTS = 3


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
    found: Step | ImportAnswer = Step.BEGIN
    while isinstance(found, Step):
        try:
            found = STEPS[found](work)
        except (DeliveryError, RunDirectoryError) as error:
            # What fails last does not say that what was sent first did not arrive.
            if not work.is_in_doubt:
                raise
            raise work.still_ambiguous(error) from None
    return found


class Step(enum.Enum):
    """What a delivery does next."""

    BEGIN = "choose by what is known of earlier uploads"
    ASK_OTHERS = "look whether another machine has made the Test Execution"
    LOOK_BACK = "look whether an earlier upload has made it"
    CREATE = "make it, with its results"
    MAKE = "make it empty, which is quick"
    LOOK_UP = "look whether the request has made it whose answer was lost"
    SEE = "wait until the empty one is found, and with it all that are older"
    NOTE_KEY = "note the key of the one that was made"
    FILL_REST = "fill in what could not be said while it was made"
    FILL = "fill the one that exists"


class _Work:
    """
    One delivery under way: each step returns the next, or the answer that ends it.

    ``key`` is the one to fill, once it is known.
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
        # Nor must a clock that was set back make it a wait of days.
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
        is_open = bool(in_doubt) and not self._key
        self._is_open = is_open
        # An older version notes only when it asked.
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
        # When an empty one was asked for that may still appear, and be the oldest.
        self._empty_asked = asked if is_open and before.is_empty else 0.0
        self._can_make = delivery.info is not None and delivery.fill is not None
        self._lost = AmbiguousError("an earlier request may still be under way")
        self._resent = not self._is_known
        # An empty one is made with nothing in doubt, so nobody has to look for it.
        self._is_plain = False
        self._made = ImportAnswer(key="")
        self._elsewhere: tuple[str, ...] = ()

    def begin(self) -> Step:
        """Choose the first step by what is known of earlier ones."""
        if self._delivery.is_shared and not self._key and not self._is_open:
            return Step.ASK_OTHERS
        self._note(test_execution=self._key)
        if self._is_open:
            return Step.SEE if self._state.made else Step.LOOK_BACK
        if self._key:
            return Step.FILL
        if not (self._delivery.fill_after and self._can_make):
            return Step.CREATE
        # What fills it says all: so the results go out once.
        self._is_plain, self._resent = True, False
        return Step.MAKE

    def ask_others(self) -> Step:
        """
        Another job may have merged the same parts a while ago, or do so just now.

        One look: nothing went out from here whose answer could be lost.
        """
        self._elsewhere = looks.made_elsewhere(self._xray, self._delivery)
        self._key = self._elsewhere[0] if self._elsewhere else ""
        self._note(test_execution=self._key)
        if self._key:
            return Step.FILL
        self._resent = not self._can_make
        return Step.MAKE if self._can_make else Step.CREATE

    def look_back(self) -> Step:
        """Look for what a process has made that lost the answer, or was killed."""
        age = self._watch.age(self._state.asked)
        if self._find(looks.remaining(self._pauses.looks, age)):
            return Step.FILL
        return self._when_it_has_ended()

    def create(self) -> Step:
        """Send the request that makes the Test Execution, with nothing in doubt."""
        # Of all moments the latest, should this process be killed.
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
                self._note()
            raise
        return Step.NOTE_KEY

    def make(self) -> Step:
        """
        Make an empty Test Execution.

        If it cannot be made this way, there is still the other one.
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
        """An empty one that comes late is one too many, and holds nothing twice."""
        if self._find(self._pauses.looks):
            return Step.FILL
        if self._posts == ATTEMPTS:
            raise self.still_ambiguous(self._lost)
        return self._when_it_has_ended()

    def see(self) -> Step:
        """
        The oldest of all, which every job finds.

        Raises AmbiguousError where the search does not show the one that was made,
        and may still show another one later.
        """
        mine, asked = self._state.made, self._state.asked
        age = self._watch.age(asked)
        if self._find(looks.remaining(self._pauses.looks, age), mine):
            return Step.FILL
        if self._watch.age(asked) <= self._pauses.settled:
            msg = f"Jira's search does not show {mine} yet, which was made for it"
            raise self.still_ambiguous(AmbiguousError(msg))
        self._key = mine
        return Step.FILL

    def note_key(self) -> Step | ImportAnswer:
        """
        Other jobs may make one at the same time where ``fill`` cannot say all.

        The second look is to say so, and no more.
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
        Send the results again, with what only this request carries.

        They are there, whatever becomes of it.
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
        Replace the Test Runs of an existing Test Execution.

        Raises AmbiguousError for one that cannot be filled again, where its label
        alone led to it. Its key is noted only after Xray had taken the results.
        """
        if self._delivery.fill is None:
            if self._is_known:
                return ImportAnswer(key=self._key)
            msg = f"it made {self._key}, into which this run cannot be sent again"
            raise self.still_ambiguous(AmbiguousError(msg))
        self._note(test_execution=self._key)
        try:
            filled = post(self._xray.import_results, self._delivery.fill(self._key))
        except RefusedError as error:
            if self._is_relaxed(error):
                return Step.FILL
            raise
        return replace(filled, resent=self._resent, found=self._elsewhere)

    @property
    def is_in_doubt(self) -> bool:
        """Whether results went out of which nobody knows whether they are there."""
        return bool(self._state.sent)

    def _when_it_has_ended(self) -> Step:
        """
        Make another one, once what was sent before makes nothing any more.

        Raises AmbiguousError where that is not so, and the deadline comes sooner.
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
            if self._find(looks.until(end, age)):
                return Step.FILL
        if self._watch.age(sent, self._state.skew) >= pauses.settled:
            self._state = replace(self._state, sent=0.0)
        return Step.MAKE if self._can_make else self._when_empty_ones_are_there()

    def _when_empty_ones_are_there(self) -> Step:
        """
        Make one with its results, once no empty one appears any more that is older.

        Whoever looks afterwards would fill the oldest, and the results would be there
        twice. Raises AmbiguousError where the deadline comes sooner.
        """
        asked, end = self._empty_asked, self._pauses.settled
        age = self._watch.age(asked) if asked else end
        if age < end:
            if end - age >= self._deadline.left:
                self._note(asked=asked, is_empty=True)
                raise self.still_ambiguous(self._lost, wait=end - age)
            if self._find(looks.until(end, age)):
                return Step.FILL
        return Step.CREATE

    def _is_relaxed(self, error: XrayBridgeError) -> bool:
        """Leave out what nobody asked for, and the server refuses; note the mark."""
        if not isinstance(error, RefusedError):
            return False
        relaxed = self._delivery.relax(error)
        if relaxed is None:
            return False
        self._delivery = relaxed
        self._note(mark=relaxed.mark)
        return True

    def _note(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._directory.state = self._state

    def _note_asked(self, *, is_empty: bool, **changes: Any) -> None:
        """Before a request goes out that makes a Test Execution."""
        self._posts += 1
        asked = self._watch.note()
        if not is_empty:
            changes |= {"skew": self._watch.skew, "answered": False}
        self._note(asked=asked, is_empty=is_empty, made="", **changes)

    def _note_lost(self, error: AmbiguousError, **changes: Any) -> Step:
        """After it, where its answer is lost: for whoever takes up from there."""
        self._lost, self._is_plain = error, False
        # Without the note, the next one takes it for under way, and longer so.
        with contextlib.suppress(RunDirectoryError):
            self._note(**changes)
        return Step.LOOK_UP

    def _note_for_good(self, key: str, **changes: Any) -> None:
        """Raise AmbiguousError where a key cannot be noted: the label leads to it."""
        try:
            self._note(**changes)
        except RunDirectoryError as error:
            msg = f"Xray has made {key}, but {error.message}"
            raise self.still_ambiguous(AmbiguousError(msg)) from None

    def _find(self, pauses: tuple[float, ...], until: str = "") -> bool:
        """
        Look for the run's label until there is one, or the one that is named.

        Raises AmbiguousError where the server does not let us look: then only a
        person can tell.
        """
        found: list[str] = []
        try:
            for pause in pauses:
                self._deadline.pause(pause)
                found = looks.marked(self._xray, self._delivery)
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
        """The error in words for a doubt, with what helps to settle it."""
        msg = f"a request may have arrived: {error.message}"
        hint = looks.hint(self._delivery)
        later = f"resend it in {looks.shown(wait)}; " if wait else ""
        return AmbiguousError(msg, hint=f"{later}{hint}")


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
