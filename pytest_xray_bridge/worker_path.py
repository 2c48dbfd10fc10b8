"""
Send the lines of tests from a worker of xdist, on the reports that it sends anyway.

A report becomes a dict, and the dict is sent. There are three for each test, so most of
them are left as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import bdd, wire
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.report_packer import ReportPacker
from pytest_xray_bridge.straight_path import has_report_hooks, run_by_others
from pytest_xray_bridge.wire import PlainReports


if TYPE_CHECKING:
    from pytest_xray_bridge.annotator import Annotator

# The package whose worker this process is, which runs the tests.
XDIST = "xdist"


@guard_hooks
class WorkerPath:
    """
    Puts the line of a test on its reports, and makes all reports sendable.

    Where other plugins take part in running tests, the packer puts it there.
    """

    NAME = "xray-bridge-worker-path"

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._is_open = False
        # Hooks of users that get each report, with the fixtures of the test.
        self._has_hooks = False
        self._plain = PlainReports()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open, unless the tests need the packer; all plugins are known now."""
        config = session.config
        if bdd.is_any_scenario(session.items) or run_by_others(config, XDIST):
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

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Put the line of the test on its report, before xdist sends it."""
        annotator = self._annotator
        item = annotator.item
        if not self._is_open or item is None or annotator.nodeid != report.nodeid:
            return
        is_silent = report.outcome == "passed" and annotator.is_silent(report)
        if is_silent and annotator.is_plain and not self._has_hooks:
            annotator.pack_silent(report)
        else:
            annotator.pack_report(item, report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_to_serializable(
        self, config: pytest.Config, report: pytest.TestReport
    ) -> dict[str, Any] | None:
        """
        Make a report sendable, after all other plugins.

        One ``record_property("path", tmp_path)`` would end the whole session, and
        so would a lone surrogate in an assertion's text.
        """
        if self._annotator.is_told(report) and self._plain.is_plain(report):
            return None
        name = "pytest_report_to_serializable"
        others = config.pluginmanager.subset_hook_caller(name, [self])
        found: dict[str, Any] = wire.to_sendable(others(config=config, report=report))
        if "when" in found:
            self._annotator.add_line(found)
        return found
