"""
Compare the report with those of pytest-html and allure 3: size, and time to first view.

Installs them from PyPI and npm in a temporary folder. Needs a Chromium (``CHROMIUM``
names its program) and Node.js. Each runs the same tests, of which one in fifty fails,
and writes one file. The time is that from opening the file until the name of a
test is on the screen, and for ours also that of a filter.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Row, format_rows


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent.parent
PYTEST_HTML = "pytest-html==4.2.0"
ALLURE_PYTEST = "allure-pytest==2.16.2"
ALLURE = "allure@3"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
TESTS = """\
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_{module}(number):
    print("a line of output")
    assert number % 50
"""
MODULES = 20
# Types into the filter; the time until the next frame after the list has changed.
FILTER = """(text) => new Promise((done) => {
  const began = performance.now();
  const frame = (next) => requestAnimationFrame(next);
  const output = document.querySelector("output");
  new MutationObserver(() => {
    frame(() => frame(() => done(performance.now() - began)));
  }).observe(output, { childList: true, characterData: true, subtree: true });
  const field = document.querySelector("#filter").elements.text;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
})"""


@dataclass(frozen=True)
class Page:
    """A report in one file, and where it shows the name of a test."""

    name: str
    path: Path
    selector: str


def write_suite(folder: Path, tests: int) -> None:
    """Write so many tests, in several modules."""
    folder.mkdir()
    for module in range(MODULES):
        text = TESTS.format(tests=tests // MODULES, module=module)
        (folder / f"test_{module}.py").write_text(text, "ascii")


def run(command: list[str], folder: Path, **environ: str) -> None:
    """Run a command, which may end with 1 because tests fail."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")


def make_ours(suite: Path, out: Path) -> Page:
    """Make the report of xray-bridge."""
    path = out / "ours.html"
    flags = ["-q", "-p", "no:randomly", "--xray-collect", "--xray-project=CALC"]
    run([sys.executable, "-m", "pytest", *flags, f"--xray-html={path}"], suite)
    return Page("xray-bridge", path, "#results details[open] li")


def make_pytest_html(suite: Path, out: Path, python: str) -> Page:
    """Make the report of pytest-html."""
    path = out / "pytest-html.html"
    flags = ["-q", f"--html={path}", "--self-contained-html"]
    run([python, "-m", "pytest", *flags], suite)
    return Page(PYTEST_HTML, path, "#results-table tbody tr.collapsible")


def make_allure(suite: Path, out: Path, python: str) -> Page:
    """Make the report of allure 3, in one file."""
    results = out / "allure-results"
    run([python, "-m", "pytest", "-q", f"--alluredir={results}"], suite)
    command = ["npx", "--yes", ALLURE, "awesome", "--single-file"]
    run([*command, "--output", str(out / "allure"), str(results)], out)
    return Page(ALLURE, out / "allure" / "index.html", r"text=/test_0\[/")


def open_pages(browser: Any, page: Page, times: int) -> list[float]:
    """Open a page so often; the seconds until a test is visible."""
    seconds = []
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        opened = context.new_page()
        began = time.perf_counter()
        opened.goto(page.path.as_uri(), wait_until="commit")
        opened.locator(page.selector).first.wait_for(timeout=120_000)
        seconds.append(time.perf_counter() - began)
        context.close()
    return seconds


def filter_ours(browser: Any, page: Page) -> float:
    """Filter our page; the seconds until the shorter list is on the screen."""
    opened = browser.new_page()
    opened.goto(page.path.as_uri())
    milliseconds: float = opened.evaluate(FILTER, "test_7[5")
    opened.close()
    return milliseconds / 1000


def measure(tests: int, times: int) -> Iterator[Row]:
    """Yield the rows of all pages."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as name:
        folder = Path(name)
        write_suite(folder / "suite", tests)
        venv.create(folder / "peers", with_pip=True)
        python = str(folder / "peers" / "bin" / "python")
        run([python, "-m", "pip", "install", "-q", PYTEST_HTML, ALLURE_PYTEST], folder)
        pages = [
            make_ours(folder / "suite", folder),
            make_pytest_html(folder / "suite", folder, python),
            make_allure(folder / "suite", folder, python),
        ]
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
            yield from _rows(pages, lambda page: open_pages(browser, page, times))
            seconds = filter_ours(browser, pages[0])
            yield Row("xray-bridge, filter", seconds, "s", 1.0)
            browser.close()


def _rows(pages: list[Page], look: Callable[[Page], list[float]]) -> Iterator[Row]:
    sizes = [page.path.stat().st_size / 1e6 for page in pages]
    seen = [look(page) for page in pages]
    views = [statistics.median(each) for each in seen]
    for index, page in enumerate(pages):
        spread = (min(seen[index]), max(seen[index]))
        yield Row(f"{page.name}, size", sizes[index], "MB", min(sizes[1:]) / 2)
        view = min(1.0, min(views[1:]) / 2)
        yield Row(f"{page.name}, first view", views[index], "s", view, spread)


def main() -> None:
    """Print the rows; the targets are those of xray-bridge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    print(format_rows(list(measure(given.tests, given.times))))


if __name__ == "__main__":
    main()
