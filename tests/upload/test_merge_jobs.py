"""Jobs that merge the parts of a CI run: one Test Execution, whatever happens."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED, a_run, recorded
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.server import ServerXray
from xray_bridge.errors import DeliveryError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import json_files, parts, run_directory
from xray_bridge.runs.run_directory import RunDirectory
from xray_sandbox import CREDENTIALS, Store, TestExecutionRow, running


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRODUCTS = {
    "server": {"XRAY_TOKEN": CREDENTIALS.token},
    "cloud": {
        "XRAY_CLIENT_ID": CREDENTIALS.client_id,
        "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
        "XRAY_DEPLOYMENT": "cloud",
    },
}
STATUSES = {
    "server": {"CALC-1": "PASS", "CALC-2": "FAIL", "CALC-3": "PASS"},
    "cloud": {"CALC-1": "PASSED", "CALC-2": "FAILED", "CALC-3": "PASSED"},
}


ENVIRONMENTS = ("chrome", "firefox", "linux")
CLIENTS: dict[str, Any] = {"server": ServerXray, "cloud": CloudXray}


class Bench:
    """A CI run with three shards, workspaces, and the server they report to."""

    def __init__(self, folder: Path, product: str, store: Store) -> None:
        self.statuses = STATUSES[product]
        self.client = CLIENTS[product]
        self._folder = folder
        self._store = store
        self._before = {row.key for row in store.test_executions()}
        outcomes = [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED]
        for number, outcome in enumerate(outcomes, 1):
            recorded(
                folder / "artifacts" / str(number),
                a_run(outcome, keys=[f"CALC-{number}"], name=f"test_{number}"),
                settings={"collect": "true", "environments": ENVIRONMENTS[number - 1]},
                run_id="4711",
                started=STARTED + number,
            )

    def workspace(self, name: str, *parts: int) -> Path:
        """A fresh one, with artifacts of the shards."""
        path = self._folder / name
        for number in parts or (1, 2, 3):
            source = self._folder / "artifacts" / str(number)
            shutil.copytree(source, path / "shards" / str(number))
        return path

    @property
    def executions(self) -> list[TestExecutionRow]:
        """The Test Executions that were made, oldest first."""
        made = [
            row.key
            for row in self._store.test_executions()
            if row.key not in self._before
        ]
        found = map(self._store.test_execution, sorted(made))
        return [row for row in found if row]

    @property
    def found(self) -> list[dict[str, str]]:
        """The results in each: status by Test key."""
        return [{run.test_key: run.status for run in e.runs} for e in self.executions]


@pytest.fixture(params=sorted(PRODUCTS))
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """A server, and no patience."""
    pauses = Pauses(looks=(0.0,), in_progress=0.0, settled=0.0)
    monkeypatch.setattr(connection, "PAUSES", pauses)
    with running(tmp_path / "server") as sandbox:
        monkeypatch.setenv("XRAY_URL", sandbox.url)
        monkeypatch.setenv("XRAY_PROJECT", "CALC")
        for name, value in PRODUCTS[request.param].items():
            monkeypatch.setenv(name, value)
        yield Bench(tmp_path, request.param, sandbox.store)


@pytest.fixture
def merge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run ``xray-bridge upload`` in a workspace."""

    def run(workspace: Path, *arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(workspace)
        given = arguments or ("shards",)
        code = cli.main(["upload", *given])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_shards_become_one(bench: Bench, merge: Any) -> None:
    """All results, all Test Environments, and the label of the CI run."""
    code, said = merge(bench.workspace("merge"))

    assert code == 0, said
    assert bench.found == [bench.statuses]
    (execution,) = bench.executions
    assert "xray-bridge-CALC-pytest-4711" in execution.labels
    assert set(execution.environments) == set(ENVIRONMENTS)


@pytest.mark.parametrize("bench", ["server"], indirect=True)
@pytest.mark.fault("I04")
def test_twenty_shards(bench: Bench, merge: Any) -> None:
    """Each has one test of its own and one that all have; one of them failed."""
    workspace = bench.workspace("merge")
    shutil.rmtree(workspace / "shards")
    for number in range(20):
        outcome = Outcome.FAILED if number == 7 else Outcome.PASSED
        recorded(
            workspace / "shards" / str(number),
            a_run(name=f"test_{number}"),
            a_run(outcome, keys=["CALC-1"]),
            run_id="4711",
        )

    code, said = merge(workspace, "shards", "--parts", "20")

    assert code == 0, said
    (found,) = bench.found
    assert len(found) == 21
    assert [key for key, status in found.items() if status == "FAIL"] == ["CALC-1"]


def test_second_job_in_the_same_workspace(bench: Bench, merge: Any) -> None:
    """It has nothing to do, and says what the first one did."""
    workspace = bench.workspace("merge")
    first, _ = merge(workspace)
    second, said = merge(workspace)

    assert (first, second) == (0, 0)
    assert len(bench.executions) == 1
    assert f"Test Execution: {bench.executions[0].key}" in said
    assert "Note: 3 parts were already delivered, as CALC-" in said


def test_second_job_in_a_fresh_workspace(bench: Bench, merge: Any) -> None:
    """It finds the Test Execution by its label, and fills it again."""
    merge(bench.workspace("first"))
    code, said = merge(bench.workspace("second"), "--run-id", "4711", "shards")

    assert code == 0, said
    assert bench.found == [bench.statuses]
    assert f"{bench.executions[0].key} already existed for CI run 4711" in said


def test_shard_that_comes_late(bench: Bench, merge: Any) -> None:
    """A notice names the missing part, which goes into the same Test Execution."""
    early, said = merge(bench.workspace("early", 1, 2), "shards", "--parts", "3")
    late, _ = merge(bench.workspace("late"), "shards", "--parts", "3")

    assert (early, late) == (83, 0)
    assert "Incomplete: parts are missing: 2 of 3 were found" in said
    assert bench.found == [bench.statuses]


def test_more_parts_than_expected(bench: Bench, merge: Any) -> None:
    """A job that ran twice is not silently taken for another one."""
    code, said = merge(bench.workspace("merge"), "shards", "--parts", "2", "--json")

    assert code == 0
    assert "there are 3 parts, not 2: did a job run twice?" in said
    assert json.loads(said)["test_execution"]["key"] == bench.executions[0].key


def test_two_jobs_side_by_side(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before any has made one: both fill the older one."""
    first, second = bench.workspace("first"), bench.workspace("second")
    real = bench.client.make_execution
    turns = iter([True])

    def meanwhile(self: Any, info: Any) -> Any:
        if next(turns, False):
            # The other job has looked, too, before this one has sent anything.
            monkeypatch.chdir(second)
            assert cli.main(["upload", "shards"]) == 0
            monkeypatch.chdir(first)
        return real(self, info)

    monkeypatch.setattr(bench.client, "make_execution", meanwhile)
    code, said = merge(first)

    assert code == 0
    assert bench.found == [bench.statuses, {}]
    assert f"{bench.executions[1].key} was also created for CI run 4711" in said


class KilledError(BaseException):
    """The process ends here."""


class Killer:
    """Ends the process at its n-th step: before and after whatever lasts."""

    def __init__(self, at: int = -1) -> None:
        self.steps = itertools.count()
        self._at = at

    def __call__(self) -> None:
        """Take a step."""
        if next(self.steps) == self._at:
            raise KilledError

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is two steps."""

        def stepped(*given: Any, **named: Any) -> Any:
            self()
            found = real(*given, **named)
            self()
            return found

        return stepped

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make steps of everything that a merge job leaves behind."""
        monkeypatch.setattr(run_directory, "make", self.around(run_directory.make))
        monkeypatch.setattr(
            json_files, "write_json", self.around(json_files.write_json)
        )
        for client in (ServerXray, CloudXray):
            real = client.import_results
            monkeypatch.setattr(client, "import_results", self.around(real))


STEPS = range(26)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("bench", ["server"], indirect=True)
def test_killed_at_any_step(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The same command again, and there is one Test Execution with all results."""
    workspace = bench.workspace("merge")
    with monkeypatch.context() as patched:
        Killer(step).watch(patched)
        with pytest.raises(KilledError):
            merge(workspace)

    code, said = merge(workspace)

    assert code == 0, said
    assert bench.found == [bench.statuses]


@pytest.mark.parametrize("step", STEPS[-12:])
@pytest.mark.parametrize("bench", ["server"], indirect=True)
def test_killed_then_repeated_elsewhere(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A runner that died, and a retry of its job on another one."""
    with monkeypatch.context() as patched:
        Killer(step).watch(patched)
        with pytest.raises(KilledError):
            merge(bench.workspace("died"))

    code, said = merge(bench.workspace("retry"))

    assert code == 0, said
    assert bench.found == [bench.statuses]


@pytest.mark.parametrize("bench", ["server"], indirect=True)
def test_every_step_was_a_place_to_be_killed_at(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The range of steps above is the whole way."""
    counting = Killer()
    counting.watch(monkeypatch)

    merge(bench.workspace("merge"))

    assert next(counting.steps) == len(STEPS)


@pytest.mark.parametrize("bench", ["server"], indirect=True)
def test_resend_after_a_merge_that_was_killed(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merged run is sent, but no part that could not be marked."""
    workspace = bench.workspace("merge")
    shutil.move(workspace / "shards" / "1" / ".xray", workspace / ".xray")
    state: Any = vars(RunDirectory)["state"]

    def killed(self: RunDirectory, found: run_directory.State) -> None:
        if found.message.startswith(run_directory.MERGED):
            raise KilledError
        state.fset(self, found)

    with monkeypatch.context() as patched:
        patched.setattr(RunDirectory, "state", property(state.fget, killed))
        with pytest.raises(KilledError):
            merge(workspace, ".")

    code = cli.main(["resend"])

    assert code == 0
    assert bench.found == [bench.statuses]


@pytest.mark.parametrize("bench", ["server"], indirect=True)
def test_search_that_is_impossible(
    bench: Bench, merge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent: another job may have done so. A named one needs no search."""
    workspace = bench.workspace("merge")

    def refused(self: object, label: str) -> list[str]:
        msg = "no permission to search"
        raise DeliveryError(msg, hint=f"{self} {label}")

    monkeypatch.setattr(ServerXray, "executions_labelled", refused)
    stopped, said = merge(workspace)
    made = len(bench.executions)
    named, _ = merge(workspace, "shards", "--test-execution", "CALC-20")

    assert (stopped, made, named) == (80, 0, 0)
    assert (
        "unknown whether another job has already sent this CI run: no permission"
        in said
    )


def test_workspace_that_keeps_other_runs(bench: Bench, merge: Any) -> None:
    """With the run id that CI tells, no path is needed, and old parts stay."""
    workspace = bench.workspace("merge")
    recorded(workspace / "old", a_run(keys=["CALC-4"]), run_id="4710")
    for path in ("shards", "old"):
        shutil.move(workspace / path, workspace / ".xray" / path)

    mixed, said = merge(workspace, ".xray")
    code, _ = merge(workspace, "--run-id", "4711")

    assert (mixed, code) == (2, 0)
    assert "parts of several CI runs: 4710 (1), 4711 (3)" in said
    assert bench.found == [bench.statuses]
    assert len(list(parts.search_folder(workspace))) == 5
