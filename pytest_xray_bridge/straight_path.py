"""
Record tests that passed and have nothing else to say, which are most tests.

Their reports are held until the teardown has passed, and then become one line, without
the steps that other tests need. As soon as a test says more, its reports go to the
recorder, in their order. Where other plugins take part in running tests, the packer
does it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import bdd, wire
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.report_packer import ReportPacker
from pytest_xray_bridge.silent_reports import PHASES, SilentReports
from xray_bridge.model.results import Outcome
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    import pluggy

    from pytest_xray_bridge.annotator import Annotator
    from pytest_xray_bridge.reporter import Reporter
    from xray_bridge.recording.session import Session

# The number of the last report of a test.
LAST = 2
# Packages that take part in running tests and change nothing about their reports.
HARMLESS = frozenset({"_pytest", "pytest_cov", "pytest_timeout", "pytest_xray_bridge"})


@guard_hooks
class StraightPath:
    """
    Records silent tests, and gives the reports of others to the recorder.

    It is open only in the process of the tests. ``annotator`` knows the running test.
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
        self._is_open = False
        self._has_hooks = False
        self._held: list[pytest.TestReport] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open, unless the tests need the packer; all plugins are known now."""
        config = session.config
        if bdd.is_any_scenario(session.items) or run_by_others(config):
            packer = ReportPacker(self._annotator)
            config.pluginmanager.register(packer, ReportPacker.NAME)
        else:
            self._is_open = True
            self._has_hooks = has_report_hooks(config.hook)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """A test begins."""
        if self._is_open:
            self._annotator.begin_test(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        if not self._is_open:
            self._row_orders.note_report(report)
            self._others.take(report)
            return
        held = self._held
        number = len(held)
        is_silent = (
            report.outcome == "passed"
            and report.when == PHASES[number]
            and type(report) is pytest.TestReport
            and "wasxfail" not in report.__dict__
            and not (self._takes_output and report.sections)
        )
        if is_silent and number < LAST and (number or self._may_be_silent(report)):
            held.append(report)
            return
        if is_silent and number == LAST and self._ends_silently(report):
            held.clear()
            self._record(self._annotator.nodeid)
            return
        if held:
            self._held = []
            for each in held:
                self._pass_on(each)
        self._pass_on(report)

    def _may_be_silent(self, report: pytest.TestReport) -> bool:
        """Whether no hook of users gets each report at once, with its fixtures."""
        return not self._has_hooks and self._annotator.is_running(report.nodeid)

    def _ends_silently(self, report: pytest.TestReport) -> bool:
        """Whether the held reports are of the same test, which has said nothing."""
        annotator = self._annotator
        return annotator.is_running(report.nodeid) and annotator.is_silent(report)

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
        if (item := self._annotator.item) and item.nodeid == report.nodeid:
            self._annotator.pack_report(item, report)
        self._recorder.add(report)


def has_report_hooks(hook: pluggy.HookRelay) -> bool:
    """Whether a hook of users gets each report at once, with the test's fixtures."""
    return bool(
        hook.pytest_xray_defects.get_hookimpls()
        or hook.pytest_xray_evidence.get_hookimpls()
    )


def run_by_others(config: pytest.Config, *known: str) -> bool:
    """
    Whether another plugin than the ``known`` ones takes part in running tests.

    It may repeat them, run them in other processes, or keep their reports back.
    """
    harmless = HARMLESS.union(known)
    hook = config.hook
    impls = (
        *hook.pytest_runtest_protocol.get_hookimpls(),
        *hook.pytest_runtestloop.get_hookimpls(),
    )
    return any(_package_of(each.plugin) not in harmless for each in impls)


def _package_of(plugin: object) -> str:
    name = getattr(plugin, "__name__", "") or type(plugin).__module__
    return str(name).partition(".")[0]
