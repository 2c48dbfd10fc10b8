"""Tables of several runs: environments, Test Plans and requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from tests.builders import a_run, a_test, recorded
from xray_bridge.model.results import Outcome, TestRun
from xray_bridge.report import overview
from xray_bridge.report.write import write_page
from xray_bridge.runs.run_directory import DELIVERED, State
from xray_bridge.runs.sessions import group_runs


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BROWSE = "https://jira.example.com/browse/"
PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


class Page:
    """Runs, and the tables of their page by title."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.runs: list[Any] = []
        self.tree: Any = None

    def record(self, *runs: TestRun, run_id: str = "", **settings: str) -> None:
        """Record one run after the others, or a part of a CI run."""
        started = 1_700_000_000.0 + len(self.runs)
        folder = self._folder / str(len(self.runs))
        info = {"started": started, "run_id": run_id, "settings": settings}
        self.runs.append(recorded(folder, *runs, **info))

    def tables(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """Write the page; the rows of its tables, each after its head."""
        path = self._folder / "report.html"
        write_page(group_runs(self.runs), path, BROWSE)
        self.tree = html.fromstring(path.read_bytes())
        return {
            table.xpath("summary")[0].text.strip(): [
                [cell.text_content() for cell in row.xpath("th|td")]
                for row in table.xpath(".//tr")
            ]
            for table in self.tree.xpath("//details[@class='table']")
        }


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """A page without runs."""
    return Page(tmp_path)


def named(name: str, outcome: Outcome, *keys: str, **changes: Any) -> TestRun:
    """A result of a test, which may have keys and requirements."""
    test = a_test(name, classname="t", test_keys=keys, **changes)
    return a_run(outcome, test=test)


def test_environments(page: Page) -> None:
    """Tests that did not pass everywhere, by environment; the newest run counts."""
    page.record(named("a", FAILED), named("b", PASSED), environments="chrome")
    page.record(named("a", PASSED), named("b", PASSED), environments="chrome")
    page.record(named("a", FAILED), named("c", SKIPPED), environments="firefox;linux")

    assert page.tables()["Test Environments"] == [
        ["Test", "chrome", "firefox", "linux"],
        ["All tests", "2 of 2 passed", "0 of 2 passed", "0 of 2 passed"],
        ["t.a", "passed", "failed", "failed"],
        ["t.b", "passed", "not run", "not run"],
        ["t.c", "not run", "skipped", "skipped"],
    ]


def test_environments_of_the_jobs_of_one_ci_run(page: Page) -> None:
    """Each part has its own environments: a failure in one is not green in it."""
    page.record(
        named("a", FAILED), named("b", PASSED), run_id="7", environments="chrome"
    )
    page.record(
        named("a", PASSED), named("b", PASSED), run_id="7", environments="firefox"
    )

    tables = page.tables()

    assert tables["Test Environments"] == [
        ["Test", "chrome", "firefox"],
        ["All tests", "1 of 2 passed", "2 of 2 passed"],
        ["t.a", "failed", "passed"],
    ]
    facts = page.tree.xpath("//header//dt[.='Test Environments']/following::dd[1]")
    assert facts[0].text_content() == "chrome, firefox"
    (failed,) = page.tree.xpath("//details[@id='failed']//li[@data-environment]")
    assert failed.get("data-environment") == "chrome"


def test_all_test_executions_of_a_run_are_named(page: Page) -> None:
    """A matrix whose parts were split by environment has one for each."""
    for number, browser in enumerate(("chrome", "firefox")):
        page.record(named("a", PASSED), run_id="7", environments=browser)
        page.runs[-1].state = State(state=DELIVERED, test_execution=f"CALC-{number}")

    page.tables()

    facts = page.tree.xpath("//header//dt[.='Test Executions']/following::dd[1]")
    assert facts[0].text_content() == "CALC-0, CALC-1"


def test_worst_result_of_a_run_is_its_history(page: Page) -> None:
    """A test that failed in one job of the run before is no new failure."""
    page.record(named("a", FAILED), run_id="7", environments="chrome")
    page.record(named("a", PASSED), run_id="7", environments="firefox")
    page.record(named("a", FAILED))

    assert "New failures" not in page.tables()


def test_one_environment_is_no_matrix(page: Page) -> None:
    """All results of the page are of this environment."""
    page.record(named("a", FAILED), environments="chrome")
    page.record(named("a", FAILED), environments="chrome")

    assert "Test Environments" not in page.tables()


def test_progress_of_a_test_plan(page: Page) -> None:
    """The last result of each Test; one that failed in part has failed."""
    page.record(named("a", FAILED, "CALC-1"), named("b", PASSED, "CALC-2"),
                test_plan="CALC-9")  # fmt: skip
    page.record(named("a", PASSED, "CALC-1"), named("c", PASSED, "CALC-3"),
                named("d", FAILED, "CALC-3"), test_plan="CALC-9")  # fmt: skip
    page.record(named("a", FAILED, "CALC-1"), test_plan="CALC-8")

    tables = page.tables()

    rows = tables["Test Plan CALC-9: 2 of 3 Tests passed"]
    assert [row[:2] for row in rows] == [
        ["Test", "Last result"],
        ["CALC-3", "failed"],
        ["CALC-1", "passed"],
        ["CALC-2", "passed"],
    ]
    assert rows[2][2] != rows[3][2]
    assert not [title for title in tables if "CALC-8" in title]


@pytest.mark.parametrize(
    ("outcomes", "coverage"),
    [
        ([PASSED, PASSED], "OK"),
        ([PASSED, FAILED], "NOK"),
        ([PASSED, SKIPPED], "NOTRUN"),
        ([Outcome.FLAKY, Outcome.XFAILED, Outcome.XPASSED], "OK"),
        ([Outcome.FLAKY, SKIPPED], "NOTRUN"),
    ],
)
def test_coverage_of_a_requirement(
    page: Page, outcomes: list[Outcome], coverage: str
) -> None:
    """It is as good as the worst of its tests, and links to the issue."""
    page.record(
        *(
            named(str(n), each, requirements=("CALC-70",))
            for n, each in enumerate(outcomes)
        )
    )

    (head, row) = page.tables()["Requirements"]

    assert head == ["Requirement", "Coverage", "Tests", "Passed"]
    assert row[:2] == ["CALC-70", coverage]
    assert row[2:] == [str(len(outcomes)), str(outcomes.count(PASSED))]
    assert page.tree.xpath("//a[text()='CALC-70']/@href")[0] == f"{BROWSE}CALC-70"


def test_long_tables_end(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows over the limit are counted."""
    monkeypatch.setattr(overview, "MOST", 2)
    page.record(
        *(named(str(n), PASSED, requirements=(f"CALC-{n}",)) for n in range(1, 6))
    )

    rows = page.tables()["Requirements"]

    assert [row[0] for row in rows] == [
        "Requirement", "CALC-1", "CALC-2", "and 3 more"
    ]  # fmt: skip
