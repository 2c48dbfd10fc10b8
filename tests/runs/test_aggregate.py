"""How several results of one Test become one: rules, texts and parts."""

from __future__ import annotations

import functools
import itertools
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import STARTED, a_run, a_step, a_test
from xray_bridge.model.results import Evidence, Iteration, Outcome, TestRun
from xray_bridge.runs import aggregate
from xray_bridge.runs.aggregate import (
    AGGREGATES,
    ALL_FAILED,
    LAST,
    LONGEST,
    LONGEST_PART,
    SHORT_PART,
    WORST,
)


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
FLAKY, XFAILED, XPASSED = Outcome.FLAKY, Outcome.XFAILED, Outcome.XPASSED
RESULTS = [outcome for outcome in Outcome if outcome is not Outcome.NOT_RUN]
GREEN = {PASSED, XFAILED, XPASSED, FLAKY}
mixtures = st.lists(st.sampled_from(RESULTS), min_size=1, max_size=6)


def combined(rule: str, outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of several results, in the order in which they finished."""
    return functools.reduce(AGGREGATES[rule], outcomes)


def merged(*runs: TestRun, decided: Outcome = FAILED) -> TestRun:
    """One result of CALC-1."""
    return aggregate.merge_results(("CALC-1",), runs, decided)


@pytest.mark.parametrize(
    ("earlier", "later", "worst", "last", "all_failed"),
    [
        (PASSED, FAILED, FAILED, FAILED, PASSED),
        (FAILED, PASSED, FAILED, PASSED, PASSED),
        (FAILED, FAILED, FAILED, FAILED, FAILED),
        (FAILED, SKIPPED, FAILED, SKIPPED, SKIPPED),
        (PASSED, SKIPPED, SKIPPED, SKIPPED, SKIPPED),
        (SKIPPED, PASSED, SKIPPED, PASSED, SKIPPED),
        (PASSED, FLAKY, FLAKY, FLAKY, FLAKY),
        (FLAKY, XPASSED, FLAKY, XPASSED, FLAKY),
        (XPASSED, XFAILED, XPASSED, XFAILED, XPASSED),
        (XFAILED, PASSED, XFAILED, PASSED, XFAILED),
        (FAILED, XFAILED, FAILED, XFAILED, XFAILED),
        (PASSED, PASSED, PASSED, PASSED, PASSED),
    ],
)
def test_rules(
    earlier: Outcome, later: Outcome, worst: Outcome, last: Outcome, all_failed: Outcome
) -> None:
    """The outcome of two results by each rule."""
    assert AGGREGATES[WORST](earlier, later) is worst
    assert AGGREGATES[LAST](earlier, later) is last
    assert AGGREGATES[ALL_FAILED](earlier, later) is all_failed


def test_rules_have_the_names_of_the_setting() -> None:
    """As users choose them."""
    assert list(AGGREGATES) == ["worst", "last", "all-failed"]


@given(mixtures)
def test_worst(outcomes: list[Outcome]) -> None:
    """A failure is never green, a skip never a pass, whatever the order."""
    found = combined(WORST, outcomes)

    assert found in outcomes
    assert (found is FAILED) == (FAILED in outcomes)
    assert found is aggregate.worst_outcome(outcomes)
    if SKIPPED in outcomes:
        assert found not in GREEN
    for mixed in itertools.islice(itertools.permutations(outcomes), 24):
        assert combined(WORST, mixed) is found


@given(mixtures)
def test_last(outcomes: list[Outcome]) -> None:
    """The one that finished last, and nothing before it."""
    assert combined(LAST, outcomes) is outcomes[-1]


@given(mixtures)
def test_all_failed(outcomes: list[Outcome]) -> None:
    """Failed if all failed, else the worst of the others, whatever the order."""
    found = combined(ALL_FAILED, outcomes)

    others = [outcome for outcome in outcomes if outcome is not FAILED]
    assert found is (aggregate.worst_outcome(others) if others else FAILED)
    for mixed in itertools.islice(itertools.permutations(outcomes), 24):
        assert combined(ALL_FAILED, mixed) is found


@pytest.mark.parametrize("rule", AGGREGATES)
@given(outcomes=mixtures)
def test_nothing_is_made_up(rule: str, outcomes: list[Outcome]) -> None:
    """The outcome of several results is the outcome of one of them."""
    assert combined(rule, outcomes) in outcomes


def test_only_one_result() -> None:
    """It stays as it is, with the one key that it is reported for."""
    run = a_run(keys=["CALC-1", "CALC-2"], parameters=(("n", "1"),))

    found = aggregate.merge_results(("CALC-2",), [run], PASSED)

    assert found.test.test_keys == ("CALC-2",)
    assert (found.parameters, found.iterations) == ((("n", "1"),), ())
    assert aggregate.merge_results(("CALC-1", "CALC-2"), [run], PASSED) is run


def test_results_are_read_one_by_one() -> None:
    """None is held while the next one is read."""
    read = []

    def runs() -> Iterator[TestRun]:
        for number in range(5):
            run = a_run(name=f"test_a[{number}]")
            read.append(number)
            yield run

    found = aggregate.merge_results((), runs(), PASSED)

    assert read == [0, 1, 2, 3, 4]
    assert len(found.iterations) == 5


@pytest.mark.parametrize(
    ("attempts", "lines"),
    [
        ([], []),
        (["no"], ["Failed attempts before this one: 1", "Attempt 1 failed: no"]),
        (
            ["no", ""],
            [
                "Failed attempts before this one: 2",
                "Attempt 1 failed: no",
                "Attempt 2 failed: ",
            ],
        ),
    ],
)
def test_failed_attempts(attempts: list[str], lines: list[str]) -> None:
    """How many there were, and what went wrong in each."""
    assert list(aggregate.attempt_lines(attempts)) == lines


def test_name_of_rows() -> None:
    """The function's name for one parametrized test; else the first name."""
    rows = [a_run(name=f"test_a[{number}]") for number in "12"]

    assert merged(*rows).test.name == "test_a"
    assert merged(*rows, a_run(name="test_b")).test.name == "test_a[1]"


@pytest.mark.parametrize("name", ["test_a", "test_a[[1, 2]]"])
def test_name_of_a_row(name: str) -> None:
    """A row may be named by what has brackets itself, or have no name."""
    assert merged(a_run(name=name), a_run(name="test_a[x]")).test.name == "test_a"


def test_name_without_a_key() -> None:
    """It is what Xray knows the Test by."""
    rows = [a_run(name="test_a[1]"), a_run(name="test_a[1]")]

    found = aggregate.merge_results((), rows, PASSED)

    assert found.test.name == "test_a[1]"
    assert found.test.test_keys == ()


def test_outcome_is_what_was_decided() -> None:
    """Merging decides nothing itself."""
    assert merged(a_run(), a_run(), decided=SKIPPED).outcome is SKIPPED


def test_times() -> None:
    """From the first start to the last finish."""
    found = merged(
        a_run(started=STARTED + 5, duration=1),
        a_run(started=STARTED, duration=60),
        a_run(started=STARTED + 2, duration=1),
    )

    assert (found.started, found.duration) == (STARTED, 60)


def test_what_all_say() -> None:
    """Each value once, in the order in which they come."""
    found = merged(
        a_run(
            test=a_test(labels=("a", "b"), requirements=("CALC-7",)),
            defects=("CALC-8",),
            left_out=("big.bin",),
            custom_fields=(("Browser", "Chrome"), ("System", "Linux")),
            comment="seen",
            output="one",
            message="no",
        ),
        a_run(
            test=a_test("test_b", labels=("b", "c"), requirements=("CALC-6",)),
            defects=("CALC-8", "CALC-9"),
            left_out=("bigger.bin",),
            custom_fields=(("Browser", "Firefox"),),
            comment="seen",
            output="two",
        ),
        a_run(comment="again"),
    )

    assert found.test.labels == ("a", "b", "c")
    assert found.test.requirements == ("CALC-7", "CALC-6")
    assert found.defects == ("CALC-8", "CALC-9")
    assert found.left_out == ("big.bin", "bigger.bin")
    assert found.custom_fields == (("Browser", "Firefox"), ("System", "Linux"))
    assert found.comment == "seen\nagain"
    assert found.output == "test_add\none\n\ntest_b\ntwo"
    assert found.message == "test_add: passed\nno"


def test_steps_become_those_of_iterations() -> None:
    """The whole has none of its own, and no parameters."""
    found = merged(
        a_run(steps=(a_step(name="one"),), parameters=(("n", "1"),)),
        a_run(steps=(a_step(name="two"),), parameters=(("n", "2"),)),
    )

    assert (found.steps, found.parameters) == ((), ())
    assert [
        (part.parameters, [step.name for step in part.steps])
        for part in found.iterations
    ] == [((("n", "1"),), ["one"]), ((("n", "2"),), ["two"])]


def a_piece(name: str, file: str) -> Evidence:
    """A piece of evidence."""
    return Evidence(name=name, file=file, media_type="image/png", size=1)


def test_evidence_is_that_of_the_whole() -> None:
    """Once for each file and name, from steps, too, and nowhere a second time."""
    step = a_step(evidence=(a_piece("shot.png", "2"),))
    found = merged(
        a_run(evidence=(a_piece("shot.png", "1"),), steps=(step,)),
        a_run(
            evidence=(a_piece("shot.png", "1"),),
            iterations=(Iteration(outcome=PASSED, steps=(step,)),),
        ),
    )

    assert [(each.name, each.file) for each in found.evidence] == [
        ("shot.png", "1"),
        ("shot (2).png", "2"),
    ]
    assert all(not step.evidence for part in found.iterations for step in part.steps)


@pytest.mark.parametrize(
    ("outcome", "parts", "expected"),
    [
        (PASSED, [], [("own", PASSED)]),
        (PASSED, [PASSED, PASSED], [("0", PASSED), ("1", PASSED)]),
        (FAILED, [PASSED, FAILED], [("0", PASSED), ("1", FAILED)]),
        (FAILED, [PASSED], [("own", FAILED), ("0", PASSED)]),
        (PASSED, [SKIPPED], [("own", PASSED), ("0", SKIPPED)]),
    ],
    ids=["none", "all passed", "one failed", "failed besides", "skipped"],
)
def test_iterations(
    outcome: Outcome, parts: list[Outcome], expected: list[tuple[str, Outcome]]
) -> None:
    """A result is one iteration, or its subtests; both where these do not say it."""
    run = a_run(
        outcome,
        parameters=(("n", "1"),),
        message="why",
        iterations=tuple(
            Iteration(outcome=each, parameters=(("i", str(number)),))
            for number, each in enumerate(parts)
        ),
    )

    found = list(aggregate.iterations_of(run))

    assert [
        (dict(part.parameters).get("i", "own"), part.outcome) for part in found
    ] == expected
    assert all(part.parameters[0] == ("n", "1") for part in found)
    assert [part.message for part in found if len(part.parameters) == 1] == [
        "why" for name, _ in expected if name == "own"
    ]


def test_iteration_without_parameters() -> None:
    """It is known by the name of its test."""
    (found,) = aggregate.iterations_of(a_run())

    assert found.parameters == (("test", "test_add"),)


@given(
    st.lists(
        st.tuples(st.sampled_from(RESULTS), st.lists(st.sampled_from(RESULTS))),
        min_size=2,
        max_size=4,
    )
)
def test_no_result_is_lost(given: list[tuple[Outcome, list[Outcome]]]) -> None:
    """The worst of the iterations is as bad as the worst of the results."""
    runs = [
        a_run(outcome, iterations=tuple(Iteration(outcome=each) for each in parts))
        for outcome, parts in given
    ]

    found = merged(*runs)

    outcomes = [part.outcome for part in found.iterations]
    assert len(outcomes) >= len(runs)
    for outcome, parts in given:
        assert outcome in outcomes
        assert set(parts) <= set(outcomes)


def test_text_of_a_part_is_cut_in_the_middle() -> None:
    """Beginning and end say most; what is missing is counted."""
    exact = "x" * LONGEST_PART
    longer = f"begin{exact}end"

    found = merged(a_run(message=longer, output=longer), a_run(message=exact))

    notice = "\n[... 8 characters left out ...]\n"
    cut = longer[: LONGEST_PART // 2] + notice + longer[-LONGEST_PART // 2 :]
    assert found.message == f"test_add: passed\n{cut}\n\ntest_add: passed\n{exact}"
    assert found.output == f"test_add\n{cut}"
    assert [part.message for part in found.iterations] == [cut, exact]


def test_same_text_is_said_once() -> None:
    """The same message of two parts appears once; both are iterations."""
    found = merged(*[a_run(FAILED, message="no", output="out")] * 2)

    assert found.message == "test_add: failed\nno"
    assert found.output == "test_add\nout"
    assert len(found.iterations) == 2


def test_texts_that_do_not_fit() -> None:
    """They are counted, once there is no room."""
    text = "x" * LONGEST_PART
    names = [f"test_{number:03}" for number in range(100)]

    found = merged(*(a_run(message=text, name=name) for name in names))

    fitting = LONGEST // len(f"test_000: passed\n{text}")
    assert found.message.count("passed") == fitting
    assert found.message.endswith(f"\n\n[... {100 - fitting} more left out ...]")


@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_texts_that_just_fit(
    monkeypatch: pytest.MonkeyPatch, over: int, fits: bool
) -> None:
    """The room is used up to its last character."""
    texts = [f"test_add\n{text}" for text in ("one", "two")]
    monkeypatch.setattr(aggregate, "LONGEST", sum(map(len, texts)) - over)

    found = merged(a_run(output="one"), a_run(output="two"))

    second = texts[1] if fits else "[... 1 more left out ...]"
    assert found.output == f"{texts[0]}\n\n{second}"


@pytest.mark.parametrize(("room", "whole"), [(31, 2), (30, 1)])
def test_iterations_that_just_fit(
    monkeypatch: pytest.MonkeyPatch, room: int, whole: int
) -> None:
    """All texts of an iteration count, those of each of its steps, too."""
    monkeypatch.setattr(aggregate, "SHORT_PART", 2)
    monkeypatch.setattr(aggregate, "LONGEST_OF_ITERATIONS", room)
    step = a_step(message="m" * 7, data="d" * 3, expected="e" * 2, text="t")
    first = a_run(message="x" * 4, steps=(step, step))

    found = merged(first, a_run(message="last"), a_run(message="late"))

    cut = ["left out" in part.message for part in found.iterations]
    assert cut == [number >= whole for number in range(3)]


def rows(count: int, size: int) -> Iterable[TestRun]:
    """Rows of one Test, each with texts of that many characters, all different."""
    for number in range(count):
        text = f"{number:09}".ljust(size, "x")
        step = a_step(FAILED, message=text, text=text, data=text, expected=text)
        yield a_run(
            FAILED,
            name=f"test_a[{number}]",
            message=text,
            output=text,
            comment=text,
            steps=(step,),
            iterations=(Iteration(outcome=PASSED, message=text, steps=(step,)),),
        )


def test_memory_of_many_rows() -> None:
    """
    Ten thousand rows with 100 KB of each text stay below 300 MB.

    Here 600 of them: they fill what is kept of texts, and each one beyond costs
    what a hundred others show.
    """
    most = {}
    for count in (500, 600):
        tracemalloc.start()
        found = aggregate.merge_results(("CALC-1",), rows(count, 100_000), FAILED)
        _, most[count] = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found.iterations) == 2 * count

    each = (most[600] - most[500]) / 100
    assert each < 16_000
    assert most[600] + 9400 * each < 300e6


def test_iterations_that_come_late_are_short() -> None:
    """Their texts are limited in total; each keeps some text."""
    found = merged(*rows(600, 100_000))

    first, last = found.iterations[0], found.iterations[-1]
    assert len(first.message) > LONGEST_PART
    assert SHORT_PART < len(last.message) < 2 * SHORT_PART
    assert last.message.startswith("000000599")
    assert len(last.steps[0].data) < 2 * SHORT_PART
