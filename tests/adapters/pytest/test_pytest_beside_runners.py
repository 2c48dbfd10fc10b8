"""Beside plugins that run tests, silent tests keep the straight path, and all lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.pytest.conftest import RERUNS
from tests.adapters.pytest.test_pytest_guests_reports import FLAKY


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

SUITE = """
import pytest

@pytest.mark.xray("CALC-1")
def test_silent(): pass

@pytest.mark.xray("CALC-2")
def test_says_more(xray):
    xray.comment("said")
    with xray.step("a step"): pass

@pytest.mark.xray("CALC-3")
@pytest.mark.parametrize("row", ["a", "b"])
def test_rows(row): pass

TRIES, SILENT_TRIES = [], []

@pytest.mark.xray("CALC-4")
def test_settles(xray):
    TRIES.append(1)
    xray.comment(f"try {len(TRIES)}")
    assert len(TRIES) > 1

@pytest.mark.xray("CALC-5")
def test_settles_silently():
    SILENT_TRIES.append(1)
    assert len(SILENT_TRIES) > 1

@pytest.fixture
def late(xray):
    yield
    xray.comment("said at the end")

@pytest.mark.xray("CALC-6")
def test_late_comment(late): pass

@pytest.fixture
def output_path(tmp_path):
    (tmp_path / "video.webm").write_bytes(b"moving")
    return tmp_path

@pytest.fixture
def page(): pass

@pytest.mark.xray("CALC-7")
def test_page(page, output_path): pass

def test_skipped(): pytest.skip("not today")

@pytest.mark.xray("CALC-8")
@pytest.mark.xfail
def test_expected(): assert False

@pytest.mark.xray("CALC-9")
def test_silent_too(): pass
"""
# Plugins that run tests, each as a ``conftest.py``.
NOTHING = ""
PARTNER = """
def pytest_runtest_protocol(item, nextitem):
    return None
"""
WRAPPER = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    yield
"""
# The reports of all tests come after the last one.
AT_THE_END = """
from _pytest import runner

WAITING = []

def pytest_runtest_protocol(item, nextitem):
    WAITING.extend(runner.runtestprotocol(item, nextitem=nextitem, log=False))
    if nextitem is None:
        for report in WAITING:
            item.ihook.pytest_runtest_logreport(report=report)
        WAITING.clear()
    return True
"""
# The last report of a test comes when the next test has begun.
TEARDOWN_LATE = """
from _pytest import runner

WAITING = []

def pytest_runtest_protocol(item, nextitem):
    *reports, last = runner.runtestprotocol(item, nextitem=nextitem, log=False)
    found = [*WAITING, *reports, *(() if nextitem else (last,))]
    WAITING[:] = [last]
    for report in found:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
# A report of pytest-html with the title of its test, as its users write it.
RENAMED = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    outcome.get_result().nodeid = f"titles.py::The title of {item.name}"
"""
# As pytest-forked does: reports come from a child process.
FORKED = """
import os, pickle
import pytest
from _pytest import runner

def pytest_runtest_protocol(item, nextitem):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        reports = runner.runtestprotocol(item, log=False)
        found = [report._to_json() for report in reports]
        with os.fdopen(write, "wb") as file:
            pickle.dump(found, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        found = pickle.load(file)
    os.waitpid(child, 0)
    for each in found:
        report = pytest.TestReport._from_json(each)
        item.ihook.pytest_runtest_logreport(report=report)
    item.session._setupstate.teardown_exact(nextitem)
    return True
"""
CAN_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
RERUN = (*RERUNS, "2")
CASES = {
    "alone": (NOTHING, ()),
    "partner": (PARTNER, ()),
    "wrapper": (WRAPPER, ()),
    "rerunfailures": (NOTHING, RERUN),
    "kept back": (FLAKY, ()),
}
# With a hook that gets each report, all reports are packed as soon as they are made.
PACKS_ALL = """
def pytest_xray_evidence(item, report):
    return None
"""
# Notes the tests whose reports need more than a few steps.
NOTES_PACKED = """
from pytest_xray_bridge.annotator import Annotator

pack = Annotator.pack_report

def pack_report(self, item, report):
    with open(item.config.rootpath / "packed.txt", "a") as file:
        print(item.name, file=file)
    pack(self, item, report)

Annotator.pack_report = pack_report
"""
TELLS_OF_A_PACKER = """
from pathlib import Path

def pytest_runtest_logreport():
    if MANAGER.has_plugin("xray-bridge-packer"):
        Path("packer.txt").touch()

def pytest_configure(config):
    global MANAGER
    MANAGER = config.pluginmanager
"""
TIMES = ("started", "duration")


def lines_of(project: Project, conftest: str, *arguments: str) -> list[dict[str, Any]]:
    """Run the suite; return the lines of its journal by name, without times."""
    project.pytester.makeconftest(conftest)
    project.pytester.makepyfile(test_suite=SUITE)
    project.run("--xray-collect", "--xray-project", "CALC", *arguments)
    found = [_without_times(line) for line in project.last]
    return sorted(found, key=lambda line: str(line["name"]))


def _without_times(line: dict[str, Any]) -> dict[str, Any]:
    steps = [_without_times(step) for step in line.get("steps", ())]
    rest = {name: value for name, value in line.items() if name not in TIMES}
    return {**rest, "steps": steps} if steps else rest


@pytest.mark.parametrize(
    "case", [*CASES, pytest.param("forked", marks=CAN_FORK)], ids=str
)
def test_lines_are_those_of_packed_reports(
    project: Project, workers: tuple[str, ...], case: str
) -> None:
    """Nothing is lost, nothing comes twice, and repeated tests are told as before."""
    conftest, arguments = {**CASES, "forked": (FORKED, ())}[case]
    packed = lines_of(project, conftest + PACKS_ALL, *arguments, *workers)

    found = lines_of(project, conftest, *arguments, *workers)

    names = [line["name"] for line in found]
    assert found == packed
    assert len(names) == len({*names}) == 11


@pytest.mark.parametrize(
    "conftest",
    [AT_THE_END, TEARDOWN_LATE, RENAMED],
    ids=["at the end", "teardown late", "renamed"],
)
def test_reports_that_are_not_of_the_running_test(
    project: Project, conftest: str
) -> None:
    """Each has what its test has said; xdist allows no such plugin."""
    packed = lines_of(project, conftest + PACKS_ALL)

    found = lines_of(project, conftest)

    (said,) = (line for line in found if line["name"].endswith("test_says_more"))
    keys = {key for line in found for key in line.get("test_keys", ())}
    assert found == packed
    assert len(found) == 11
    assert said["comment"] == "said"
    assert keys == {f"CALC-{number}" for number in range(1, 10)}


def test_keywords_that_a_plugin_adds(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Their values may be anything that xdist can send."""
    conftest = """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport():
            outcome = yield
            outcome.get_result().keywords["owner"] = {"name": "Ann"}
    """
    project.pytester.makeconftest(conftest)
    project.pytester.makepyfile("def test_it(): pass")

    done = project.run("--xray-collect", "--xray-project", "CALC", *workers)

    (line,) = project.last
    assert line["outcome"] == "passed"
    assert done.ret == 0
    assert "ERROR" not in done.stdout.str()


def test_tests_that_are_repeated_are_flaky(
    project: Project, workers: tuple[str, ...]
) -> None:
    """An attempt that passes silently is one with the failed ones before it."""
    found = lines_of(project, NOTHING, *RERUN, *workers)

    flaky = {line["name"]: line for line in found if line["outcome"] == "flaky"}
    assert {*flaky} == {"test_settles", "test_settles_silently"}
    for line in flaky.values():
        assert "Attempt 1 failed: " in line["message"]


@pytest.mark.parametrize("case", CASES)
def test_silent_tests_take_the_straight_path(
    project: Project, workers: tuple[str, ...], case: str
) -> None:
    """Only tests that say more are packed, whatever plugin runs them."""
    conftest, arguments = CASES[case]
    lines_of(project, NOTES_PACKED + conftest, *arguments, *workers)

    packed = {*(project.pytester.path / "packed.txt").read_text().split()}
    assert "test_says_more" in packed
    assert not {"test_silent", "test_silent_too"} & packed


@pytest.mark.parametrize("case", ["alone", "wrapper"])
def test_no_packer_where_pytest_and_xdist_run_the_tests(
    project: Project, workers: tuple[str, ...], case: str
) -> None:
    """Not even in a worker, whose loop is xdist's."""
    conftest = CASES[case][0] + TELLS_OF_A_PACKER

    lines_of(project, conftest, *workers)

    assert not (project.pytester.path / "packer.txt").exists()


def test_scenarios_leave_other_tests_the_straight_path(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A scenario has its steps, and a test beside it is not packed."""
    project.pytester.makefile(
        ".feature",
        f="Feature: F\n @CALC-20\n Scenario: one\n  Given it works\n  Then it stands\n",
    )
    project.pytester.makepyfile(
        test_scenarios="""
        from pytest_bdd import given, scenarios, then
        scenarios("f.feature")

        @given("it works")
        def _(): pass

        @then("it stands")
        def _(): pass
        """
    )

    found = lines_of(project, NOTES_PACKED, *workers)

    packed = {*(project.pytester.path / "packed.txt").read_text().split()}
    (scenario,) = (line for line in found if "scenario" in line)
    assert "test_silent" not in packed
    assert [(step["name"], step["outcome"]) for step in scenario["steps"]] == [
        ("it works", "passed"),
        ("it stands", "passed"),
    ]


def test_keys_of_a_test_that_another_setup_skips(project: Project) -> None:
    """Users' hooks for keys are asked, although the test never began for us."""
    project.pytester.makeconftest(
        """
        def pytest_xray_test_keys(item):
            return ["CALC-31"]
        """
    )
    project.pytester.mkpydir("inner")
    files = {
        "inner/conftest": """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(item):
            pytest.skip("not here")
        """,
        "inner/test_it": "def test_it(): pass",
    }
    project.pytester.makepyfile(**files)

    project.run("--xray-collect", "--xray-project", "CALC")

    (line,) = project.last
    assert line["outcome"] == "skipped"
    assert line["test_keys"] == ["CALC-31"]
