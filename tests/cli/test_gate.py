"""The gate of commands: report files, and a server that does not answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import STARTED, a_run, recorded
from xray_bridge import cli
from xray_bridge.cli.gate_check import with_gate
from xray_bridge.config.effective import effective_settings
from xray_bridge.gate import step
from xray_bridge.model.gate import GateVerdict
from xray_bridge.model.receipt import DELIVERED, EMPTY, Receipt
from xray_bridge.model.receipt import FAILED as FAILED_TO_SEND
from xray_bridge.model.results import Outcome
from xray_bridge.runs.run_directory import State


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.gate.step import RunToCheck
    from xray_bridge.model.results import TestRun

    Command = Callable[..., tuple[int, str]]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
JUNIT = """\
<testsuite name="shop">
  <testcase classname="shop" name="good"/>
  <testcase classname="shop" name="bad"><failure message="no"/></testcase>
  <testcase classname="shop" name="later"><skipped/></testcase>
</testsuite>
"""


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command in a project with a report file; its exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    Path("junit.xml").write_text(JUNIT)

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


@pytest.mark.parametrize(
    ("rules", "code", "row"),
    [
        ({"max_failures": 1, "min_tests": 2}, 0, "max_failures  at most 1   1      "),
        ({"max_failures": 0}, 86, "max_failures  at most 0   1      FAILED: shop.bad"),
        ({"min_tests": 3}, 86, "min_tests  at least 3  2      FAILED"),
        (
            {"max_new_failures": 0},
            0,
            "not checked: max_new_failures: the results of report files are not known",
        ),
    ],
)
def test_report_files_are_counted(
    command: Command, rules: dict[str, int], code: int, row: str
) -> None:
    """Their tests are not known one by one; skipped ones did not run."""
    given = f"--gate={json.dumps(rules)}"

    ended, printed = command("upload", "junit.xml", "--sandbox", given)

    assert ended == code
    assert row in printed


def test_no_file_at_all_is_an_empty_run(command: Command) -> None:
    """It is accepted without a gate only."""
    nothing = ("upload", "*.json", "--allow-empty", "--sandbox")

    assert command(*nothing)[0] == 0
    assert command(*nothing, "--gate", '{"max_failures": 0}')[0] == 86


def test_a_server_that_does_not_answer_fails_no_rule_of_a_run(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run directory has its results; those of a Test Execution are in Xray only."""
    monkeypatch.setenv("XRAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("XRAY_TOKEN", "a-personal-token")
    monkeypatch.setenv("XRAY_DEADLINE", "2")
    directory = recorded(tmp_path, a_run(), a_run(Outcome.FAILED, name="bad"))
    rules = '{"max_failures": 1, "all_tests_of_plan": true}'
    gate = ("--gate", rules, "--test-plan=CALC-15")

    code, printed = command("gate", directory.id, *gate)
    of_issue, told = command("gate", "CALC-20", "--gate", '{"max_failures": 0}')

    assert (code, of_issue) == (0, 80)
    assert "not checked: all_tests_of_plan: the run has not been delivered" in printed
    assert "127.0.0.1:9 cannot be reached" in told
    assert "Gate: passed" not in told


@pytest.mark.parametrize(
    ("product", "key"),
    # The sandbox creates a Test Plan that Cloud is asked for.
    [("server", "CALC-9999"), ("server", "CALC-1"), ("cloud", "CALC-1")],
)
def test_an_issue_without_results_has_not_passed(
    command: Command, product: str, key: str
) -> None:
    """A wrong key is an error and not a gate without rules to check."""
    rules = '{"max_failures": 0, "min_tests": 0}'
    given = ("--sandbox", "--deployment", product, "--gate", rules)
    command("upload", "junit.xml", *given)

    code, printed = command("gate", key, *given)

    assert code == 2
    assert f"{key} is no Test Execution and no Test Plan, or this account" in printed


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_a_status_that_no_outcome_has_is_a_failure(
    command: Command, tmp_path: Path, product: str
) -> None:
    """Somebody has aborted a Test Run: that is no pass, unless the settings say so."""
    where = ("--sandbox", "--deployment", product)
    settings = {"statuses": "failed=ABORTED", "deployment": product}
    bad = a_run(Outcome.FAILED, name="bad")
    directory = recorded(tmp_path, a_run(), bad, settings=settings)
    command("resend", directory.id, *where)
    key = directory.state.test_execution
    gate = ("gate", key, *where, "--gate", '{"max_failures": 0}')

    counts, told = command(*gate)
    allowed, _ = command(*gate, "--statuses", "skipped=ABORTED")

    assert "max_failures  at most 0   1      FAILED: CALC-" in told
    assert (counts, allowed) == (86, 0)


class Executions:
    """Makes Test Executions of one Test in the sandbox, and checks their gates."""

    def __init__(self, command: Command, folder: Path, product: str) -> None:
        self._command = command
        self._folder = folder
        self._where = ("--sandbox", "--deployment", product)
        self._minutes = 0

    def make(
        self,
        outcome: Outcome,
        branch: str = "main",
        *,
        more: tuple[TestRun, ...] = (),
        **given: str,
    ) -> str:
        """Send a run of a branch, a minute after the last one; return its key."""
        self._minutes += 1
        directory = recorded(
            self._folder,
            a_run(outcome, keys=("CALC-1",)),
            *more,
            settings={"project": "CALC", **given},
            ci={"branch": branch},
            started=STARTED + 60 * self._minutes,
        )
        code, printed = self._command("resend", directory.id, *self._where)
        assert code == 0, printed
        return directory.state.test_execution

    def gate(self, key: str, *more: str, **rules: int) -> tuple[int, str]:
        """Check a gate; return the exit code and the output."""
        return self._command(
            "gate", key, *self._where, f"--gate={json.dumps(rules)}", *more
        )


@pytest.fixture(params=["server", "cloud"])
def executions(
    request: pytest.FixtureRequest, command: Command, tmp_path: Path
) -> Executions:
    """An empty sandbox of each product."""
    return Executions(command, tmp_path, request.param)


def test_new_failures_are_those_of_the_branch(executions: Executions) -> None:
    """Another branch fails as well, which is no reason to pass."""
    executions.make(PASSED)
    executions.make(FAILED, "feature")
    on_main = executions.make(FAILED)
    other = executions.make(FAILED, "other")

    code, printed = executions.gate(on_main, max_new_failures=0)
    first, told = executions.gate(other, max_new_failures=0)

    assert code == 86
    assert "max_new_failures  at most 0   1      FAILED: CALC-1" in printed
    assert first == 0
    assert f"there is no Test Execution like {other} before it" in told


def test_a_pull_request_is_compared_with_the_branch_it_is_for(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CI job that asks knows that branch; Xray does not."""
    executions.make(PASSED)
    key = executions.make(FAILED, "feature")
    executions.make(FAILED)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")

    monkeypatch.setenv("GITHUB_HEAD_REF", "another")
    unknown, _ = executions.gate(key, max_new_failures=0)
    monkeypatch.setenv("GITHUB_HEAD_REF", "feature")
    known, _ = executions.gate(key, max_new_failures=0)

    assert (unknown, known) == (0, 86)


def test_a_baseline_has_half_of_the_tests(executions: Executions) -> None:
    """As in a comparison: a Test Execution of another suite says nothing."""
    two, three = (
        a_run(name=n, keys=(k,)) for n, k in (("b", "CALC-2"), ("c", "CALC-3"))
    )
    executions.make(PASSED, more=(two, three))
    executions.make(FAILED)
    key = executions.make(FAILED, more=(two, three))

    code, _ = executions.gate(key, max_new_failures=0)

    assert code == 86


def test_an_aborted_test_was_no_failure_before(executions: Executions) -> None:
    """A comparison of the run says the same."""
    executions.make(FAILED, statuses="failed=ABORTED")
    aborted = executions.make(FAILED, statuses="failed=ABORTED")
    failed = executions.make(FAILED)

    still, _ = executions.gate(aborted, max_new_failures=0)
    now, _ = executions.gate(failed, max_new_failures=0)

    assert (still, now) == (0, 86)


def test_flaky_tests_with_a_status_of_their_own_are_known(
    executions: Executions,
) -> None:
    """Without one, Xray shows them as passed."""
    statuses = "flaky=ABORTED"
    own = executions.make(Outcome.FLAKY, statuses=statuses)
    plain = executions.make(Outcome.FLAKY)
    flag = f"--statuses={statuses}"

    code, printed = executions.gate(own, flag, max_flaky=0)
    none, _ = executions.gate(plain, flag, max_flaky=0)
    unknown, told = executions.gate(plain, max_flaky=0)

    assert (code, none, unknown) == (86, 0, 0)
    assert "max_flaky  at most 0   1      FAILED: CALC-1" in printed
    assert "not checked: max_flaky: Xray does not know which tests were rep" in told


def test_a_gate_in_the_receipt(command: Command) -> None:
    """Programs read the verdict from the JSON of the upload."""
    given = ("--sandbox", "--json", "--gate", '{"max_failures": 0}')

    _, printed = command("upload", "junit.xml", *given)
    receipt = json.loads(printed)
    written = json.loads(Path(receipt["run"], "receipt.json").read_text())

    assert receipt["gate"]["passed"] is False
    assert receipt["gate"]["rules"][1]["names"] == ["shop.bad"]
    assert written["gate"] == receipt["gate"]
    assert (receipt["exit_code"], written["exit_code"]) == (86, 86)


def test_results_that_another_job_has_sent_have_no_gate_here() -> None:
    """That job has them, and checks its own gate."""
    command = effective_settings({"gate": '{"max_failures": 0}'})
    sent = Receipt(status=DELIVERED, test_execution={"key": "CALC-20"})

    [found] = with_gate([sent], command)

    assert (found.gate, found.exit_code) == (None, 0)
    assert found.notices == (
        "the gate is checked by the job that has sent the results",
    )


def test_a_resend_checks_the_gate(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It delivers the results, and then decides about them."""
    monkeypatch.setenv("XRAY_GATE", '{"min_tests": 2}')
    directory = recorded(tmp_path, a_run())

    code, printed = command("resend", directory.id, "--sandbox")

    assert code == 86
    assert "min_tests  at least 2  1      FAILED" in printed


RULES_OF_SPLIT = '{"min_tests": 1, "all_tests_of_plan": true}'


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[RunToCheck]:
    """The runs whose gates were checked."""
    found: list[RunToCheck] = []

    def check(run: RunToCheck) -> GateVerdict:
        found.append(run)
        return GateVerdict()

    monkeypatch.setattr(step, "check_run", check)
    return found


def test_a_run_directory_has_its_own_test_execution(
    checked: list[RunToCheck], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside one that another job has sent, and whose run is not here."""
    monkeypatch.chdir(tmp_path)
    own = recorded(tmp_path, a_run())
    own.state = State(state=DELIVERED, test_execution="CALC-21")
    receipts = [
        Receipt(status=DELIVERED, run=run, test_execution={"key": key})
        for run, key in (("not-here", "CALC-20"), (own.id, "CALC-21"))
    ]

    with_gate(receipts, effective_settings({"gate": RULES_OF_SPLIT}))

    assert [each.id for each in checked[0].directories] == [own.id]
    assert checked[0].executions[0] == "CALC-21"
    assert "CALC-20" in checked[0].executions


@pytest.mark.parametrize(
    ("status", "is_asked"), [(DELIVERED, True), (EMPTY, True), (FAILED_TO_SEND, False)]
)
def test_a_server_is_asked_also_if_one_of_several_test_executions_is_empty(
    checked: list[RunToCheck],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    *,
    is_asked: bool,
) -> None:
    """The others were delivered, and nothing else is to come."""
    monkeypatch.chdir(tmp_path)
    runs = [recorded(tmp_path, a_run()) for _ in range(2)]
    statuses = (status, DELIVERED)
    receipts = [
        Receipt(status=each, run=run.id)
        for run, each in zip(runs, statuses, strict=True)
    ]
    monkeypatch.setenv("XRAY_TOKEN", "a-token")
    given = {"gate": RULES_OF_SPLIT, "url": "https://x.example"}

    with_gate(receipts, effective_settings(given))

    assert (checked[0].connection is not None) is is_asked


def test_a_resend_of_a_run_that_was_split_has_one_gate(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its Test Executions are sent first; another run has a gate of its own."""
    monkeypatch.setenv("XRAY_GATE", '{"min_tests": 2}')
    for number, name in enumerate(("one", "two")):
        split = {"split_by": "environment", "run_id": "7", "started": STARTED + number}
        recorded(tmp_path, a_run(name=name), **split)
    recorded(tmp_path, a_run(name="three"), run_id="7")

    code, printed = command("resend", "--sandbox")

    assert code == 86
    assert printed.count("min_tests  at least 2  2      passed") == 1
    assert printed.count("min_tests  at least 2  1      FAILED") == 1
    assert printed.count("Gate: ") == 2
