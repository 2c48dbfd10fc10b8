"""Tests that a mark or a tag leaves out: they run, and are not reported."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import RERUNS
from tests.adapters.pytest.test_pytest_bdd import WITH_GHERKIN
from tests.adapters.pytest.test_pytest_verdicts import SERVER


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

TESTS = """
import pytest

@pytest.mark.xray("CALC-1")
def test_reported(): pass

@pytest.mark.xray("CALC-2", ignore=True)
def test_ignored(xray):
    xray.attach(b"evidence")
    xray.key("CALC-3")

@pytest.mark.xray(ignore=True)
class TestDraft:
    @pytest.mark.parametrize("n", range(2))
    def test_rows(self, n): pass

    @pytest.mark.xray("CALC-4", ignore=False)
    def test_closest(self): pass
"""


def test_ignored_tests(project: Project, workers: tuple[str, ...]) -> None:
    """They run, are counted, and leave no result and no evidence."""
    project.pytester.makepyfile(TESTS)

    result = project.run("--xray-dry-run", *workers, **SERVER)

    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        ["Results: 2 passed", "Ignored: 3 (not reported, as marked)"]
    )
    result.stdout.no_fnmatch_line("Incomplete*")
    found = sorted(line["test_keys"] for line in project.journal)
    assert found == [["CALC-1"], ["CALC-4"]]
    (run,) = project.runs
    assert [*run.glob("evidence/*")] == []
    assert project.receipt["ignored"] == 3
    assert project.receipt["counts"] == {"passed": 2}


@pytest.mark.parametrize("reruns", [(), (*RERUNS, "1")])
def test_a_failed_ignored_test(
    project: Project, workers: tuple[str, ...], reruns: tuple[str, ...]
) -> None:
    """It fails the session, as any test, and Xray hears nothing about it."""
    project.pytester.makepyfile(
        """
        import pytest

        def test_reported(): pass

        @pytest.mark.xray(ignore=True)
        def test_ignored(): assert False
        """
    )

    result = project.upload(*workers, *reruns)

    assert result.ret == 1
    (execution,) = project.executions
    assert [run.status for run in execution.runs] == ["PASS"]
    result.stdout.fnmatch_lines(["Results: 1 passed", "Ignored: 1 (*"])


def test_all_tests_are_ignored(project: Project) -> None:
    """Nothing is sent, and the count says why."""
    project.pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.xray(ignore=True)
        def test_it(): pass
        """
    )

    result = project.upload()

    assert result.ret == 0
    result.stdout.fnmatch_lines(["Nothing to upload*", "Ignored: 1 (*"])
    assert project.executions == []


def test_collected_sessions_count_them_together(project: Project) -> None:
    """Each part says its own, and the merged run their sum."""
    project.pytester.makepyfile(TESTS)
    for _ in range(2):
        result = project.run("--xray-collect", "--xray-run-id=7")
        result.stdout.fnmatch_lines(["Collected 2 results*", "Ignored: 3 (*"])

    project.pytester.run(
        *(sys.executable, "-m", "xray_bridge", "upload", "--run-id=7", "--sandbox"),
        *("--project=CALC", ".xray"),
    ).stdout.fnmatch_lines(["Test Execution:*", "Ignored: 6 (*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "n2"])
def test_an_ignored_test_ends_its_process(
    project: Project, workers: tuple[str, ...]
) -> None:
    """It is not reported either as crashed or as not finished."""
    project.pytester.makepyfile(
        """
        import os
        import pytest

        def test_reported(): pass

        @pytest.mark.xray("CALC-2", ignore=True)
        def test_ignored(): os._exit(3)
        """
    )

    project.run("--xray-collect", *workers)
    done = project.pytester.run(
        sys.executable,
        "-m",
        "xray_bridge",
        "upload",
        ".xray",
        "--sandbox",
        "--project=CALC",
    )

    done.stdout.fnmatch_lines(["Results: 1 passed"])


FEATURE = """
{tag}
Feature: Shop
  {tag_of_rule}
  Rule: One
    {tag_of_scenario}
    Scenario: Log in
      Given it works
  Rule: Two
    @TEST_CALC-2
    Scenario: Log out
      Given it works
"""


@WITH_GHERKIN
@pytest.mark.parametrize(
    ("place", "ignored"), [("tag", 2), ("tag_of_rule", 1), ("tag_of_scenario", 1)]
)
def test_tag_of_a_scenario(
    project: Project, workers: tuple[str, ...], place: str, ignored: int
) -> None:
    """It works on each level, also if markers are strict."""
    places = dict.fromkeys(("tag", "tag_of_rule", "tag_of_scenario"), "")
    text = FEATURE.format(**{**places, place: "@xray-ignore"})
    project.pytester.makefile(".feature", shop=text)
    project.pytester.makepyfile(
        """
        from pytest_bdd import given, scenarios
        scenarios("shop.feature")
        @given("it works")
        def _(): pass
        """
    )

    result = project.run("--xray-dry-run", "--strict-markers", *workers, **SERVER)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"Ignored: {ignored} (*"])
    names = [line["name"] for line in project.last] if project.runs else []
    assert len(names) == 2 - ignored


@pytest.mark.parametrize("value", ["'yes'", "1", "[]"])
def test_wrong_value(project: Project, value: str) -> None:
    """It is a malformed mark."""
    project.pytester.makepyfile(
        f"""
        import pytest
        @pytest.mark.xray(ignore={value})
        def test_it(): pass
        """
    )

    result = project.run("--xray-dry-run", **SERVER)

    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*ignore={value} is neither True nor False"])


def test_ignored_tests_have_no_notices_about_names(project: Project) -> None:
    """Xray never sees the name."""
    project.pytester.makepyfile(
        """
        import pytest
        @pytest.mark.xray(ignore=True)
        @pytest.mark.parametrize("n", [object()])
        def test_it(n): pass
        """
    )

    result = project.upload()

    assert "without a Test key" not in result.stdout.str()


def test_keys_lists_malformed_marks_and_no_ignored_tests(project: Project) -> None:
    """With place and with what was meant; exit code 85."""
    project.pytester.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.xray("CALC-1", defect=["CALC-9"])
        def test_malformed(): pass

        @pytest.mark.xray(ignore=True)
        def test_ignored(): pass
        """
    )
    command = (sys.executable, "-m", "xray_bridge", "keys", "--offline")

    plain = project.pytester.run(*command)
    document = json.loads(project.pytester.run(*command, "--json").stdout.str())

    assert plain.ret == 85
    malformed = (
        "test_a.py:3: @pytest.mark.xray: unknown argument: defect= "
        "(did you mean defects=?)"
    )
    assert plain.outlines[:4] == [
        "Tests: 2, 0 with a Test key, 1 ignored",
        "Malformed marks and tags: 1",
        f"  {malformed}",
        "Without a Test key: 1",
    ]
    assert document["malformed"] == [malformed]
