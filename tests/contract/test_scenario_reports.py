"""What only Cucumber and Behave JSON say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, a_step
from tests.contract.reading import (
    OF_SCENARIOS,
    a_piece,
    document,
    evidence,
    one_scenario,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.dialect import SERVER
from xray_bridge.model import Outcome


if TYPE_CHECKING:
    from pathlib import Path

EACH = pytest.mark.parametrize("name", OF_SCENARIOS)


def message(step: Any) -> str:
    """The error message of a step; Behave JSON has a list of lines."""
    found = step["result"].get("error_message", "")
    return found if isinstance(found, str) else "\n".join(found)


@EACH
def test_scenario_keeps_its_feature(tmp_path: Path, name: str) -> None:
    """File by file, each with its tags; other tests have no place there."""
    feature = a_feature(tags=("REQ_CALC-7",))
    other = a_feature(path="features/sub.feature", name="Subtracting")
    content = rendered(
        tmp_path,
        name,
        SERVER,
        a_scenario_run(scenario=a_scenario("one", feature=feature)),
        a_run(keys=["CALC-1"]),
        a_scenario_run(scenario=a_scenario("two", feature=other)),
        a_scenario_run(scenario=a_scenario("three", feature=feature)),
    )

    validate(name, SERVER, content)
    report = document(content)
    assert [each["name"] for each in report] == ["Adding", "Subtracting"]
    assert [[e["name"] for e in each["elements"]] for each in report] == [
        ["one", "three"],
        ["two"],
    ]
    assert "REQ_CALC-7" in json.dumps(report[0]["tags"])


@EACH
@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("TEST_CALC-1",), ["TEST_CALC-1"]),
        (("CALC-1",), ["CALC-1"]),
        (("slow", "CALC-1"), ["slow", "CALC-1"]),
    ],
)
def test_key_in_a_tag_is_not_repeated(
    tmp_path: Path, name: str, tags: tuple[str, ...], expected: list[str]
) -> None:
    """The tags are those of the file."""
    run = a_scenario_run(keys=["CALC-1"], scenario=a_scenario(tags=tags))

    content = rendered(tmp_path, name, SERVER, run)

    element = one_scenario(content)
    found = [t if isinstance(t, str) else t["name"][1:] for t in element["tags"]]
    assert found == expected


@EACH
def test_key_that_ends_like_another(tmp_path: Path, name: str) -> None:
    """``OTHERCALC-1`` is not ``CALC-1``."""
    run = a_scenario_run(keys=["CALC-1"], scenario=a_scenario(tags=("OTHERCALC-1",)))

    content = rendered(tmp_path, name, SERVER, run)

    element = one_scenario(content)
    found = [t if isinstance(t, str) else t["name"][1:] for t in element["tags"]]
    assert [tag for tag in found if re.fullmatch(r"(TEST_)?CALC-1", tag)]


@EACH
def test_evidence_is_embedded(tmp_path: Path, name: str) -> None:
    """Where it was attached; the scenario's own at its last step."""
    steps = (
        a_step(evidence=(a_piece(b"early", "early.txt", "text/plain"),)),
        a_step(evidence=(a_piece(b"late", "shot.png"),)),
    )
    own = (a_piece(b"own", "shot.png"),)
    run = a_scenario_run(keys=["CALC-1"], steps=steps, evidence=own)

    content = rendered(
        tmp_path, name, SERVER, run, contents=[b"early", b"late", b"own"]
    )

    validate(name, SERVER, content)
    first, last = one_scenario(content)["steps"]
    assert [each["mime_type"] for each in first["embeddings"]] == ["text/plain"]
    assert len(last["embeddings"]) == 2
    found = evidence(name, content)
    assert [each for _, each in found] == [b"early", b"late", b"own"]
    if name == "cucumber":
        assert [named for named, _ in found] == [
            "early.txt",
            "shot.png",
            "shot (2).png",
        ]


@EACH
def test_evidence_without_steps(tmp_path: Path, name: str) -> None:
    """The step that says what became of the scenario carries it."""
    run = a_scenario_run(
        Outcome.FAILED, keys=["CALC-1"], steps=(), evidence=(a_piece(b"own"),)
    )

    content = rendered(tmp_path, name, SERVER, run, contents=[b"own"])

    validate(name, SERVER, content)
    assert [each for _, each in evidence(name, content)] == [b"own"]


@EACH
def test_output_follows_the_failure(tmp_path: Path, name: str) -> None:
    """After a blank line, at the step that failed; others stay as they are."""
    steps = (
        a_step(),
        a_step(Outcome.FAILED, message="boom"),
        a_step(Outcome.NOT_RUN),
    )
    run = a_scenario_run(
        Outcome.FAILED, keys=["CALC-1"], steps=steps, output="printed\nmore"
    )

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    first, second, _ = one_scenario(content)["steps"]
    assert message(first) == ""
    assert message(second) == "boom\n\nprinted\nmore"


@EACH
def test_flaky_scenario_has_only_its_steps(tmp_path: Path, name: str) -> None:
    """The last attempt passed, and so did all that it did."""
    steps = (a_step(), a_step())
    run = a_scenario_run(Outcome.FLAKY, keys=["CALC-1"], steps=steps)

    content = rendered(tmp_path, name, SERVER, run)

    assert len(one_scenario(content)["steps"]) == 2


@EACH
def test_failure_that_is_to_be_none(tmp_path: Path, name: str) -> None:
    """With a status of one's own, its text stays readable."""
    steps = (a_step(Outcome.FAILED, message="boom"),)
    run = a_scenario_run(Outcome.FAILED, keys=["CALC-1"], steps=steps)

    content = rendered(tmp_path, name, SERVER, run, statuses={"failed": "TODO"})

    assert verdicts(name, content) == [("CALC-1", "neither")]
    (step,) = one_scenario(content)["steps"]
    assert message(step) == "boom"


def test_feature_has_a_status(tmp_path: Path) -> None:
    """The worst of its scenarios', which stand before it."""
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)
    runs = [a_scenario_run(each, name=each.value) for each in outcomes]

    content = rendered(tmp_path, "behave", SERVER, *runs)

    validate("behave", SERVER, content)
    assert [each["status"] for each in document(content)] == ["failed"]
