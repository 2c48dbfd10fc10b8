"""Several results of one Test become one."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    STARTED,
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_shard,
    a_step,
    a_test,
    attached,
    recorded,
    results,
    run_info,
)
from xray_bridge.errors import ReportError, RunDirectoryError
from xray_bridge.model.results import Evidence, Iteration, Outcome, TestRun
from xray_bridge.runs import (
    aggregate,
    groups,
    inside,
    journal_lines,
    journals,
    run_directory,
)
from xray_bridge.runs.aggregate import AGGREGATES, ALL_FAILED, LAST, WORST
from xray_bridge.runs.evidence import Limits, of_run
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RESULTS = [outcome for outcome in Outcome if outcome is not Outcome.NOT_RUN]


def test_nothing_recorded(tmp_path: Path) -> None:
    """An empty run has no results, no Tests and no times."""
    found = results(tmp_path)

    assert (len(found), found.tests) == (0, 0)
    assert (found.started, found.finished) == (None, None)
    assert list(found.merged()) == []


def test_each_definition_is_a_test(tmp_path: Path) -> None:
    """Without keys nothing is merged."""
    runs = [a_run(name="test_a"), a_run(name="test_b")]

    found = results(tmp_path, *runs)

    assert list(found.merged()) == runs


def test_several_keys_become_several_tests(tmp_path: Path) -> None:
    """One result of two Tests counts for each of them."""
    found = results(tmp_path, a_run(Outcome.FAILED, keys=["CALC-1", "CALC-2"]))

    merged = list(found.merged())

    assert [run.test.test_keys for run in merged] == [("CALC-1",), ("CALC-2",)]
    assert {run.outcome for run in merged} == {Outcome.FAILED}
    assert (len(found), found.tests) == (1, 2)


def test_key_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    """The same key twice on a test does not make two results of it."""
    found = results(tmp_path, a_run(keys=["CALC-1", "CALC-1"]))

    (merged,) = found.merged()

    assert merged.iterations == ()


def test_interrupted_tests_are_no_results(tmp_path: Path) -> None:
    """A test that did not finish does not appear."""
    found = results(tmp_path, a_run(), a_run(Outcome.NOT_RUN, name="test_cut_short"))

    assert [run.test.name for run in found.runs()] == ["test_add"]
    assert found.counts == {"passed": 1}


def test_only_keyed(tmp_path: Path) -> None:
    """Tests without a key are left out, counts included."""
    found = results(
        tmp_path, a_run(), a_run(name="test_b", keys=["CALC-1"]), only_keyed=True
    )

    assert [run.test.test_keys for run in found.runs()] == [("CALC-1",)]
    assert found.counts == {"passed": 1}


def test_result_that_is_withheld(tmp_path: Path) -> None:
    """A result whose name holds a secret is not sent; its place and reason are told."""
    found = results(
        tmp_path, a_run(withheld="the value of xray_token"), a_run(name="test_b")
    )

    assert [run.test.name for run in found.runs()] == ["test_b"]
    why = "its name contains the value of xray_token, so it is not sent"
    assert [*found.withheld] == [f"{a_run().test.definition}: {why}"]


def test_requirements_that_are_left_out(tmp_path: Path) -> None:
    """Neither named nor tagged; a Test's own tag stays, and so does the record."""
    test = a_test("adds", test_keys=("CALC-7",), requirements=("CALC-7", "CALC-70"))
    scenario = a_scenario(
        tags=("TEST_CALC-7", "REQ_CALC-7"),
        feature=a_feature(tags=("REQ_CALC-7", "REQ_CALC-70")),
    )
    runs = [a_scenario_run(test=test, scenario=scenario), a_run(test=test)]
    found = results(tmp_path, *runs)

    found.leave_out_requirements(["CALC-7"], "REQ_")

    first, second = found.runs()
    assert first.test.requirements == second.test.requirements == ("CALC-70",)
    assert first.scenario is not None
    assert first.scenario.tags == ("TEST_CALC-7",)
    assert first.scenario.feature.tags == ("REQ_CALC-70",)
    assert [each.test for each in found.all_runs()] == [test, test]


def test_counts_by_result_and_by_test(tmp_path: Path) -> None:
    """Two results of one Test are two results and one Test."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"]),
        a_run(keys=["CALC-1"]),
        a_run(Outcome.FAILED, keys=["CALC-1"]),
        a_run(Outcome.SKIPPED, name="test_b"),
    )

    assert found.counts == {"passed": 2, "failed": 1, "skipped": 1}
    assert found.merged_counts() == {Outcome.FAILED: 1, Outcome.SKIPPED: 1}


@pytest.mark.parametrize("order", [1, -1])
def test_times_span_all_results(tmp_path: Path, order: int) -> None:
    """From the first start to the last finish, whatever the order."""
    runs = [
        a_run(started=STARTED + 5, duration=1, name="test_late"),
        a_run(started=STARTED, duration=60, name="test_early_and_long"),
        a_run(started=STARTED + 7, duration=1, name="test_later"),
    ]

    found = results(tmp_path, *runs[::order])

    assert (found.started, found.finished) == (STARTED, STARTED + 60)


def test_shards_become_one(tmp_path: Path) -> None:
    """Results of several run directories, in their order."""
    shards = [
        recorded(tmp_path, a_run(keys=["CALC-1"])),
        recorded(tmp_path, a_run(Outcome.FAILED, keys=["CALC-1"])),
    ]

    found = Results(shards)

    assert [run.outcome for run in found.runs()] == [Outcome.PASSED, Outcome.FAILED]
    assert [run.outcome for run in found.merged()] == [Outcome.FAILED]


def test_journals_are_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for each line, if results are too large to be kept."""
    monkeypatch.setattr(journals, "KEPT", 0)
    runs = [a_run(name="test_a"), a_run(name="test_b")]
    shards = [recorded(tmp_path, *runs), recorded(tmp_path, *runs)]
    found = Results(shards)
    opened = []
    real = inside.open_inside

    def noted(folder: Path, name: str) -> Any:
        opened.append(folder / name)
        return real(folder, name)

    monkeypatch.setattr(inside, "open_inside", noted)

    assert list(found.runs()) == [*runs, *runs]
    assert opened == [shard.journal for shard in shards]


def test_a_result_of_several_tests_is_parsed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line with two Test keys is read again for the second one without parsing."""
    monkeypatch.setattr(journals, "KEPT", 0)
    found = Results([recorded(tmp_path, a_run(keys=["CALC-1", "CALC-2"]))])
    parsed = []
    real = journal_lines.parse_line

    def noted(line: bytes, path: Path) -> TestRun:
        parsed.append(line)
        return real(line, path)

    monkeypatch.setattr(journals, "parse_line", noted)

    keys = [run.test.test_keys for run in found.merged()]

    assert keys == [("CALC-1",), ("CALC-2",)]
    assert len(parsed) == 1


def test_small_run_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results are kept, and no file is opened again."""
    runs = [a_run(name="test_a"), a_run(name="test_b")]
    found = Results([recorded(tmp_path, *runs)])
    monkeypatch.setattr(inside, "open_inside", None)

    assert list(found.runs()) == runs
    assert [run.test.name for run in found.merged()] == ["test_a", "test_b"]


def test_two_tests_of_one_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results are not merged; the error says what to do."""
    monkeypatch.setattr(groups, "hash", lambda _: 7, raising=False)
    found = Results([recorded(tmp_path, a_run(name="test_a"), a_run(name="test_b"))])

    with pytest.raises(ReportError, match="test_b cannot be told from another") as told:
        list(found.merged())
    assert "resend" in str(told.value.hint)


def test_damaged_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names its journal, also where it was damaged after a first look."""
    monkeypatch.setattr(journals, "KEPT", 0)
    directory = recorded(tmp_path, a_run())
    found = Results([directory])
    directory.journal.write_text("no JSON\n", encoding="ascii")
    damaged = re.escape(f"{directory.journal} has a damaged line")

    with pytest.raises(RunDirectoryError, match=damaged):
        list(found.runs())
    assert list(Results([directory]).runs()) == []


def flipped(line: bytes) -> bytes:
    """One bit is another, and it is JSON still."""
    return line.replace(b'"passed"', b'"qassed"').replace(b"1", b"3", 1)


TORN: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a flipped bit": lambda lines: [lines[0], flipped(lines[1]), lines[2]],
    "no JSON": lambda lines: [lines[0], b"\xff\x00\n", lines[2]],
    "half a line": lambda lines: [lines[0], lines[1][:40] + b"\n", lines[2]],
    "a checksum of another": lambda lines: [
        lines[0],
        lines[1].rpartition(b"\t")[0] + b"\t00000000\n",
        lines[2],
    ],
    "a checksum that is no number": lambda lines: [
        lines[0],
        lines[1].rpartition(b"\t")[0] + b"\tx\n",
        lines[2],
    ],
}


@pytest.mark.parametrize("how", TORN, ids=list(TORN))
def test_damaged_line_keeps_no_other_back(tmp_path: Path, how: str) -> None:
    """The rest is read, and what is missing is told of."""
    names = ["first", "second", "third"]
    directory = recorded(tmp_path, *(a_run(name=name) for name in names))
    lines = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(b"".join(TORN[how](lines)))

    found = Results([directory])

    assert [run.test.name for run in found.runs()] == ["first", "third"]
    assert found.missing == ("1 damaged line in the journal: results are lost",)


def test_torn_line_does_not_take_the_next_with_it(tmp_path: Path) -> None:
    """Half a line, and then a whole one without an end between them."""
    directory = recorded(tmp_path, a_run(name="first"), a_run(name="second"))
    first, second = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(first[:50] + second)

    assert [run.test.name for run in Results([directory]).runs()] == ["second"]


def test_empty_line_in_the_middle(tmp_path: Path) -> None:
    """It holds nothing, so nothing is missing."""
    directory = recorded(tmp_path, a_run(name="first"), a_run(name="second"))
    lines = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(b"\n".join([lines[0], lines[1]]))
    found = Results([directory])

    assert [run.test.name for run in found.runs()] == ["first", "second"]
    assert [run.test.name for run in directory.runs()] == ["first", "second"]
    assert found.missing == ()


def test_journal_of_an_older_version(tmp_path: Path) -> None:
    """Its lines have no checksums."""
    directory = recorded(tmp_path, a_run(name="first"))
    content = directory.journal.read_bytes()
    directory.journal.write_bytes(re.sub(rb"\t[0-9a-f]{8}\n", b"\n", content))
    told = json.loads((directory.path / "run.json").read_text())
    (directory.path / "run.json").write_text(json.dumps({**told, "version": 1}))
    found = Results([directory])

    assert b"\t" not in directory.journal.read_bytes()
    assert [run.test.name for run in found.runs()] == ["first"]
    assert directory.info.framework == told["framework"]


ODD = [float("nan"), float("inf"), -5.0, 1e300, 10**30, True, "soon", None]


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("name", ["started", "duration"])
def test_odd_time_keeps_nothing_back(tmp_path: Path, name: str, value: Any) -> None:
    """The result is sent without it, and that is told of."""
    odd = a_run(name="odd", **{name: value})
    usual = a_run(name="usual")
    directory = recorded(tmp_path, odd, usual)
    found = Results([directory])
    [first, second] = found.runs()

    assert getattr(first, name) == 0.0
    assert second == usual
    assert f"its invalid {name}, {value}" in found.left_out[0]
    assert found.started == usual.started


def test_odd_time_of_a_step(tmp_path: Path) -> None:
    """No report can say it."""
    step = a_step(duration=float("nan"))
    [run] = results(tmp_path, a_run(steps=(step,))).runs()

    assert run.steps[0].duration == 0.0


def test_lines_of_any_width_are_found_again(tmp_path: Path) -> None:
    """Places in the journal are bytes, not characters."""
    names = ["ä" * 10, "\U0001f600", "\ud800", "plain", "\n"]

    found = results(tmp_path, *(a_run(name=name, message="é") for name in names))

    assert [run.test.name for run in found.runs()] == names


def test_features_hold_their_scenarios(tmp_path: Path) -> None:
    """File by file; other tests do not appear."""
    other = a_feature(path="features/sub.feature", name="Subtracting")
    found = results(
        tmp_path,
        a_scenario_run(scenario=a_scenario("one")),
        a_run(name="test_without_a_feature"),
        a_scenario_run(scenario=a_scenario("two", feature=other)),
        a_scenario_run(scenario=a_scenario("three"), name="three", keys=[]),
    )

    names = [[run.test.name for run in runs] for runs in found.features()]

    assert names == [["one", "three"], ["two"]]
    assert (found.scenarios, found.unkeyed_scenarios) == (3, 3)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.fault("D13")
def test_no_mixture_is_better_than_its_worst(size: int) -> None:
    """A failure fails all; a skip is never a pass; the order does not matter."""
    for mixture in itertools.product(RESULTS, repeat=size):
        found = aggregate.worst_outcome(mixture)

        assert found in mixture
        assert (found is Outcome.FAILED) == (Outcome.FAILED in mixture)
        if Outcome.SKIPPED in mixture:
            assert found in {Outcome.FAILED, Outcome.SKIPPED}


@pytest.mark.parametrize("outcomes", [[], [Outcome.NOT_RUN]])
def test_nothing_known_is_a_failure(outcomes: list[Outcome]) -> None:
    """A Test without a result does not pass."""
    assert aggregate.worst_outcome(outcomes) is Outcome.FAILED


def test_merged_parts_stay_readable(tmp_path: Path) -> None:
    """Messages, comments, defects and each single result are kept."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], name="test_a[1]", parameters=(("n", "1"),)),
        a_run(
            Outcome.FAILED,
            keys=["CALC-1"],
            name="test_a[2]",
            parameters=(("n", "2"),),
            message="2 is wrong",
            comment="seen",
            defects=("CALC-9",),
        ),
        a_run(Outcome.SKIPPED, keys=["CALC-1"], name="test_a[3]", comment="seen"),
    )

    (merged,) = found.merged()

    assert merged.test.name == "test_a"
    assert merged.message == "test_a[2]: failed\n2 is wrong"
    assert (merged.comment, merged.defects) == ("seen", ("CALC-9",))
    assert merged.iterations == (
        Iteration(outcome=Outcome.PASSED, parameters=(("n", "1"),)),
        Iteration(
            outcome=Outcome.FAILED, parameters=(("n", "2"),), message="2 is wrong"
        ),
        Iteration(outcome=Outcome.SKIPPED, parameters=(("test", "test_a[3]"),)),
    )


@pytest.mark.parametrize("field", ["labels", "requirements"])
def test_merged_test_has_what_any_of_its_tests_has(tmp_path: Path, field: str) -> None:
    """Labels and requirements of the second test are not dropped."""
    tests = [
        a_test(name, test_keys=("CALC-1",), **{field: (f"of_{name}",)})
        for name in ("test_a", "test_b")
    ]
    found = results(tmp_path, *(a_run(test=test) for test in tests))

    (merged,) = found.merged()

    assert getattr(merged.test, field) == ("of_test_a", "of_test_b")


def test_merged_custom_fields_of_all(tmp_path: Path) -> None:
    """Custom fields of the second result are not dropped."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], custom_fields=(("Browser", "Chrome"),)),
        a_run(keys=["CALC-1"], custom_fields=(("System", "Linux"),)),
    )

    (merged,) = found.merged()

    assert merged.custom_fields == (("Browser", "Chrome"), ("System", "Linux"))


def test_merged_times_span_all_parts(tmp_path: Path) -> None:
    """A merged result starts with its first part and ends with its last."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], started=STARTED + 10, duration=1),
        a_run(keys=["CALC-1"], started=STARTED, duration=2),
    )

    (merged,) = found.merged()

    assert (merged.started, merged.duration) == (STARTED, 11)


def test_shard_without_a_journal(tmp_path: Path) -> None:
    """Archives may leave out what is empty; the others' results are there."""
    shards = [
        run_directory.create(tmp_path / ".xray", run_info()),
        recorded(tmp_path, a_run()),
    ]

    found = Results(shards)

    assert [run.test.name for run in found.runs()] == ["test_add"]


@given(st.lists(st.sampled_from(RESULTS), min_size=1, max_size=6))
def test_merging_is_as_bad_as_the_worst(outcomes: list[Outcome]) -> None:
    """Any list of results with a failure fails, and only those."""
    runs = [a_run(outcome, keys=["CALC-1"]) for outcome in outcomes]

    merged = aggregate.merge_results(
        ("CALC-1",), runs, aggregate.worst_outcome(outcomes)
    )

    assert (merged.outcome is Outcome.FAILED) == (Outcome.FAILED in outcomes)
    if any(each is not Outcome.PASSED for each in outcomes):
        assert merged.outcome is not Outcome.PASSED


PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


@pytest.mark.parametrize("shards", [1, 2, 3])
@pytest.mark.parametrize(
    ("rule", "expected"), [(WORST, FAILED), (LAST, PASSED), (ALL_FAILED, PASSED)]
)
def test_rule_decides_by_time(
    tmp_path: Path, shards: int, rule: str, expected: Outcome
) -> None:
    """The last is what finished last, in whichever shard, whatever its place."""
    runs = [
        a_run(PASSED, keys=["CALC-1"], started=STARTED + 5, duration=10),
        a_run(FAILED, keys=["CALC-1"], started=STARTED + 9, duration=1),
        a_run(SKIPPED, keys=["CALC-1"], started=STARTED, duration=1),
    ][: 2 if rule == ALL_FAILED else 3]

    for order in itertools.permutations(runs):
        parts = [recorded(tmp_path, *order[number::shards]) for number in range(shards)]
        found = Results(parts, aggregate=rule)

        assert [run.outcome for run in found.merged()] == [expected]
        assert found.merged_counts() == {expected: 1}


def test_results_that_finish_at_the_same_time(tmp_path: Path) -> None:
    """Then the later one in the journal is the last."""
    runs = [a_run(outcome, keys=["CALC-1"]) for outcome in (PASSED, FAILED)]

    for order, expected in ((runs, FAILED), (runs[::-1], PASSED)):
        found = Results([recorded(tmp_path, *order)], aggregate=LAST)

        assert found.merged_counts() == {expected: 1}


@given(
    outcomes=st.lists(st.sampled_from(RESULTS), min_size=1, max_size=5),
    finishes=st.permutations(range(5)),
)
def test_failure_is_never_green(
    tmp_path_factory: pytest.TempPathFactory,
    outcomes: list[Outcome],
    finishes: list[int],
) -> None:
    """With the rule that is set unless another is: whatever finishes when."""
    runs = [
        a_run(outcome, keys=["CALC-1", "CALC-2"], started=STARTED + finish)
        for outcome, finish in zip(outcomes, finishes, strict=False)
    ]
    folder = tmp_path_factory.mktemp("runs")
    found = results(folder, *runs)

    expected = aggregate.worst_outcome(outcomes)
    assert [run.outcome for run in found.merged()] == [expected, expected]
    assert found.merged_counts() == {expected: 2}
    shutil.rmtree(folder)


def test_rule_for_each_test(tmp_path: Path) -> None:
    """Each Test is decided on its own."""
    found = results(
        tmp_path,
        a_run(FAILED, keys=["CALC-1", "CALC-2"], name="test_a"),
        a_run(PASSED, keys=["CALC-2"], name="test_b", started=STARTED + 9),
    )

    assert [run.outcome for run in found.merged()] == [FAILED, FAILED]
    assert set(AGGREGATES) == {WORST, LAST, ALL_FAILED}


def test_rows_of_an_outline_in_order(tmp_path: Path) -> None:
    """Xray knows the rows of a scenario by their places."""
    rows = [
        a_scenario_run(
            outcome,
            scenario=a_scenario(f"sums -- {row}", outline="sums", row=row),
            keys=["CALC-1"],
            parameters=(("row", str(row)),),
        )
        for row, outcome in ((3, FAILED), (1, PASSED), (2, SKIPPED))
    ]
    found = Results([recorded(tmp_path, rows[0]), recorded(tmp_path, *rows[1:])])

    (whole,) = found.merged()

    assert [part.outcome for part in whole.iterations] == [PASSED, SKIPPED, FAILED]
    assert whole.scenario == rows[1].scenario
    assert [run.scenario for run in found.runs()] == [row.scenario for row in rows]


def test_scenario_and_test_of_one_key(tmp_path: Path) -> None:
    """Other results stay in the order in which they finished."""
    scenario = a_scenario_run(keys=["CALC-1"], parameters=(("n", "2"),))
    runs = [a_run(keys=["CALC-1"], parameters=(("n", n),)) for n in "13"]
    found = results(tmp_path, runs[0], scenario, runs[1])

    (whole,) = found.merged()

    assert [dict(part.parameters)["n"] for part in whole.iterations] == ["1", "2", "3"]


def test_what_there_is_of_defects_and_steps(tmp_path: Path) -> None:
    """Steps of scenarios are the format's own business and do not count."""
    found = results(
        tmp_path,
        a_run(defects=("CALC-8", "CALC-9"), steps=(a_step(), a_step())),
        a_run(defects=("CALC-9",), name="test_b"),
        a_scenario_run(),
    )

    assert (found.defects, found.steps) == (3, 2)


def test_keys_that_have_results(tmp_path: Path) -> None:
    """And the tests behind them; definitions are no keys."""
    found = results(
        tmp_path,
        a_run(keys=["CALC-2", "CALC-1"], name="test_a"),
        a_run(keys=["CALC-1"], name="test_b"),
        a_run(name="test_c"),
    )

    assert [*dict.fromkeys(found.test_keys)] == ["CALC-2", "CALC-1"]
    assert found.names(["CALC-1", "CALC-9"]) == {
        "CALC-1": ("tests.test_calculator.test_a", "tests.test_calculator.test_b")
    }


def test_scenario_and_test_of_one_definition(tmp_path: Path) -> None:
    """They are two Tests: one has steps, the other is Generic."""
    found = results(tmp_path, a_run(name="two"), a_scenario_run(name="two"))

    assert found.tests == 2


def test_shared_keys(tmp_path: Path) -> None:
    """Rows of one test are one test; so are the rows of one outline."""
    sums = {"outline": "sums", "feature": a_feature(path="b.feature")}
    found = results(
        tmp_path,
        a_run(keys=["CALC-1"], name="test_a[1]"),
        a_run(keys=["CALC-1"], name="test_a[2]"),
        a_run(keys=["CALC-2"], name="test_a[1]"),
        a_run(keys=["CALC-2"], name="test_b"),
        a_run(keys=["CALC-2"], name="test_b"),
        a_scenario_run(keys=["CALC-3"], scenario=a_scenario("sums -- 1", **sums)),
        a_scenario_run(keys=["CALC-3"], scenario=a_scenario("sums -- 2", **sums)),
        a_scenario_run(keys=["CALC-4"], scenario=a_scenario("sums", line=3)),
        a_scenario_run(keys=["CALC-4"], scenario=a_scenario("sums", line=9)),
        a_scenario_run(scenario=a_scenario("same", line=3)),
        a_scenario_run(scenario=a_scenario("same", line=9)),
    )

    assert found.shared == {
        "CALC-2": ("tests.test_calculator.test_a", "tests.test_calculator.test_b"),
        "CALC-4": (
            "features/add.feature: sums, line 3",
            "features/add.feature: sums, line 9",
        ),
        "scenario features/add.feature: same": (
            "features/add.feature: same, line 3",
            "features/add.feature: same, line 9",
        ),
    }


def names(runs: Iterable[TestRun]) -> list[list[str]]:
    """The names of their evidence."""
    return [[each.name for each in of_run(run)] for run in runs]


def test_evidence_of_merged_results(tmp_path: Path) -> None:
    """All of it, with names of its own, and each file where it is."""
    shards = [
        a_shard(
            tmp_path,
            {"keys": ["CALC-1"], "evidence": {"x.png": b"1"}, "step": {"s": b"2"}},
            {"keys": ["CALC-1"], "evidence": {"x.png": b"3"}, "name": "test_b"},
        ),
        a_shard(tmp_path, {"keys": ["CALC-1"], "evidence": {"x.png": b"4"}}),
    ]
    found = Results(shards)

    (whole,) = found.merged()

    assert names([whole]) == [["x.png", "s", "x (2).png", "x (3).png"]]
    paths = [found.path_of(piece) for piece in whole.evidence]
    assert [path and path.read_bytes() for path in paths] == [b"1", b"2", b"3", b"4"]
    assert found.pieces_of_evidence == 4


def test_evidence_of_one_name_within_a_result(tmp_path: Path) -> None:
    """Single results have distinct names as well."""
    directory = run_directory.create(tmp_path / ".xray", run_info())
    pieces = tuple(attached(directory, content, "x.png") for content in (b"1", b"2"))
    written = Journal(directory)
    written.append(a_run(evidence=pieces))
    written.close()

    found = Results([directory])

    assert names(found.runs()) == names(found.merged()) == [["x.png", "x (2).png"]]


def test_evidence_over_the_limit(tmp_path: Path) -> None:
    """Left-out evidence is in no report, and is named; the rest is in all reports."""
    scenario = a_scenario()
    runs: list[dict[str, Any]] = [
        {"evidence": {"big.bin": b"1" * 2048, "a.bin": b"2" * 10}, "name": "test_a"},
        {"outcome": FAILED, "step": {"b.bin": b"3" * 2048}, "name": "test_b"},
        {"outcome": FAILED, "step": {"c.bin": b"4" * 999}, "scenario": scenario},
        {
            "evidence": {"d.bin": b"5" * 100},
            "scenario": a_scenario("two"),
            "name": "two",
        },
    ]
    found = Results([a_shard(tmp_path, *runs)], limits=Limits(9999, 9999, 3100))

    expected = [["a.bin"], ["b.bin"], ["c.bin"], []]
    assert names(found.runs()) == expected
    assert names(found.merged()) == expected
    assert names(run for runs in found.features() for run in runs) == expected[2:]
    assert found.left_out == [
        "tests.test_calculator.two: d.bin (100 bytes), over xray_evidence_limit",
        "tests.test_calculator.test_a: big.bin (2 KB), over xray_evidence_limit",
    ]
    assert found.pieces_of_evidence == 5


@pytest.mark.parametrize(
    ("outcome", "gone"),
    [
        (Outcome.PASSED, True),
        (Outcome.XFAILED, True),
        (Outcome.SKIPPED, True),
        (Outcome.FLAKY, False),
        (Outcome.XPASSED, False),
        (Outcome.FAILED, False),
    ],
)
def test_evidence_that_is_missed_least(
    tmp_path: Path, outcome: Outcome, gone: bool
) -> None:
    """That of results which need no explanation; a smaller one of another stays."""
    runs = [
        {"outcome": outcome, "evidence": {"x.bin": b"1" * 10}},
        {"outcome": FAILED, "evidence": {"y.bin": b"2" * 11}, "name": "test_b"},
    ]
    found = Results([a_shard(tmp_path, *runs)], limits=Limits(99, 99, 20))

    assert names(found.runs()) == ([[], ["y.bin"]] if gone else [["x.bin"], []])


def test_evidence_counts_for_each_key(tmp_path: Path) -> None:
    """A test with two keys is sent twice."""
    runs = [{"evidence": {"x.bin": b"1" * 10}, "keys": ["CALC-1", "CALC-2"]}]

    enough = Results([a_shard(tmp_path, *runs)], limits=Limits(99, 10, 20))
    too_little = Results([a_shard(tmp_path, *runs)], limits=Limits(99, 10, 19))

    assert names(enough.merged()) == [["x.bin"], ["x.bin"]]
    assert names(too_little.merged()) == [[], []]
    assert len(too_little.left_out) == 1


def test_evidence_of_tests_that_are_left_out(tmp_path: Path) -> None:
    """It takes no room from what is sent."""
    runs: list[dict[str, Any]] = [
        {"evidence": {"x.bin": b"1" * 10}},
        {"evidence": {"y.bin": b"2" * 10}, "keys": ["CALC-1"], "name": "test_b"},
    ]
    limits = Limits(99, 99, 10)

    found = Results([a_shard(tmp_path, *runs)], only_keyed=True, limits=limits)

    assert names(found.runs()) == [["y.bin"]]
    assert found.left_out == []


def test_evidence_that_was_not_kept(tmp_path: Path) -> None:
    """Evidence that a test could not attach is named with the test."""
    found = results(
        tmp_path,
        a_run(left_out=("x.png is empty", "y.png is not a file")),
        a_run(left_out=("z.png is empty",), name="test_b"),
    )

    assert found.left_out == [
        "tests.test_calculator.test_add: x.png is empty",
        "tests.test_calculator.test_add: y.png is not a file",
        "tests.test_calculator.test_b: z.png is empty",
    ]


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "a/b", "..", "", "no"])
def test_evidence_that_is_no_file_of_ours(tmp_path: Path, name: str) -> None:
    """A journal from elsewhere does not make us send any file of this machine."""
    directory = a_shard(tmp_path, {"evidence": {"x.bin": b"1"}})
    piece = Evidence(name="x", file=name, media_type="text/plain", size=1)

    assert Results([directory]).path_of(piece) is None
