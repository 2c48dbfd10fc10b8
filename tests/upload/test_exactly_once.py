"""One run's report to the server, exactly once."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from tests.builders import a_run, recorded
from xray_bridge.client.http import Deadline
from xray_bridge.client.import_answer import ImportAnswer
from xray_bridge.client.import_requests import CustomFields
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.request import Request
from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    DeliveryError,
    RefusedError,
    RunDirectoryError,
    UnreachableError,
    XrayBridgeError,
)
from xray_bridge.model.receipt import Refused
from xray_bridge.runs import json_files, marks, run_directory
from xray_bridge.runs.run_directory import RunDirectory, State
from xray_bridge.upload import exactly_once
from xray_bridge.upload.shipment import Delivery
from xray_bridge.upload.step import ATTEMPTS


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.client.jira import Project

LABEL = "xray-bridge-run"
CREATE = Request(method="POST", path="/import/multipart")
INFO = {"fields": {"summary": "empty at first"}}

PAUSES = Pauses(looks=(0.0, 0.0, 0.0), in_progress=0.0, settled=0.0)

# What becomes of a POST: the server does it or not, and the answer comes or not.
TAKEN = "taken"
LOST = "done, but the answer is lost"
DROPPED = "not done, and no answer"
FAILED = "done, and then a 500"
NOT_DONE = "a 500, and not done"
REFUSED = "refused"
UNREACHABLE = "unreachable"
PROBLEMS = {
    LOST: AmbiguousError("no answer"),
    DROPPED: AmbiguousError("no answer"),
    FAILED: AmbiguousError("HTTP 500", answered=True),
    NOT_DONE: AmbiguousError("HTTP 500", answered=True),
    REFUSED: RefusedError("no", status=400),
    UNREACHABLE: UnreachableError("nobody there"),
}


class KilledError(BaseException):
    """The process ends here."""


def nothing() -> None:
    """Be no place to be killed at."""


@dataclass
class FakeXray:
    """
    Keeps Test Executions and what was put into them.

    ``script`` is what becomes of each POST of results, ``makings`` of each that makes
    one without, ``made`` of them; then all are taken. ``lag`` is how
    many searches find nothing yet. ``search`` is an error of each search.
    """

    script: list[str] = field(default_factory=list)
    lag: int = 0
    search: XrayBridgeError | None = None
    tick: Callable[[], None] = nothing
    executions: dict[str, int] = field(default_factory=dict)
    searches: int = 0
    makings: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    made: int = 0
    skew: float | None = None

    def import_results(self, request: Request) -> ImportAnswer:
        """Make a Test Execution, or fill one."""
        self.tick()
        fate = self.script.pop(0) if self.script else TAKEN
        key = dict(request.query).get("testExecKey", "")
        if fate in {TAKEN, LOST, FAILED}:
            key = key or f"CALC-{len(self.executions) + 1}"
            self.executions[key] = self.executions.get(key, 0) + 1
        self.tick()
        if fate != TAKEN:
            raise PROBLEMS[fate]
        return ImportAnswer(key=key)

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """Make one without Test Runs."""
        assert info == INFO

        self.tick()
        self.made += 1
        fate = self.makings.pop(0) if self.makings else TAKEN
        key = f"CALC-{len(self.executions) + 1}"
        if fate in {TAKEN, LOST, FAILED}:
            self.executions[key] = 0
        self.tick()
        if fate != TAKEN:
            raise PROBLEMS[fate]
        return key

    def executions_labelled(self, label: str) -> list[str]:
        """All there are: each has the run's label."""
        assert label == LABEL

        self.searches += 1
        if self.search is not None:
            raise self.search
        if self.searches <= self.lag:
            return []
        return list(self.executions)

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """The same, where the label had to be put elsewhere."""
        self.looks.append(field)
        return self.executions_labelled(label)

    def log_in(self) -> str:
        """Not needed here."""
        raise NotImplementedError

    def custom_fields(self) -> CustomFields:
        """Not needed here."""
        raise NotImplementedError

    def project(self, key: str) -> Project | None:
        """Not needed here."""
        raise NotImplementedError(key)

    def has_issue(self, key: str, kind: str) -> bool:
        """Not needed here."""
        raise NotImplementedError(key, kind)

    def current_key(self, key: str) -> str:
        """Not needed here."""
        raise NotImplementedError(key)

    def statuses(self) -> frozenset[str] | None:
        """Not needed here."""
        raise NotImplementedError

    def export(self, request: Request, into: BinaryIO) -> None:
        """Not needed here."""
        raise NotImplementedError(request, into)


def filling(key: str) -> Request:
    """The request that fills a Test Execution."""
    query = (("testExecKey", key),)
    return Request(method="POST", path="/import", query=query, repeatable=True)


def a_delivery(*, key: str = "", fill_after: bool = False) -> Delivery:
    """A delivery."""
    return Delivery(
        label=LABEL, create=CREATE, fill=filling, fill_after=fill_after, key=key
    )


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """A sealed run."""
    return recorded(tmp_path, a_run())


def send(
    xray: FakeXray,
    directory: RunDirectory,
    delivery: Delivery | None = None,
    pauses: Pauses = PAUSES,
) -> ImportAnswer:
    """Deliver, within a minute."""
    delivery = delivery or a_delivery()
    return exactly_once.deliver(delivery, xray, directory, Deadline(60), pauses)


def send_as_publish_does(xray: FakeXray, directory: RunDirectory) -> str:
    """Deliver, and note an error in the state; its exit code's name, or the key."""
    try:
        return send(xray, directory).key
    except XrayBridgeError as error:
        ended = run_directory.FAILED
        if isinstance(error, AmbiguousError):
            ended = run_directory.AMBIGUOUS
        directory.state = replace(directory.state, state=ended)
        return ended


def test_new_execution(directory: RunDirectory) -> None:
    """One POST, and its key is noted."""
    xray = FakeXray()

    imported = send(xray, directory)

    assert (imported.key, xray.executions) == ("CALC-1", {"CALC-1": 1})
    assert directory.state.test_execution == "CALC-1"
    assert xray.searches == 0


def test_existing_execution_is_filled(directory: RunDirectory) -> None:
    """No new one is made."""
    xray = FakeXray(executions={"CALC-7": 0})

    imported = send(xray, directory, a_delivery(key="CALC-7"))

    assert (imported.key, xray.executions) == ("CALC-7", {"CALC-7": 1})


def test_what_create_cannot_carry_is_filled_in(directory: RunDirectory) -> None:
    """The same results go to the new key."""
    xray = FakeXray()

    send(xray, directory, a_delivery(fill_after=True))

    assert xray.executions == {"CALC-1": 2}


def made_first() -> Delivery:
    """A delivery that needs ``fill``, which can contain everything."""
    return replace(a_delivery(fill_after=True), info=INFO)


def test_results_go_out_once_where_filling_says_all(directory: RunDirectory) -> None:
    """An empty one is made and filled; nobody has to look for it."""
    xray = FakeXray()

    imported = send(xray, directory, made_first())

    assert (imported.key, imported.resent) == ("CALC-1", False)
    assert (xray.executions, xray.made, xray.searches) == ({"CALC-1": 1}, 1, 0)
    assert directory.state.test_execution == "CALC-1"


@pytest.mark.parametrize("fate", [LOST, DROPPED, NOT_DONE])
def test_an_empty_one_whose_answer_is_lost(directory: RunDirectory, fate: str) -> None:
    """A search finds it, and the results are there once."""
    xray = FakeXray(makings=[fate])

    imported = send(xray, directory, made_first())

    assert [number for number in xray.executions.values() if number] == [1]
    assert xray.executions[imported.key] == 1
    assert xray.searches


def test_an_empty_one_that_is_refused(directory: RunDirectory) -> None:
    """Then the results make it, and go out twice."""
    xray = FakeXray(makings=[REFUSED])

    imported = send(xray, directory, made_first())

    assert (imported.key, xray.executions) == ("CALC-1", {"CALC-1": 2})


def test_state_is_noted_before_the_request(directory: RunDirectory) -> None:
    """A process that is killed while it sends has said that it sends."""
    seen: list[str] = []
    xray = FakeXray(tick=lambda: seen.append(directory.state.state))

    send(xray, directory)

    assert set(seen) == {run_directory.SENDING}
    assert directory.state.attempts == 1


def test_attempts_are_counted(directory: RunDirectory) -> None:
    """Each delivery is one attempt, however many requests it takes."""
    xray = FakeXray(script=[DROPPED, REFUSED])
    send_as_publish_does(xray, directory)

    send_as_publish_does(xray, directory)

    assert directory.state.attempts == 2


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_lost_answer_is_found_by_its_label(directory: RunDirectory, lag: int) -> None:
    """A created Test Execution is filled again, not created twice; a search may lag."""
    xray = FakeXray(script=[LOST], lag=lag)

    imported = send(xray, directory)

    assert (imported.key, imported.found) == ("CALC-1", ())
    assert xray.executions == {"CALC-1": 2}


def test_nothing_found_is_posted_again(directory: RunDirectory) -> None:
    """The first POST did not get through."""
    xray = FakeXray(script=[DROPPED])

    imported = send(xray, directory)

    assert (imported.key, xray.executions) == ("CALC-1", {"CALC-1": 1})
    assert xray.searches == len(PAUSES.looks)


def test_nothing_found_ever(directory: RunDirectory) -> None:
    """After three attempts the upload is ambiguous."""
    xray = FakeXray(script=[DROPPED] * 9)

    with pytest.raises(AmbiguousError):
        send(xray, directory)

    assert len(xray.script) == 9 - 3
    assert xray.executions == {}


def test_found_after_the_last_attempt(directory: RunDirectory) -> None:
    """The last lost answer is as good as the first."""
    xray = FakeXray(script=[DROPPED] * (ATTEMPTS - 1) + [LOST])

    imported = send(xray, directory)

    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 2}


SEARCHES: list[XrayBridgeError] = [
    RefusedError("no permission", status=403),
    UnreachableError("nobody there"),
    BusyError("later"),
    AmbiguousError("HTTP 500"),
]


@pytest.mark.parametrize("error", SEARCHES, ids=lambda e: type(e).__name__)
def test_search_that_fails_leaves_it_open(
    directory: RunDirectory, error: XrayBridgeError
) -> None:
    """Then only a person can tell, and nothing is posted again."""
    xray = FakeXray(script=[LOST], search=error)

    with pytest.raises(AmbiguousError) as caught:
        send(xray, directory)

    assert xray.executions == {"CALC-1": 1}
    assert LABEL in caught.value.hint


def test_no_time_to_look(directory: RunDirectory) -> None:
    """Looks that the deadline does not allow leave it open."""
    xray = FakeXray(script=[LOST])

    with pytest.raises(AmbiguousError, match="may have reached Xray"):
        send(xray, directory, pauses=Pauses(looks=(600.0,)))

    assert xray.executions == {"CALC-1": 1}


@pytest.mark.parametrize("fate", [REFUSED, UNREACHABLE])
def test_clear_no_is_passed_on(directory: RunDirectory, fate: str) -> None:
    """Nothing was made, nothing is looked for."""
    xray = FakeXray(script=[fate])

    with pytest.raises(DeliveryError):
        send(xray, directory)

    assert (xray.executions, xray.searches) == ({}, 0)


@pytest.mark.parametrize("state", [run_directory.SENDING, run_directory.AMBIGUOUS])
def test_earlier_attempt_is_looked_for_first(
    directory: RunDirectory, state: str
) -> None:
    """A resend of what may have arrived does not post before it has looked."""
    directory.state = State(state=state, attempts=1)
    xray = FakeXray(executions={"CALC-1": 1})

    imported = send(xray, directory)

    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 2}


@pytest.mark.parametrize("age", [0, 3600])
def test_old_attempt_that_is_not_found(directory: RunDirectory, age: int) -> None:
    """Then it is posted; after an hour one look is enough."""
    pauses = Pauses(looks=(0.0, 0.1, 0.1), in_progress=0.0, settled=0.0)
    directory.state = State(state=run_directory.AMBIGUOUS, attempts=1)
    path = directory.path / "state.json"
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    xray = FakeXray()

    send(xray, directory, pauses=pauses)

    assert xray.executions == {"CALC-1": 1}
    assert xray.searches == (1 if age else len(PAUSES.looks))


def test_known_key_is_filled_by_a_resend(directory: RunDirectory) -> None:
    """An earlier attempt got as far as the key."""
    directory.state = State(
        state=run_directory.FAILED, test_execution="CALC-5", attempts=1
    )
    xray = FakeXray(executions={"CALC-5": 1})

    send(xray, directory)

    assert xray.executions == {"CALC-5": 2}
    assert xray.searches == 0


def test_fill_that_fails_keeps_the_key(directory: RunDirectory) -> None:
    """The results are there; the next attempt fills the same Test Execution."""
    xray = FakeXray(script=[TAKEN, REFUSED])
    assert "no" in send(xray, directory, a_delivery(fill_after=True)).unset
    directory.state = replace(directory.state, state=run_directory.FAILED)

    send(xray, directory, a_delivery(fill_after=True))

    assert xray.executions == {"CALC-1": 2}


def test_doubt_outlives_a_clear_no(directory: RunDirectory) -> None:
    """
    A lost answer, a search that lags, then no connection: still ambiguous.

    The last failure does not mean that the first request did not arrive.
    """
    xray = FakeXray(script=[FAILED], makings=[UNREACHABLE], lag=len(PAUSES.looks))

    with pytest.raises(AmbiguousError, match="nobody there"):
        send(xray, directory, quick())
    again = send(xray, directory, quick())

    assert again.key == "CALC-1"
    assert xray.executions == {"CALC-1": 2}


FATES = list(itertools.product([LOST, DROPPED, REFUSED, UNREACHABLE], repeat=3))


@pytest.mark.parametrize("script", FATES, ids=" then ".join)
def test_one_execution_whatever_happens(
    directory: RunDirectory, script: tuple[str, ...]
) -> None:
    """Sent again until it is delivered, there is one Test Execution."""
    xray = FakeXray(script=list(script))

    for _ in range(len(script) + 1):
        ended = send_as_publish_does(xray, directory)
        if ended not in {run_directory.FAILED, run_directory.AMBIGUOUS}:
            break

    assert list(xray.executions) == ["CALC-1"]
    assert directory.state.test_execution == "CALC-1"


class Killer:
    """Ends the process at its n-th step; a step is a write or half a request."""

    def __init__(self, at: int) -> None:
        self.steps = itertools.count()
        self.at = at

    def __call__(self) -> None:
        """Take a step."""
        if next(self.steps) == self.at:
            raise KilledError


def kill_at(killer: Killer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the writing of states two steps: before it, and after it."""
    original: property = vars(RunDirectory)["state"]
    write = original.fset
    assert write is not None

    def noted(self: RunDirectory, state: State) -> None:
        killer()
        write(self, state)
        killer()

    monkeypatch.setattr(RunDirectory, "state", property(original.fget, noted))


STEPS = range(14)


@pytest.mark.parametrize(
    "delivery",
    [a_delivery(), a_delivery(fill_after=True), made_first()],
    ids=["", "and fill", "made first"],
)
@pytest.mark.parametrize("script", [[], [LOST], [DROPPED]], ids=str)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.fault("G08")
def test_killed_at_any_step(
    directory: RunDirectory,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    script: list[str],
    delivery: Delivery,
) -> None:
    """Whatever was cut off, a second delivery ends with one Test Execution."""
    killer = Killer(step)
    xray = FakeXray(script=list(script), tick=killer)
    with monkeypatch.context() as patched:
        kill_at(killer, patched)
        try:
            send(xray, directory, delivery)
        except (KilledError, AmbiguousError):
            xray.script.clear()
    xray.tick = nothing

    imported = send(xray, directory, delivery)

    assert list(xray.executions) == ["CALC-1"]
    assert imported.key == directory.state.test_execution == "CALC-1"


def test_every_step_was_a_place_to_be_killed_at(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The range of steps above covers the longest way."""
    counting = Killer(at=-1)
    kill_at(counting, monkeypatch)
    xray = FakeXray(script=[LOST], tick=counting)

    send(xray, directory, a_delivery(fill_after=True))

    assert next(counting.steps) <= len(STEPS)


FIRST = ImportAnswer(
    key="CALC-1",
    id="7",
    accepted=("CALC-11", "CALC-12"),
    refused=(Refused(key="CALC-13", message="no"), Refused(key="CALC-14", message="?")),
)
SECOND = ImportAnswer(
    key="CALC-1",
    accepted=("CALC-11", "CALC-14"),
    refused=(
        Refused(key="CALC-12", message="no"),
        Refused(key="CALC-13", message="no"),
    ),
)


class TalkativeXray(FakeXray):
    """Answers as the constants above say."""

    def import_results(self, request: Request) -> ImportAnswer:
        """The first answer, or the second."""
        super().import_results(request)
        return SECOND if request.query else FIRST


def test_second_answer_does_not_hide_the_first(directory: RunDirectory) -> None:
    """A Test that one answer accepts is accepted; else it is refused once."""
    imported = send(TalkativeXray(), directory, a_delivery(fill_after=True))

    assert imported.accepted == ("CALC-11", "CALC-12", "CALC-14")
    assert imported.refused == (Refused(key="CALC-13", message="no"),)
    assert (imported.id, imported.resent) == ("7", False)


def test_answer_that_does_not_list_what_it_took(directory: RunDirectory) -> None:
    """Two of them say no more than one."""
    imported = send(FakeXray(), directory, a_delivery(fill_after=True))

    assert imported.accepted is None


def test_lost_answer_is_noted(directory: RunDirectory) -> None:
    """The second answer may be to less than what went out first."""
    assert send(FakeXray(script=[LOST]), directory).resent


def no_fill(*, key: str = "") -> Delivery:
    """A delivery that can be sent only once."""
    return replace(a_delivery(key=key, fill_after=True), fill=None)


def test_what_cannot_be_filled_is_sent_once(directory: RunDirectory) -> None:
    """The first answer is all there is."""
    xray = FakeXray()

    imported = send(xray, directory, no_fill())

    assert (imported.key, xray.executions) == ("CALC-1", {"CALC-1": 1})


def test_noted_key_of_what_cannot_be_filled(directory: RunDirectory) -> None:
    """It is noted only after the results were taken."""
    xray = FakeXray(executions={"CALC-5": 1})

    imported = send(xray, directory, no_fill(key="CALC-5"))

    assert (imported.key, xray.executions) == ("CALC-5", {"CALC-5": 1})


def test_lost_answer_to_what_cannot_be_filled(directory: RunDirectory) -> None:
    """It is ambiguous, now and at each resend, and nothing is created twice."""
    xray = FakeXray(script=[LOST])

    for _ in range(2):
        with pytest.raises(AmbiguousError, match="it created CALC-1"):
            send(xray, directory, no_fill())

    assert xray.executions == {"CALC-1": 1}


def shared(**changes: Any) -> Delivery:
    """A delivery that other jobs may have sent, too."""
    return replace(a_delivery(), is_shared=True, **changes)


def test_shared_run_is_looked_for_before_it_is_sent(directory: RunDirectory) -> None:
    """Another job has made it: the same one is filled again."""
    xray = FakeXray(executions={"CALC-1": 1})

    imported = send(xray, directory, shared())

    assert (imported.key, imported.found) == ("CALC-1", ("CALC-1",))
    assert xray.executions == {"CALC-1": 2}


def test_shared_run_that_nobody_has_sent(directory: RunDirectory) -> None:
    """Made as any other; one look before, and one after."""
    xray = FakeXray()

    imported = send(xray, directory, shared())

    assert (imported.key, imported.found) == ("CALC-1", ())
    assert (xray.executions, xray.searches) == ({"CALC-1": 1}, 2)


def test_shared_run_in_several_test_executions(directory: RunDirectory) -> None:
    """The first one is filled, whatever the order in which Jira finds them."""
    executions = {"CALC-12": 1, "CALC-9": 1}
    xray = FakeXray(executions=executions)

    imported = send(xray, directory, shared())

    assert (imported.key, imported.found) == ("CALC-9", ("CALC-9", "CALC-12"))
    assert xray.executions == {**executions, "CALC-9": 2}


@pytest.mark.parametrize("fill_after", [False, True], ids=["", "and fill"])
def test_shared_run_side_by_side(directory: RunDirectory, *, fill_after: bool) -> None:
    """Both looked before any of them sent: nobody can help that, but it is said."""
    xray = FakeXray(lag=1, executions={"CALC-8": 1})

    imported = send(xray, directory, shared(fill_after=fill_after))

    assert (imported.key, imported.found) == ("CALC-2", ("CALC-8",))


@pytest.mark.parametrize("error", SEARCHES, ids=lambda e: type(e).__name__)
def test_shared_run_that_cannot_be_looked_for(
    directory: RunDirectory, error: XrayBridgeError
) -> None:
    """Nothing is sent, and nothing is in doubt."""
    xray = FakeXray(search=error)
    before = directory.state

    with pytest.raises(DeliveryError, match="unknown whether another job") as caught:
        send(xray, directory, shared())

    assert "give --test-execution with its Test Execution" in caught.value.hint
    assert (xray.executions, directory.state) == ({}, before)


def test_shared_run_goes_into_a_test_execution_that_is_named(
    directory: RunDirectory,
) -> None:
    """There is nothing to look for."""
    xray = FakeXray(search=RefusedError("no", status=403))

    imported = send(xray, directory, replace(shared(), key="CALC-7"))

    assert (imported.key, xray.searches) == ("CALC-7", 0)


def test_last_look_does_not_undo_what_was_delivered(directory: RunDirectory) -> None:
    """A search that fails by then is nobody's trouble."""
    xray = FakeXray()

    def fail_from_now_on() -> None:
        xray.search = RefusedError("no", status=403)

    xray.tick = fail_from_now_on

    assert send(xray, directory, shared()).key == "CALC-1"


def test_found_but_not_to_be_filled(directory: RunDirectory) -> None:
    """A delivery without ``fill`` is not created twice."""
    xray = FakeXray(executions={"CALC-1": 1})

    with pytest.raises(AmbiguousError, match="it created CALC-1"):
        send(xray, directory, shared(fill=None))

    assert xray.executions == {"CALC-1": 1}


@pytest.mark.parametrize("step", STEPS)
def test_shared_run_killed_at_any_step(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Here or on another machine, a second delivery ends with one Test Execution."""
    killer = Killer(step)
    xray = FakeXray(tick=killer)
    with monkeypatch.context() as patched:
        kill_at(killer, patched)
        with contextlib.suppress(KilledError):
            send(xray, directory, shared())
    xray.tick = nothing
    if step % 2:
        directory.state = State(state=run_directory.SEALED)

    imported = send(xray, directory, shared())

    assert list(xray.executions) == [imported.key] == ["CALC-1"]


def quick(**changes: Any) -> Delivery:
    """A delivery that can create an empty Test Execution first."""
    return replace(a_delivery(), info=INFO, **changes)


def test_doubt_leads_to_an_empty_one(directory: RunDirectory) -> None:
    """The results go out once more, to a key that is known."""
    xray = FakeXray(script=[DROPPED])

    imported = send(xray, directory, quick())

    assert (imported.key, xray.executions) == ("CALC-1", {"CALC-1": 1})
    assert (xray.made, imported.resent) == (1, True)


def test_lag_beyond_all_looks_doubles_nothing(directory: RunDirectory) -> None:
    """The empty one is found after what was made before it, which is filled."""
    xray = FakeXray(script=[LOST], lag=len(PAUSES.looks))

    imported = send(xray, directory, quick())

    assert xray.executions == {"CALC-1": 2, "CALC-2": 0}
    assert (imported.key, imported.found) == ("CALC-1", ("CALC-1", "CALC-2"))


def test_empty_one_that_is_not_found_is_not_filled(directory: RunDirectory) -> None:
    """An older one may still be found; a later resend searches again."""
    xray = FakeXray(script=[FAILED], lag=len(PAUSES.looks) + 1)
    pauses = Pauses(looks=(0.0,) * 3)

    with pytest.raises(AmbiguousError, match="CALC-2 was created, but Jira's search"):
        send(xray, directory, quick(), pauses)
    noted = directory.state
    imported = send(xray, directory, quick(), pauses)

    assert (noted.made, noted.test_execution) == ("CALC-2", "")
    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 2, "CALC-2": 0}


def test_empty_one_that_is_never_found_is_filled_in_the_end(
    directory: RunDirectory,
) -> None:
    """By then every search has caught up."""
    xray = FakeXray(executions={"CALC-1": 0}, lag=99)
    directory.state = State(
        state=run_directory.AMBIGUOUS, asked=1.0, is_empty=True, made="CALC-1"
    )

    assert send(xray, directory, quick()).key == "CALC-1"
    assert xray.executions == {"CALC-1": 1}


@pytest.mark.parametrize("answered", [True, False])
def test_resend_may_do_what_the_session_may(
    directory: RunDirectory, *, answered: bool
) -> None:
    """After an answer of the server itself it makes another, and else not yet."""
    then = time.time() - 4
    directory.state = State(
        state=run_directory.AMBIGUOUS, asked=then, sent=then, answered=answered
    )
    xray = FakeXray()
    pauses = Pauses(looks=(0.0, 0.0))

    if answered:
        send(xray, directory, quick(), pauses)
    else:
        with pytest.raises(AmbiguousError, match="may still be in progress"):
            send(xray, directory, quick(), pauses)

    assert xray.made == answered


@pytest.mark.parametrize("fate", [LOST, DROPPED])
def test_dropped_connection_is_not_posted_again_for_now(
    directory: RunDirectory, fate: str
) -> None:
    """However soon it was dropped: the server may be at it for minutes."""
    xray = FakeXray(script=[fate], lag=99)

    for _ in range(3):
        with pytest.raises(AmbiguousError, match="resend it in 5 minutes"):
            send(xray, directory, quick(), Pauses(looks=(0.0,)))

    assert (xray.made, sum(xray.executions.values())) == (0, fate == LOST)


def test_dropped_connection_is_waited_for_where_there_is_time(
    directory: RunDirectory,
) -> None:
    """Looks go on until the import has ended for sure; then it is sent again."""
    xray = FakeXray(script=[DROPPED])
    pauses = Pauses(looks=(0.0,), in_progress=0.6, settled=0.6)

    imported = send(xray, directory, quick(), pauses)

    assert xray.executions == {imported.key: 1}
    assert xray.searches > 3


def test_import_that_ends_late_is_found_while_we_wait(directory: RunDirectory) -> None:
    """A gateway gave up, and the server did not."""
    xray = FakeXray(script=[LOST], lag=3)
    pauses = Pauses(looks=(0.0,), in_progress=1.0)

    imported = send(xray, directory, quick(), pauses)

    assert (imported.key, xray.made) == ("CALC-1", 0)
    assert xray.executions == {"CALC-1": 2}


def test_doubt_stays_until_the_search_cannot_be_behind(directory: RunDirectory) -> None:
    """The empty one is made before that, and its failure does not end the doubt."""
    xray = FakeXray(script=[DROPPED], makings=[DROPPED, DROPPED])
    pauses = Pauses(looks=(0.0,), in_progress=0.05, settled=300.0)

    with pytest.raises(AmbiguousError):
        send(xray, directory, quick(), pauses)

    assert xray.made == 2
    assert directory.state.sent > 0


@pytest.mark.parametrize("ahead", [3600.0, 1e7])
@pytest.mark.fault("J01")
def test_clock_that_is_set_forward_has_not_waited(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """The server's clock tells how long ago it was; no import is posted beside one."""
    xray = FakeXray(script=[DROPPED], skew=7.0)
    with pytest.raises(AmbiguousError):
        send(xray, directory, quick(), Pauses(looks=(0.0,)))
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + ahead)
    xray.skew = 7.0 - ahead

    with pytest.raises(AmbiguousError):
        send(xray, directory, quick(), Pauses(looks=(0.0,)))

    assert (xray.made, xray.executions) == (0, {})


@pytest.mark.fault("J02")
def test_clock_that_is_set_back_waits_no_longer_than_once(
    directory: RunDirectory,
) -> None:
    """A moment in the future is one five minutes from now at most."""
    future = time.time() + 1e7
    directory.state = State(state=run_directory.AMBIGUOUS, asked=future, sent=future)
    pauses = Pauses(looks=(0.0,), in_progress=0.05, settled=0.05)
    xray = FakeXray()

    assert send(xray, directory, quick(), pauses).key == "CALC-1"


def test_disk_that_fails_in_doubt_leaves_the_doubt(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed note does not mean that nothing was sent."""
    xray = FakeXray(script=[FAILED], lag=99)
    write = json_files.write_json

    def fail(path: Path, content: Mapping[str, Any]) -> None:
        if content.get("is_empty"):
            raise RunDirectoryError(f"{path} cannot be written")
        write(path, content)

    monkeypatch.setattr(json_files, "write_json", fail)

    with pytest.raises(AmbiguousError, match="cannot be written"):
        send(xray, directory, quick())


def test_refusal_settles_what_was_noted_before_it(directory: RunDirectory) -> None:
    """The next upload need not look for what was surely not made."""
    xray = FakeXray(script=[REFUSED])
    first = send_as_publish_does(xray, directory)

    second = send_as_publish_does(xray, directory)

    assert (first, second) == (run_directory.FAILED, "CALC-1")
    assert xray.searches == 0


def test_refused_filling_of_what_was_found_is_no_refusal(
    directory: RunDirectory,
) -> None:
    """The Test Execution that was found may have all results."""
    xray = FakeXray(script=[LOST, REFUSED])

    with pytest.raises(AmbiguousError, match="may have reached Xray: no"):
        send(xray, directory, quick())

    assert directory.state.test_execution == "CALC-1"


@pytest.mark.parametrize("fate", [LOST, DROPPED])
def test_lost_answer_about_an_empty_one(directory: RunDirectory, fate: str) -> None:
    """Found, or made again: it has no results that could be there twice."""
    xray = FakeXray(script=[DROPPED], makings=[fate])

    imported = send(xray, directory, quick())

    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 1}


def test_server_that_makes_no_empty_one(directory: RunDirectory) -> None:
    """There is still the first way."""
    xray = FakeXray(script=[DROPPED], makings=[REFUSED])

    send(xray, directory, quick())

    assert (xray.executions, xray.made) == ({"CALC-1": 1}, 1)


def test_no_results_beside_an_empty_one_that_is_older(directory: RunDirectory) -> None:
    """Whoever looks later fills the oldest; so it is waited for, and filled."""
    xray = FakeXray(lag=4, makings=[LOST, REFUSED])
    pauses = replace(PAUSES, settled=0.05)

    imported = send(xray, directory, quick(is_shared=True), pauses)

    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 1}


def test_empty_one_that_was_never_made(directory: RunDirectory) -> None:
    """After the wait the results go out, into one Test Execution."""
    xray = FakeXray(makings=[DROPPED, REFUSED])
    pauses = replace(PAUSES, settled=0.05)

    imported = send(xray, directory, quick(is_shared=True), pauses)

    assert imported.key == "CALC-1"
    assert xray.executions == {"CALC-1": 1}


def test_no_time_to_wait_for_an_empty_one(directory: RunDirectory) -> None:
    """Nothing goes out beside it, now or by a resend that comes too early."""
    asked: list[float] = []
    xray = FakeXray(
        lag=9,
        makings=[LOST, REFUSED, REFUSED],
        tick=lambda: asked.append(time.time()),
    )
    pauses = replace(PAUSES, settled=300.0)
    shared = quick(is_shared=True)
    for _ in range(2):
        with pytest.raises(AmbiguousError) as caught:
            send(xray, directory, shared, pauses)
        directory.state = replace(directory.state, state=run_directory.AMBIGUOUS)
        assert "resend it in 5 minutes" in str(caught.value.hint)
        assert xray.executions == {"CALC-1": 0}
        # The wait does not begin anew with each try.
        assert directory.state.asked <= asked[0]
    xray.lag = 0

    assert send(xray, directory, shared, pauses).key == "CALC-1"
    assert xray.executions == {"CALC-1": 1}


def test_empty_one_cannot_be_made_for_now(directory: RunDirectory) -> None:
    """Results of an earlier request are still in doubt."""
    xray = FakeXray(script=[NOT_DONE], makings=[UNREACHABLE])

    with pytest.raises(AmbiguousError, match="nobody there"):
        send(xray, directory, quick())


def test_shared_run_is_made_empty_by_every_job(directory: RunDirectory) -> None:
    """Side by side, each finds all that are older: one wins, with all results."""
    xray = FakeXray(lag=1, executions={"CALC-1": 1})

    imported = send(xray, directory, quick(is_shared=True))

    assert (imported.key, imported.resent) == ("CALC-1", False)
    assert xray.executions == {"CALC-1": 2, "CALC-2": 0}


class UnexpectedError(Exception):
    """Nobody thought of it."""


def test_whatever_is_raised_is_doubt(directory: RunDirectory) -> None:
    """An error of ours in reading an answer says nothing of what was sent."""
    xray = FakeXray()

    def fail() -> None:
        raise UnexpectedError

    xray.tick = fail
    with pytest.raises(AmbiguousError, match="UnexpectedError"):
        send(xray, directory, quick(), Pauses(looks=(0.0,)))

    assert directory.state.state == run_directory.SENDING
    assert xray.made == 0


def test_key_that_cannot_be_noted(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are there; what is on disk still leads to them."""
    xray = FakeXray()
    write = json_files.write_json

    def fail(path: Path, content: Mapping[str, Any]) -> None:
        if content.get("test_execution"):
            msg = f"{path} cannot be written: No space left on device"
            raise RunDirectoryError(msg)
        write(path, content)

    monkeypatch.setattr(json_files, "write_json", fail)
    with pytest.raises(AmbiguousError, match=r"CALC-1, but .*No space left"):
        send(xray, directory, quick())
    monkeypatch.undo()
    send(xray, directory, quick())

    assert xray.executions == {"CALC-1": 2}


@pytest.mark.parametrize("script", [[], [LOST], [DROPPED]], ids=str)
@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("step", range(24))
def test_killed_at_any_step_of_the_second_way(
    directory: RunDirectory,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    script: list[str],
    *,
    is_shared: bool,
) -> None:
    """Results are in one Test Execution, whatever was cut off; others are empty."""
    killer = Killer(step)
    xray = FakeXray(script=list(script), tick=killer)
    delivery = quick(is_shared=is_shared)
    with monkeypatch.context() as patched:
        kill_at(killer, patched)
        try:
            send(xray, directory, delivery)
        except (KilledError, AmbiguousError):
            xray.script.clear()
    xray.tick = nothing

    imported = send(xray, directory, delivery)

    filled = [key for key, number in xray.executions.items() if number]
    assert filled == [imported.key] == [directory.state.test_execution]


def relaxed(_: RefusedError) -> Delivery:
    """The same, with its label in the description, and nothing more to leave out."""
    return quick(mark=marks.DESCRIPTION)


RELAXING = quick(relax=relaxed)


def test_label_that_the_screen_refuses(directory: RunDirectory) -> None:
    """It is sent again without, and where the label stands now is noted."""
    xray = FakeXray([REFUSED])

    assert send(xray, directory, RELAXING).key == "CALC-1"
    assert directory.state.mark == marks.DESCRIPTION
    assert xray.executions == {"CALC-1": 1}


def test_lost_answer_is_found_where_the_label_stands(directory: RunDirectory) -> None:
    """The labels are not asked for a label that is in the description."""
    xray = FakeXray([REFUSED, LOST])

    found = send(xray, directory, RELAXING)

    assert found.key == "CALC-1"
    assert xray.looks == [marks.DESCRIPTION]
    assert xray.executions == {"CALC-1": 2}


def test_shared_run_looks_again_where_the_label_stands(directory: RunDirectory) -> None:
    """Another job, whose label was refused as well, has put it there, too."""
    xray = FakeXray([REFUSED])
    elsewhere = replace(a_delivery(), is_shared=True, mark=marks.DESCRIPTION)
    shared = replace(a_delivery(), is_shared=True, relax=lambda _: elsewhere)

    send(xray, directory, shared)

    assert xray.looks[:1] == [marks.DESCRIPTION]


def test_refusal_that_nothing_can_be_left_out_for(directory: RunDirectory) -> None:
    """It is a refusal after one more request."""
    xray = FakeXray([REFUSED, REFUSED])

    with pytest.raises(RefusedError):
        send(xray, directory, RELAXING)

    assert not xray.executions


def test_empty_one_whose_label_the_screen_refuses(directory: RunDirectory) -> None:
    """It is made without, as the one with results is."""
    xray = FakeXray([NOT_DONE], makings=[REFUSED])

    send(xray, directory, RELAXING)

    assert xray.made == 2
    assert directory.state.mark == marks.DESCRIPTION
    assert xray.executions == {"CALC-1": 1}


def test_what_is_filled_in_later_without_what_is_refused(
    directory: RunDirectory,
) -> None:
    """The second request is repeated without it, and is no failure then."""
    xray = FakeXray([TAKEN, REFUSED])

    imported = send(xray, directory, replace(RELAXING, fill_after=True, info=None))

    assert (imported.key, imported.unset) == ("CALC-1", "")
    assert xray.executions == {"CALC-1": 2}
    assert directory.state.mark == marks.DESCRIPTION


def test_what_cannot_be_filled_in_later(directory: RunDirectory) -> None:
    """Without a way to fill one, the first answer is all there is."""
    xray = FakeXray()

    imported = send(xray, directory, replace(no_fill(), fill_after=True))

    assert imported == ImportAnswer(key="CALC-1")
    assert xray.executions == {"CALC-1": 1}


def test_attempt_is_counted_before_it_looks(directory: RunDirectory) -> None:
    """A search that fails leaves a state that says so."""
    directory.state = State(state=run_directory.AMBIGUOUS, asked=1.0, attempts=1)

    with pytest.raises(AmbiguousError):
        send(FakeXray(search=RefusedError("no", status=403)), directory)

    assert directory.state.attempts == 2
    assert directory.state.state == run_directory.SENDING


def test_refusal_after_a_doubt_about_an_empty_one(directory: RunDirectory) -> None:
    """No results went out before: nothing of them is in doubt."""
    directory.state = State(state=run_directory.AMBIGUOUS, asked=1.0, is_empty=True)

    with pytest.raises(UnreachableError):
        send(FakeXray(makings=[UNREACHABLE]), directory, quick())


def test_doubt_ends_with_the_wait(directory: RunDirectory) -> None:
    """After the last search, the earlier request is no longer in doubt."""
    directory.state = State(state=run_directory.AMBIGUOUS, asked=1.0, sent=1.0)

    with pytest.raises(UnreachableError):
        send(FakeXray(makings=[UNREACHABLE]), directory, quick())


@pytest.mark.parametrize(("is_empty", "answered"), [(True, True), (False, False)])
def test_answer_of_the_server_counts_until_results_go_out_again(
    directory: RunDirectory, *, is_empty: bool, answered: bool
) -> None:
    """A process that is killed then must not take an old answer for a new one."""
    directory.state = State(
        state=run_directory.AMBIGUOUS, asked=1.0, sent=1.0, answered=True
    )
    seen: list[State] = []
    xray = FakeXray(tick=lambda: seen.append(directory.state))

    send(xray, directory, quick() if is_empty else a_delivery())

    assert (seen[0].is_empty, seen[0].answered) == (is_empty, answered)
