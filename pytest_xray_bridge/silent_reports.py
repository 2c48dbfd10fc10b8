"""
Record silent tests from reports that came with their lines, from workers or a packer.

Such a test passed, and has nothing but a plain name and keys. Its three reports are
held until the last one has come, and then become one line, without the steps that other
tests need. As soon as a test says more, its reports go to the recorder, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.wire import ATTRIBUTE, FAULTS_OF


if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_xray_bridge.recorder import Recorder
    from xray_bridge.recording.session import Session

# The phases of a test, by the number of its reports before.
PHASES = ("setup", "call", "teardown")
# The lines on these reports, by the names of their fields.
LINES = (({"started"}, {"started", "test_keys"}), (set[str](),), ({"duration"},))
# Attributes of reports with which a test is not silent.
TELLING = frozenset({"wasxfail", FAULTS_OF})


class SilentReports:
    """
    Records silent tests, and gives the reports of others to the recorder.

    With workers, reports of different tests come interleaved.
    """

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self._session = session
        self._recorder = recorder
        self._takes_output = session.settings.captures == "all"
        # By node id and worker: the reports so far.
        self._held: dict[tuple[str, object], list[pytest.TestReport]] = {}

    def take(self, report: pytest.TestReport) -> None:
        """Take one report."""
        found = report.__dict__
        identity = report.nodeid, found.get("node")
        held = self._held.get(identity)
        if not self._is_silent(report, len(held) if held else 0):
            for each in self._held.pop(identity, ()):
                self._recorder.add(each)
            self._recorder.add(report)
        elif held is None:
            self._begin(identity, report)
        elif len(held) == 1:
            held.append(report)
        else:
            del self._held[identity]
            self._record(identity, held[0].__dict__.pop(ATTRIBUTE), report)

    def _is_silent(self, report: pytest.TestReport, number: int) -> bool:
        """Whether the test has said nothing, with this report after others."""
        found = report.__dict__
        return (
            report.outcome == "passed"
            and report.when == PHASES[number]
            and type(report) is pytest.TestReport
            and found.keys().isdisjoint(TELLING)
            and found.get(ATTRIBUTE, {}).keys() in LINES[number]
            and not (self._takes_output and report.sections)
        )

    def _begin(self, identity: tuple[str, object], report: pytest.TestReport) -> None:
        """Hold the first report, unless the recorder knows the test."""
        nodeid = report.nodeid
        is_new = self._recorder.note_setup(identity)
        if is_new and "[" not in nodeid and "::" in nodeid:
            self._held[identity] = [report]
        else:
            self._recorder.add(report)

    def _record(
        self,
        identity: tuple[str, object],
        line: Mapping[str, Any],
        last: pytest.TestReport,
    ) -> None:
        nodeid = last.nodeid
        keys = line.get("test_keys", ())
        position = self._recorder.position_of(nodeid) if keys else 0
        duration = last.__dict__.pop(ATTRIBUTE)["duration"]
        self._session.record_passed(nodeid, keys, line["started"], duration, position)
        self._recorder.note_recorded(identity)
