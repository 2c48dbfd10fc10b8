"""
Send the lines of tests from a worker of xdist, on the reports that it sends anyway.

A report becomes a dict, and the dict is sent. There are three for each test, so most of
them are left as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import wire
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.wire import PlainReports


if TYPE_CHECKING:
    from pytest_xray_bridge.annotator import Annotator


@guard_hooks
class WorkerPath:
    """Puts the line of a test on its reports, and makes all reports sendable."""

    NAME = "xray-bridge-worker-path"

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._plain = PlainReports()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Put the line of the test on its report, before xdist sends it."""
        annotator = self._annotator
        item = annotator.item
        if item is None or annotator.nodeid != report.nodeid:
            return
        is_silent = report.outcome == "passed" and annotator.is_silent(report)
        if not annotator.is_packed(report):
            if is_silent and annotator.is_plain:
                annotator.pack_silent(report)
            else:
                annotator.pack_report(item, report)
        if report.when == "teardown":
            annotator.end_test()

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
