"""
Hooks for a project's ``conftest.py`` and for other plugins.

Each hook returns additions and does not change its arguments. All implementations are
called, and their values add up. A hook that raises ends neither the session nor the
upload; the error is printed at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.evidence import EvidenceSource


@pytest.hookspec
def pytest_xray_test_keys(item: pytest.Item) -> Iterable[str] | str | None:
    """
    More keys of Tests that ``item`` is a result of.

    Called before the setup of each test, in the process where it runs. They are
    added to those of its marks or tags::

        def pytest_xray_test_keys(item):
            return KEYS_BY_NAME.get(item.name)
    """


@pytest.hookspec
def pytest_xray_evidence(
    item: pytest.Item, report: pytest.TestReport
) -> Iterable[bytes | str | os.PathLike[str] | EvidenceSource] | None:
    """
    Evidence for a test: paths of files, which are copied now, bytes, or
    ``xray_bridge.EvidenceSource(content, name, media_type)``.

    Called with the report of each phase (``report.when``: setup, call,
    teardown), in the process where the test runs::

        def pytest_xray_evidence(item, report):
            if report.when == "call" and report.failed and "driver" in item.funcargs:
                png = item.funcargs["driver"].get_screenshot_as_png()
                return [EvidenceSource(png, "screen.png", "image/png")]
    """


@pytest.hookspec
def pytest_xray_defects(
    item: pytest.Item, report: pytest.TestReport
) -> Iterable[str] | str | None:
    """
    Keys of issues that explain the result.

    Called as ``pytest_xray_evidence`` is::

        def pytest_xray_defects(item, report):
            if report.failed and "Timeout" in report.longreprtext:
                return "CALC-99"
    """


@pytest.hookspec
def pytest_xray_execution_fields(
    config: pytest.Config,
) -> Mapping[str, object] | None:
    """
    Jira fields of the Test Execution, by id or name as Jira's REST API has them.

    Called once, before the first test, and not in xdist's workers. The
    setting ``execution_fields`` wins over these::

        def pytest_xray_execution_fields(config):
            return {"components": [{"name": "backend"}]}
    """


@pytest.hookspec
def pytest_xray_uploaded(config: pytest.Config, receipt: Receipt) -> None:
    """
    Xray has received the results: ``receipt.test_execution["key"]`` and the rest.

    Called once, at the end of the session, if Xray has accepted the results or a
    part of them, and not in xdist's workers::

        def pytest_xray_uploaded(config, receipt):
            notify(receipt.test_execution["url"], dict(receipt.counts))
    """
