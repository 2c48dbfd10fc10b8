"""
Makes one record of the reports of each test.

With xdist, reports of different tests come interleaved, and a crashed worker sends one
with ``when="???"`` and no teardown. So the reports of a test are kept until it is
complete, and no longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_xray_bridge import outcomes, wire
from xray_bridge.model.results import Outcome
from xray_bridge.recording.guard import OURSELVES
from xray_bridge.runs.aggregate import attempt_lines


if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_xray_bridge.crash_notes import CrashNotes
    from xray_bridge.runs.codec import Line

RERUN = "rerun"
PHASES = frozenset({"setup", "call", "teardown"})
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
    ``evidence`` is theirs: it shows the failure.
    """

    phases: list[pytest.TestReport] = field(default_factory=list)
    is_rerun: bool = False
    known: Line | None = None
    attempts: list[str] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)


class Recorder:
    """
    Gives each finished test to ``record``, once; ``count`` is their number.

    ``grouped``: xdist distributes by group, and before pytest 9.2 appends the group's
    name to node ids. ``captures``: whose captured output is recorded.
    """

    def __init__(
        self,
        record: Callable[[Line], None],
        now: Callable[[], float],
        *,
        notes: CrashNotes,
        grouped: bool = False,
        captures: str = "none",
    ) -> None:
        self.count = 0
        self.notes = notes
        self._record = record
        self._now = now
        self._grouped = grouped
        self._captures = CAPTURES[captures]
        self._open: dict[object, _OpenTest] = {}
        self._crashed: list[_OpenTest] = []
        # After a crash the next attempt runs in another worker.
        self._elsewhere: dict[str, _OpenTest] = {}
        # Each is printed once, with the first test that had it.
        self.faults: dict[str, str] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take one report."""
        # dist=each runs a test once on each worker.
        identity = (report.nodeid, getattr(report, "node", None))
        if report.when == "setup":
            # The session goes on, so Ctrl-C was not the reason of the crash.
            self._finish_crashed()
        test = self._open.get(identity)
        if test is None:
            test = self._elsewhere.pop(report.nodeid, None) or _OpenTest()
            self._open[identity] = test
        if test.is_rerun and report.when != "teardown":
            # rerunfailures 14 sends no teardown after an attempt that is rerun.
            # (A setup does not begin an attempt: 16 sends reports of subtests
            # before it.)
            self._end_attempt(test)
        test.phases.append(report)
        if report.outcome == RERUN:
            test.is_rerun = True
        if known := wire.unpack(report) or self._read_crash_note(report, test):
            # Steps come with the call, all else with the setup.
            test.known = {**(test.known or {}), **known}
        for fault in wire.unpack_faults(report):
            self.faults.setdefault(fault, report.nodeid)
        if report.when == "teardown" or report.when not in PHASES:
            self._finish(identity, test)

    def _read_crash_note(
        self, report: pytest.TestReport, test: _OpenTest
    ) -> Line | None:
        """The line of a test whose setup killed its worker."""
        if report.when in PHASES or test.known is not None:
            return None
        return self.notes.read(report)

    def _finish(self, identity: tuple[str, object], test: _OpenTest) -> None:
        if test.is_rerun:
            is_crash = test.phases[-1].when not in PHASES
            self._end_attempt(test)
            if is_crash:
                self._elsewhere[identity[0]] = self._open.pop(identity)
            return
        del self._open[identity]
        if test.phases[-1].when in PHASES:
            self._record_test(test)
        else:
            # After Ctrl-C the end of a worker looks like a crash; only the end of the
            # session shows which it was.
            self._crashed.append(test)

    def _finish_crashed(self) -> None:
        for test in self._crashed:
            self._record_test(test)
        self._crashed.clear()

    def _record_test(self, test: _OpenTest) -> None:
        try:
            line = self._full_line(test)
        except wire.FAULTS as error:
            # Without this result its Test could stay green.
            fault = wire.describe_fault(OURSELVES, error)
            self.faults.setdefault(fault, test.phases[0].nodeid)
            line = {**self._basic_line(test), **(test.known or {})}
        if line["outcome"] != Outcome.NOT_RUN.value:
            self.count += 1
            self._record(line)

    def _end_attempt(self, test: _OpenTest) -> None:
        test.attempts.append(outcomes.first_line(test.phases))
        test.evidence += (test.known or {}).get("evidence", ())
        test.phases, test.known, test.is_rerun = [], None, False

    def close(self, *, interrupted: bool) -> None:
        """
        Finish open tests: those that crashed, and those without a teardown.

        A test whose worker died when the session was interrupted has no outcome.
        """
        if not interrupted:
            self._finish_crashed()
        for test in self._open.values():
            # Without a teardown only a failure is certain.
            if outcomes.of_test(test.phases) is Outcome.FAILED:
                self._record_test(test)
        self._open.clear()
        self._crashed.clear()

    def _basic_line(self, test: _OpenTest) -> Line:
        """The fields that need no texts of the reports."""
        first, last = test.phases[0], test.phases[-1]
        classname, name = _address(self._nodeid(first))
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
            parts = [outcomes.message(phases, decided), *attempt_lines(test.attempts)]
            if text := "\n".join(part for part in parts if part):
                line["message"] = text
        if parts_of_test := outcomes.iterations_of(phases):
            line["iterations"] = parts_of_test
        if decided in self._captures and (captured := outcomes.output(phases)):
            line["output"] = captured
        if test.evidence:
            line["evidence"] = [*test.evidence, *line.get("evidence", ())]
        return line

    def _nodeid(self, report: pytest.TestReport) -> str:
        head, at, group = report.nodeid.rpartition("@")
        is_group = self._grouped and at and not any(c in group for c in "]/:")
        return head if is_group else report.nodeid


def _address(nodeid: str) -> tuple[str, str]:
    """
    Class name and name as pytest's own JUnit report has them.

    ``tests/test_a.py::TestB::test_c[x::y]``: ``tests.test_a.TestB``,
    ``test_c[x::y]``.
    """
    path, bracket, parameters = nodeid.partition("[")
    names = path.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    return ".".join(names[:-1]), f"{names[-1]}{bracket}{parameters}"
