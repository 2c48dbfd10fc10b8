"""``xray-bridge rerun -- pytest``: only failed tests, into the same Test Execution."""

from __future__ import annotations

import json
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_xray_bridge.rerun import RerunSelection
from tests.adapters.pytest.conftest import PYTEST, Project, rerun
from xray_sandbox.store.rows import TestRunRow


SUITE = """
    import os
    import pytest

    WORKS = os.path.exists("works")

    @pytest.mark.xray("CALC-1")
    @pytest.mark.parametrize("text", ["a b", "ü[x]::y", "c"])
    def test_rows(text, xray):
        xray.attach(b"shot", name=f"{text[0]}.txt")
        assert text != "ü[x]::y" or WORKS, "row broke"

    @pytest.mark.xray("CALC-2")
    def test_flaky():
        assert WORKS, "was down"

    @pytest.mark.xray("CALC-3")
    def test_broken():
        assert False, "still broken"

    @pytest.mark.xray("CALC-8")
    def test_fine():
        pass

    class TestGroup:
        def test_no_key(self):
            assert WORKS
"""


def works(project: Project) -> None:
    """Repair what was down."""
    (project.pytester.path / "works").touch()


def runs_by_key(project: Project) -> dict[str, TestRunRow]:
    """The Test Runs of the only Test Execution."""
    (execution,) = project.executions
    return {run.test_key: run for run in execution.runs}


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_failed_tests_run_again_into_the_same_execution(
    project: Project, workers: tuple[str, ...], deployment: str
) -> None:
    """Both attempts are told; nothing is lost and nothing comes twice."""
    project.pytester.makepyfile(test_suite=SUITE)
    first = project.upload("--xray-deployment", deployment, *workers)
    before = runs_by_key(project)
    works(project)
    second = rerun(project, "--", *workers)

    first.assert_outcomes(passed=3, failed=4)
    second.assert_outcomes(passed=3, failed=1, deselected=0 if workers else 3)
    assert second.ret == 1
    found = runs_by_key(project)
    passed = "PASS" if deployment == "server" else "PASSED"
    failed = "FAIL" if deployment == "server" else "FAILED"
    assert found.keys() == before.keys()
    assert [key for key in found if found[key].status == failed] == ["CALC-3"]
    assert {found[key].status for key in found if key != "CALC-3"} == {passed}
    assert found["CALC-8"].id == before["CALC-8"].id
    assert project.receipt["counts"] == {"passed": 2, "flaky": 3, "failed": 1}
    text = f"{found['CALC-2'].comment}{found['CALC-2'].log}"
    assert "Failed attempts before this one: 1" in text
    assert "was down" in text
    names = sorted(piece.filename for piece in found["CALC-1"].evidence)
    assert names == ["a.txt", "c.txt", "ü.txt"]


def test_a_command_that_ends_green_ends_the_rerun_green(project: Project) -> None:
    """The exit code is that of the command."""
    project.pytester.makepyfile(
        test_suite=SUITE.replace("assert False", "assert WORKS")
    )
    project.upload()
    works(project)
    result = rerun(project)

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "Note: rerun of 4 failed tests of 2*",
            "Test Execution: CALC-10?",
            "Tests: 4 sent, 4 accepted, 0 refused",
            "Results: 2 passed, 4 flaky",
        ]
    )


@pytest.mark.parametrize(
    ("aggregate", "status"),
    [("worst", "FAIL"), ("last", "PASS"), ("all-failed", "PASS")],
)
def test_the_aggregate_decides_over_the_rows(
    project: Project, aggregate: str, status: str
) -> None:
    """One row passes again and one fails again: the rule of the first run counts."""
    project.pytester.makepyfile(
        test_suite="""
        import os
        import pytest

        @pytest.mark.xray("CALC-1")
        @pytest.mark.parametrize("row", [1, 2])
        def test_rows(row):
            assert row == 2 and os.path.exists("works")
        """
    )
    project.upload("--xray-aggregate", aggregate)
    works(project)
    result = rerun(project)

    assert result.ret == 1
    assert project.statuses == {"CALC-1": status}


def test_statuses_say_what_flaky_is(project: Project) -> None:
    """The setting of the first run counts again."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload("--xray-statuses", "flaky=FAIL")
    works(project)
    rerun(project)

    assert project.statuses["CALC-2"] == "FAIL"


def test_a_rerun_of_a_rerun_counts_each_attempt(project: Project) -> None:
    """The latest run is the default."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    rerun(project)
    works(project)
    result = rerun(project)

    result.assert_outcomes(passed=3, failed=1, deselected=3)
    run = runs_by_key(project)["CALC-2"]
    assert "Failed attempts before this one: 2" in f"{run.comment}{run.log}"
    assert run.status == "PASS"


def test_nothing_failed(project: Project) -> None:
    """It says so and runs nothing."""
    project.pytester.makepyfile(test_suite="def test_fine(): pass")
    project.upload()
    result = rerun(project)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["Nothing failed in 2*: nothing runs again."])
    assert len(project.runs) == 1


def test_a_dry_run_shows_command_and_tests(project: Project) -> None:
    """And runs nothing."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    result = rerun(project, "--dry-run", "--", "-x", "-k", "a b")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "4 failed tests of 2*, into CALC-10?:",
            "  test_suite.test_flaky",
            "  test_suite.test_broken",
            "  test_suite.TestGroup.test_no_key",
            f"Command: {sys.executable} -m pytest * -x -k 'a b'",
            "Dry run: nothing was run.",
        ]
    )
    assert len(project.runs) == 1


@pytest.mark.parametrize("sent", ["--xray-upload", "--xray-dry-run"])
def test_a_dry_run_of_a_rerun_is_not_the_latest_run(
    project: Project, workers: tuple[str, ...], sent: str
) -> None:
    """The next rerun runs the same tests; only a dry run is replaced by a dry run."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.run(sent, "--xray-sandbox", *workers)
    works(project)
    tried = rerun(project, "--", "--xray-dry-run", *workers)
    result = rerun(project, "--", *workers)

    tried.assert_outcomes(passed=3, failed=1, deselected=0 if workers else 3)
    tried.stdout.fnmatch_lines(["Dry run: nothing was sent. *"])
    is_real = sent == "--xray-upload"
    result.assert_outcomes(
        passed=3 if is_real else 0,
        failed=1,
        deselected=0 if workers else 3 if is_real else 6,
    )
    told = (
        f"*nothing was sent, so the next rerun is again one of {project.runs[0].name}"
    )
    if is_real:
        tried.stderr.fnmatch_lines([told])
    else:
        assert "nothing was sent, so" not in tried.stderr.str()


def test_a_dry_run_of_a_rerun_does_not_hold_back_results(project: Project) -> None:
    """A run that was not delivered is still sent."""
    project.pytester.makepyfile(test_suite=SUITE)
    nobody = {"XRAY_URL": "http://127.0.0.1:9", "XRAY_TOKEN": "a-personal-token"}
    where = {"XRAY_PROJECT": "CALC", **nobody}
    lost = project.run("--xray-upload", "--xray-preflight=off", **where)
    works(project)
    tried = rerun(project, "--", "--xray-dry-run", "--xray-preflight=off")
    os.environ.pop("XRAY_URL")
    sent = project.pytester.run(
        sys.executable, "-m", "xray_bridge", "resend", "--sandbox"
    )

    assert (lost.ret, tried.ret, sent.ret) == (1, 1, 0)
    tried.stdout.fnmatch_lines(["Results: 3 passed, 3 flaky, 1 failed"])
    sent.stdout.fnmatch_lines(["Results: 3 passed, 4 failed"])
    assert len(runs_by_key(project)) == 5


def test_a_rerun_without_tests_is_not_the_latest_run(project: Project) -> None:
    """The command left out all of them, so the next rerun has them again."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    works(project)
    nothing = rerun(project, "--", "-k", "nothing")
    result = rerun(project)

    assert nothing.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.assert_outcomes(passed=3, failed=1, deselected=3)


def test_a_test_that_is_gone_is_named(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Its failure stays in Xray."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    works(project)
    project.pytester.makepyfile(test_suite=SUITE.replace("test_broken", "test_renamed"))
    result = rerun(project, "--", *workers)

    result.stdout.fnmatch_lines(
        ["Note: rerun of 4 failed tests of 2*; not collected: test_suite.test_broken"]
    )
    assert project.statuses["CALC-3"] == "FAIL"


def test_tests_left_out_by_the_command_are_not_gone(project: Project) -> None:
    """``-k`` leaves out tests that exist."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    result = rerun(project, "--", "-k", "flaky")

    result.assert_outcomes(failed=1, deselected=6)
    assert "not collected" not in result.stdout.str()


def test_a_collected_run_is_replaced(project: Project) -> None:
    """The rerun has all results, so that they are sent once."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.run("--xray-collect", "--xray-sandbox")
    works(project)
    result = rerun(project)
    sent = project.pytester.run(
        sys.executable, "-m", "xray_bridge", "upload", "--sandbox", ".xray/runs"
    )

    result.stderr.fnmatch_lines(
        [
            (
                "xray-bridge: 2* was not delivered, so the rerun has all its results, "
                "and takes its place, unless it is a dry run"
            )
        ]
    )
    result.stdout.fnmatch_lines(["Collected 7 results; nothing was sent."])
    assert sent.ret == 0
    sent.stdout.fnmatch_lines(["Results: 3 passed, 3 flaky, 1 failed"])
    assert runs_by_key(project)["CALC-8"].status == "PASS"


def test_parts_that_were_merged_run_again(project: Project) -> None:
    """The merged run is the latest one."""
    project.pytester.makepyfile(test_suite=SUITE)
    for chosen in ("rows or fine", "not (rows or fine)"):
        project.run("--xray-collect", "--xray-run-id=7", "-k", chosen)
    project.pytester.run(
        sys.executable, "-m", "xray_bridge", "upload", "--sandbox", ".xray/runs"
    )
    works(project)
    result = rerun(project, "--", "--xray-sandbox")

    result.assert_outcomes(passed=3, failed=1, deselected=3)
    assert project.statuses["CALC-1"] == "PASS"
    assert len(project.executions) == 1


def test_a_part_of_a_merged_run_is_refused(project: Project) -> None:
    """Its results are in the merged run."""
    project.pytester.makepyfile(test_suite=SUITE)
    for chosen in ("rows", "not rows"):
        project.run("--xray-collect", "--xray-run-id=7", "-k", chosen)
    part = project.runs[0].name
    project.pytester.run(
        sys.executable, "-m", "xray_bridge", "upload", "--sandbox", ".xray/runs"
    )
    result = rerun(project, part, "--")

    assert result.ret == 2
    result.stderr.fnmatch_lines(
        [f"*error: {part} was merged into 2* (rerun that run) [[]usage]"]
    )


def test_tests_that_never_ran_run_too(project: Project) -> None:
    """A module that could not be collected has no failed tests to run again."""
    project.pytester.makepyfile(
        test_suite=SUITE, test_other="import nowhere_to_be_found"
    )
    project.upload("--continue-on-collection-errors")
    works(project)
    project.pytester.makepyfile(
        test_other="""
        import pytest

        @pytest.mark.xray("CALC-9")
        def test_late(): pass
        """
    )
    result = rerun(project)

    result.assert_outcomes(passed=4, failed=1, deselected=3)
    result.stderr.fnmatch_lines(
        ["*is incomplete, so tests without a result in it run, too: *test_other*"]
    )
    assert project.statuses["CALC-9"] == "PASS"


def test_scenarios_of_pytest_bdd_run_again(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Outline rows, too."""
    project.pytester.makefile(
        ".feature",
        calc="""
        Feature: F
          @TEST_CALC-1
          Scenario: one
            Given it is 1

          @TEST_CALC-2
          Scenario Outline: rows
            Given it is <number>

            Examples:
              | number |
              | 1      |
              | 2      |
        """,
    )
    project.pytester.makepyfile(
        test_bdd="""
        import os
        from pytest_bdd import given, parsers, scenarios
        scenarios("calc.feature")

        @given(parsers.parse("it is {number:d}"))
        def _(number):
            assert number == 1 or os.path.exists("works")
        """
    )
    project.upload(*workers)
    works(project)
    result = rerun(project, "--", *workers)

    result.assert_outcomes(passed=1, deselected=0 if workers else 2)
    assert result.ret == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}
    assert project.receipt["counts"] == {"passed": 1, "flaky": 1}


def test_a_failed_setup_runs_its_tests_again(project: Project) -> None:
    """Each test whose fixture failed is a failed test."""
    project.pytester.makepyfile(
        test_suite="""
        import os
        import pytest

        @pytest.fixture(scope="session")
        def server():
            assert os.path.exists("works")

        def test_a(server): pass
        def test_b(server): pass
        """
    )
    project.upload()
    works(project)
    result = rerun(project)

    result.assert_outcomes(passed=2)
    assert project.receipt["counts"] == {"flaky": 2}


def test_sessions_within_tests_are_no_reruns(project: Project) -> None:
    """The plan is for the session of the command only."""
    project.pytester.makepyfile(
        test_suite="""
        import os

        def test_outer():
            assert "XRAY_BRIDGE_RERUN" not in os.environ
            assert os.path.exists("works")
        """
    )
    project.upload()
    works(project)

    assert rerun(project).ret == 0


def test_a_failure_that_did_not_run_again_is_not_forgotten(project: Project) -> None:
    """The next rerun has it, with the rows of its Test."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    works(project)
    rerun(project, "--", "-k", "flaky")
    result = rerun(project)

    result.assert_outcomes(passed=2, failed=1, deselected=4)
    found = runs_by_key(project)
    assert {key: run.status for key, run in found.items() if run.status != "PASS"} == {
        "CALC-3": "FAIL"
    }
    assert len(found["CALC-1"].iterations) == 3


def test_a_rerun_that_was_interrupted_runs_again(project: Project) -> None:
    """Its rerun goes into the same Test Execution, with the rows of its Tests only."""
    suite = SUITE.replace(
        'assert WORKS, "was down"',
        """if os.path.exists("interrupt"): raise KeyboardInterrupt
        assert WORKS, "was down\"""",
    )
    project.pytester.makepyfile(test_suite=suite)
    project.upload()
    before = runs_by_key(project)
    works(project)
    interrupt = project.pytester.path / "interrupt"
    interrupt.touch()
    stopped = rerun(project)
    interrupt.unlink()
    again = rerun(project)

    assert stopped.ret == pytest.ExitCode.INTERRUPTED
    again.assert_outcomes(passed=2, failed=1, deselected=4)
    found = runs_by_key(project)
    assert [key for key in found if found[key].status == "FAIL"] == ["CALC-3"]
    assert len(found["CALC-1"].iterations) == 3
    assert found["CALC-8"].id == before["CALC-8"].id


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_rerun_that_was_killed_is_sent_later(project: Project) -> None:
    """The rows that did not run again are not lost."""
    project.pytester.makepyfile(
        test_suite=SUITE
        + """
    def test_killer():
        assert WORKS
        os.kill(os.getpid(), 9)
        """
    )
    project.upload()
    works(project)
    killed = rerun(project)
    sent = project.pytester.run(
        sys.executable, "-m", "xray_bridge", "resend", "--sandbox"
    )

    assert killed.ret == 137
    assert sent.ret == 0
    (execution,) = project.executions
    found = runs_by_key(project)
    assert len(found["CALC-1"].iterations) == 3
    assert [found[key].status for key in ("CALC-1", "CALC-2", "CALC-3")] == [
        *("PASS", "PASS"),
        "FAIL",
    ]
    assert execution.key == project.receipt["test_execution"]["key"]


def test_rows_with_secrets_in_their_names_run_again(project: Project) -> None:
    """All rows of the function run, because the failed one has no name."""
    project.pytester.makepyfile(
        test_suite="""
        import os
        import pytest

        @pytest.mark.parametrize("word", ["hunter2hunter2", "other"])
        def test_rows(word):
            assert word == "other" or os.path.exists("works")

        def test_fine(): pass
        """
    )
    project.upload(XRAY_TOKEN="hunter2hunter2")
    works(project)
    result = rerun(project)

    result.assert_outcomes(passed=2, deselected=1)
    result.stdout.fnmatch_lines(["Note: rerun of 1 failed test of 2*"])
    assert "hunter2" not in result.stdout.str()


def test_the_rerun_removes_what_the_first_run_removed(project: Project) -> None:
    """A flag of the first run still protects texts."""
    project.pytester.makepyfile(
        test_suite='def test_a(): assert False, "customer 4711"'
    )
    project.upload("--xray-redact", "customer [0-9]+")
    rerun(project)

    assert "4711" not in json.dumps(project.last)


def test_a_second_session_of_the_command_is_refused(project: Project) -> None:
    """It would send the same results again."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    words = " ".join(PYTEST)
    result = usage(project, "--", "sh", "-c", f"{words}; {words}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: the command started a second session, which would send results again*"]
    )


def test_a_rerun_is_no_baseline(project: Project) -> None:
    """It has only some tests, so others are not gone, and not new later."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload("--xray-compare", "yes")
    works(project)
    again = rerun(project)
    third = project.upload("--xray-compare", "yes")

    again.stdout.fnmatch_lines(
        ["*a rerun has only the results of Tests that had failed*"]
    )
    third.stdout.fnmatch_lines(["Compared with *: 3 fixed*"])


def test_the_result_is_json_for_scripts(project: Project) -> None:
    """The output of pytest goes to standard error then."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    works(project)
    result = rerun(project, "--json", "--")
    found = json.loads(result.stdout.str())

    assert (found["exit_code"], len(found["tests"])) == (1, 4)
    assert found["test_execution"] == project.executions[0].key
    result.stderr.fnmatch_lines(["*1 failed, 3 passed, 3 deselected*"])


def test_groups_of_xdist_do_not_change_names(project: Project) -> None:
    """A node id has the name of the group with ``--dist loadgroup``."""
    project.pytester.makepyfile(
        test_suite="""
        import os
        import pytest

        @pytest.mark.xdist_group("one")
        def test_a():
            assert os.path.exists("works")

        def test_b(): pass
        """
    )
    workers = ("-n", "2", "--dist", "loadgroup")
    project.upload(*workers)
    works(project)
    result = rerun(project, "--", *workers)

    result.assert_outcomes(passed=1)
    assert "not collected" not in result.stdout.str()


class Renamed:
    """A test whose hash is that of its node id, as in pytest before 9.2."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid

    def __hash__(self) -> int:
        return hash(self.nodeid)

    def __eq__(self, other: object) -> bool:
        return self is other


def test_tests_are_found_after_another_plugin_has_renamed_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As xdist does with those of a group, while the others are deselected."""
    gone: list[Any] = []

    def note(items: list[Any]) -> None:
        gone.extend(items)

    hook = SimpleNamespace(pytest_deselected=note)
    wanted, other = Renamed("test_a"), Renamed("test_b")
    items: list[Any] = [wanted, other]
    selection: Any = RerunSelection.__new__(RerunSelection)
    selection._config = SimpleNamespace(hook=hook)
    monkeypatch.setattr(RerunSelection, "_is_wanted", lambda _, item: item is wanted)
    selecting = selection.pytest_collection_modifyitems(items)
    next(selecting)
    wanted.nodeid += "@one"

    with pytest.raises(StopIteration):
        next(selecting)
    assert (items, gone) == ([wanted], [other])


def usage(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the command as it is typed."""
    return project.pytester.run(
        sys.executable, "-m", "xray_bridge", "rerun", *arguments
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("pytest", "-x"),
            "*error: unrecognized arguments: -x*",
        ),
        (("--",), "*error: no command to run the tests*"),
        ((), "*error: no command to run the tests*"),
        (
            ("latest", "pytest"),
            (
                "*error: -- is missing before the command that runs the tests (type "
                "xray-bridge rerun [[]RUN] -- pytest) [[]usage]"
            ),
        ),
        (
            ("true",),
            (
                "*error: -- is missing before the command that runs the tests (type "
                "xray-bridge rerun [[]RUN] -- pytest) [[]usage]"
            ),
        ),
        (
            ("--",),
            (
                "*error: no command to run the tests (type xray-bridge rerun "
                "[[]RUN] -- pytest) [[]usage]"
            ),
        ),
        (("nowhere", "--", "pytest"), "*error: there is no run nowhere (*"),
        (
            ("--", "no-such-program"),
            "*error: no-such-program cannot be started: No such file or directory*",
        ),
        (
            ("--", "behavex"),
            (
                "*error: behavex starts behave once for each feature file, so it "
                "cannot rerun*"
            ),
        ),
        (
            ("--", "true"),
            (
                "*error: the command recorded no results with xray-bridge, so none "
                "were sent*"
            ),
        ),
    ],
)
def test_wrong_use_is_one_line(
    project: Project, arguments: tuple[str, ...], line: str
) -> None:
    """It says what to type."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    result = usage(project, *arguments)

    assert result.ret == 2
    result.stderr.fnmatch_lines([line])


def test_no_run_at_all(project: Project) -> None:
    """It says where it looked."""
    result = usage(project, "--", "pytest")

    assert result.ret == 2
    result.stderr.fnmatch_lines(
        ["*error: there is no run in .xray (run the tests with xray-bridge first)*"]
    )


def test_report_files_cannot_be_rerun(project: Project) -> None:
    """Only tests of pytest and behave can."""
    (project.pytester.path / "r.xml").write_text(
        '<testsuite><testcase classname="a" name="b"><failure/></testcase></testsuite>'
    )
    project.pytester.run(
        sys.executable, "-m", "xray_bridge", "upload", "--sandbox", "r.xml"
    )
    result = usage(project, "--", "pytest")

    assert result.ret == 2
    result.stderr.fnmatch_lines(
        ["*error: 2* has report files of other tools, which cannot be rerun (*"]
    )


def test_another_test_execution_is_refused(project: Project) -> None:
    """Results of one run do not go into two Test Executions."""
    project.pytester.makepyfile(test_suite=SUITE)
    project.upload()
    result = rerun(project, "--", "--xray-test-execution=CALC-20")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the results of 2* are in CALC-10?, not in CALC-20*"])


def test_very_many_failures_need_no_long_command_line(project: Project) -> None:
    """The tests are in a file; 2,000 run here."""
    project.pytester.makepyfile(
        test_many="""
        import os
        import pytest

        @pytest.mark.parametrize("n", range(2000))
        def test_n(n):
            assert os.path.exists("works")
        """
    )
    project.upload("-q", "--tb=no", "--no-summary")
    works(project)
    result = rerun(project, "--", "-q")

    assert result.ret == 0
    assert project.receipt["counts"] == {"flaky": 2000}
