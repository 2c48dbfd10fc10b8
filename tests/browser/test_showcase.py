"""
The report and the sandbox's pages of ``examples/showcase``, in Chromium.

With ``XRAY_SCREENSHOTS=docs/images`` the pictures of the manual are made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.report.write import write_page
from xray_bridge.runs import run_directory
from xray_bridge.runs.sessions import group_runs
from xray_sandbox import running


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Opener = Callable[..., Any]

SHOWCASE = Path(__file__).parents[2] / "examples" / "showcase" / "pytest"
# Three runs of one Test Plan: the pages have a history.
RUNS = (
    ("chrome", "-k", "not flaky and not rows"),
    ("firefox", "-k", "not skipped"),
    ("chrome",),
)
FLAGS = ("--xray-upload", "--xray-sandbox", "--xray-test-plan=CALC-15")
ENVIRONMENT = ("HOME", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
SCREENSHOTS = os.environ.get("XRAY_SCREENSHOTS")
# A picture of the manual is no larger than a screen.
VIEW = {"viewport": {"width": 1100, "height": 760}}
# Less than that is an empty page.
SMALLEST_PICTURE = 20_000


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the showcase has run three times."""
    for needed in ("pytest_rerunfailures", "xdist"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("showcase") / "pytest"
    shutil.copytree(SHOWCASE, folder, ignore=shutil.ignore_patterns(".*", "__*"))
    environ = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    for environment, *more in RUNS:
        command = (sys.executable, "-m", "pytest", "-q", "-n", "2", *FLAGS, *more)
        where = f"--xray-environments={environment}"
        done = subprocess.run(
            (*command, where), cwd=folder, env=environ, capture_output=True, check=False
        )
        assert b"Test Execution: CALC-" in done.stdout, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def report(showcase: Path) -> str:
    """The address of the report of the three runs."""
    runs = group_runs(run_directory.find(showcase / ".xray"))
    path = showcase / "report.html"
    write_page(runs, path)
    return path.as_uri()


@pytest.fixture(scope="module")
def sandbox(showcase: Path) -> Iterator[str]:
    """The address of the sandbox with the results."""
    with running(showcase / ".xray" / "sandbox") as server:
        yield server.url


@pytest.fixture
def take_picture(tmp_path: Path) -> Callable[[Any, str], int]:
    """Take a screenshot, for the manual if it is asked for; its size in bytes."""
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path

    def take(page: Any, name: str) -> int:
        folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(300)
        return len(page.screenshot(path=folder / f"{name}.png"))

    return take


def test_the_report_of_three_runs(
    report: str, open_page: Opener, take_picture: Callable[[Any, str], int]
) -> None:
    """It begins with the verdict, and has the history."""
    page = open_page(report, **VIEW)
    tables = page.locator("details.table summary").all_text_contents()

    assert "failed" in page.locator(".headline").text_content()
    assert page.locator(".trend li").count() == len(RUNS) - 1
    assert any(title.startswith("Test Environments") for title in tables)
    assert any(title.startswith("Test Plan CALC-15") for title in tables)
    assert take_picture(page, "report") > SMALLEST_PICTURE


def test_the_matrix_of_environments(
    report: str, open_page: Opener, take_picture: Callable[[Any, str], int]
) -> None:
    """A column for each environment, a row for each test that did not always pass."""
    page = open_page(report, **VIEW)
    table = page.locator("details.table", has_text="Test Environments")

    table.locator("summary").click()
    table.evaluate("element => element.scrollIntoView()")

    heads = table.locator("th").all_text_contents()
    assert heads == ["Test", "chrome", "firefox"]
    assert table.locator("tbody tr").count() > 1
    assert take_picture(page, "report-environments") > SMALLEST_PICTURE


def test_a_failure_of_the_showcase(
    report: str, open_page: Opener, take_picture: Callable[[Any, str], int]
) -> None:
    """The assertion is shown before the traceback."""
    page = open_page(report, **VIEW)
    result = page.locator("#failed li details", has_text="test_fails").first

    if not result.get_attribute("open"):
        result.locator("summary").first.click()
    result.evaluate("element => element.scrollIntoView({block: 'center'})")

    assert result.locator("pre.failure").first.is_visible()
    assert take_picture(page, "report-failure") > SMALLEST_PICTURE


def test_the_page_of_a_test_execution(
    sandbox: str, open_page: Opener, take_picture: Callable[[Any, str], int]
) -> None:
    """The sandbox shows the same results, one for each Test."""
    start = open_page(sandbox, **VIEW)
    newest = start.locator("a[href*='/browse/']").first
    page = open_page(sandbox + newest.get_attribute("href"), **VIEW)

    assert page.locator(".verdict h1").text_content()
    assert page.locator("#results li").count() > len(RUNS)
    assert take_picture(page, "sandbox-test-execution") > SMALLEST_PICTURE


def test_the_page_of_a_test_plan(sandbox: str, open_page: Opener) -> None:
    """It has the progress, the Tests and the Test Executions."""
    page = open_page(f"{sandbox}/browse/CALC-15", **VIEW)
    text = page.locator("body").text_content()

    assert "Release 3 of the calculator" in text
    assert page.locator("details.table", has_text="Test Executions").count() == 1


def test_the_page_of_a_test(sandbox: str, open_page: Opener) -> None:
    """It has the Test Runs of all Test Executions."""
    page = open_page(f"{sandbox}/browse/CALC-202", **VIEW)
    table = page.locator("details.table", has_text="Test Runs, newest first")

    assert table.locator("tbody tr").count() == len(RUNS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_the_showcase_are_accessible(
    report: str, sandbox: str, open_page: Opener, scheme: str
) -> None:
    """axe-core finds nothing, in light and in dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    pages = (report, sandbox, f"{sandbox}/browse/CALC-15", f"{sandbox}/browse/CALC-1")
    found = {
        url: axe.Axe().run(open_page(url, color_scheme=scheme)).response["violations"]
        for url in pages
    }

    assert {url: [each["id"] for each in bad] for url, bad in found.items()} == {
        url: [] for url in pages
    }
