"""Tests run that Xray has selected, and no others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.adapters.pytest.conftest import Project


ROOT = Path(__file__).parents[3]

SUITE = """
    import pytest

    @pytest.mark.xray("CALC-1")
    def test_add(): pass

    @pytest.mark.xray("CALC-2")
    @pytest.mark.parametrize("number", [1, 2])
    def test_subtract(number): pass

    @pytest.mark.xray("CALC-9")
    def test_elsewhere(): assert False

    def test_without_a_key(): assert False

    @pytest.mark.xray("CALC-9", "CALC-1")
    def test_with_two_keys(): pass
"""
SELECT = ("--xray-select", "CALC-15", "--xray-sandbox")
NOTE = "*selected: 3 Tests of CALC-15; no collected test has the key CALC-3*"


def test_only_selected_tests_run_and_are_reported(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A Test of the plan that has no code is named."""
    project.pytester.makepyfile(SUITE)
    result = project.run("--xray-upload", *SELECT, *workers)

    assert result.ret == 0
    result.assert_outcomes(passed=4, deselected=0 if workers else 2)
    result.stdout.fnmatch_lines([NOTE])
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS", "CALC-9": "PASS"}


def test_a_selection_needs_no_upload(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Nothing is recorded then."""
    project.pytester.makepyfile(SUITE)
    result = project.run(*SELECT, *workers)

    result.assert_outcomes(passed=4, deselected=0 if workers else 2)
    result.stdout.fnmatch_lines([NOTE])
    assert project.runs == []


def test_tests_left_out_otherwise_count_as_code(project: Project) -> None:
    """``-k`` does not make a Test one without code."""
    project.pytester.makepyfile(SUITE)
    result = project.run(*SELECT, "-k", "add")

    result.assert_outcomes(passed=1, deselected=5)
    result.stdout.fnmatch_lines([NOTE])


def test_keys_of_hooks_and_tags_are_selected_too(project: Project) -> None:
    """Wherever a key comes from."""
    project.pytester.makeconftest("""
        def pytest_xray_test_keys(item):
            return "CALC-3" if item.name == "test_named" else None
    """)
    project.pytester.makefile(
        ".feature",
        calc="Feature: F\n  @TEST_CALC-2\n  Scenario: s\n    Given it is\n"
        "  @CALC-9\n  Scenario: t\n    Given it is\n",
    )
    project.pytester.makepyfile("""
        from pytest_bdd import given, scenarios
        scenarios("calc.feature")

        @given("it is")
        def _(): pass

        def test_named(): pass
        def test_unnamed(): pass
    """)
    result = project.run(*SELECT)

    result.assert_outcomes(passed=2, deselected=2)


def test_a_list_of_what_would_run_is_selected_as_well(project: Project) -> None:
    """``--collect-only`` with the flag."""
    project.pytester.makepyfile(SUITE)
    result = project.run(*SELECT, "--collect-only", "-q")

    result.stdout.fnmatch_lines(["4/6 tests collected (2 deselected)*"])


@pytest.mark.parametrize(
    ("selection", "why"),
    [
        ("CALC-999", "*xray_select: CALC-999 has no Tests*"),
        ("nonsense", "*xray_select: HTTP 400*"),
    ],
)
def test_a_selection_of_nothing_runs_nothing(
    project: Project, selection: str, why: str
) -> None:
    """It says so before the first test."""
    project.pytester.makepyfile(SUITE)
    result = project.run("--xray-sandbox", "--xray-select", selection)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([why])


def test_a_server_that_cannot_be_asked_runs_nothing(project: Project) -> None:
    """No test runs, because the selected Tests are unknown."""
    project.pytester.makepyfile(SUITE)
    result = project.run(
        "--xray-select",
        "CALC-15",
        XRAY_URL="http://127.0.0.1:9",
        XRAY_TOKEN="token",
        XRAY_DEADLINE="1",
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*xray_select: 127.0.0.1:9 cannot be reached*"])


NO_SERVER = {"XRAY_URL": "http://127.0.0.1:9", "XRAY_TOKEN": "token"}
LIST_NOTE = "*selected: 2 Tests; no collected test has the key CALC-7*"


def test_a_list_of_keys_needs_no_server(
    project: Project, workers: tuple[str, ...]
) -> None:
    """The keys are the selection; one without code is named."""
    project.pytester.makepyfile(SUITE)
    result = project.run("--xray-select", "CALC-1;CALC-7,", *workers, **NO_SERVER)

    assert result.ret == 0
    result.assert_outcomes(passed=2, deselected=0 if workers else 4)
    result.stdout.fnmatch_lines([LIST_NOTE])


@pytest.mark.parametrize(
    ("selection", "line"),
    [
        ("", "*xray_select is empty: it selects no Test (write keys such as*"),
        (",", "*xray_select is empty: it selects no Test (write keys such as*"),
        ("CALC-1,x,", "*xray_select: 'x' is not a Test key (write keys such as*"),
    ],
)
def test_an_empty_or_malformed_list_runs_nothing(
    project: Project, selection: str, line: str
) -> None:
    """An empty list never means all tests."""
    project.pytester.makepyfile(SUITE)
    result = project.run("--xray-select", selection, **NO_SERVER)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])


def test_keys_go_into_the_execution_that_is_named(
    project: Project, workers: tuple[str, ...]
) -> None:
    """As a pipeline that Jira has started does it."""
    project.pytester.makepyfile(SUITE)
    result = project.run(
        "--xray-upload",
        "--xray-sandbox",
        "--xray-test-execution=CALC-20",
        *workers,
        XRAY_SELECT="CALC-1,CALC-2,",
    )

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "Test Execution: CALC-20",
            "Tests: 3 sent, 3 accepted, 0 refused",
            "Results: 4 passed",
        ]
    )
    assert project.executions == []


def keys(project: Project, *arguments: str) -> pytest.RunResult:
    """Run ``xray-bridge keys``."""
    return project.pytester.run(
        sys.executable, "-m", "xray_bridge", "keys", "--sandbox", *arguments
    )


def test_keys_in_code_are_compared_with_xray(project: Project) -> None:
    """Without running a test."""
    project.pytester.makepyfile(SUITE)
    result = keys(project, "--select", "CALC-15")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "Tests: 5, 4 with a Test key",
            "Without a Test key: 1",
            "  test_*.py:13: test_without_a_key",
            "On several tests: 2",
            "  CALC-1: test_*.py:3: test_add; test_*.py:15: test_with_two_keys",
            "Tests of CALC-15 without code: 1",
            "  CALC-3",
        ]
    )


def test_what_follows_dashes_goes_to_pytest(project: Project) -> None:
    """Its own ways to choose."""
    project.pytester.makepyfile(SUITE)
    result = keys(project, "--offline", "--json", "--", "-k", "add")

    assert json.loads(result.stdout.str())["tests"] == 1


@pytest.mark.parametrize(("name", "code"), [("key", 85), ("add", 0)])
def test_hook_before_a_commit_wants_a_key_on_each_test(
    project: Project, name: str, code: int
) -> None:
    """What ``.pre-commit-hooks.yaml`` starts fails for the one test without a key."""
    project.pytester.makepyfile(SUITE)
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    program, command, *flags = hook["entry"].split()
    assert (program, command) == ("xray-bridge", "keys")

    result = keys(project, *flags, "--", "-k", name)

    assert result.ret == code
    if code:
        result.stdout.fnmatch_lines(["Without a Test key: 1", "*test_without_a_key"])


def test_a_file_that_cannot_be_collected_makes_the_report_incomplete(
    project: Project,
) -> None:
    """Its keys are not there to be compared."""
    project.pytester.makepyfile(test_a=SUITE, test_b="import nowhere_to_be_found")
    result = keys(project)

    assert result.ret == 85
    result.stdout.fnmatch_lines(["Incomplete: test_b.py could not be collected"])


def test_arguments_that_pytest_does_not_know_are_refused(project: Project) -> None:
    """In one line."""
    result = keys(project, "--", "--no-such-flag")

    assert result.ret == 2
    result.stderr.fnmatch_lines(["*pytest could not collect tests (exit code 4)*"])
