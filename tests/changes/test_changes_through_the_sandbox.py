"""Runs are compared with Test Executions in the sandbox, on both products."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED, TOKEN, a_run
from tests.scripted import unused_port
from xray_bridge.changes import step
from xray_bridge.model.changes import KINDS
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from tests.scripted_xray import Outcomes, Sender
    from xray_bridge.model.results import TestRun

KEYED = a_run(keys=["CALC-1"])
KEYLESS = a_run(name="test_free")
ROWS = [
    a_run(name=f"test_rows[{number}]", keys=["CALC-5"], outcome=outcome)
    for number, outcome in ((1, Outcome.PASSED), (2, Outcome.FAILED))
]
BEFORE = [KEYED, KEYLESS, *ROWS]
NOW = [
    a_run(Outcome.FAILED, keys=["CALC-1"], message="E   KeyError: 'a'"),
    a_run(Outcome.SKIPPED, name="test_free"),
    *[a_run(name=f"test_rows[{n}]", keys=["CALC-5"]) for n in (1, 2)],
    a_run(name="test_fresh"),
]
SETTINGS = {"project": "CALC", "compare": "yes", "test_plan": "CALC-15"}


class Bench:
    """Sends runs of one project to the embedded sandbox."""

    def __init__(self, send: Sender, product: str) -> None:
        self._send = send
        self._product = product
        self._minutes = 0

    def run(
        self,
        *runs: TestRun,
        branch: str = "main",
        target: str = "",
        flags: tuple[str, ...] = (),
        **settings: str,
    ) -> Outcomes:
        """Record and send; each run is a minute later."""
        self._minutes += 1
        directory = self._send.record(
            *runs,
            settings={**SETTINGS, **settings},
            ci={"branch": branch, "target_branch": target},
            started=STARTED + 60 * self._minutes,
        )
        arguments = ("--sandbox", "--deployment", self._product, *flags)
        return self._send.send(directory, *arguments)

    def execution(self, *runs: TestRun, **given: Any) -> str:
        """Send a run, and forget its run directory, as CI does; return the key."""
        found = self.run(*runs, **given)
        assert found.exit_code == 0, found.output
        key: str = found.receipt["test_execution"]["key"]
        shutil.rmtree(found.directory.path)
        return key


@pytest.fixture(params=["server", "cloud"])
def bench(
    request: pytest.FixtureRequest,
    send: Sender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """An empty sandbox."""
    monkeypatch.chdir(tmp_path)
    return Bench(send, request.param)


def counts(outcome: Outcomes) -> dict[str, int]:
    """The numbers of changes in the receipt, without zeros."""
    found = outcome.receipt["changes"]["counts"]
    return {kind: n for kind, n in found.items() if n}


def test_compared_with_the_last_test_execution(bench: Bench) -> None:
    """Tests with and without a key, and rows of one Test."""
    bench.execution(*BEFORE)
    wanted = bench.execution(*BEFORE)

    found = bench.run(*NOW)

    assert found.receipt["changes"]["baseline"] == {
        "name": wanted,
        "kind": "Test Execution",
        "branch": "main",
        "is_given": False,
    }
    assert counts(found) == {
        "newly_failing": 1,
        "newly_skipped": 1,
        "fixed": 1,
        "new": 1,
    }
    assert f"Compared with {wanted} (main): 1 newly failing" in found.output
    assert "newly failing: tests.test_calculator.test_add (CALC-1): " in found.output


def test_compared_with_the_last_run_directory(bench: Bench) -> None:
    """It knows rows and times, so it is better than a Test Execution."""
    first = bench.run(*BEFORE)

    found = bench.run(*NOW)

    assert found.receipt["changes"]["baseline"]["name"] == first.directory.id
    assert [each["name"] for each in found.receipt["changes"]["fixed"]] == [
        "tests.test_calculator.test_rows[2]"
    ]


@pytest.mark.parametrize(
    "other",
    [{"branch": "feature"}, {"environments": "chrome"}, {"test_plan": "CALC-16"}],
)
def test_other_test_executions_are_not_compared(
    bench: Bench, other: dict[str, str]
) -> None:
    """Another branch, environment or plan."""
    bench.execution(*BEFORE, **other)

    found = bench.run(*BEFORE)

    assert found.exit_code == 0
    assert found.receipt["changes"]["not_compared"] == (
        "there is no earlier run of CALC-15 on the branch main"
    )


def test_a_description_of_users_hides_the_branch(bench: Bench) -> None:
    """Then the branch is said to be unknown; a known one would win."""
    wanted = bench.execution(*BEFORE, description="Nightly")

    found = bench.run(*BEFORE)

    assert f"Compared with {wanted}, branch not known: no change" in found.output


def test_a_pull_request_is_compared_with_its_target(bench: Bench) -> None:
    """Its branch has no Test Execution yet."""
    bench.execution(*BEFORE, branch="release")
    wanted = bench.execution(*BEFORE)
    bench.execution(*BEFORE, description="Nightly")

    found = bench.run(*NOW, branch="feature", target="main")

    assert f"Compared with {wanted} (main): " in found.output


def test_outside_of_ci_every_branch_will_do(bench: Bench) -> None:
    """The newest one; its branch is named."""
    bench.execution(*BEFORE)
    wanted = bench.execution(*BEFORE, branch="release")

    found = bench.run(*NOW, branch="")

    assert f"Compared with {wanted} (release): " in found.output


def test_another_suite_of_the_project_is_not_compared(bench: Bench) -> None:
    """No Test is in both, so nothing can be said."""
    bench.execution(a_run(keys=["CALC-2"]))

    found = bench.run(KEYED)

    assert "there is no earlier run of CALC-15" in found.output


def test_a_run_of_a_part_is_no_baseline(bench: Bench) -> None:
    """After ``-k``, the run before it is the better one."""
    whole = bench.run(*BEFORE)
    bench.run(KEYED)

    found = bench.run(*NOW)

    assert found.receipt["changes"]["baseline"]["name"] == whole.directory.id


def test_a_test_execution_of_a_part_is_no_baseline(bench: Bench) -> None:
    """Nor is it in Xray; without another one, it is better than none."""
    part = bench.execution(KEYED)
    alone = bench.run(*NOW)
    shutil.rmtree(alone.directory.path)
    whole = bench.execution(*BEFORE)
    bench.execution(KEYED)

    found = bench.run(*NOW)

    assert f"Compared with {part} (main): " in alone.output
    assert found.receipt["changes"]["baseline"]["name"] == whole


def test_tests_that_are_not_reported_are_not_compared(bench: Bench) -> None:
    """With xray_only_keyed, tests without a key are not missing now."""
    bench.run(*BEFORE)

    found = bench.run(KEYED, *ROWS, KEYLESS, only_keyed="yes")

    assert found.output.count(": no change") == 1


def test_a_given_test_execution(bench: Bench) -> None:
    """Also of another branch."""
    wanted = bench.execution(*BEFORE, branch="release")
    bench.execution(KEYED)

    found = bench.run(*NOW, compare=wanted.lower())

    assert f"Compared with {wanted}: 1 newly failing" in found.output
    assert counts(found)["newly_failing"] == 1


def test_a_given_test_execution_without_results(bench: Bench) -> None:
    """Else all tests would be new."""
    found = bench.run(*NOW, compare="CALC-999")

    assert "xray_compare: CALC-999 has no Test Runs" in found.output


def test_a_given_run(bench: Bench) -> None:
    """By its name."""
    first = bench.run(*BEFORE)
    bench.run(*NOW)

    found = bench.run(*NOW, compare=first.directory.id)

    assert found.receipt["changes"]["baseline"]["name"] == first.directory.id


def test_a_run_that_does_not_exist(bench: Bench) -> None:
    """It costs no result: one line says it."""
    found = bench.run(KEYED, compare="20260101T000000Z-00000000")

    assert found.exit_code == 0
    assert found.output.count("Not compared with an earlier run") == 1
    assert "there is no run 20260101T000000Z-00000000" in found.output


def test_the_test_execution_of_this_run(bench: Bench) -> None:
    """It has these results already, so it is no baseline."""
    key = bench.execution(*BEFORE)

    found = bench.run(*NOW, compare=key, test_execution=key)

    assert f"xray_compare: {key} has the results of this run" in found.output


def test_a_dry_run_says_what_it_would_compare(bench: Bench) -> None:
    """A run directory, or else Xray; no server is asked."""
    first = bench.run(*BEFORE, flags=("--dry-run",))
    second = bench.run(*BEFORE, flags=("--dry-run",))

    assert (
        "then compare with the last Test Execution of CALC-15 on the branch main"
        in first.output
    )
    assert f"then compare with run {first.directory.id} (main)" in second.output


def test_without_the_setting_nothing_is_compared(bench: Bench) -> None:
    """The receipt has no changes, and nothing is printed."""
    bench.run(*BEFORE, compare="no")

    found = bench.run(*NOW, compare="no")

    assert "changes" not in found.receipt
    assert "ompared with" not in found.output


def test_a_part_of_a_ci_run_is_not_compared(bench: Bench) -> None:
    """All parts are, when they are merged."""
    bench.run(*BEFORE)

    found = bench.run(*NOW, flags=("--collect",))

    assert found.receipt["status"] == "kept"
    assert "changes" not in found.receipt


def test_a_server_out_of_reach_costs_nothing(
    send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are kept, and one line says that they were not compared."""
    monkeypatch.setenv("XRAY_TOKEN", TOKEN)
    address = f"http://127.0.0.1:{unused_port()}"
    directory = send.record(KEYED, settings=SETTINGS)

    found = send.send(directory, "--url", address, "--skip-proxy", "--deadline", "1")

    assert found.receipt["status"] == "failed"
    assert found.output.count("Not compared with an earlier run") == 1
    assert not any(found.receipt["changes"][kind] for kind in KINDS)


def test_a_comparison_that_takes_too_long(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in time, and the results are delivered."""
    bench.run(*BEFORE)
    monkeypatch.setattr(step, "SHARE_OF_TIME", -1)

    found = bench.run(*NOW)

    assert found.exit_code == 0
    assert (
        "Not compared with an earlier run: it takes too long (raise xray_deadline)"
    ) in found.output


def test_report_files_are_not_compared(
    send: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results are not known one by one; the causes are."""
    monkeypatch.chdir(tmp_path)
    cases = "".join(
        f'<testcase classname="t" name="test_{n}"><failure message="boom {n}"/>'
        "</testcase>"
        for n in range(3)
    )
    report = tmp_path / "junit.xml"
    report.write_text(f"<testsuite>{cases}</testsuite>")
    code, output = send.run(
        *("upload", str(report), "--sandbox", "--project", "CALC", "--compare", "yes")
    )

    assert code == 0
    assert "the results of report files are not known test by test" in output
    assert "3 failures, 1 cause" in output
