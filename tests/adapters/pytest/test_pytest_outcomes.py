"""The tables from pytest's reports to outcomes, and the texts that explain them."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_xray_bridge import outcomes
from xray_bridge.model.results import Outcome


PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
XFAILED, XPASSED, NOT_RUN = Outcome.XFAILED, Outcome.XPASSED, Outcome.NOT_RUN
CONTEXT = SimpleNamespace(msg=None, kwargs={})
SKIP = ("test_a.py", 3, "Skipped: no display")


def a_report(
    when: str = "call", outcome: str = "passed", longrepr: Any = None, **more: Any
) -> pytest.TestReport:
    """One report; what a test is about is given."""
    report = pytest.TestReport(
        nodeid="test_a.py::test_it",
        location=("test_a.py", 0, "test_it"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=longrepr,
        when=when,  # type: ignore[arg-type]
        sections=more.pop("sections", ()),
    )
    for name, value in more.items():
        setattr(report, name, value)
    return report


def a_subtest(
    outcome: str = "passed", msg: Any = None, *, longrepr: Any = None, **kwargs: Any
) -> pytest.TestReport:
    """The report of a subtest."""
    context = SimpleNamespace(msg=msg, kwargs=kwargs)
    return a_report("call", outcome, longrepr, context=context)


def phases(*words: str) -> list[pytest.TestReport]:
    """Setup, call and teardown; ``x`` before a word: with ``wasxfail``."""
    return [
        a_report(
            when,
            word.removeprefix("x"),
            **({"wasxfail": ""} if word.startswith("x") else {}),
        )
        for when, word in zip(("setup", "call", "teardown"), words, strict=False)
        if word
    ]


P, F, S = "passed", "failed", "skipped"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((P, P, P), PASSED),
        ((P, F, P), FAILED),
        ((P, S, P), SKIPPED),
        ((S, "", P), SKIPPED),
        ((F, "", P), FAILED),
        ((P, P, F), FAILED),
        ((P, F, F), FAILED),
        ((P, S, F), FAILED),
        ((P, P, S), SKIPPED),
        ((P, "xskipped", P), XFAILED),
        ((P, "xpassed", P), XPASSED),
        ((P, "xfailed", P), FAILED),
        ((P, "xskipped", F), FAILED),
        ((P, "xpassed", F), FAILED),
        ((P, "xskipped", S), SKIPPED),
        (("xskipped", "", P), SKIPPED),
        (("xpassed", P, "xpassed"), PASSED),
        ((P, P, "xskipped"), SKIPPED),
        ((P, "", P), NOT_RUN),
        ((P,), NOT_RUN),
        ((), NOT_RUN),
        ((P, "exploded", P), FAILED),
        (("exploded", P, P), FAILED),
        ((P, P, "exploded"), FAILED),
    ],
)
def test_outcome(words: tuple[str, ...], expected: Outcome) -> None:
    """Setup, call and teardown together."""
    assert outcomes.of_test(phases(*words)) is expected


def test_phase_that_nobody_knows() -> None:
    """As xdist has for a worker that crashed."""
    setup = a_report("setup")

    assert outcomes.of_test([setup, a_report("???", F)]) is FAILED
    assert outcomes.of_test([setup, a_report("???", P)]) is FAILED


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["setup", "call", "teardown", "???"]),
            st.sampled_from([P, F, S, "x", ""]),
            st.booleans(),
        )
    )
)
def test_nothing_but_a_call_passes(given: list[tuple[str, str, bool]]) -> None:
    """And no failure is hidden by anything."""
    reports = [
        a_report(when, word, **({"wasxfail": ""} if expected else {}))
        for when, word, expected in given
    ]

    found = outcomes.of_test(reports)

    said = {(report.when, report.outcome) for report in reports}
    if any(word not in {P, S} for _, word in said):
        assert found is FAILED
    if ("call", P) not in said:
        assert found not in {PASSED, XPASSED}
    if ("call", S) not in said:
        assert found is not XFAILED


def test_subtest_that_passes_decides_nothing() -> None:
    """The call's own report follows; where it does not, nothing passed."""
    subtest = a_subtest(P)

    assert (
        outcomes.of_test([a_report("setup"), subtest, a_report("teardown")]) is NOT_RUN
    )
    assert outcomes.of_test([a_report("setup"), subtest, a_report()]) is PASSED


def test_context_of_another_plugin() -> None:
    """A report may have something of that name and be no subtest."""
    report = a_report("call", P, context={"browser": "firefox"})

    assert outcomes.of_test([report]) is PASSED
    assert outcomes.iterations_of([report]) == []


def test_subtest_that_is_skipped() -> None:
    """A test with a part that did not run has not passed, although pytest says so."""
    reports = [a_report("setup"), a_subtest(S), a_report(), a_report("teardown")]

    assert outcomes.of_test(reports) is SKIPPED


def test_subtest_that_fails() -> None:
    """Not every pytest fails the test for it."""
    reports = [a_report("setup"), a_subtest(F), a_report(), a_report("teardown")]

    assert outcomes.of_test(reports) is FAILED


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("attempts", [0, 1, 2])
def test_after_reruns(outcome: Outcome, attempts: int) -> None:
    """Only a pass can be flaky, and only one that took several attempts."""
    found = outcomes.after_reruns(outcome, attempts)

    assert found is (Outcome.FLAKY if outcome is PASSED and attempts else outcome)


@pytest.mark.parametrize(
    ("subtest", "expected"),
    [
        (a_subtest(), {"outcome": "passed", "parameters": [("subtest", "")]}),
        (
            a_subtest(P, "adds", i="1"),
            {"outcome": "passed", "parameters": [("subtest", "adds"), ("i", "1")]},
        ),
        (a_subtest(P, i="1"), {"outcome": "passed", "parameters": [("i", "1")]}),
        (a_subtest(P, ""), {"outcome": "passed", "parameters": [("subtest", "")]}),
        (
            a_subtest(F, 7, longrepr="E  no"),
            {"outcome": "failed", "parameters": [("subtest", "7")], "message": "E  no"},
        ),
        (
            a_subtest(S, "adds", longrepr=SKIP),
            {
                "outcome": "skipped",
                "parameters": [("subtest", "adds")],
                "message": "no display",
            },
        ),
        (
            a_subtest("exploded", "adds"),
            {
                "outcome": "failed",
                "parameters": [("subtest", "adds")],
                "message": "pytest reported the unknown outcome 'exploded'.",
            },
        ),
        (a_subtest(F), {"outcome": "failed", "parameters": [("subtest", "")]}),
    ],
    ids=["plain", "both", "parameter", "no text", "failed", "skipped", "odd", "silent"],
)
def test_subtests(subtest: pytest.TestReport, expected: dict[str, Any]) -> None:
    """Each is an iteration, with its own parameters and its own text."""
    found = outcomes.iterations_of([a_report("setup"), subtest, a_report()])

    assert found == [expected]


def test_subtest_that_was_expected_to_fail() -> None:
    """As an expected failure of a test."""
    subtest = a_subtest(S)
    subtest.wasxfail = "known"

    assert outcomes.iterations_of([subtest]) == [
        {
            "outcome": "xfailed",
            "parameters": [("subtest", "")],
            "message": "known",
        }
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "1"),
        ("1", "1"),
        ("'a'", "a"),
        ("\"'a'\"", "a"),
        ("'\\'\\\\\\'a\\\\\\'\\''", "'a'"),
        ("[1]", "[1]"),
        ("b'a'", "b'a'"),
        ("'a", "'a"),
        ("a\0b", "a\0b"),
        ("(" * 5000, "(" * 5000),
        ("-" * 3000 + "1", "-" * 3000 + "1"),
        ("-" * 100_000 + "1", "-" * 100_000 + "1"),
    ],
)
def test_parameter_of_a_subtest(value: Any, shown: str) -> None:
    """As the test gave it, however often it was quoted; at most twice."""
    (found,) = outcomes.iterations_of([a_subtest(P, i=value)])

    assert found["parameters"] == [("i", shown)]


def test_output() -> None:
    """Each phase has that of all before it; a subtest has its own."""
    reports = [
        a_report("setup", sections=[("Captured stdout setup", "one")]),
        a_report("call", sections=[("Captured stdout call", "two")], context=CONTEXT),
        a_report("call", sections=[("Captured stdout setup", "one")]),
        a_report(
            "teardown",
            sections=[("Captured stdout setup", "one"), ("Captured log call", "three")],
        ),
    ]

    assert outcomes.captured_output(reports) == (
        "--- Captured stdout call ---\ntwo\n"
        "--- Captured stdout setup ---\none\n"
        "--- Captured log call ---\nthree"
    )


def test_output_of_a_test_that_ended_with_a_subtest() -> None:
    """A worker crashed: the captured output is there once."""
    subtest = a_report("call", sections=[("Captured", "two")], context=CONTEXT)
    setup = a_report("setup", sections=[("Captured", "one")])

    found = outcomes.captured_output([setup, subtest])

    assert found == "--- Captured ---\ntwo\n--- Captured ---\none"


@pytest.mark.parametrize("reports", [[], [a_report()]])
def test_no_output(reports: list[pytest.TestReport]) -> None:
    """Nothing was captured, or nothing happened."""
    assert outcomes.captured_output(reports) == ""


def crashed(message: str, whole: str = "the whole") -> Any:
    """pytest's own text of an exception."""
    text = SimpleNamespace(message=message)
    return type("Repr", (), {"reprcrash": text, "__str__": lambda _: whole})()


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], ""),
        ([a_report()], ""),
        ([a_report(longrepr="\n  E no\nmore")], "E no"),
        ([a_report("setup"), a_report(longrepr="  "), a_report(longrepr="no")], "no"),
        (
            [a_report(longrepr=crashed("ZeroDivisionError: no\nmore"))],
            "ZeroDivisionError: no",
        ),
        ([a_report(longrepr="first"), a_report(longrepr=crashed("second"))], "second"),
        ([a_report(longrepr=crashed(" "))], "the whole"),
        ([a_report(longrepr="[gw0] linux -- Python 3.12.1 /venv\n\nE no")], "E no"),
    ],
)
def test_first_line(reports: list[pytest.TestReport], expected: str) -> None:
    """The exception's, if there is one; else the first that says anything."""
    assert outcomes.first_line(reports) == expected


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([a_report("call", F, "E no")], "E no"),
        ([a_report("setup", F, "E no")], "setup: E no"),
        ([a_report("teardown", F, "E no")], "teardown: E no"),
        ([a_report("???", F, "crashed")], "crashed"),
        (
            [a_report("call", F, "E no"), a_report("teardown", F, "E neither")],
            "E no\n\nteardown: E neither",
        ),
        (
            [
                a_report("setup", P, "x"),
                a_report("call", F, ""),
                a_report("call", F, "y"),
            ],
            "y",
        ),
        (
            [a_report("call", "exploded", "why")],
            "pytest reported the unknown outcome 'exploded'. why",
        ),
        (
            [a_report("call", "zapped", "why")],
            "pytest reported the unknown outcome 'zapped'. why",
        ),
        (
            [a_report("call", F, "[gw0] linux -- Python 3.12.1 /venv/python\n\nE no")],
            "E no",
        ),
        (
            [a_report("call", F, "E no\n[gw0] linux -- Python 3.12.1\n\nx")],
            "E no\n[gw0] linux -- Python 3.12.1\n\nx",
        ),
        (
            [a_report("call", S, SKIP), a_report("teardown", F, "E no")],
            "teardown: E no",
        ),
    ],
)
def test_text_of_a_failure(reports: list[pytest.TestReport], expected: str) -> None:
    """It has the texts of all failed phases, with the names of setup and teardown."""
    assert outcomes.message_of(reports, FAILED) == expected


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([a_report("setup", S, SKIP)], "no display"),
        ([a_report("call", S, ("a.py", 1, "no display"))], "no display"),
        ([a_report("call", S, "a text")], "a text"),
        ([a_report("call", S, SKIP, wasxfail="known")], "known"),
        ([a_report("call", P, wasxfail="known")], "known"),
        ([a_report("call", S, SKIP, wasxfail="")], ""),
        (
            [a_report("call", S, wasxfail=""), a_report("teardown", S, SKIP)],
            "no display",
        ),
        ([a_report("setup", P, "x"), a_report("call", P, "y")], ""),
        ([a_report("setup", "zapped", "x"), a_report("call", "exploded", "y")], ""),
        ([], ""),
    ],
)
@pytest.mark.parametrize("outcome", [SKIPPED, XFAILED, XPASSED])
def test_text_of_anything_else(
    reports: list[pytest.TestReport], expected: str, outcome: Outcome
) -> None:
    """The reason that was given, without pytest's word for it."""
    assert outcomes.message_of(reports, outcome) == expected


def test_order_in_which_phases_decide() -> None:
    """No phase improves the outcome of another."""
    words = {
        FAILED: a_report("teardown", F),
        SKIPPED: a_report("teardown", S),
        XFAILED: a_report("call", S, wasxfail=""),
        XPASSED: a_report("call", P, wasxfail=""),
        PASSED: a_report("call", P),
    }

    for worse, better in itertools.combinations(words, 2):
        assert outcomes.of_test([words[better], words[worse]]) is worse
        assert outcomes.of_test([words[worse], words[better]]) is worse
