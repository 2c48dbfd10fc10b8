"""
The claim of the one merge job that sends the parts of a CI run.

A claim is an object with a number, which is written only if there is none with this
number. A claim is never replaced: when its time is up, another job writes the one with
the next number, and so does its holder before it sends. So nobody sends whose claim was
taken over. Times are those of the store's clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xray_bridge.ci import detect
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import ClaimedError, StoreError
from xray_bridge.objects.layout import MERGE, folder_of
from xray_bridge.runs.split import WAYS
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xray_bridge.objects.bucket import Bucket, Entry

T = TypeVar("T")

READING, SENDING = "reading", "sending"
# Seconds of a claim of a job that reads and merges; it claims again after a third.
READS = 300.0
# Seconds after the last request until Jira's search shows all that it has created.
SETTLES = 300.0
# The longest time that a claim from elsewhere may ask for.
LONGEST = 86_400.0
# Pauses between looks at another job's claim.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
# As ``_name`` writes it, so that the number after the last is seen, too.
NUMBERED = re.compile(r"(claim|outcome)-([0-9]{6}|[1-9][0-9]{6,})\.json")
SHOWN = 200
EXIT_CODES = range(256)
# What reading an object that makes no sense may raise.
NO_SENSE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    Who may send: a job, for ``lasts`` seconds from the time of the object's writing.

    ``token`` distinguishes two jobs of the same name.
    """

    token: str
    by: str
    stage: str
    lasts: float


class Sent(NamedTuple):
    """A Test Execution that was sent: its key, its address, its number of Tests."""

    key: str
    url: str
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What the holder of a claim reached: Test Executions, and the parts in them.

    ``is_delivered``: nothing is left to send. ``number`` counts the parts, without
    those that were run again. ``split_by`` is what the parts of each Test Execution
    have in common; empty if there is one for all of them.
    """

    is_delivered: bool
    by: str = ""
    parts: tuple[str, ...] = ()
    number: int = 0
    executions: tuple[Sent, ...] = ()
    exit_code: int = 0
    split_by: str = ""

    @property
    def keys(self) -> str:
        """The keys of the Test Executions, for a message."""
        return " and ".join(each.key for each in self.executions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The last claim of a run with its number and object, and the last outcome."""

    number: int = 0
    claim: Claim | None = None
    written: float = 0.0
    is_over: bool = True
    delivered: Outcome | None = None


class Turn:
    """The turn of this job to merge and send; see ``wait_for_turn``."""

    def __init__(self, merge: Merge, number: int, token: str) -> None:
        self._merge = merge
        self._number = number
        self._token = token
        self._lock = threading.Lock()
        self.stage = READING

    def take(self, stage: str, lasts: float) -> bool:
        """Write the claim with the next number; return whether this job has it."""
        number = self._number + 1
        claim = Claim(token=self._token, by=self._merge.by, stage=stage, lasts=lasts)
        if not self._merge.put_new("claim", number, asdict(claim)):
            return False
        self._number, self.stage = number, stage
        return True

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Claim again and again while the job reads and merges, in a thread."""
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(READS / 3):
                with self._lock, contextlib.suppress(StoreError):
                    if self.stage == SENDING or not self.take(READING, READS):
                        # ``begin_sending`` finds who has taken over.
                        return

        thread = threading.Thread(target=keep, name="claim", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def begin_sending(self, seconds: float) -> None:
        """
        Claim the time to send, which is at most ``seconds``.

        Raises ClaimedError if another job has taken over; then nothing may be sent.
        """
        with self._lock:
            if not self.take(SENDING, seconds + SETTLES):
                raise self._merge.taken_error()

    def end(self, outcome: Outcome) -> None:
        """Write what was reached, which ends the claim. Raises StoreError."""
        self._merge.put_new("outcome", self._number, asdict(outcome))

    def give_up(self) -> None:
        """End the claim of a job that has sent nothing, if the bucket permits it."""
        if self.stage == READING:
            # Else it ends by itself when its time is up.
            with contextlib.suppress(StoreError):
                self.end(Outcome(is_delivered=False, by=self._merge.by))


class Merge:
    """The claims and outcomes of one CI run in a bucket."""

    def __init__(self, bucket: Bucket, run_id: str, by: str = "") -> None:
        self.by = by or describe_job()
        self._bucket = bucket
        self._folder = f"{folder_of(run_id)}/{MERGE}"
        self._token = secrets.token_hex(8)
        # Seconds by which the store's clock is ahead, once it is known.
        self._skew: float | None = None

    def look(self) -> Seen:
        """Read the last claim and outcome. Raises StoreError."""
        found: dict[str, dict[int, Entry]] = {"claim": {}, "outcome": {}}
        for entry in self._bucket.entries(self._folder):
            name = NUMBERED.fullmatch(entry.name.rpartition("/")[2])
            if name:
                found[name[1]][int(name[2])] = entry
        delivered = self._delivered(found["outcome"])
        number = max(found["claim"], default=0)
        if not number:
            return Seen(delivered=delivered)
        return Seen(
            number=number,
            claim=self._read_claim(number),
            written=found["claim"][number].modified,
            is_over=number in found["outcome"],
            delivered=delivered,
        )

    def wait_for_turn(self, parts: frozenset[str], seconds: float) -> Turn | Outcome:
        """
        Claim these parts, or return the outcome of the job that has delivered them.

        Waits while another job has the claim. Raises ClaimedError if it still has it
        after ``seconds``, and StoreError.
        """
        ends = time.monotonic() + seconds
        pause = FIRST_PAUSE
        while True:
            seen = self.look()
            if seen.delivered and parts <= set(seen.delivered.parts):
                return seen.delivered
            if seen.is_over or self._is_dead(seen):
                turn = Turn(self, seen.number, self._token)
                if turn.take(READING, READS):
                    return turn
                continue
            left = ends - time.monotonic()
            if left <= 0:
                raise self._claimed_error(seen)
            time.sleep(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * 2)

    def taken_error(self) -> ClaimedError:
        """Return the error of a job whose claim was taken over."""
        seen = self.look()
        msg = f"the time of this job's claim was up, and {_name(seen)} has taken over"
        return ClaimedError(msg, hint="nothing was sent by this job")

    def put_new(self, kind: str, number: int, content: dict[str, Any]) -> bool:
        """Write a claim or an outcome, unless there is one of this number."""
        text = json.dumps({"version": 1, **content}, indent=1)
        return self._bucket.put_new(self._name(kind, number), text.encode())

    def _name(self, kind: str, number: int) -> str:
        return f"{self._folder}/{kind}-{number:06}.json"

    def _delivered(self, outcomes: dict[int, Entry]) -> Outcome | None:
        for number in sorted(outcomes, reverse=True):
            found = self._read(self._name("outcome", number), _make_outcome)
            if found is not None and found.is_delivered:
                return found
        return None

    def _read_claim(self, number: int) -> Claim | None:
        return self._read(self._name("claim", number), _make_claim)

    def _read(self, name: str, make: Callable[[Any], T]) -> T | None:
        """Read an object that anybody may have written; None if it makes no sense."""
        content = self._bucket.read(name)
        try:
            return make(json.loads(content or b"null"))
        except NO_SENSE:
            return None

    def _is_dead(self, seen: Seen) -> bool:
        lasts = seen.claim.lasts if seen.claim else LONGEST
        return self._now() >= seen.written + lasts

    def _now(self) -> float:
        """Return the time of the store's clock, from an object that it writes now."""
        if self._skew is None:
            name = f"{self._folder}/clock-{self._token}.json"
            before = time.time()
            self._bucket.put_new(name, b"{}")
            entries = self._bucket.entries(self._folder)
            times = [each.modified for each in entries if each.name == name]
            self._skew = times[0] - before if times else 0.0
            # It is small, and nothing reads it.
            with contextlib.suppress(StoreError):
                self._bucket.remove(name)
        return time.time() + self._skew

    def _claimed_error(self, seen: Seen) -> ClaimedError:
        lasts = seen.claim.lasts if seen.claim else LONGEST
        left = max(0.0, seen.written + lasts - self._now())
        free = time.strftime("%H:%M:%S", time.localtime(time.time() + left + 1))
        msg = f"{_name(seen)} has claimed these parts, and has not delivered them yet"
        hint = f"if it ended, type the same command after {free}, or with --deadline"
        return ClaimedError(msg, hint=f"{hint} {left + 60:.0f}")


def describe_job() -> str:
    """Return the name of this job: the address of its build, or machine and process."""
    context = detect.detect(os.environ)
    where = context.build_url or f"{socket.gethostname()}, process {os.getpid()}"
    return f"{context.name} {where}".strip()


def _name(seen: Seen) -> str:
    return seen.claim.by if seen.claim else "another job"


def _make_claim(found: Any) -> Claim:
    lasts = float(found["lasts"])
    if not 0 <= lasts <= LONGEST:
        raise ValueError(lasts)
    return Claim(
        token=str(found["token"]),
        by=one_line(str(found["by"]))[:SHOWN],
        stage=str(found["stage"]),
        lasts=lasts,
    )


def _make_outcome(found: Any) -> Outcome:
    exit_code, split_by = int(found["exit_code"]), found["split_by"]
    if exit_code not in EXIT_CODES or split_by not in ("", *WAYS):
        raise ValueError(exit_code, split_by)
    return Outcome(
        is_delivered=found["is_delivered"] is True,
        by=one_line(str(found["by"]))[:SHOWN],
        parts=tuple(map(str, found["parts"])),
        number=int(found["number"]),
        executions=tuple(
            Sent(one_line(str(key))[:SHOWN], one_line(str(url))[:SHOWN], int(tests))
            for key, url, tests in found["executions"]
        ),
        exit_code=exit_code,
        split_by=split_by,
    )
