"""Sequences of pytest's reports, however odd, never make a failed test pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_xray_bridge.crash_notes import CrashNotes
from pytest_xray_bridge.recorder import Recorder


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.runs.codec import Line

WORDS = st.sampled_from(["passed", "failed", "skipped", "rerun", "exploded", ""])
PHASES = st.sampled_from(["setup", "call", "teardown", "???"])
GREEN = frozenset({"passed", "xfailed", "xpassed", "flaky"})
TEXTS = st.text(st.characters(), max_size=30)


@dataclass(frozen=True)
class Subtest:
    """The context of a subtest, as pytest's reports have it."""

    msg: str | None
    kwargs: dict[str, Any]


class Worker:
    """A worker of xdist, as reports know it."""

    _workerinfocache = "[gw0] linux -- Python 3.12.1 /usr/bin/python3"


def a_report(
    when: str, outcome: str, *, nodeid: str = "test_a.py::test_it", **more: Any
) -> pytest.TestReport:
    """One report; what a test is about is given."""
    report = pytest.TestReport(
        nodeid=nodeid,
        location=("test_a.py", 0, "test_it"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=more.pop("longrepr", None),
        when=when,  # type: ignore[arg-type]
        sections=more.pop("sections", ()),
        start=1.0,
        stop=2.0,
    )
    for name, value in more.items():
        setattr(report, name, value)
    return report


REPORTS = st.builds(
    a_report,
    PHASES,
    WORDS,
    longrepr=st.one_of(st.none(), TEXTS, st.tuples(TEXTS, st.integers(0, 9), TEXTS)),
)


def recorded(
    reports: Sequence[pytest.TestReport], *, interrupted: bool = False
) -> list[Line]:
    """The recorded lines."""
    lines: list[Line] = []
    recorder = Recorder(lines.append, lambda: 1.0, notes=CrashNotes(), captures="all")
    for report in reports:
        recorder.add(report)
    recorder.close(interrupted=interrupted)
    assert recorder.count == len(lines)
    assert recorder.faults == {}
    return lines


BEFORE_THE_END = st.builds(
    a_report,
    st.sampled_from(["setup", "call"]),
    st.sampled_from(["passed", "failed", "skipped", "exploded", ""]),
)


@given(
    st.lists(BEFORE_THE_END, max_size=5),
    st.builds(
        a_report,
        st.sampled_from(["setup", "call"]),
        st.sampled_from(["failed", "exploded"]),
    ),
    st.lists(BEFORE_THE_END, max_size=5),
)
def test_no_failure_becomes_green(
    before: list[pytest.TestReport],
    failure: pytest.TestReport,
    after: list[pytest.TestReport],
) -> None:
    """A failure wins over all other reports of an attempt, in any order."""
    (line,) = recorded([*before, failure, *after, a_report("teardown", "passed")])

    assert line["outcome"] == "failed"


@given(st.lists(REPORTS, max_size=12), st.booleans())
def test_nothing_is_green_without_a_call_that_passed(
    reports: list[pytest.TestReport], interrupted: bool
) -> None:
    """Setup and teardown alone prove nothing."""
    without = [r for r in reports if (r.when, r.outcome) != ("call", "passed")]

    lines = recorded(without, interrupted=interrupted)

    assert not GREEN & {line["outcome"] for line in lines}


@given(
    st.lists(st.sampled_from(["setup", "call", "teardown"]), max_size=3),
    st.sampled_from(["passed", "failed", "skipped"]),
)
def test_the_last_attempt_counts(reruns: list[str], last: str) -> None:
    """Each earlier attempt ended with a rerun, in any phase."""
    reports = []
    for when in reruns:
        phases = ["setup", "call", "teardown"]
        before = phases[: phases.index(when)]
        reports += [a_report(phase, "passed") for phase in before]
        reports.append(a_report(when, "rerun", longrepr="E   no"))
        if when != "teardown":
            reports.append(a_report("teardown", "passed"))
    reports += [
        a_report("setup", "passed"),
        a_report("call", last),
        a_report("teardown", "passed"),
    ]

    (line,) = recorded(reports)

    flaky = last == "passed" and reruns
    assert line["outcome"] == ("flaky" if flaky else last)
    assert line.get("message", "").count("failed: ") == len(reruns)


@given(st.permutations(["a", "a", "a", "b", "b", "b"]))
def test_tests_that_are_interleaved(order: list[str]) -> None:
    """Under xdist reports of different tests come side by side."""
    rest = {
        "a": ["passed", "failed", "passed"],
        "b": ["passed", "passed", "passed"],
    }
    phases = {name: ["setup", "call", "teardown"] for name in rest}
    reports = [
        a_report(phases[n].pop(0), rest[n].pop(0), nodeid=f"t.py::{n}") for n in order
    ]

    lines = recorded(reports)

    found = {line["name"]: line["outcome"] for line in lines}
    assert found == {"a": "failed", "b": "passed"}


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_crash(interrupted: bool) -> None:
    """A worker's end fails its test, unless Ctrl-C brought it about."""
    reports = [
        a_report("setup", "passed"),
        a_report("???", "failed", longrepr="worker 'gw0' crashed"),
    ]

    lines = recorded(reports, interrupted=interrupted)

    outcomes = [line["outcome"] for line in lines]
    assert outcomes == ([] if interrupted else ["failed"])


def test_a_test_that_was_cut_short() -> None:
    """Its setup passed and nothing followed: it has no result."""
    assert recorded([a_report("setup", "passed")]) == []


def test_an_unknown_outcome() -> None:
    """It is a failure that says so."""
    (line,) = recorded(
        [
            a_report("setup", "passed"),
            a_report("call", "exploded"),
            a_report("teardown", "passed"),
        ]
    )

    assert line["outcome"] == "failed"
    assert "unknown outcome 'exploded'" in line["message"]


@given(
    st.lists(st.sampled_from(["passed", "failed", "skipped"]), min_size=1, max_size=5),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.none() | TEXTS,
)
def test_subtests(words: list[str], named: dict[str, str], msg: str | None) -> None:
    """Each is an iteration, and one that failed fails the test."""
    values = {name: repr(value) for name, value in named.items()}
    parts = [a_report("call", word, context=Subtest(msg, values)) for word in words]

    (line,) = recorded(
        [
            a_report("setup", "passed"),
            *parts,
            a_report("call", "passed"),
            a_report("teardown", "passed"),
        ]
    )

    assert [each["outcome"] for each in line["iterations"]] == words
    assert (line["outcome"] == "failed") == ("failed" in words)
    for each in line["iterations"]:
        assert each["parameters"]


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [("'a b'", "a b"), ("\"'a b'\"", "a b"), ("'1'", "1"), ("1", "1"), ("<x>", "<x>")],
)
def test_values_of_subtests(quoted: str, shown: str) -> None:
    """pytest has quoted them, twice over xdist."""
    context = Subtest(None, {"value": quoted})

    (line,) = recorded(
        [
            a_report("call", "failed", context=context),
            a_report("teardown", "passed"),
        ]
    )

    (iteration,) = line["iterations"]
    assert iteration["parameters"] == [("value", shown)]


def test_the_worker_is_not_part_of_a_message() -> None:
    """pytest's line about the worker above a traceback is left out."""
    text = "[gw1] linux -- Python 3.11.7 /usr/bin/python3\n\nE   assert 0"

    (line,) = recorded(
        [a_report("call", "failed", longrepr=text), a_report("teardown", "passed")]
    )

    assert line["message"] == "E   assert 0"


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_teardown_that_never_came(interrupted: bool) -> None:
    """Without a teardown no test has passed."""
    reports = [a_report("setup", "passed"), a_report("call", "passed")]

    assert recorded(reports, interrupted=interrupted) == []


def test_a_failure_whose_teardown_never_came() -> None:
    """It has failed, with or without its teardown."""
    (line,) = recorded([a_report("setup", "passed"), a_report("call", "failed")])

    assert line["outcome"] == "failed"


@pytest.mark.fault("G02")
def test_a_crash_long_before_ctrl_c() -> None:
    """The session went on, so it was not Ctrl-C that ended the worker."""
    reports = [
        a_report("???", "failed", longrepr="crashed", nodeid="t.py::crash"),
        a_report("setup", "passed", nodeid="t.py::other"),
    ]

    (line,) = recorded(reports, interrupted=True)

    assert (line["name"], line["outcome"]) == ("crash", "failed")


def test_a_crash_that_is_rerun_elsewhere() -> None:
    """The attempt in the other worker is the same test's."""
    first, second = Worker(), Worker()
    reports = [
        a_report("setup", "passed", node=first),
        a_report("???", "rerun", longrepr="worker crashed", node=first),
        a_report("setup", "passed", node=second),
        a_report("call", "passed", node=second),
        a_report("teardown", "passed", node=second),
    ]

    (line,) = recorded(reports)

    assert line["outcome"] == "flaky"
    assert "Attempt 1 failed: worker crashed" in line["message"]


def test_somebody_elses_context() -> None:
    """Not every report with that attribute is a subtest's."""
    reports = [
        a_report("call", "passed", context={"user": "mine"}),
        a_report("teardown", "passed"),
    ]

    (line,) = recorded(reports)

    assert line["outcome"] == "passed"


def test_a_report_that_cannot_be_read() -> None:
    """The result is still recorded, and the fault is kept."""
    report = a_report("call", "failed")
    report.sections = [("one", "two", "three")]  # type: ignore[list-item]
    lines: list[Line] = []
    recorder = Recorder(lines.append, lambda: 1.0, notes=CrashNotes(), captures="all")

    recorder.add(report)
    recorder.add(a_report("teardown", "passed", sections=report.sections))

    assert [line["outcome"] for line in lines] == ["failed"]
    assert list(recorder.faults.values()) == ["test_a.py::test_it"]
