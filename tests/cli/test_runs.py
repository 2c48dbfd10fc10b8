"""``xray-bridge runs``: list, show and prune."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, recorded, run_info
from xray_bridge import cli
from xray_bridge.model.results import Outcome
from xray_bridge.runs import inventory, json_files, run_directory
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., tuple[int, str]]

DAY = 86400.0
FAILED = State(state=run_directory.FAILED, message="HTTP 503", attempts=2)
SENT = State(state=run_directory.DELIVERED, test_execution="CALC-7", attempts=1)


@pytest.fixture
def runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in an empty project; its exit code and what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(["runs", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def a_recorded(days: float = 0.0, state: State = SENT, **info: Any) -> RunDirectory:
    """A run of some days ago, with a receipt if it was sent."""
    started = time.time() - days * DAY - 60
    given = {"id": run_directory.new_id(started), "started": started, **info}
    runs = (a_run(keys=["CALC-1"]), a_run(Outcome.FAILED, name="test_sub"))
    directory = recorded(Path(), *runs, **given)
    directory.state = state
    if state is SENT:
        receipt = {"counts": {"passed": 1, "failed": 1, "skipped": 0}}
        json_files.write_json(directory.path / "receipt.json", receipt)
    return directory


def left() -> list[str]:
    """Ids of the runs that are there."""
    return [each.id for each in run_directory.find(Path(".xray"))]


@pytest.mark.parametrize("action", [(), ("list",)], ids=str)
def test_list(runs: Command, action: tuple[str, ...]) -> None:
    """Oldest first, with what is known without reading results."""
    new, old = a_recorded(), a_recorded(3, FAILED)

    code, said = runs(*action)

    head, first, second, total = [" ".join(line.split()) for line in said.splitlines()]
    assert code == 0
    assert head == "RUN STATE TEST EXECUTION RESULTS SIZE AGE"
    assert first.startswith(f"{old.id} failed ")
    assert first.endswith("3 d")
    assert second.startswith(f"{new.id} delivered CALC-7 1 passed, 1 failed ")
    assert total.startswith("2 runs, ")
    assert total.endswith("not delivered: 1, see xray-bridge resend")


def test_delivered_without_all_fields(runs: Command) -> None:
    """Xray has the results; what sets fields is still to be repeated."""
    refused = State(state=run_directory.REFUSED, test_execution="CALC-7", message="no")
    directory = a_recorded(3, refused)

    _, said = runs("list")
    (row,) = json.loads(runs("--json")[1])["runs"]
    code, kept = runs("prune", directory.id)

    assert " delivered, fields unset " in said
    assert "; delivered without all fields: 1, see xray-bridge resend" in said
    assert "not delivered" not in said
    assert (row["state"], row["fields_unset"], row["message"]) == (
        "delivered",
        True,
        "no",
    )
    assert code == 2
    assert "was delivered without all fields (`xray-bridge resend` uploads it" in kept


@pytest.mark.parametrize("given", ["--json list", "list --json", "--json"])
def test_list_as_json(runs: Command, given: str) -> None:
    """The option may stand on either side."""
    directory = a_recorded(run_id="4711")

    _, said = runs(*given.split())

    (row,) = json.loads(said)["runs"]
    assert row["run"] == directory.id
    assert (row["state"], row["test_execution"]) == ("delivered", "CALC-7")
    assert (row["counts"]["passed"], row["run_id"]) == (1, "4711")
    assert row["bytes"] > directory.journal.stat().st_size
    assert row["started"].endswith("+00:00")


def test_no_runs(runs: Command) -> None:
    """A place that is not there has none."""
    assert runs("--report-dir", "nowhere") == (0, "There are no runs in nowhere.\n")
    assert json.loads(runs("--json")[1]) == {"runs": []}


def test_states_in_words(runs: Command) -> None:
    """The list shows states that ``state.json`` does not have."""
    merged = a_recorded(5, State(state=run_directory.KEPT, message="merged into X"))
    rehearsed = a_recorded(4, State(state=run_directory.KEPT))
    killed, running = a_recorded(3), a_recorded(2)
    damaged = a_recorded(1)
    for each in (killed, running):
        (each.path / "state.json").unlink()
    (damaged.path / "run.json").write_text("{")

    with running.claim():
        rows = {row["run"]: row for row in json.loads(runs("--json")[1])["runs"]}

    assert {run: row["state"] for run, row in rows.items()} == {
        merged.id: "merged",
        rehearsed.id: "kept",
        killed.id: "killed",
        running.id: "running",
        damaged.id: "damaged",
    }
    assert [run for run, row in rows.items() if row["in_use"]] == [running.id]
    assert "cannot be read" in rows[damaged.id]["message"]


def test_parts_that_lie_deeper(runs: Command) -> None:
    """Those of behavex, and artifacts of shards."""
    part = recorded(Path(".xray/behavex-1"), a_run())

    _, said = runs()

    assert f"\n{part.path} " in said


@pytest.mark.fault("H14")
def test_list_reads_no_journal(runs: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand runs have a million results."""
    a_recorded()
    monkeypatch.delattr(RunDirectory, "lines")

    assert runs()[0] == runs("prune", "--keep", "9")[0] == 0


def test_show(runs: Command) -> None:
    """The details of a run."""
    directory = a_recorded(
        state=replace(FAILED, incomplete=("a worker crashed",)),
        settings={"project": "CALC"},
        run_id="4711",
        ci={"name": "GitLab CI", "build_number": "12"},
    )

    code, said = runs("show", directory.id)
    _, as_json = runs("show", "--json", str(directory.path))

    assert code == 0
    for line in (
        f"Run: {directory.path}",
        "State: failed",
        "Results: 1 passed, 1 failed",
        "Run id: 4711",
        "Versions: pytest 9.0.0",
        "CI: GitLab CI 12",
        "Attempts: 2",
        "Message: HTTP 503",
        "Incomplete: a worker crashed",
        "  project = CALC",
    ):
        assert line in said.splitlines()
    assert "  journal.jsonl (" in said
    found = json.loads(as_json)
    assert found["counts"] == {"passed": 1, "failed": 1}
    assert found["settings"] == {"project": "CALC"}
    assert set(found["files"]) == {"journal.jsonl", "lock", "run.json", "state.json"}


def test_show_what_is_not_there(runs: Command) -> None:
    """The error names what there is."""
    directory = a_recorded()

    code, said = runs("show", "nope")

    assert code == 2
    assert f"there is no run nope (the newest are {directory.id})" in said


def test_prune_by_age(runs: Command) -> None:
    """Old delivered runs are removed; undelivered ones stay and are counted."""
    a_recorded(40)
    failed, new = a_recorded(35, FAILED), a_recorded(2)

    code, said = runs("prune", "--older-than", "30d")

    assert code == 0
    assert left() == [failed.id, new.id]
    assert "Removed 1 run, " in said
    assert "Kept 1 run: not delivered, which only --unsent removes." in said


@pytest.mark.parametrize(
    ("keep", "remaining"), [("0", 0), ("1", 1), ("2", 2), ("9", 3)]
)
def test_prune_all_but_the_newest(runs: Command, keep: str, remaining: int) -> None:
    """By time."""
    ids = [a_recorded(days).id for days in (3, 2, 1)]

    runs("prune", "--keep", keep)

    assert left() == ids[3 - remaining :]


def test_prune_by_both_rules(runs: Command) -> None:
    """Both have to agree."""
    ids = [a_recorded(days).id for days in (40, 35, 2)]

    runs("prune", "--older-than", "30d", "--keep", "2")

    assert left() == ids[1:]


def test_prune_what_was_not_delivered(runs: Command) -> None:
    """Only on demand; dry runs and merged parts need no upload."""
    states = [
        FAILED,
        State(state=run_directory.SEALED),
        State(state=run_directory.AMBIGUOUS),
    ]
    unsent = [a_recorded(9, state).id for state in states]
    for message in ("", "merged into X"):
        a_recorded(9, State(state=run_directory.KEPT, message=message))
    damaged = a_recorded(9)
    (damaged.path / "run.json").write_text("{")

    runs("prune", "--keep", "0")
    carefully = left()
    runs("prune", "--keep", "0", "--unsent")

    assert carefully == sorted([*unsent, damaged.id])
    assert left() == []


@pytest.mark.parametrize("unsent", [(), ("--unsent",)], ids=str)
def test_prune_leaves_what_is_in_use(runs: Command, unsent: tuple[str, ...]) -> None:
    """A session that runs, and an upload under way."""
    directories = [a_recorded(9), a_recorded(9, State(state=run_directory.SENDING))]
    (directories[0].path / "state.json").unlink()

    with directories[0].claim(), directories[1].claim():
        code, said = runs("prune", "--keep", "0", *unsent)
        named, refused = runs("prune", directories[0].id, *unsent)

    assert (code, named) == (0, 83)
    assert "Kept 2 runs: in use." in said
    assert "is in use by another process" in refused
    assert len(left()) == 2


def test_prune_what_is_taken_just_now(
    runs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list and the removal."""
    directory = a_recorded(9)
    monkeypatch.setattr(inventory, "_in_use", lambda _: False)

    with directory.claim():
        code, said = runs("prune", "--keep", "0")

    assert (code, left()) == (0, [directory.id])
    assert "Removed 0 runs" in said


def test_prune_by_name(runs: Command) -> None:
    """All or nothing."""
    sent, failed, other = a_recorded(3), a_recorded(2, FAILED), a_recorded(1)

    refused, said = runs("prune", sent.id, failed.id)
    before = left()
    code, _ = runs("prune", sent.id, failed.id, "--unsent")

    assert (refused, len(before)) == (2, 3)
    assert f"{failed.path} was not delivered (`xray-bridge resend` uploads it" in said
    assert (code, left()) == (0, [other.id])


def test_prune_rehearsed(runs: Command) -> None:
    """JSON names the runs that would be removed."""
    directory = a_recorded(3)

    _, said = runs("prune", "--keep", "0", "--dry-run", "--json")

    assert json.loads(said)["removed"] == [directory.id] == left()


def test_prune_what(runs: Command) -> None:
    """Without a rule, nothing goes."""
    a_recorded(99)

    code, said = runs("prune")

    assert (code, len(left())) == (2, 1)
    assert "no runs to remove are named" in said


@pytest.mark.parametrize("rule", [("--older-than", "soon"), ("--keep", "-1")])
def test_rules_that_are_none(runs: Command, rule: tuple[str, str]) -> None:
    """argparse says so."""
    with pytest.raises(SystemExit):
        runs("prune", *rule)


@pytest.mark.parametrize(
    ("age", "goes"), [("2h", True), ("4h", False), ("170m", True), ("1w", False)]
)
def test_units_of_age(runs: Command, age: str, goes: bool) -> None:
    """Minutes, hours, days and weeks."""
    a_recorded(3 / 24)

    runs("prune", "--older-than", age)

    assert (left() == []) is goes


def test_leftovers_of_the_killed(runs: Command) -> None:
    """Half-made runs are removed after a day; new ones are kept."""
    old, new = (
        run_directory.make(Path(".xray"), run_directory.new_id(n)).path
        for n in (0, time.time())
    )
    (old / "evidence").mkdir()
    then = time.time() - 2 * DAY
    os.utime(old, (then, then))
    named = a_recorded(1)

    runs("prune", named.id)
    before = old.exists()
    runs("prune", "--keep", "0")

    assert (before, old.exists(), new.exists()) == (True, False, True)


def test_removal_that_is_cut_off(
    runs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a run is none: it is neither found nor sent."""
    a_recorded(9)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)

    runs("prune", "--keep", "0")

    assert left() == []


def test_session_of_old(runs: Command) -> None:
    """Runs that an older version has recorded have no run id."""
    directory = run_directory.create(Path(".xray"), run_info())
    content = json_files.read_json(directory.path / "run.json")
    for name in ("run_id", "parts", "notices"):
        del content[name]
    json_files.write_json(directory.path / "run.json", content)
    (directory.path / "journal.jsonl").touch()

    _, said = runs("--json")

    assert json.loads(said)["runs"][0]["run_id"] == ""
