"""Page objects add to results without the fixture, in real sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.pytest.test_pytest_verdicts import SERVER


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

PAGES = """
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
import xray_bridge

# No test runs while modules are imported.
xray_bridge.comment("imported")
with xray_bridge.step("import"):
    xray_bridge.attach(b"imported")

class Shop:
    @xray_bridge.step("Log in as {user}", expected="Welcome, {user}")
    def log_in(self, user):
        with xray_bridge.step("Open"):
            xray_bridge.attach(b"page", name="page.txt")
        xray_bridge.comment(f"{user} is in")

    @xray_bridge.step("Buy {what}")
    async def buy(self, what):
        with xray_bridge.step("Pay"):
            await asyncio.sleep(0)
        assert what != "nothing"

def in_thread():
    with xray_bridge.step("in a thread"):
        pass

def in_threads():
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as pool:
        pool.submit(in_thread).result()
"""
TESTS = """
import asyncio
import pages
import pytest

@pytest.mark.xray("CALC-1")
def test_log_in():
    pages.Shop().log_in("ann")

def test_buy():
    asyncio.run(pages.Shop().buy("nothing"))

def test_threads():
    pages.in_threads()

@pytest.fixture
def logged_in():
    shop = pages.Shop()
    shop.log_in("bob")
    yield shop
    pages.in_thread()

def test_fixture(logged_in):
    pass

def test_silent():
    pass
"""


def steps(line: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Name, outcome and depth of each step of a result."""
    found = line.get("steps", ())
    return [(s["name"], s["outcome"], s.get("depth", 0)) for s in found]


def test_page_objects(project: Project, workers: tuple[str, ...]) -> None:
    """Each call adds to the test that runs, from fixtures, tasks and threads, too."""
    project.pytester.makepyfile(pages=PAGES, test_shop=TESTS)

    project.run("--xray-dry-run", *workers, **SERVER)

    lines = {line["name"]: line for line in project.journal}
    assert {name: steps(line) for name, line in lines.items()} == {
        "test_log_in": [("Log in as ann", "passed", 0), ("Open", "passed", 1)],
        "test_buy": [("Buy nothing", "failed", 0), ("Pay", "passed", 1)],
        "test_threads": [("in a thread", "passed", 0)] * 2,
        "test_fixture": [
            ("Log in as bob", "passed", 0),
            ("Open", "passed", 1),
            ("in a thread", "passed", 0),
        ],
        "test_silent": [],
    }
    outer, inner = lines["test_log_in"]["steps"]
    assert outer["expected"] == "Welcome, ann"
    assert [each["name"] for each in inner["evidence"]] == ["page.txt"]
    assert lines["test_fixture"]["comment"] == "bob is in"
    assert "comment" not in lines["test_silent"]


def test_traceback_of_a_decorated_function(project: Project) -> None:
    """It does not show our wrapper."""
    project.pytester.makepyfile(pages=PAGES, test_shop=TESTS)

    result = project.run("--xray-dry-run", "-k", "buy", **SERVER)

    assert "step_block" not in result.stdout.str()
    result.stdout.fnmatch_lines(['>  *assert what != "nothing"'])


@pytest.mark.parametrize("arguments", [(), ("-p", "no:xray_bridge")])
def test_session_that_is_not_recorded(
    project: Project, arguments: tuple[str, ...]
) -> None:
    """Page objects work, and leave nothing."""
    project.pytester.makepyfile(pages=PAGES, test_shop=TESTS)

    project.run(*arguments).assert_outcomes(passed=4, failed=1)

    assert not (project.pytester.path / ".xray").exists()


def test_nested_steps_in_the_report(project: Project) -> None:
    """Xray has only lists of steps, so the names have numbers."""
    project.pytester.makepyfile(pages=PAGES, test_shop=TESTS)

    project.run("--xray-dry-run", "--xray-format=xray", "-k", "log_in", **SERVER)

    (report,) = project.pytester.path.glob(".xray/runs/*/report-xray.json")
    text = report.read_text()
    assert "1 Log in as ann" in text
    assert "1.1 Open" in text


def test_scenario_of_pytest_bdd(project: Project, workers: tuple[str, ...]) -> None:
    """Page objects of its steps report steps of their own, after its steps."""
    project.pytester.makefile(
        ".feature",
        shop="""
            Feature: Shop
              Scenario: Log in
                Given ann is in
            """,
    )
    project.pytester.makepyfile(
        pages=PAGES,
        test_shop="""
            import pages
            from pytest_bdd import given, scenarios

            scenarios("shop.feature")

            @given("ann is in")
            def _():
                pages.Shop().log_in("ann")
            """,
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    assert steps(line) == [
        ("ann is in", "passed", 0),
        ("Log in as ann", "passed", 0),
        ("Open", "passed", 1),
    ]
    assert line["comment"] == "ann is in"


def test_step_without_with(project: Project, workers: tuple[str, ...]) -> None:
    """pytest shows the warning with its place, once; the test passes."""
    project.pytester.makepyfile(
        """
        import pytest
        import xray_bridge

        @pytest.mark.parametrize("n", range(4))
        def test_it(xray, n):
            xray.step("Open the page", data="a")

        def test_other():
            xray_bridge.step("Open")
        """
    )

    result = project.run("--xray-dry-run", "--dist=loadfile", *workers, **SERVER)

    result.assert_outcomes(passed=5, warnings=2)
    begin = "*test_step_without_with.py:{}: UserWarning: this step is not recorded, *"
    first = 'write: with xray.step("Open the page", data="a"):'
    second = 'write: with xray_bridge.step("Open"):'
    result.stdout.fnmatch_lines(
        [f"{begin.format(6)}{first}", f"{begin.format(9)}{second}"]
    )


def test_misspelt_arguments(project: Project) -> None:
    """The error names the argument that was meant."""
    project.pytester.makepyfile(
        """
        def test_step(xray):
            with xray.step("Open", dta="a"): pass
        def test_attach(xray):
            xray.attach(b"a", media_typ="text/plain")
        """
    )

    result = project.run()

    output = result.stdout.str()
    assert "TypeError: step(): unknown argument: dta= (did you mean data=?)" in output
    assert "attach(): unknown argument: media_typ= (did you mean media_type" in output
