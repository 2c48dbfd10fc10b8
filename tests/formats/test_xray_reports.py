"""What only Xray JSON says."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, a_scenario, a_scenario_run, a_step, a_test, results
from tests.formats.reading import (
    BOTH,
    FAILED,
    RESULTS,
    a_piece,
    comment,
    document,
    evidence,
    one_test,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.errors import ReportError
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.results import Iteration, Outcome


if TYPE_CHECKING:
    from pathlib import Path

# What a failed step, said by the test itself, looks like.
LOGGED_IN = a_step(keyword="", name="log in", data="user: me", expected="a greeting")
LOGGED_OUT = a_step(Outcome.FAILED, keyword="", name="log out", message="no *button*")
BODIES = {"steps", "iterations", "examples"}


@BOTH
def test_everything(tmp_path: Path, deployment: str) -> None:
    """All that a result can have, under an existing Test Execution."""
    runs = [
        a_run(
            outcome,
            keys=["CALC-1"],
            name=f"test_a[{outcome.value}]",
            parameters=(("n", "1"),),
            defects=("CALC-9",),
            comment="seen",
            message="because",
            steps=(LOGGED_IN,),
        )
        for outcome in RESULTS
    ]
    new = a_test("test_b", labels=("smoke",), requirements=("CALC-7",), description="B")
    found = results(tmp_path, *runs, a_run(test=new))
    file = io.BytesIO()

    header = {"testExecutionKey": "CALC-5", "info": {"revision": "abc"}}
    XrayWriter(header, "CALC").write(found, DIALECTS[deployment], file)

    validate("xray", deployment, file.getvalue())
    report = document(file.getvalue())
    assert (report["testExecutionKey"], report["info"]) == (
        "CALC-5",
        {"revision": "abc"},
    )
    first, second = report["tests"]
    assert first["defects"] == ["CALC-9"]
    assert second["testInfo"]["labels"] == ["smoke"]
    assert second["testInfo"]["requirementKeys"] == ["CALC-7"]
    assert verdicts("xray", file.getvalue())[0] == ("CALC-1", FAILED)


@BOTH
def test_rows_of_an_outline(tmp_path: Path, deployment: str) -> None:
    """They are examples of one Test."""
    runs = [
        a_scenario_run(
            outcome, keys=["CALC-1"], scenario=a_scenario(outline="sums", row=row)
        )
        for row, outcome in enumerate(RESULTS, 1)
    ]

    content = rendered(tmp_path, "xray", deployment, *runs)

    validate("xray", deployment, content)
    test = one_test(content)
    assert len(test["examples"]) == len(RESULTS)
    assert set(test) & BODIES == {"examples"}


def test_example_has_no_status_of_ones_own(tmp_path: Path) -> None:
    """Only few words are known there, so that others fall back."""
    runs = [
        a_scenario_run(
            outcome, keys=["CALC-1"], scenario=a_scenario(outline="sums", row=row)
        )
        for row, outcome in enumerate((Outcome.FAILED, Outcome.SKIPPED), 1)
    ]
    statuses = {"failed": "ABORTED", "skipped": "EXECUTING"}

    content = rendered(tmp_path, "xray", CLOUD, *runs, statuses=statuses)

    validate("xray", CLOUD, content)
    test = one_test(content)
    assert test["status"] == "ABORTED"
    assert test["examples"] == ["FAILED", "EXECUTING"]


@BOTH
def test_steps_of_a_test(tmp_path: Path, deployment: str) -> None:
    """Each has its status, what was said before, and what it came to."""
    picture = a_piece(b"picture")
    steps = (LOGGED_IN, a_step(Outcome.NOT_RUN, evidence=(picture,)), LOGGED_OUT)
    run = a_run(Outcome.FAILED, keys=["CALC-1"], steps=steps, message="it failed")

    content = rendered(tmp_path, "xray", deployment, run, contents=[b"picture"])

    validate("xray", deployment, content)
    test = one_test(content)
    words = DIALECTS[deployment].statuses
    first, second, third = test["steps"]
    assert [each["status"] for each in test["steps"]] == [
        words[Outcome.PASSED],
        "TODO",
        words[Outcome.FAILED],
    ]
    assert first["comment"].splitlines()[1:-1] == [
        "log in",
        "data: user: me",
        "expected: a greeting",
    ]
    assert "actualResult" not in first
    assert third["actualResult"] == "{noformat}\nno *button*\n{noformat}"
    assert [each["filename"] for each in second["evidences"]] == ["shot.png"]
    assert test["comment"] == "{noformat}\nit failed\n{noformat}"
    assert not {"evidence", "evidences"} & set(test)


@pytest.mark.parametrize("scenario", [None, a_scenario()], ids=["test", "scenario"])
def test_steps_that_are_only_told(tmp_path: Path, scenario: object) -> None:
    """Of a Test that Xray makes, and of one whose steps are in its feature."""
    steps = (
        LOGGED_IN,
        a_step(Outcome.FAILED, message="boom", name="it ends"),
        a_step(evidence=(a_piece(b"picture"),)),
    )
    keys = ["CALC-1"] if scenario else []
    run = a_run(Outcome.FAILED, keys=keys, steps=steps, scenario=scenario)

    content = rendered(tmp_path, "xray", SERVER, run, contents=[b"picture"])

    validate("xray", SERVER, content)
    test = one_test(content)
    assert comment("xray", content).splitlines()[1:-1] == [
        "passed: log in",
        "  data: user: me",
        "  expected: a greeting",
        "failed: Given it ends",
        "  boom",
        "passed: Given the display is on",
    ]
    assert not BODIES & set(test)
    assert [each["filename"] for each in test["evidences"]] == ["shot.png"]


@BOTH
def test_iterations(tmp_path: Path, deployment: str) -> None:
    """Each row with its parameters and steps; the comment lists them, too."""
    runs = [
        a_run(
            outcome,
            keys=["CALC-1"],
            name=f"test_a[{number}]",
            parameters=(("n", str(number)),),
            steps=(LOGGED_IN,),
        )
        for number, outcome in enumerate((Outcome.PASSED, Outcome.FAILED))
    ]

    content = rendered(tmp_path, "xray", deployment, *runs)

    validate("xray", deployment, content)
    test = one_test(content)
    words = DIALECTS[deployment].statuses
    assert set(test) & BODIES == {"iterations"}
    assert [each["status"] for each in test["iterations"]] == [
        words[Outcome.PASSED],
        words[Outcome.FAILED],
    ]
    assert [each["parameters"] for each in test["iterations"]] == [
        [{"name": "n", "value": "0"}],
        [{"name": "n", "value": "1"}],
    ]
    assert [len(each["steps"]) for each in test["iterations"]] == [1, 1]
    assert "passed: n=0" in test["comment"]
    assert "failed: n=1" in test["comment"]


def test_steps_beside_iterations(tmp_path: Path) -> None:
    """A test has one of the two; what is said of the other stays."""
    run = a_run(
        keys=["CALC-1"],
        steps=(a_step(name="begin", evidence=(a_piece(b"a", "a.txt"),)),),
        iterations=(
            Iteration(
                outcome=Outcome.PASSED,
                steps=(a_step(evidence=(a_piece(b"b", "b.txt"),)),),
            ),
        ),
    )

    content = rendered(tmp_path, "xray", SERVER, run, contents=[b"a", b"b"])

    validate("xray", SERVER, content)
    test = one_test(content)
    assert "steps" not in test
    assert "passed: Given begin" in test["comment"]
    assert [each["filename"] for each in test["evidences"]] == ["a.txt"]
    (iteration,) = test["iterations"]
    assert evidence("xray", content) == [("a.txt", b"a"), ("b.txt", b"b")]
    assert iteration["steps"][0]["evidences"][0]["filename"] == "b.txt"


def test_parameters_that_xray_does_not_take(tmp_path: Path) -> None:
    """More than 20, without a name, or twice: those are in the comment only."""
    many = tuple((f"p{number:02}", "x") for number in range(30))
    given = (("", "nameless"), ("p00", "first"), *many, ("\n", "blank"))
    iterations = (
        Iteration(outcome=Outcome.PASSED, parameters=given),
        Iteration(outcome=Outcome.PASSED, parameters=(("", "none"),)),
    )
    run = a_run(keys=["CALC-1"], iterations=iterations)

    content = rendered(tmp_path, "xray", CLOUD, run)

    validate("xray", CLOUD, content)
    test = one_test(content)
    first, second = test["iterations"]
    names = [each["name"] for each in first["parameters"]]
    assert names == [f"p{number:02}" for number in range(20)]
    assert first["parameters"][0]["value"] == "first"
    assert "parameters" not in second
    assert "p29=x" in test["comment"]
    assert "=nameless" in test["comment"]


def test_custom_fields(tmp_path: Path) -> None:
    """By their ids; those that have names only are in the comment."""
    fields = (("12", "Chrome"), ("Browser", "Firefox"))
    run = a_run(keys=["CALC-1"], custom_fields=fields)

    content = rendered(tmp_path, "xray", SERVER, run)

    validate("xray", SERVER, content)
    test = one_test(content)
    assert test["customFields"] == [{"id": "12", "value": "Chrome"}]
    assert "Browser: Firefox" in test["comment"]
    assert "Chrome" not in test["comment"]


@BOTH
@pytest.mark.parametrize("outcome", [Outcome.XFAILED, Outcome.XPASSED])
def test_expected_failure_is_noted(
    tmp_path: Path, deployment: str, outcome: Outcome
) -> None:
    """Its status does not tell."""
    content = rendered(tmp_path, "xray", deployment, a_run(outcome))

    assert "expected" in comment("xray", content)


def test_output_is_in_the_comment(tmp_path: Path) -> None:
    """After the message, with a blank line between."""
    run = a_run(Outcome.FAILED, message="E   no", output="printed")

    content = rendered(tmp_path, "xray", SERVER, run)

    assert comment("xray", content) == "{noformat}\nE   no\n\nprinted\n{noformat}"


def test_scenarios_without_keys(tmp_path: Path) -> None:
    """Xray JSON could only make Generic Tests of them."""
    with pytest.raises(ReportError, match="Test key"):
        rendered(tmp_path, "xray", SERVER, a_scenario_run())


def test_test_without_a_name(tmp_path: Path) -> None:
    """A summary is needed, on one line of 255 characters."""
    runs = (
        a_run(test=a_test("")),
        a_run(test=a_test("test_b", summary="two\nlines" + "x" * 300)),
    )

    content = rendered(tmp_path, "xray", SERVER, *runs)

    validate("xray", SERVER, content)
    found = [test["testInfo"]["summary"] for test in document(content)["tests"]]
    assert found[0] == "tests.test_calculator."
    assert found[1].startswith("two linesxxx")
