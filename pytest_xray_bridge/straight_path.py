"""
Record tests that passed and have nothing else to say, which are most tests.

Their reports are held until the teardown has passed, and then become one line, without
the steps that other tests need. As soon as a test says more, its reports go to the
recorder, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import wire
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.silent_reports import PHASES, SilentReports
from xray_bridge.model.results import Outcome
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from pytest_xray_bridge.annotator import Annotator
    from pytest_xray_bridge.reporter import Reporter
    from xray_bridge.recording.session import Session

# The number of the last report of a test.
LAST = 2


@guard_hooks
class StraightPath:
    """
    Records silent tests, and gives the reports of others to the recorder.

    ``annotator`` knows the running test. Reports of all others, from xdist's workers or
    from a child process, go another way.
    """

    NAME = "xray-bridge-straight-path"

    def __init__(
        self, annotator: Annotator, session: Session, reporter: Reporter
    ) -> None:
        self._annotator = annotator
        self._session = session
        self._recorder = reporter.recorder
        self._row_orders = reporter.row_orders
        self._others = SilentReports(session, reporter.recorder)
        self._takes_output = session.settings.captures == "all"
        self._held: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        annotator = self._annotator
        if annotator.item is None or annotator.nodeid != report.nodeid:
            self._take_other(report)
            return
        held, found = self._held, report.__dict__
        number = len(held)
        is_silent = (
            report.outcome == "passed"
            and report.when == PHASES[number]
            and type(report) is pytest.TestReport
            and "wasxfail" not in found
            and wire.ATTRIBUTE not in found
            and not found.get("extras")
            and not (self._takes_output and report.sections)
        )
        if is_silent and number < LAST and (number or self._may_be_silent(report)):
            held.append(report)
        elif is_silent and number == LAST and annotator.is_silent(report):
            held.clear()
            self._record(annotator.nodeid)
        else:
            self._pass_on_held()
            self._pass_on(report)

    def _take_other(self, report: pytest.TestReport) -> None:
        """Take a report of another test than the running one."""
        # It may be the last one of the test that is held.
        self._pass_on_held()
        self._row_orders.note_report(report)
        self._others.take(report)

    def _pass_on_held(self) -> None:
        held, self._held = self._held, []
        for each in held:
            self._pass_on(each)

    def _may_be_silent(self, report: pytest.TestReport) -> bool:
        """Whether it is a test, and no earlier attempt at it waits for this one."""
        is_new = self._recorder.is_new((report.nodeid, None))
        return is_new and "no_test" not in self._annotator.line

    def _record(self, nodeid: str) -> None:
        annotator = self._annotator
        began, static = annotator.began, annotator.line
        duration = annotator.clock() - began
        if annotator.is_plain:
            keys = static.get("test_keys", ())
            self._session.record_passed(nodeid, keys, began, duration)
        else:
            classname, name = address_of(nodeid)
            line: Any = {
                "classname": classname,
                "name": name,
                "outcome": Outcome.PASSED.value,
                "started": began,
                "duration": duration,
                **wire.to_line(static),
            }
            self._session.record_line(line)
        annotator.end_test()
        self._recorder.note_recorded((nodeid, None))

    def _pass_on(self, report: pytest.TestReport) -> None:
        """Give a report to the recorder, with the line of its test."""
        annotator = self._annotator
        item = annotator.item if annotator.nodeid == report.nodeid else None
        if item is not None and not annotator.is_packed(report):
            annotator.pack_report(item, report)
        self._recorder.add(report)
        if item is not None and report.when == "teardown":
            annotator.end_test()
