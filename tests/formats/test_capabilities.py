"""The limits of formats, by product and for scenarios."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_feature, a_scenario, a_scenario_run, a_test
from xray_bridge.formats.capabilities import better_elsewhere, find_unsaid
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.formats import Need
from xray_bridge.model.results import TestRun


WANTED = {need: need.value for need in (Need.DEFECTS, Need.STEPS, Need.EVIDENCE)}


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (SERVER, ["defects", "steps", "evidence"]),
        (CLOUD, ["defects", "steps"]),
        (None, ["defects", "steps", "evidence"]),
    ],
)
def test_evidence_in_junit(deployment: str | None, expected: list[str]) -> None:
    """Not every version of Xray Server reads it; Xray Cloud does."""
    dialect = DIALECTS[deployment] if deployment else None

    assert better_elsewhere("junit", WANTED, dialect) == expected


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
@pytest.mark.parametrize(
    ("name", "expected"), [("xray", []), ("cucumber", ["defects"])]
)
def test_evidence_elsewhere(deployment: str, name: str, expected: list[str]) -> None:
    """Every version reads it there."""
    assert better_elsewhere(name, WANTED, DIALECTS[deployment]) == expected


def a_keyed_run(**of_test: Any) -> TestRun:
    """A scenario with a key; its feature file has a bit of everything."""
    feature = a_feature(tags=("REQ_CALC-7", "slow"))
    scenario = a_scenario(
        feature=feature, tags=("CALC-1", "smoke", "REQ_CALC-8"), description="As is."
    )
    test = a_test(scenario.name, test_keys=("CALC-1",), **of_test)
    return a_scenario_run(scenario=scenario, test=test)


@pytest.mark.parametrize("name", ["cucumber", "behave", "xray"])
def test_what_the_feature_file_says(name: str) -> None:
    """Xray has it from there."""
    run = a_keyed_run(
        requirements=("CALC-7", "CALC-8"),
        labels=("slow", "smoke"),
        summary="two numbers",
        description="As is.",
    )

    assert find_unsaid(name, run) == []


@pytest.mark.parametrize("name", ["cucumber", "behave"])
def test_what_tags_cannot_say(name: str) -> None:
    """Requirements and labels they can, but for labels that are no tags."""
    said = a_keyed_run(requirements=("CALC-9",), labels=("new",))
    otherwise = a_keyed_run(
        labels=("two words",), summary="Sums up", description="Otherwise."
    )
    key = a_keyed_run(labels=("CALC-2",))

    assert find_unsaid(name, said) == []
    assert find_unsaid(name, otherwise) == ["labels", "summaries", "descriptions"]
    assert find_unsaid(name, key) == ["labels"]


def test_what_xray_json_does_not_say_of_a_scenario() -> None:
    """It says nothing about a Test with a key, not even its tags."""
    run = a_keyed_run(
        requirements=("CALC-7", "CALC-9"),
        labels=("new",),
        summary="Sums up",
        description="Otherwise.",
    )

    assert find_unsaid("xray", run) == [
        "requirements",
        "labels",
        "summaries",
        "descriptions",
    ]


@pytest.mark.parametrize("name", ["cucumber", "behave", "xray"])
def test_summary_of_a_row_is_that_of_its_outline(name: str) -> None:
    """behave has the outline's name there, pytest-bdd the scenario's."""
    scenario = a_scenario("sums -- @1.1", outline="sums", row=1)
    runs = [
        a_scenario_run(
            scenario=scenario, test=a_test(test_keys=("CALC-1",), summary=each)
        )
        for each in ("sums", "sums -- @1.1")
    ]

    assert [find_unsaid(name, run) for run in runs] == [[], []]
