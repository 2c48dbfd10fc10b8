"""
A real browser, for the pages that people look at.

Needs Playwright for Python, axe-playwright-python and a Chromium; ``nox -s browser``
installs the packages. Without them, these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Opener = Callable[..., Any]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# A browser in a closed network asks nobody for updates. Containers run as root.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return the program of an installed browser."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A running browser, for all tests of this process."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Opener]:
    """
    Open an address in a new window; keywords are those of ``Browser.new_context``.

    A test fails if the page reports an error, or if it shows a dialog.
    """
    contexts, problems = [], []

    def open_one(url: str, **options: Any) -> Any:
        given = {"viewport": {"width": 1200, "height": 900}, **options}
        context = browser.new_context(**given)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda told: problems.append(told.text))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []
