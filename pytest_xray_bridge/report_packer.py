"""
Put the line of a test on its reports as soon as pytest makes them.

Reports may be sent to another process, be kept back, or be made for a test that is
repeated: a worker of xdist, plugins that run tests, and scenarios need this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge.guard import guard_hooks


if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_xray_bridge.annotator import Annotator


@guard_hooks
class ReportPacker:
    """Calls the annotator for each attempt at a test, and for each report."""

    NAME = "xray-bridge-packer"

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test, or another attempt at it, begins."""
        self._annotator.begin_test(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the line of the test on its report, after all other plugins."""
        report = yield
        self._annotator.pack_report(item, report)
        return report
