"""Rules for every writer and both products."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from behave_xray_bridge import session
from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, a_step
from tests.formats.reading import (
    ALL,
    BOTH,
    FAILED,
    FORMATS,
    MEANINGS,
    NEITHER,
    OF_SCENARIOS,
    PASSED,
    RESULTS,
    WORDS,
    a_piece,
    document,
    kept,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.errors import ReportError
from xray_bridge.formats.write import make_writer
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
    made = [make_writer(each) for each in FORMATS]

    assert make_writer(name).format == name
    assert len({each.file_name for each in made}) == len(FORMATS)


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
        make_writer(name, "CALC").write(found, DIALECTS[deployment], file)

    assert files[0].getvalue() == files[1].getvalue()


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


@BOTH
@ALL
def test_each_outcome_means_the_same(
    tmp_path: Path, name: str, deployment: str
) -> None:
    """To a reader it means what it means to us, with no key, one, or several."""
    runs, expected = [], []
    for number, outcome in enumerate(RESULTS):
        test, scenario = f"CALC-1{number}", f"CALC-2{number}"
        runs.append(a_scenario_run(outcome, keys=[scenario], message="because"))
        expected.append((scenario, MEANINGS[outcome]))
        if name in OF_SCENARIOS:
            continue
        for keys in ([], [test], [f"CALC-3{number}", f"CALC-4{number}"]):
            named = f"test_{number}_{len(keys)}"
            runs.append(a_run(outcome, keys=keys, name=named, message="because"))
            identities = keys or [f"tests.test_calculator.{named}"]
            expected += [(identity, MEANINGS[outcome]) for identity in identities]

    content = rendered(tmp_path, name, deployment, *runs)

    validate(name, deployment, content)
    assert verdicts(name, content) == expected


@ALL
def test_steps_add_up_to_the_outcome(tmp_path: Path, name: str) -> None:
    """The steps of a report always lead to the scenario's outcome."""
    runs = [
        a_scenario_run(
            outcome,
            keys=[f"CALC-{number}"],
            steps=tuple(a_step(each) for each in MIXTURES[mixture]),
            message="because",
        )
        for number, (outcome, mixture) in enumerate(POSSIBLE, 1)
    ]

    content = rendered(tmp_path, name, SERVER, *runs)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [
        (f"CALC-{number}", MEANINGS[outcome])
        for number, (outcome, _) in enumerate(POSSIBLE, 1)
    ]


@BOTH
@ALL
@pytest.mark.parametrize("word", ["PASS", "FAIL", "TODO", "ABORTED", "EXECUTING"])
def test_status_of_ones_own(
    tmp_path: Path, name: str, deployment: str, word: str
) -> None:
    """A format says the status that was set, or that it cannot."""
    runs = [
        a_scenario_run(outcome, keys=[f"CALC-{number}"], message="because")
        for number, outcome in enumerate(RESULTS, 1)
    ]
    statuses = {outcome.value: word for outcome in RESULTS}

    if name == "xray" or word in {"PASS", "FAIL", "TODO"}:
        content = rendered(tmp_path, name, deployment, *runs, statuses=statuses)

        validate(name, deployment, content)
        expected = WORDS.get(word, NEITHER)
        assert verdicts(name, content) == [
            (f"CALC-{number}", expected) for number, _ in enumerate(RESULTS, 1)
        ]
        return

    for run in runs:
        one = {run.outcome.value: word}
        with pytest.raises(ReportError, match=word) as caught:
            rendered(tmp_path, name, deployment, run, statuses=one)
        assert "xray_format = xray" in str(caught.value)


def message(step: Any) -> str:
    """The error message of a step; Behave JSON has a list of lines."""
    found = step.get("result", {}).get("error_message", "")
    return found if isinstance(found, str) else "\n".join(found)


@pytest.mark.parametrize("name", OF_SCENARIOS)
@pytest.mark.parametrize("word", ["PASS", "FAIL", "TODO"])
def test_texts_with_a_status_of_ones_own(tmp_path: Path, name: str, word: str) -> None:
    """The texts are in the steps once, for each status."""
    runs = [
        a_scenario_run(
            outcome,
            steps=tuple(map(a_step, (Outcome.NOT_RUN, outcome, Outcome.NOT_RUN))),
            message="because",
            output="printed",
        )
        for outcome in RESULTS
    ]
    statuses = {outcome.value: word for outcome in RESULTS}

    content = rendered(tmp_path, name, SERVER, *runs, statuses=statuses)

    (feature,) = document(content)
    found = [list(map(message, each["steps"])) for each in feature["elements"]]
    assert [[*filter(None, each)] for each in found] == [
        ["because\n\nprinted"] for _ in RESULTS
    ]


@ALL
def test_duration_of_a_patched_clock(tmp_path: Path, name: str) -> None:
    """It becomes 0, because Xray refuses an end before the start."""
    durations = (-5.0, float("nan"), float("inf"), 1e300)
    runs = [
        a_scenario_run(
            Outcome.FAILED,
            keys=[f"CALC-{number}"],
            duration=duration,
            steps=(a_step(Outcome.FAILED, duration=duration),),
        )
        for number, duration in enumerate(durations, 1)
    ]

    content = rendered(tmp_path, name, SERVER, *runs)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [
        (f"CALC-{number}", FAILED) for number, _ in enumerate(durations, 1)
    ]


def test_scenarios_without_keys(tmp_path: Path) -> None:
    """Xray JSON could only make Generic Tests of them."""
    with pytest.raises(ReportError, match="Test key"):
        rendered(tmp_path, "xray", SERVER, a_scenario_run())


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("behave", "🥒".encode()),
        ("junit", "🥒".encode()),
        ("cucumber", rb"\ud83e\udd52"),
        ("xray", rb"\ud83e\udd52"),
    ],
)
def test_letters_beyond_ascii(tmp_path: Path, name: str, spelled: bytes) -> None:
    """UTF-8 as behave's own formatter and XML have it, escapes in the others."""
    run = a_scenario_run(Outcome.FAILED, keys=["CALC-1"], message="🥒")

    assert spelled in rendered(tmp_path, name, SERVER, run)


def test_file_name_is_known_to_the_adapter() -> None:
    """behave's adapter copies the report, and does not import its writer."""
    assert make_writer("behave").file_name == session.REPORT
