"""The HTML report at the end of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

SUITE = """
    def test_passes(): pass

    def test_fails(): assert 1 == 2
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "workers"])
@pytest.mark.parametrize(
    "purpose",
    [(), ("--xray-collect",), ("--xray-upload", "--xray-sandbox")],
    ids=["alone", "collected", "uploaded"],
)
def test_the_report_is_written(
    project: Project, purpose: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """The page has all results, whether or not they are sent, and is named."""
    project.pytester.makepyfile(SUITE)

    result = project.run("--xray-html", "out/report.html", *purpose, *workers)

    result.stdout.fnmatch_lines(["Note: HTML report: out/report.html"])
    written = (project.pytester.path / "out" / "report.html").read_text("utf-8")
    assert "1 of 2 tests failed" in written
    assert "<span>test_passes</span>" in written


def test_a_report_that_cannot_be_written_costs_nothing(project: Project) -> None:
    """The results are sent, and a note says why there is no page."""
    project.pytester.makepyfile("def test_passes(): pass")
    (project.pytester.path / "file").write_text("")

    result = project.run("--xray-upload", "--xray-sandbox", "--xray-html=file/r.html")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["Test Execution: *", "Note: the HTML report was not written: cannot write *"]
    )
