"""The HTML report at the end of a behave run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """
Feature: A
  Scenario: works
    Given it works

  Scenario: breaks
    Given it breaks
"""


@pytest.mark.parametrize(
    "purpose",
    [
        (),
        ("-D", "xray_collect=yes"),
        ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes"),
    ],
    ids=["alone", "collected", "uploaded"],
)
def test_the_report_is_written(project: Project, purpose: tuple[str, ...]) -> None:
    """The page has all scenarios, whether or not they are sent, and is named."""
    project.write({"features/a.feature": FEATURE})

    finished = project.report("-D", "xray_html=out/report.html", *purpose)

    assert "Note: HTML report: out/report.html" in finished.section
    written = (project.path / "out" / "report.html").read_text("utf-8")
    assert "1 of 2 tests failed" in written
    assert "<h3>features/a.feature</h3>" in written
