"""What holds for every writer, for both products."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, a_step
from tests.formats.reading import (
    ALL,
    BOTH,
    FAILED,
    FORMATS,
    MEANINGS,
    OF_SCENARIOS,
    PASSED,
    RESULTS,
    WORDS,
    a_piece,
    kept,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.errors import ReportError
from xray_bridge.formats.write import writer
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.formats import WRITERS
from xray_bridge.model.results import Iteration, Outcome


if TYPE_CHECKING:
    from pathlib import Path


def test_all_writers_are_tested() -> None:
    """A new writer has to stand this test."""
    assert set(FORMATS) == set(WRITERS)


@ALL
def test_writer_knows_its_names(name: str) -> None:
    """Xray's name of the format, and a file name of its own."""
    made = [writer(each) for each in FORMATS]

    assert writer(name).format == name
    assert len({each.file_name for each in made}) == len(FORMATS)


@BOTH
@ALL
@pytest.mark.parametrize("outcome", RESULTS)
def test_scenario_of_each_outcome(
    tmp_path: Path, name: str, deployment: str, outcome: Outcome
) -> None:
    """Each outcome means to a reader what it means to us."""
    run = a_scenario_run(outcome, keys=["CALC-1"], message="because")

    content = rendered(tmp_path, name, deployment, run)

    validate(name, deployment, content)
    assert verdicts(name, content) == [("CALC-1", MEANINGS[outcome])]


@BOTH
@pytest.mark.parametrize("name", ["junit", "xray"])
@pytest.mark.parametrize("outcome", RESULTS)
@pytest.mark.parametrize("keys", [[], ["CALC-1"], ["CALC-1", "CALC-2"]], ids=str)
def test_test_of_each_outcome(
    tmp_path: Path, name: str, deployment: str, outcome: Outcome, keys: list[str]
) -> None:
    """With no key, one, or several."""
    run = a_run(outcome, keys=keys, message="because")

    content = rendered(tmp_path, name, deployment, run)

    identities = keys or ["tests.test_calculator.test_add"]
    validate(name, deployment, content)
    assert verdicts(name, content) == [
        (identity, MEANINGS[outcome]) for identity in identities
    ]


MIXTURES = {
    "nothing ran": (),
    "all passed": (Outcome.PASSED, Outcome.PASSED),
    "one failed": (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN),
    "one skipped": (Outcome.PASSED, Outcome.SKIPPED, Outcome.NOT_RUN),
    "first failed": (Outcome.FAILED, Outcome.NOT_RUN),
    "none ran": (Outcome.NOT_RUN, Outcome.NOT_RUN),
}
# What an adapter can record: a hook may fail where no step did, an expected
# failure is one of a step, and the last attempt of what is flaky passed.
POSSIBLE = [
    (Outcome.PASSED, "nothing ran"),
    (Outcome.PASSED, "all passed"),
    (Outcome.XPASSED, "all passed"),
    (Outcome.FLAKY, "all passed"),
    (Outcome.FLAKY, "nothing ran"),
    (Outcome.XFAILED, "one failed"),
    (Outcome.XFAILED, "first failed"),
    (Outcome.XFAILED, "nothing ran"),
    *((Outcome.FAILED, mixture) for mixture in MIXTURES),
    *((Outcome.SKIPPED, mixture) for mixture in MIXTURES if "failed" not in mixture),
]


@ALL
@pytest.mark.parametrize(("outcome", "mixture"), POSSIBLE)
def test_steps_add_up_to_the_outcome(
    tmp_path: Path, name: str, outcome: Outcome, mixture: str
) -> None:
    """Whatever became of the steps, a reader sees the scenario's outcome."""
    steps = tuple(a_step(each) for each in MIXTURES[mixture])
    run = a_scenario_run(outcome, keys=["CALC-1"], steps=steps, message="because")

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", MEANINGS[outcome])]


OVERRIDES = [
    (outcome, word)
    for outcome in RESULTS
    for word in ("PASS", "FAIL", "TODO", "ABORTED", "EXECUTING")
]


@BOTH
@ALL
@pytest.mark.parametrize(("outcome", "word"), OVERRIDES)
def test_status_of_ones_own(
    tmp_path: Path, name: str, deployment: str, outcome: Outcome, word: str
) -> None:
    """A format says the status that was set, or that it cannot."""
    run = a_scenario_run(outcome, keys=["CALC-1"], message="because")
    statuses = {outcome.value: word}
    expected = WORDS.get(word, "neither")

    if name == "xray" or word in {"PASS", "FAIL", "TODO"}:
        content = rendered(tmp_path, name, deployment, run, statuses=statuses)

        validate(name, deployment, content)
        assert verdicts(name, content) == [("CALC-1", expected)]
        return

    with pytest.raises(ReportError, match=word) as caught:
        rendered(tmp_path, name, deployment, run, statuses=statuses)

    assert "xray_format = xray" in str(caught.value)


@BOTH
@ALL
def test_same_results_same_bytes(tmp_path: Path, name: str, deployment: str) -> None:
    """No clock and no chance in a report, in none of its parts."""
    runs = [
        a_scenario_run(
            outcome,
            name=outcome.value,
            keys=[f"CALC-{number}"],
            evidence=(a_piece(b"a"), a_piece(b"b")),
            iterations=(Iteration(outcome=outcome, parameters=(("n", "1"),)),),
            output="said",
        )
        for number, outcome in enumerate(RESULTS, 1)
    ]
    found = kept(tmp_path, *runs, contents=[b"a", b"b"])
    files = io.BytesIO(), io.BytesIO()

    for file in files:
        writer(name, "CALC").write(found, DIALECTS[deployment], file)

    assert files[0].getvalue() == files[1].getvalue()


@BOTH
@pytest.mark.parametrize("name", ["junit", *OF_SCENARIOS])
def test_report_of_nothing(tmp_path: Path, name: str, deployment: str) -> None:
    """It is one, nevertheless."""
    content = rendered(tmp_path, name, deployment)

    validate(name, deployment, content)
    assert verdicts(name, content) == []


@ALL
@pytest.mark.parametrize("duration", [-5.0, float("nan"), float("inf"), 1e300])
def test_duration_of_a_patched_clock(
    tmp_path: Path, name: str, duration: float
) -> None:
    """It is none; and an end before the start is refused by Xray."""
    steps = (a_step(Outcome.FAILED, duration=duration),)
    run = a_scenario_run(
        Outcome.FAILED, keys=["CALC-1"], duration=duration, steps=steps
    )

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", FAILED)]


@ALL
@pytest.mark.parametrize("named", ["", "\n", "test_a[::]@\n" + "x" * 4096])
def test_name_of_any_kind(tmp_path: Path, name: str, named: str) -> None:
    """Empty names and those of 4 KB."""
    feature = a_feature(name=named)
    run = a_scenario_run(
        keys=["CALC-1"], name=named, scenario=a_scenario(named or "x", feature=feature)
    )

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", PASSED)]
