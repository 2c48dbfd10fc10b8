"""The report, and the page of a Test Execution, in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, a_test, recorded
from xray_bridge.model.results import Outcome, Step
from xray_bridge.report.write import write_page
from xray_bridge.runs.sessions import group_runs


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Opener = Callable[..., Any]

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
LONG = "a_name_without_a_blank_" * 200
FAILURE = f">   assert 1 == 2\nE   assert 1 == 2\nE     - {HOSTILE}\n\ntest.py:3: Error"
VISIBLE = "#results li:visible"


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of a report with all kinds of results."""
    step = Step(
        keyword="",
        name="Add",
        outcome=Outcome.FAILED,
        data="x" * 300,
        expected=HOSTILE,
        message="no",
    )
    runs = [
        a_run(Outcome.FAILED, name="test_fails", message=FAILURE, steps=(step,)),
        a_run(Outcome.FAILED, name=LONG, message=LONG, output=HOSTILE, comment=HOSTILE),
        a_run(Outcome.FLAKY, name=HOSTILE, message="Attempt 1 failed"),
        a_run(Outcome.SKIPPED, name="test_skipped", message="not today"),
        a_run(
            test=a_test("test_slow", labels=("slow",), test_keys=("CALC-1",)),
            duration=9.0,
        ),
        a_run(test=a_test("test_quick", labels=("smoke",)), duration=0.01),
        a_run(test=a_test("test_other", classname="tests.other"), duration=2.0),
    ]
    path = tmp_path / "report.html"
    directory = recorded(tmp_path, *runs)
    write_page(group_runs([directory]), path, "https://jira.example/browse/")
    return path.as_uri()


def names(page: Any) -> list[str]:
    """The names of the results that are visible, in their order."""
    found: list[str] = page.locator(f"{VISIBLE} span:first-child").all_text_contents()
    return [name for name in found if name.startswith("test_")]


def settle(page: Any) -> None:
    """Wait until the filter has done its work."""
    page.wait_for_timeout(200)


def test_the_filter_finds_words_and_its_address_finds_them_again(
    report: str, open_page: Opener
) -> None:
    """What is typed narrows the list; the address opens the same view elsewhere."""
    page = open_page(report)

    page.get_by_label("Find").fill("quick")
    settle(page)

    assert names(page) == ["test_quick"]
    assert page.locator("output").text_content() == "1 of 7 results"
    assert names(open_page(page.url)) == ["test_quick"]


@pytest.mark.parametrize(
    ("field", "choice", "shown"),
    [
        ("status", "skipped", ["test_skipped"]),
        ("tag", "slow", ["test_slow"]),
        ("cause", "Error in test.py", ["test_fails"]),
    ],
)
def test_a_choice_narrows_the_list(
    report: str, open_page: Opener, field: str, choice: str, shown: list[str]
) -> None:
    """A status, a tag or a cause leaves only its results."""
    page = open_page(report)

    page.locator(f"select[name={field}]").select_option(choice)
    settle(page)

    assert names(page) == shown


def test_a_cause_leads_to_its_failures(report: str, open_page: Opener) -> None:
    """A click in the table sets the filter."""
    page = open_page(report)

    page.locator("details.table summary", has_text="Causes").click()
    page.get_by_role("link", name="Error in test.py").click()
    settle(page)

    assert names(page) == ["test_fails"]


def test_the_slowest_come_first_where_asked(report: str, open_page: Opener) -> None:
    """The order is by duration, across files; and back by file."""
    page = open_page(report)

    page.get_by_label("Order").select_option("slowest")
    settle(page)
    slowest = names(page)
    page.get_by_label("Order").select_option("")
    settle(page)

    assert slowest[-3:] == ["test_slow", "test_other", "test_quick"]
    assert names(page)[-3:] == ["test_slow", "test_quick", "test_other"]


def test_keys_move_and_open(report: str, open_page: Opener) -> None:
    """``/`` finds, ``j`` and ``k`` move, Enter opens."""
    page = open_page(report)

    page.keyboard.press("/")
    page.keyboard.type("fails")
    settle(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    assert names(page) == ["test_fails"]
    assert page.locator("#failed li:visible details").first.get_attribute("open") == ""
    assert page.locator("#failed pre.failure").first.is_visible()


@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_scrolls_sideways(report: str, open_page: Opener, width: int) -> None:
    """Long names, wide tables and long lines stay within a phone's width."""
    page = open_page(report, viewport={"width": width, "height": 700})

    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    wide = page.evaluate("document.documentElement.scrollWidth")

    assert wide <= width


def test_the_page_is_complete_without_scripts(report: str, open_page: Opener) -> None:
    """Without JavaScript, all results are there, and no dead filter."""
    page = open_page(report, java_script_enabled=False)

    assert page.get_by_label("Find").count() == 1
    assert not page.get_by_label("Find").is_visible()
    assert len(names(page)) == 5
    page.locator("#failed summary", has_text="test_fails").click()
    assert page.locator("#failed pre.failure").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(report: str, open_page: Opener, scheme: str) -> None:
    """axe-core finds nothing, with all details open, in light and in dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(report, color_scheme=scheme, bypass_csp=True)

    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = axe.Axe().run(page)

    report_of_violations = found.generate_report() if found.violations_count else ""

    assert report_of_violations == ""
