"""Reports that other plugins make, or repeat, in their own ways."""

from __future__ import annotations

import sys

import pytest

from tests.adapters.pytest.conftest import Project


RESEND = (sys.executable, "-m", "xray_bridge", "resend", "--sandbox")
# What pytest-retry does: one report object is logged with the outcome of an attempt,
# and again with that of the last one; there is no second setup.
RETRY = """
import pytest

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call" and report.failed and "retried" not in item.keywords:
        report.outcome = "{word}"
        item.ihook.pytest_runtest_logreport(report=report)
        again = pytest.CallInfo.from_call(
            lambda: item.ihook.pytest_runtest_call(item=item), when="call"
        )
        last = pytest.TestReport.from_item_and_call(item, again)
        report.outcome, report.longrepr = last.outcome, last.longrepr

def pytest_addoption(parser):
    parser.addini("retry_outcome", "of pytest-retry", default="{word}")
"""
TWICE = """
import pytest
TRIES = []

@pytest.mark.xray("CALC-1")
def test_settles():
    TRIES.append(1)
    assert len(TRIES) == 2

@pytest.mark.xray("CALC-2")
def test_breaks():
    assert 0
"""


@pytest.mark.parametrize("word", ["retried", "rerun", "again"])
def test_a_test_that_passes_when_it_is_retried(
    project: Project, workers: tuple[str, ...], word: str
) -> None:
    """It is flaky, keeps its key, and its message has the failed attempt once."""
    project.pytester.makeconftest(RETRY.format(word=word))
    project.pytester.makepyfile(TWICE)

    project.upload(*workers)

    lines = {line["test_keys"][0]: line for line in project.journal}
    assert {key: line["outcome"] for key, line in lines.items()} == {
        "CALC-1": "flaky",
        "CALC-2": "failed",
    }
    assert lines["CALC-1"]["message"].count("Attempt") == 1
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "FAIL"}


# What the plugin flaky does: a test is run again as a whole, and the report of the
# call that failed is kept back.
FLAKY = """
from _pytest import runner

def pytest_runtest_protocol(item, nextitem):
    reports = runner.runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        for report in reports:
            if report.when != "call":
                item.ihook.pytest_runtest_logreport(report=report)
        reports = runner.runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


def test_an_attempt_whose_failure_is_kept_back(
    project: Project, workers: tuple[str, ...]
) -> None:
    """The test is flaky all the same."""
    project.pytester.makeconftest(FLAKY)
    project.pytester.makepyfile(TWICE)

    project.upload(*workers)

    outcomes = {line["test_keys"][0]: line["outcome"] for line in project.journal}
    assert outcomes == {"CALC-1": "flaky", "CALC-2": "failed"}


# What pytest-forked does when the child has died, and pytest-isolated for each test.
ELSEWHERE = """
import pytest

def pytest_runtest_protocol(item, nextitem):
    call = pytest.CallInfo.from_call(lambda: 1 / 0, when="{when}")
    report = pytest.TestReport.from_item_and_call(item, call)
    item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


@pytest.mark.parametrize("when", ["???", "teardown"])
def test_reports_that_were_made_elsewhere(
    project: Project, workers: tuple[str, ...], when: str
) -> None:
    """Each has the key of its test."""
    project.pytester.makeconftest(ELSEWHERE.format(when=when))
    project.pytester.makepyfile(TWICE)

    project.upload(*workers)

    assert project.statuses == {"CALC-1": "FAIL", "CALC-2": "FAIL"}


@pytest.mark.parametrize("how", ["flag", "ini"])
def test_a_child_session_with_the_flags_of_its_parent(
    project: Project, workers: tuple[str, ...], how: str
) -> None:
    """It makes no Test Execution of its own."""
    if how == "ini":
        project.pytester.makeini("[pytest]\nxray_upload = yes\nxray_sandbox = yes\n")
    project.pytester.makepyfile(
        test_outer=f"""
        import pytest, subprocess, sys
        FLAGS = {["--xray-upload", "--xray-sandbox"] if how == "flag" else []}

        @pytest.mark.xray("CALC-1")
        def test_outer():
            command = [sys.executable, "-m", "pytest", "sample.py", *FLAGS]
            assert subprocess.run(command).returncode == 1
            assert pytest.main(["sample.py", "-p", "no:cacheprovider", *FLAGS]) == 1
        """,
        sample="def test_inner(): assert 0",
    )

    project.run(
        *(("--xray-upload", "--xray-sandbox") if how == "flag" else ()),
        "test_outer.py",
        *workers,
        XRAY_PROJECT="CALC",
    )

    assert project.statuses == {"CALC-1": "PASS"}


def test_a_crash_that_is_reported_twice_hides_no_test(project: Project) -> None:
    """Tests are counted, not reports."""
    project.pytester.makepyfile(
        test_a="""
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_ends_its_worker(): os._exit(1)

        @pytest.mark.xray("CALC-2")
        def test_never_runs(): pass
        """,
        test_b="""
        def test_fine(): pass
        def test_fine_too(): pass
        """,
    )

    result = project.upload("-n2", "--dist=loadscope", "--max-worker-restart=1")

    reason = "Incomplete: 1 of 4 collected tests have no result"
    result.stdout.fnmatch_lines([reason])
    assert "CALC-2" not in project.statuses


@pytest.mark.parametrize("key", ['@pytest.mark.xray("CALC-2")', ""])
def test_the_test_that_ends_its_process(project: Project, key: str) -> None:
    """It is named, and sent as what it is: not finished."""
    project.pytester.makepyfile(
        f"""
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_first(): pass

        {key}
        def test_second(): os._exit(1)
        """
    )

    project.upload()
    result = project.pytester.run(*RESEND)

    name = "test_the_test_that_ends_its_process.test_second"
    why = "the session was killed before it ended"
    result.stdout.fnmatch_lines([f"Incomplete: {why}, while it ran {name}"])
    assert sorted(project.statuses.values()) == ["PASS", "TODO"]
    assert project.journal[-1]["message"].startswith("Not finished")


def test_a_session_that_is_killed_between_tests(project: Project) -> None:
    """No test was under way, so none is named."""
    project.pytester.makeconftest(
        "import os\ndef pytest_runtest_logfinish(): os._exit(1)"
    )
    project.pytester.makepyfile("def test_first(): pass")

    project.upload()
    result = project.pytester.run(*RESEND)

    result.stdout.fnmatch_lines(["Incomplete: the session was killed before it ended"])
    assert [*project.statuses.values()] == ["PASS"]


def test_parameters_that_plugins_hide(project: Project) -> None:
    """The number of a repetition is not a parameter."""
    project.pytester.makeconftest(
        """
        def pytest_generate_tests(metafunc):
            metafunc.fixturenames.append("__repeat_step")
            metafunc.parametrize("__repeat_step", range(2), indirect=False)
        """
    )
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def __repeat_step(): pass

        @pytest.mark.parametrize("size", [1])
        def test_it(size): pass
        """
    )

    project.upload()

    assert [line["parameters"] for line in project.journal] == [[["size", "1"]]] * 2


def test_sections_that_tell_nothing(project: Project) -> None:
    """Empty sections and the progress of an inner session are left out."""
    project.pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            if report.when == "teardown":
                report.sections += [("empty", " \\n"), ("progress", ".F"), ("a", "b")]
        """
    )
    project.pytester.makepyfile("def test_it(): assert 0")

    project.upload("--xray-captures=failed")

    (line,) = project.journal
    assert line["output"] == "--- a ---\nb"


def test_items_that_are_no_tests(project: Project, workers: tuple[str, ...]) -> None:
    """A file that was checked is no Test, unless it has a key."""
    project.pytester.makeconftest(
        """
        import pytest

        class Item(pytest.Item):
            __module__ = "pytest_ruff.plugin"

            def runtest(self): pass

        class File(pytest.File):
            def collect(self):
                for name in ("plain", "keyed"):
                    item = Item.from_parent(self, name=name)
                    if name == "keyed":
                        item.add_marker(pytest.mark.xray("CALC-2"))
                    yield item

        def pytest_collect_file(file_path, parent):
            if file_path.name == "test_it.py":
                return File.from_parent(parent, path=file_path)
        """
    )
    project.pytester.makepyfile(
        test_it="import pytest\n@pytest.mark.xray('CALC-1')\ndef test_it(): pass",
    )

    result = project.upload(*workers)

    result.stdout.no_fnmatch_line("Incomplete*")
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}


def test_results_of_one_test_stand_in_the_order_of_the_code(project: Project) -> None:
    """The slow first row comes late over xdist, and is the first iteration."""
    project.pytester.makepyfile(
        """
        import pytest, time

        @pytest.mark.xray("CALC-1")
        @pytest.mark.parametrize("row", [0, 1, 2, 3])
        def test_it(row): time.sleep(0 if row else 1)
        """
    )

    project.upload("-n2", "--xray-format=xray")

    (execution,) = project.executions
    (run,) = execution.runs
    rows = [each.parameters[0][1] for each in run.iterations]
    assert project.journal[0]["name"] != "test_it[0]"
    assert rows == ["0", "1", "2", "3"]
