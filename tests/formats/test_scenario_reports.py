"""What only Cucumber and Behave JSON say."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import (
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_step,
    a_test,
)
from tests.formats.reading import (
    MEANINGS,
    OF_SCENARIOS,
    RESULTS,
    a_piece,
    document,
    evidence,
    kept,
    one_scenario,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.formats.write import writer
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.model.results import Step

EACH = pytest.mark.parametrize("name", OF_SCENARIOS)


def message(step: Any) -> str:
    """The error message of a step; Behave JSON has a list of lines."""
    found = step.get("result", {}).get("error_message", "")
    return found if isinstance(found, str) else "\n".join(found)


def tags_of(content: bytes) -> list[str]:
    """The tags of the only scenario, without ``@``."""
    found = one_scenario(content)["tags"]
    return [tag if isinstance(tag, str) else tag["name"][1:] for tag in found]


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

    assert tags_of(content) == expected


@EACH
@pytest.mark.parametrize(
    "tag", ["OTHERCALC-1", "blocks_CALC-1", "REQ_CALC-1", "bug-CALC-1", "bug:CALC-1"]
)
def test_tag_that_only_ends_with_the_key(tmp_path: Path, name: str, tag: str) -> None:
    """It names something else, or another issue: the result keeps its key."""
    run = a_scenario_run(keys=["CALC-1"], scenario=a_scenario(tags=(tag,)))

    content = rendered(tmp_path, name, SERVER, run)

    assert tags_of(content) == [tag, "CALC-1"]
    assert [identity for identity, _ in verdicts(name, content)] == ["CALC-1"]


@EACH
def test_what_code_says_of_a_test_is_in_tags(tmp_path: Path, name: str) -> None:
    """Requirements and labels, where neither scenario nor feature has them."""
    feature = a_feature(tags=("REQ_CALC-7", "slow"))
    test = a_test(
        test_keys=("CALC-1",),
        requirements=("CALC-7", "CALC-8", "CALC-9"),
        labels=("slow", "smoke", "ui"),
    )
    scenario = a_scenario(feature=feature, tags=("REQ_CALC-8", "ui"))

    content = rendered(
        tmp_path, name, SERVER, a_scenario_run(test=test, scenario=scenario)
    )

    validate(name, SERVER, content)
    assert tags_of(content) == ["REQ_CALC-8", "ui", "CALC-1", "REQ_CALC-9", "smoke"]


@EACH
@pytest.mark.parametrize("label", ["two words", " smoke", "", "CALC-2", "TEST_CALC-2"])
def test_label_that_is_no_tag(tmp_path: Path, name: str, label: str) -> None:
    """With blanks it would be two; with a key the result would be another's."""
    test = a_test(test_keys=("CALC-1",), labels=(label,))

    content = rendered(tmp_path, name, SERVER, a_scenario_run(test=test))

    assert tags_of(content) == ["CALC-1"]


@EACH
@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [
        (("TestName:", "STORY_"), ["TestName:CALC-1", "STORY_CALC-7", "REQ_CALC-8"]),
        (("TestName:",), ["TestName:CALC-1", "STORY_CALC-7", "REQ_CALC-8"]),
        ((), ["TestName:CALC-1", "STORY_CALC-7", "REQ_CALC-8", "CALC-1"]),
    ],
)
def test_prefixes_of_ones_own(
    tmp_path: Path, name: str, prefixes: tuple[str, ...], expected: list[str]
) -> None:
    """A tag with the prefix that was set says it; those not set are Xray's own."""
    of_requirements = prefixes[1] if len(prefixes) > 1 else "REQ_"
    tags = ("TestName:CALC-1", "STORY_CALC-7", "REQ_CALC-8")
    test = a_test(test_keys=("CALC-1",), requirements=("CALC-7", "CALC-8"))
    found = kept(tmp_path, a_scenario_run(test=test, scenario=a_scenario(tags=tags)))
    file = io.BytesIO()

    writer(name, prefixes=prefixes).write(found, DIALECTS[SERVER], file)

    missing = {"REQ_": "CALC-7", "STORY_": "CALC-8"}[of_requirements]
    assert tags_of(file.getvalue()) == [*expected, f"{of_requirements}{missing}"]


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


BOOM = a_step(Outcome.FAILED, name="it breaks", message="boom")
STOPPED = (a_step(), BOOM, a_step(Outcome.NOT_RUN))


@EACH
@pytest.mark.parametrize(
    ("outcome", "steps", "said", "expected"),
    [
        pytest.param(
            Outcome.FAILED, STOPPED, "", ["", "boom", ""], id="failed, a step says it"
        ),
        pytest.param(
            Outcome.FAILED,
            STOPPED,
            "Given it breaks\nboom\n\nteardown: gone",
            ["", "boom\n\nteardown: gone", ""],
            id="failed, and behave's hook after it",
        ),
        pytest.param(
            Outcome.FAILED,
            STOPPED,
            "Given it breaks\nboom\nAttempt 1 failed: boom too",
            ["", "boom\n\nAttempt 1 failed: boom too", ""],
            id="failed again",
        ),
        pytest.param(
            Outcome.FAILED,
            STOPPED,
            "t.py:1\nE   boom\n\nteardown: gone",
            ["", "t.py:1\nE   boom\n\nteardown: gone", ""],
            id="failed, and pytest's fixture after it",
        ),
        pytest.param(
            Outcome.FAILED,
            (BOOM, a_step(Outcome.FAILED, name="again", message="bang")),
            "Given it breaks\nboom\n\nGiven again\nbang\n\ngone",
            ["boom\n\ngone", "bang"],
            id="failed twice",
        ),
        pytest.param(
            Outcome.FAILED, STOPPED, "oo", ["", "boom", ""], id="failed, said already"
        ),
        pytest.param(
            Outcome.FAILED, (a_step(),), "gone", ["", "gone"], id="no step failed"
        ),
        pytest.param(
            Outcome.FLAKY,
            (a_step(), a_step()),
            "Attempt 1 failed: boom",
            ["", "Attempt 1 failed: boom"],
            id="flaky",
        ),
        pytest.param(
            Outcome.SKIPPED,
            (a_step(Outcome.NOT_RUN), a_step(Outcome.NOT_RUN)),
            "no browser",
            ["no browser", ""],
            id="skipped",
        ),
        pytest.param(
            Outcome.SKIPPED,
            (a_step(), a_step(Outcome.SKIPPED, message="Skipped: no browser")),
            "no browser",
            ["", "Skipped: no browser"],
            id="skipped by a step",
        ),
        pytest.param(
            Outcome.XFAILED,
            STOPPED,
            "known bug",
            ["", "boom\n\nknown bug", ""],
            id="xfailed",
        ),
        pytest.param(
            Outcome.XPASSED,
            (a_step(), a_step()),
            "known bug",
            ["", "known bug"],
            id="xpassed",
        ),
        pytest.param(Outcome.PASSED, (a_step(),), "", [""], id="nothing to say"),
    ],
)
def test_a_step_says_what_became_of_the_scenario(  # noqa: PLR0913, PLR0917 - a table
    tmp_path: Path,
    name: str,
    outcome: Outcome,
    steps: tuple[Step, ...],
    said: str,
    expected: list[str],
) -> None:
    """All of it, and nothing twice."""
    run = a_scenario_run(outcome, keys=["CALC-1"], steps=steps, message=said)

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert [message(each) for each in one_scenario(content)["steps"]] == expected


@EACH
@pytest.mark.parametrize("outcome", RESULTS)
def test_output_of_each_outcome(tmp_path: Path, name: str, outcome: Outcome) -> None:
    """It is there, after what was said of the outcome."""
    run = a_scenario_run(outcome, keys=["CALC-1"], message="because", output="printed")

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", MEANINGS[outcome])]
    (step,) = one_scenario(content)["steps"]
    assert message(step) == "because\n\nprinted"


@EACH
@pytest.mark.parametrize("outcome", RESULTS)
@pytest.mark.parametrize("word", ["PASS", "FAIL", "TODO"])
def test_texts_with_a_status_of_ones_own(
    tmp_path: Path, name: str, outcome: Outcome, word: str
) -> None:
    """Whatever the steps are made to say, the texts are among them."""
    steps = (a_step(Outcome.NOT_RUN), a_step(outcome), a_step(Outcome.NOT_RUN))
    run = a_scenario_run(outcome, steps=steps, message="because", output="printed")

    content = rendered(tmp_path, name, SERVER, run, statuses={outcome.value: word})

    found = [message(each) for each in one_scenario(content)["steps"]]
    assert [each for each in found if each] == ["because\n\nprinted"]


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
