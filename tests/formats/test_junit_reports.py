"""What only JUnit XML says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from junitparser import JUnitXml

from tests.builders import a_run, a_scenario, a_scenario_run, a_step, a_test
from tests.formats.reading import (
    RESULTS,
    comment,
    one_case,
    properties,
    rendered,
    validate,
)
from xray_bridge.model.dialect import SERVER
from xray_bridge.model.results import Iteration, Outcome, TestRun


if TYPE_CHECKING:
    from pathlib import Path


def test_properties(tmp_path: Path) -> None:
    """Each that Xray adds, read from the XML itself."""
    test = a_test(
        test_keys=("CALC-1",),
        summary="Adds",
        description="Two numbers",
        labels=("smoke", "slow"),
        requirements=("CALC-7", "CALC-8"),
    )
    run = a_run(
        Outcome.XFAILED,
        test=test,
        comment="seen",
        defects=("CALC-9",),
        custom_fields=(("Browser", "Chrome"),),
    )

    content = rendered(tmp_path, "junit", SERVER, run)

    validate("junit", SERVER, content)
    case = one_case(content)
    values = properties(case)
    assert values["test_key"] == "CALC-1"
    assert values["test_summary"] == "Adds"
    assert values["test_description"] == "Two numbers"
    assert values["tags"] == "smoke,slow"
    assert values["requirements"] == "CALC-7,CALC-8"
    assert "seen" in values["testrun_comment"]
    assert "CALC-9" in values["testrun_comment"]
    (item,) = case.iter("item")
    assert (item.get("name"), item.text) == ("Browser", "Chrome")


def test_counts_and_times(tmp_path: Path) -> None:
    """The suite's own figures are those of its cases."""
    runs = [a_run(each, name=each.value, duration=1.5) for each in RESULTS]

    content = rendered(tmp_path, "junit", SERVER, *runs)

    (suite,) = JUnitXml.fromstring(content)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 0, 1)
    assert suite.timestamp == "2026-01-02T03:04:05"
    assert [case.time for case in suite] == [1.5] * 6


def test_counts_with_statuses_of_ones_own(tmp_path: Path) -> None:
    """They count the elements, not the outcomes."""
    runs = [a_run(each, name=each.value) for each in RESULTS]
    statuses = {"flaky": "FAIL", "skipped": "FAIL", "xpassed": "TODO"}

    content = rendered(tmp_path, "junit", SERVER, *runs, statuses=statuses)

    (suite,) = JUnitXml.fromstring(content)
    assert (suite.tests, suite.failures, suite.skipped) == (6, 3, 1)


def test_nothing_to_add(tmp_path: Path) -> None:
    """No empty properties."""
    content = rendered(tmp_path, "junit", SERVER, a_run())

    assert b"properties" not in content


def failure(tmp_path: Path, run: TestRun) -> tuple[str, str]:
    """The message and the text of the only failure."""
    ((case,),) = JUnitXml.fromstring(rendered(tmp_path, "junit", SERVER, run))
    (found,) = case.result
    return found.message, found.text


def test_failure_is_whole(tmp_path: Path) -> None:
    """The text as it is, and the line that tells as its message."""
    message = "def test_a():\n>   assert 1 == 2\nE   assert 1 == 2\n\nt.py:2: Error"

    found = failure(tmp_path, a_run(Outcome.FAILED, message=message))

    assert found == ("assert 1 == 2", message)


def test_output_of_a_failed_test(tmp_path: Path) -> None:
    """It follows the message, and does not stand in the comment, too."""
    run = a_run(Outcome.FAILED, message="E   no", output="--- stdout\nprinted")

    assert failure(tmp_path, run) == ("no", "E   no\n\n--- stdout\nprinted")
    content = rendered(tmp_path / "again", "junit", SERVER, run)
    assert comment("junit", content) == ""


def test_output_alone(tmp_path: Path) -> None:
    """It is no message."""
    run = a_run(Outcome.FAILED, output="printed")

    assert failure(tmp_path, run) == ("", "printed")


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.SKIPPED])
def test_output_of_another_test(tmp_path: Path, outcome: Outcome) -> None:
    """It stands in the comment, as it is."""
    run = a_run(outcome, output="printed *bold*")

    content = rendered(tmp_path, "junit", SERVER, run)

    assert comment("junit", content) == "{noformat}\nprinted *bold*\n{noformat}"


def test_reason_of_a_skip(tmp_path: Path) -> None:
    """Its first line is the message; more than that is the text."""
    one = a_run(Outcome.SKIPPED, name="test_one", message="no network")
    two = a_run(Outcome.SKIPPED, name="test_two", message="no network\nat all")

    (suite,) = JUnitXml.fromstring(rendered(tmp_path, "junit", SERVER, one, two))

    ((first,), (second,)) = (case.result for case in suite)
    assert (first.message, first.text) == ("no network", None)
    assert (second.message, second.text) == ("no network", "no network\nat all")


def test_comment_says_what_junit_cannot(tmp_path: Path) -> None:
    """Steps, iterations and defects; the author's own text comes first."""
    run = a_run(
        Outcome.XPASSED,
        comment="*seen* by hand",
        message="was open",
        steps=(a_step(keyword="", name="log in", data="user: me"),),
        iterations=(
            Iteration(outcome=Outcome.PASSED, parameters=(("a", "1"), ("b", "2"))),
        ),
        defects=("CALC-9", "CALC-8"),
        custom_fields=(("Browser", "Chrome"),),
    )

    content = rendered(tmp_path, "junit", SERVER, run)

    assert comment("junit", content).splitlines() == [
        "*seen* by hand",
        "",
        "{noformat}",
        "Passed, though a failure was expected (xpass).",
        "was open",
        "passed: a=1, b=2",
        "passed: log in",
        "  data: user: me",
        "Defects: CALC-9, CALC-8",
        "{noformat}",
    ]


@pytest.mark.parametrize("named", ["", " \n"])
def test_scenario_without_a_name(tmp_path: Path, named: str) -> None:
    """Xray refuses a testcase without one, so that its line stands for it."""
    run = a_scenario_run(name=named, scenario=a_scenario(named, line=12))

    content = rendered(tmp_path, "junit", SERVER, run)

    validate("junit", SERVER, content)
    assert one_case(content).get("name") == "line 12"


def test_summary_is_cut(tmp_path: Path) -> None:
    """At Jira's limit for an issue's summary."""
    run = a_run(test=a_test(summary="s" * 256))

    content = rendered(tmp_path, "junit", SERVER, run)

    assert properties(one_case(content))["test_summary"] == "s" * 255
