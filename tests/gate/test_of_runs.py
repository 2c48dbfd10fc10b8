"""Facts about a run, from its run directories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, recorded
from xray_bridge.changes import step as changes_step
from xray_bridge.config.resolve import recorded_layer, resolve
from xray_bridge.gate import step
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.gate.of_runs import RunFacts
from xray_bridge.gate.step import RunToCheck, check_run
from xray_bridge.jira.notes import write_notes
from xray_bridge.model.changes import Baseline, Change, Changes
from xray_bridge.model.results import Outcome
from xray_bridge.runs import attempts, codec
from xray_bridge.runs.journal_lines import encode_line
from xray_bridge.runs.report_files import Files, ReportFile, save_files
from xray_bridge.runs.run_directory import SEALED, State


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.changes.step import RunToCompare
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.results import TestRun

FAILED, FLAKY = Outcome.FAILED, Outcome.FLAKY
ENTRY = {"test": "CALC-1", "owner": "Anna", "until": "2999-12-31"}


def settings_of(**given: str) -> Settings:
    """Settings of a run."""
    return resolve([recorded_layer(given)], {})


GATE = settings_of(gate='{"max_failures": 0}')


def facts_of(tmp_path: Path, *runs: TestRun, **more: Any) -> RunFacts:
    """Facts of one run directory."""
    settings = more.pop("settings", settings_of())
    return RunFacts([recorded(tmp_path, *runs)], settings, **more)


def test_tests_that_ran_are_counted_once(tmp_path: Path) -> None:
    """Skipped tests did not run; a test may have run in two Test Environments."""
    runs = [a_run(name="one"), a_run(FAILED, name="one"), a_run(FLAKY, name="two")]
    facts = facts_of(tmp_path, *runs, a_run(Outcome.SKIPPED, name="three"))

    assert facts.count_tests() == 2
    assert facts.list_failures() == ["tests.test_calculator.one"]
    assert facts.list_flaky() == ["tests.test_calculator.two"]


def test_tests_that_are_not_reported_do_not_count(tmp_path: Path) -> None:
    """With ``only_keyed`` Xray has only tests with a key, and so has the gate."""
    keyless = [a_run(FAILED, name="one"), a_run(FLAKY, name="two")]
    keyed = a_run(name="three", keys=("CALC-1",))
    given = settings_of(only_keyed="yes")

    facts = facts_of(tmp_path / "run", *keyless, keyed, settings=given)
    again = a_rerun(tmp_path / "rerun", [*keyless, keyed], [], settings=given)

    for each in (facts, again):
        assert each.count_tests() == 1
        assert (each.list_failures(), each.list_flaky()) == ([], [])


def test_a_failure_whose_name_is_a_secret_counts(tmp_path: Path) -> None:
    """It is not sent, but its test ran and failed."""
    withheld = a_run(FAILED, name="one[***]", withheld="the value of xray_token")

    facts = facts_of(tmp_path / "run", a_run(name="two"), withheld)
    again = a_rerun(tmp_path / "rerun", [a_run(name="two"), withheld], [])

    for each in (facts, again):
        assert each.count_tests() == 2
        assert each.list_failures() == ["tests.test_calculator.one[***]"]


def test_a_test_environment_without_results_is_missing(tmp_path: Path) -> None:
    """Its job has selected no tests, or none with a Test key."""
    keyed, keyless = a_run(keys=("CALC-1",)), a_run()
    recordings = {"firefox": (), "chrome": (keyed,), "edge": (keyless,)}
    directories = [
        recorded(tmp_path, *runs, settings={"environments": name})
        for name, runs in recordings.items()
    ]
    given = settings_of(only_keyed="yes", environments="firefox")

    facts = RunFacts(directories, given)
    one = facts_of(tmp_path, keyed, settings=given)

    assert facts.list_environments() == ["chrome"]
    assert one.list_environments() == ["firefox"]


def test_report_files_of_several_run_directories_are_added_up(tmp_path: Path) -> None:
    """Their tests have no names, so that none of them is the same test."""
    directories = [recorded(tmp_path / each) for each in ("one", "two")]
    counts = {"passed": 2, "failed": 1}
    file = ReportFile(
        name="a.xml", file="a.xml", format="junit", tests=3, counts=counts
    )
    for directory in directories:
        save_files(directory, Files(files=(file,)))

    facts = RunFacts(directories, settings_of())

    assert (facts.count_tests(), len(facts.list_failures())) == (6, 2)


def test_failures_in_quarantine_do_not_count(tmp_path: Path) -> None:
    """Unless the same test has another failure, too."""
    spared = a_run(FAILED, name="one", quarantined="Quarantined by Anna")
    both = [a_run(FAILED, name="two", quarantined="x"), a_run(FAILED, name="two")]

    facts = facts_of(tmp_path, spared, *both)

    assert facts.list_failures() == ["tests.test_calculator.two"]


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        (Change(name="tests.test_calculator.one[1]"), True),
        (Change(name="tests.test_calculator.one", keys=("CALC-1",)), True),
        (Change(name="tests.test_calculator.two"), False),
    ],
)
def test_new_failures_are_known_by_name_or_key(
    tmp_path: Path, change: Change, *, is_new: bool
) -> None:
    """In Xray all rows of a Test are one; spared failures are not new."""
    row = a_run(FAILED, name="one[1]", keys=("CALC-1",))
    spared = a_run(FAILED, name="two", quarantined="x")
    changes = Changes(baseline=Baseline(name="RUN"), newly_failing=(change,))

    facts = facts_of(tmp_path, row, spared, changes=[changes])

    shown = ["CALC-1 tests.test_calculator.one[1]"]
    assert facts.list_new_failures() == (shown if is_new else [])


def test_new_failures_beyond_the_list_count(tmp_path: Path) -> None:
    """A gate of 300 must not pass because only 200 of 400 are listed."""
    some = Changes(
        baseline=Baseline(name="RUN"),
        newly_failing=(Change(name="tests.test_calculator.one"),),
        counts={"newly_failing": 3},
    )

    facts = facts_of(tmp_path, a_run(FAILED, name="one"), changes=[some, some])

    assert len(facts.list_new_failures()) == 1 + 2 + 2


def test_without_an_earlier_run_new_failures_are_not_known(tmp_path: Path) -> None:
    """A run without failures has no new ones, whatever was before."""
    changes = [Changes(not_compared="there is no earlier run")]

    assert facts_of(tmp_path, a_run(), changes=changes).list_new_failures() == []
    with pytest.raises(UnknownError, match="there is no earlier run"):
        facts_of(tmp_path, a_run(FAILED), changes=changes).list_new_failures()


def test_new_failures_of_one_environment_are_known_without_the_others(
    tmp_path: Path,
) -> None:
    """Another one runs for the first time, or was run again."""
    failed = a_run(FAILED, keys=("CALC-1",))
    change = Change(name="other", keys=("CALC-1",))
    compared = Changes(baseline=Baseline(name="RUN"), newly_failing=(change,))
    first = Changes(not_compared="there is no earlier run")

    for changes in ([compared, first], [first, compared]):
        with pytest.raises(UnknownError, match="no earlier run") as unknown:
            facts_of(tmp_path, failed, changes=changes).list_new_failures()

        assert unknown.value.known == ["CALC-1 tests.test_calculator.test_add"]


def test_each_environment_is_compared_with_its_own_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings of the run are those of its first Test Execution."""
    asked: list[tuple[str, ...]] = []

    def compare(run: RunToCompare) -> Changes:
        asked.append(run.settings.environments)
        return Changes()

    monkeypatch.setattr(changes_step, "compare_run", compare)
    directories = [
        recorded(tmp_path, a_run(), settings={"environments": name})
        for name in ("chrome", "firefox")
    ]
    settings = settings_of(gate='{"max_new_failures": 0}', environments="given")
    check_run(RunToCheck(directories=tuple(directories), settings=settings))

    assert asked == [("given",), ("firefox",)]


def test_a_quarantine_that_is_not_in_force_is_named(tmp_path: Path) -> None:
    """With the reason; a label needs a server."""
    late, nobody = {**ENTRY, "until": "2020-01-01"}, {"test": "CALC-2"}
    table = json.dumps({"tests": [ENTRY, {**late, "test": "CALC-3"}, nobody]})
    facts = facts_of(tmp_path, settings=settings_of(quarantine=table))
    labelled = settings_of(quarantine='{"label": "known"}')

    assert facts.list_expired() == [
        "CALC-3 (its quarantine ended on 2020-01-01)",
        "CALC-2 (its quarantine has no owner)",
    ]
    with pytest.raises(UnknownError, match="offline"):
        facts_of(
            tmp_path, settings=labelled, offline=UnknownError("offline")
        ).list_expired()


def test_a_run_without_test_plan_is_told_to_set_one(tmp_path: Path) -> None:
    """The rule cannot be kept then."""
    with pytest.raises(UnsetError, match="set xray_test_plan"):
        facts_of(tmp_path).list_missing_tests()


def test_the_version_that_the_upload_has_chosen_counts(tmp_path: Path) -> None:
    """It is noted in the run directory."""
    directory = recorded(tmp_path, a_run())
    facts = RunFacts([directory], settings_of(fix_version="auto"))
    before = facts.fix_version
    write_notes(directory, "fix_version", {"version": "v3.0"})

    assert (before, facts.fix_version) == ("", "v3.0")


def test_results_that_cannot_be_read_fail_the_gate(tmp_path: Path) -> None:
    """A gate that nobody checked is not passed."""
    directory = recorded(tmp_path, a_run())
    directory.journal.unlink()
    directory.journal.mkdir()

    verdict = check_run(RunToCheck(directories=(directory,), settings=GATE))

    assert verdict.has_failed
    assert "is not a regular file" in verdict.rows[0].verdict


def test_an_unexpected_error_fails_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a row of the table, and no traceback."""
    monkeypatch.setattr(step, "check_rules", lambda *_: 1 / 0)
    directory = recorded(tmp_path, a_run())

    verdict = check_run(RunToCheck(directories=(directory,), settings=GATE))

    assert verdict.rows[0].verdict == (
        "FAILED: unexpected ZeroDivisionError: division by zero"
    )


def a_rerun(
    tmp_path: Path,
    earlier: list[TestRun],
    again: list[TestRun],
    settings: Settings | None = None,
) -> RunFacts:
    """Facts of a rerun into CALC-20; each row is a result by its test's name."""
    directory = recorded(tmp_path, *again)
    lines = [encode_line(codec.encode(run)) + b"\n" for run in earlier]
    (directory.path / attempts.EARLIER).write_bytes(b"".join(lines))
    attempts.complete_rerun(directory)
    given = settings or settings_of()
    return RunFacts([directory], given, executions=["CALC-20"])


def test_a_rerun_is_judged_with_the_results_that_stayed(tmp_path: Path) -> None:
    """A failure that did not run again is one, and tests that passed before count."""
    before = [a_run(FAILED, name=name) for name in ("again", "left out")]
    facts = a_rerun(tmp_path, [*before, a_run(name="fine")], [a_run(name="again")])

    assert facts.count_tests() == 3
    assert facts.list_failures() == ["tests.test_calculator.left out"]
    assert facts.list_flaky() == ["tests.test_calculator.again"]


def test_new_failures_of_a_rerun_are_asked_of_its_test_execution(
    tmp_path: Path,
) -> None:
    """A rerun has no earlier run but the one that it repeats."""
    good = a_rerun(tmp_path / "a", [a_run(FAILED, name="one")], [a_run(name="one")])
    bad = a_rerun(tmp_path / "b", [a_run(FAILED, name="one")], [])

    assert good.list_new_failures() == []
    with pytest.raises(UnknownError, match="; type `xray-bridge gate CALC-20`"):
        bad.list_new_failures()


def test_an_incomplete_run_does_not_pass(tmp_path: Path) -> None:
    """Tests that are missing may have failed; so may those of a damaged line."""
    killed, damaged = (recorded(tmp_path / name, a_run()) for name in "ab")
    killed.state = State(state=SEALED, incomplete=("the session was killed",))
    with damaged.journal.open("ab") as file:
        file.write(b'{"classname":\t00000000\n')

    runs = [
        RunToCheck(directories=(each,), settings=GATE) for each in (killed, damaged)
    ]
    rows = [check_run(run).rows[0] for run in runs]

    assert [row.rule for row in rows] == ["complete", "complete"]
    assert [row.verdict for row in rows] == [
        "FAILED: the session was killed",
        "FAILED: 1 damaged line in the journal: results are lost",
    ]
