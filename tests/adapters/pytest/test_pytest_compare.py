"""Sessions of pytest say what changed since the last one."""

from __future__ import annotations

import pytest

from tests.adapters.pytest.conftest import Project
from xray_bridge import cli


SUITE = """
    import os
    import pytest

    IS_SECOND = os.environ.get("SECOND")

    @pytest.mark.xray("CALC-1")
    def test_add():
        assert not IS_SECOND

    @pytest.mark.parametrize("row", [1, 2])
    def test_rows(row):
        assert IS_SECOND or row == 1
"""

FEATURE = """
    Feature: F
      @TEST_CALC-1
      Scenario: add
        Given the answer no

      Scenario Outline: rows
        Given the answer <answer>

        Examples:
          | answer |
          | yes    |
"""
STEPS = """
    import os
    from pytest_bdd import given, parsers, scenarios

    scenarios("calculator.feature")

    @given(parsers.parse("the answer {answer}"))
    def _(answer):
        assert answer == os.environ.get("SECOND", "no")
"""


def test_compared_with_the_session_before(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Serially and with workers."""
    project.pytester.makepyfile(test_calculator=SUITE)
    compare = ("--xray-compare", "yes", "--xray-project", "CALC", *workers)
    first = project.upload(*compare)
    second = project.upload(*compare, SECOND="yes")

    first.stdout.fnmatch_lines(
        ["Not compared with an earlier run: there is no earlier run of CALC"]
    )
    second.stdout.fnmatch_lines(
        [
            "Compared with *: 1 newly failing, 1 fixed",
            "  newly failing: test_calculator.test_add (CALC-1): *not 'yes'",
            "  fixed: test_calculator.test_rows[[]2[]]",
            "1 failure, 1 cause",
            "  1 x AssertionError in test_calculator.py test_add: *.test_add",
        ]
    )
    assert project.receipt["changes"]["cause_count"] == 1


def test_scenarios_of_pytest_bdd(project: Project, workers: tuple[str, ...]) -> None:
    """With a key and without one, and the rows of an outline."""
    project.pytester.makefile(".feature", calculator=FEATURE)
    project.pytester.makepyfile(test_calculator=STEPS)
    compare = ("--xray-compare", "yes", "--xray-project", "CALC", *workers)
    project.upload(*compare)
    second = project.upload(*compare, SECOND="yes")

    second.stdout.fnmatch_lines(
        [
            "Compared with *: 1 newly failing, 1 fixed",
            "  newly failing: test_calculator.test_add (CALC-1): *",
            "  fixed: test_calculator.test_rows[[]yes[]]",
        ]
    )


def test_parts_are_compared_as_one_run(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shards of one CI run, merged by ``xray-bridge upload``."""
    project.pytester.makepyfile(test_calculator=SUITE)
    project.upload("--xray-project", "CALC")
    for name in ("test_add", "test_rows"):
        project.run(
            *("--xray-collect", "--xray-run-id", "7", "--xray-project", "CALC"),
            f"test_calculator.py::{name}",
            SECOND="yes",
        )
    capsys.readouterr()
    code = cli.main(["upload", "--run-id", "7", "--sandbox", "--compare", "yes"])

    assert code == 0
    assert ": 1 newly failing, 1 fixed\n" in capsys.readouterr().out
