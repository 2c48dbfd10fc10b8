"""
Make one record from the reports of each test.

With xdist, reports of different tests come interleaved, and a crashed worker sends one
with ``when="???"`` and no teardown. So the recorder keeps the reports of a test only
until the test is complete.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from pytest_xray_bridge import outcomes, wire
from pytest_xray_bridge.faults import FAULTS, describe_fault
from pytest_xray_bridge.options import RERUNS
from xray_bridge.dataclass import dataclass
from xray_bridge.model.results import Outcome
from xray_bridge.recording.guard import OURSELVES
from xray_bridge.runs.aggregate import attempt_lines
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from pytest_xray_bridge.crash_notes import CrashNotes
    from pytest_xray_bridge.wire import WireLine
    from xray_bridge.runs.codec import Line

PHASES = frozenset({"setup", "call", "teardown"})
# The fields that are the same for all attempts at a test.
OF_THE_TEST = (
    "classname",
    "name",
    "test_keys",
    "summary",
    "description",
    "labels",
    "requirements",
    "parameters",
    "scenario",
    "no_test",
    "ignored",
)
# By the setting ``captures``: outcomes whose captured output is recorded.
CAPTURES = {
    "none": frozenset[Outcome](),
    "failed": frozenset({Outcome.FAILED}),
    "all": frozenset(Outcome),
}


@dataclass(slots=True)
class _OpenTest:
    """
    A test that has begun.

    ``attempts`` has a line for each attempt that was rerun, with its failure;
    ``evidence`` is the evidence of these attempts. ``earlier`` is the line of the last
    of them, ``failure`` the failure of an attempt that will be rerun.
    """

    phases: list[pytest.TestReport] = field(default_factory=list)
    known: WireLine | None = None
    attempts: list[str] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    earlier: WireLine | None = None
    failure: str | None = None


class Recorder:
    """
    Gives each finished test to ``record``, once; ``count`` is their number.

    ``captures`` says for which outcomes captured output is recorded. ``reruns`` are
    the outcomes of repeated attempts. ``finished`` are tests that have a result, or
    that get none. ``ignored`` counts those that users have left out.
    """

    def __init__(
        self,
        record: Callable[[Line], None],
        now: Callable[[], float],
        *,
        notes: CrashNotes,
        captures: str = "none",
        reruns: frozenset[str] = RERUNS,
    ) -> None:
        self.count = 0
        self.ignored = 0
        self.finished: set[tuple[str, object]] = set()
        self._positions: dict[str, int] = {}
        self.notes = notes
        self._record = record
        self._now = now
        self._reruns = reruns
        self._captures = CAPTURES[captures]
        self._open: dict[object, _OpenTest] = {}
        self._crashed: list[_OpenTest] = []
        # After a crash the next attempt runs in another worker.
        self._elsewhere: dict[str, _OpenTest] = {}
        # Each fault is printed once, with the first test that had it.
        self.faults: dict[str, str] = {}

    def note_order(self, nodeids: Iterable[str]) -> None:
        """Note the order of the tests in the code; reports may have another one."""
        self._positions = {each: at for at, each in enumerate(nodeids, start=1)}

    def position_of(self, nodeid: str) -> int:
        """Return the position of a test in the code, from 1; 0 if it is unknown."""
        return self._positions.get(nodeid, 0)

    def note_recorded(self, identity: tuple[str, object]) -> None:
        """Note a test whose line was recorded elsewhere: node id and worker."""
        self.count += 1
        self.finished.add(identity)

    def note_setup(self, identity: tuple[str, object]) -> bool:
        """Note that a test or an attempt at it begins; return whether it is new."""
        # The session continues, so Ctrl-C did not cause the crash.
        self._finish_crashed()
        return self.is_new(identity)

    def is_new(self, identity: tuple[str, object]) -> bool:
        """Whether no attempt at a test waits for the next one."""
        return identity not in self._open and identity[0] not in self._elsewhere

    def add(self, report: pytest.TestReport) -> None:
        """Take one report."""
        # dist=each runs a test once on each worker.
        identity = (report.nodeid, getattr(report, "node", None))
        if report.when == "setup":
            self.note_setup(identity)
        test = self._open.get(identity)
        if test is None:
            test = self._elsewhere.pop(report.nodeid, None) or _OpenTest()
            self._open[identity] = test
        if test.failure is not None and report.when != "teardown":
            # rerunfailures 14 sends no teardown after an attempt that is rerun.
            # (A setup does not begin an attempt: 16 sends reports of subtests
            # before it, and pytest-retry sends no second setup.)
            self._end_attempt(test)
        test.phases.append(report)
        if known := wire.unpack(report):
            # Steps come with the call, all else with the setup.
            test.known = {**(test.known or {}), **known}
        for fault in wire.unpack_faults(report):
            self.faults.setdefault(fault, report.nodeid)
        if report.outcome in self._reruns:
            # Now: pytest-retry reuses this report for the last attempt.
            test.failure = outcomes.first_line(test.phases)
        if report.when == "teardown" or report.when not in PHASES:
            self._finish(identity, test)

    def _finish(self, identity: tuple[str, object], test: _OpenTest) -> None:
        if test.failure is not None:
            is_crash = test.phases[-1].when not in PHASES
            self._end_attempt(test)
            if is_crash:
                self._elsewhere[identity[0]] = self._open.pop(identity)
            return
        del self._open[identity]
        self._complete(test)
        if test.phases[-1].when in PHASES:
            self._record_test(test)
        else:
            # After Ctrl-C the end of a worker looks like a crash; the end of the
            # session shows which of both it was.
            self._crashed.append(test)

    def _complete(self, test: _OpenTest) -> None:
        """Complete the line of a test if the reports of its last attempt have none."""
        known = test.known
        if known is not None and "started" in known:
            return
        line: Any = test.earlier or self.notes.read(test.phases[0])
        if line:
            of_test: Any = {key: line[key] for key in OF_THE_TEST if key in line}
            test.known = {**of_test, **(known or {})}

    def _finish_crashed(self) -> None:
        for test in self._crashed:
            self._record_test(test)
        self._crashed.clear()

    def _record_test(self, test: _OpenTest) -> None:
        first = test.phases[0]
        identity = (first.nodeid, getattr(first, "node", None))
        failed_call = ""
        if test.known:
            failed_call = test.known.pop("failed_call", "")
            if "no_test" in test.known:
                self.ignored += "ignored" in test.known
                self.finished.add(identity)
                return
        try:
            line = self._full_line(test)
        except FAULTS as error:
            # Without this result the Test could stay green in Xray.
            fault = describe_fault(OURSELVES, error)
            self.faults.setdefault(fault, first.nodeid)
            known: Any = test.known or {}
            line = {**self._basic_line(test), **known}
        if line["outcome"] != Outcome.NOT_RUN.value:
            self.count += 1
            self.finished.add(identity)
            self._record(line)
        elif failed_call:
            # The plugin flaky repeats a test without reporting its failed call.
            self._end_attempt(test, failed_call)
            self._elsewhere[first.nodeid] = test

    def _end_attempt(self, test: _OpenTest, failure: str = "") -> None:
        test.attempts.append(test.failure or failure)
        known = test.known or {}
        test.evidence += known.get("evidence", ())
        test.earlier = test.known or test.earlier
        test.phases, test.known, test.failure = [], None, None

    def close(self, *, interrupted: bool) -> None:
        """
        Finish open tests: crashed ones, and those without a teardown.

        A test whose worker died when the session was interrupted has no outcome.
        """
        if not interrupted:
            self._finish_crashed()
        for test in self._open.values():
            # Without a teardown only a failure is certain.
            if outcomes.of_test(test.phases) is Outcome.FAILED:
                self._complete(test)
                self._record_test(test)
        self._open.clear()
        self._crashed.clear()

    def _basic_line(self, test: _OpenTest) -> Line:
        """Make the fields that need no texts of the reports."""
        first, last = test.phases[0], test.phases[-1]
        classname, name = address_of(first.nodeid)
        # Reports of crashed workers have no times.
        started = getattr(first, "start", None) or self._now()
        finished = getattr(last, "stop", None) or started
        decided = outcomes.of_test(test.phases)
        return {
            "classname": classname,
            "name": name,
            "outcome": outcomes.after_reruns(decided, len(test.attempts)).value,
            "started": started,
            "duration": max(0.0, finished - started),
        }

    def _full_line(self, test: _OpenTest) -> Line:
        phases = test.phases
        line = self._basic_line(test)
        decided = Outcome(line["outcome"])
        if test.known:
            line.update(test.known)
        if decided is not Outcome.PASSED:
            parts = [
                outcomes.message_of(phases, decided),
                *attempt_lines(test.attempts),
            ]
            if text := "\n".join(part for part in parts if part):
                line["message"] = text
        if parts_of_test := outcomes.iterations_of(phases):
            line["iterations"] = parts_of_test
        if decided in self._captures and (captured := outcomes.captured_output(phases)):
            line["output"] = captured
        position = self.position_of(phases[0].nodeid)
        if position and "test_keys" in line:
            line["position"] = position
        if test.evidence:
            line["evidence"] = [*test.evidence, *line.get("evidence", ())]
        return line
