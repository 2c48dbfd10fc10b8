"""``xray-bridge upload file:///bucket``: one Test Execution, whatever happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import scripted
from tests.builders import STARTED, a_run, recorded
from xray_bridge import cli
from xray_bridge.cli import upload_parts
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.model import results
from xray_bridge.objects import claims, layout
from xray_bridge.objects.bucket import Bucket, open_bucket
from xray_bridge.objects.claims import Merge, Outcome, Turn
from xray_bridge.objects.transfer import put_run
from xray_bridge.runs import run_directory
from xray_sandbox import CREDENTIALS, Store, TestExecutionRow, running


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PRODUCTS = {
    "server": {"XRAY_TOKEN": CREDENTIALS.token},
    "cloud": {
        "XRAY_CLIENT_ID": CREDENTIALS.client_id,
        "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
        "XRAY_DEPLOYMENT": "cloud",
    },
}
BROWSERS = ("chrome", "firefox", "chrome")


class Bench:
    """A bucket with three shards of a CI run, and the server they report to."""

    def __init__(self, folder: Path, store: Store) -> None:
        (folder / "bucket").mkdir()
        self.place = f"file://{folder}/bucket"
        self.bucket: Bucket = open_bucket(self.place)
        self._folder = folder
        self._store = store
        self._before = {row.key for row in store.test_executions()}
        for number in (1, 2, 3):
            self.put(number)

    def put(self, number: int, **changes: Any) -> str:
        """Put a shard with one result; its id."""
        settings = {
            "collect": self.place,
            "environments": BROWSERS[(number - 1) % 3],
            **changes.pop("settings", {}),
        }
        usual = results.Outcome.FAILED if number == 2 else results.Outcome.PASSED
        outcome = changes.pop("outcome", usual)
        directory = recorded(
            self._folder / "shards" / str(number),
            a_run(outcome, keys=[f"CALC-{number}"], name=f"test_{number}"),
            **{
                "settings": settings,
                "run_id": "4711",
                "started": STARTED + number,
                **changes,
            },
        )
        put_run(directory, self.bucket, dry_run=False)
        return directory.id

    @property
    def executions(self) -> list[TestExecutionRow]:
        """The Test Executions that were made, oldest first."""
        keys = {row.key for row in self._store.test_executions()} - self._before
        return [row for row in map(self._store.test_execution, sorted(keys)) if row]

    @property
    def found(self) -> list[list[str]]:
        """The Test keys in each."""
        return [sorted(run.test_key for run in e.runs) for e in self.executions]


@pytest.fixture(params=sorted(PRODUCTS))
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """A server, and no patience."""
    pauses = Pauses(looks=(0.0,), in_progress=0.0, settled=0.0, first=0.001)
    monkeypatch.setattr(connection, "PAUSES", pauses)
    with running(tmp_path / "server") as sandbox:
        monkeypatch.setenv("XRAY_URL", sandbox.url)
        monkeypatch.setenv("XRAY_PROJECT", "CALC")
        for name, value in PRODUCTS[request.param].items():
            monkeypatch.setenv(name, value)
        yield Bench(tmp_path, sandbox.store)


@pytest.fixture
def upload(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Upload the parts in the bucket from a fresh workspace."""
    numbers = iter(range(99))

    def run(*arguments: str, run_id: str = "4711") -> tuple[int, str]:
        workspace = tmp_path / f"workspace-{next(numbers)}"
        workspace.mkdir()
        monkeypatch.chdir(workspace)
        code = cli.main(["upload", bench.place, "--run-id", run_id, *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_the_parts_become_one_test_execution(bench: Bench, upload: Any) -> None:
    """With the Test Environments of all."""
    code, printed = upload("--parts", "3")

    assert code == 0
    assert "Tests: 3 sent" in printed
    assert bench.found == [["CALC-1", "CALC-2", "CALC-3"]]
    assert set(bench.executions[0].environments) == {"chrome", "firefox"}


def test_a_second_job_sends_nothing(bench: Bench, upload: Any) -> None:
    """It names the Test Execution, and ends with 0."""
    upload()
    code, printed = upload()
    key = bench.executions[0].key

    assert code == 0
    assert f"Test Execution: {key}" in printed
    assert f"Note: already delivered, as {key}, by" in printed
    assert len(bench.executions) == 1


def test_each_environment_becomes_a_test_execution(bench: Bench, upload: Any) -> None:
    """One claim covers all of them, and a later job names all."""
    code, _ = upload("--split-by", "environment", "--parts", "3")
    again, printed = upload("--split-by", "environment", "--parts", "3")

    assert (code, again) == (0, 0)
    assert bench.found == [["CALC-1", "CALC-3"], ["CALC-2"]]
    keys = " and ".join(row.key for row in bench.executions)
    assert f"already delivered, as {keys}" in printed


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
def test_parts_that_were_split_are_not_sent_as_one(
    bench: Bench, upload: Any, flags: list[str], late: bool
) -> None:
    """As in a folder: all results would arrive twice, or only one key be printed."""
    upload("--split-by", "environment", "--json")
    if late:
        bench.put(4)

    code, printed = upload("--json", *flags)
    found = json.loads(printed.splitlines()[0])["error"]
    again, listed = upload("--split-by", "environment", "--json")

    keys = [row.key for row in bench.executions]
    assert (code, found["slug"]) == (2, "usage")
    assert f"was sent as {keys[0]} and {keys[1]}, each with" in found["message"]
    assert found["hint"] == "add --split-by environment"
    assert again == 0
    receipts = json.loads(listed.splitlines()[0])
    assert [each["test_execution"]["key"] for each in receipts] == keys
    assert len(bench.executions) == 2


@pytest.mark.parametrize("flags", [(), ("--dry-run",)], ids=["send", "dry run"])
def test_parts_that_were_sent_as_one_are_not_split(
    bench: Bench, upload: Any, flags: tuple[str, ...]
) -> None:
    """Their results would be in two Test Executions."""
    upload()
    bench.put(4)
    code, printed = upload("--split-by", "environment", *flags)

    (key,) = [row.key for row in bench.executions]
    assert code == 2
    assert f"run id 4711 was sent as {key}, with all parts" in printed
    assert "(leave out --split-by environment)" in printed
    assert upload()[0] == 0
    assert len(bench.executions) == 1


def test_a_dry_run_claims_and_sends_nothing(bench: Bench, upload: Any) -> None:
    """It shows the requests, and what it fetched."""
    code, printed = upload("--dry-run")

    assert code == 0
    assert "Dry run: nothing was sent" in printed
    assert f" KB) in {bench.place}; no claim was made" in printed
    assert bench.executions == []
    assert bench.bucket.entries("4711/merge") == []


def test_a_missing_part_is_an_error_and_comes_later(bench: Bench, upload: Any) -> None:
    """The parts that are there are sent; with the last one, all go into the same."""
    code, printed = upload("--parts", "4")
    bench.put(4)
    again, _ = upload("--parts", "4")

    assert code == 83
    assert "Incomplete: parts are missing: 3 of 4 were found" in printed
    assert again == 0
    assert bench.found == [["CALC-1", "CALC-2", "CALC-3", "CALC-4"]]


def test_a_later_job_that_expects_more_parts_is_red(bench: Bench, upload: Any) -> None:
    """Although the job before it, which expected none, was green."""
    upload()
    code, printed = upload("--parts", "4")
    enough, _ = upload("--parts", "3")

    assert code == 83
    assert "Incomplete: parts are missing: 3 of 4 were found" in printed
    assert enough == 0
    assert len(bench.executions) == 1


def test_a_rerun_does_not_hide_a_missing_part(bench: Bench, upload: Any) -> None:
    """It takes the place of its first part, also for a later job."""
    first = bench.put(4)
    bench.put(4, replaces=first, started=STARTED + 60)
    before, _ = upload("--parts", "4")
    code, printed = upload("--parts", "5")

    assert (before, code) == (0, 83)
    assert "Incomplete: parts are missing: 4 of 5 were found" in printed


def test_a_later_job_is_as_red_as_the_gate(bench: Bench, upload: Any) -> None:
    """A merge job that is started again must not become green."""
    gate = "--gate", '{"max_failures": 0}'
    first, checked = upload(*gate)
    again, printed = upload(*gate)
    key = bench.executions[0].key

    assert (first, again) == (86, 86)
    assert checked.count("Gate: FAILED (max_failures)") == 1
    assert f"already delivered, as {key}, by " in printed
    assert "which ended with exit code 86" in printed


def test_parts_that_were_run_again_since_a_failed_merge_count_once(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The merged run of the failed attempt is in the workspace, but is outdated."""
    fourth = bench.put(4, outcome=results.Outcome.FAILED)
    monkeypatch.chdir(tmp_path)
    command = ["upload", bench.place, "--run-id", "4711", "--parts", "5"]
    with monkeypatch.context() as patched:
        patched.setenv("XRAY_URL", f"http://127.0.0.1:{scripted.unused_port()}")
        failed = cli.main(command)
    bench.put(4, replaces=fourth, started=STARTED + 60)
    capsys.readouterr()
    code = cli.main(command)
    printed = capsys.readouterr().out
    again = cli.main(["resend"])

    assert (failed, code, again) == (80, 83, 0)
    assert "Results: 3 passed, 1 failed\n" in printed
    assert "parts are missing: 4 of 5 were found" in printed
    assert "Nothing to send" in capsys.readouterr().out
    assert bench.found == [["CALC-1", "CALC-2", "CALC-3", "CALC-4"]]


def test_a_rerun_after_the_delivery_hides_no_missing_part(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The merged run in the workspace names the first part."""
    fourth = bench.put(4)
    monkeypatch.chdir(tmp_path)
    command = ["upload", bench.place, "--run-id", "4711", "--parts", "5"]
    codes = [cli.main(command)]
    bench.put(4, replaces=fourth, started=STARTED + 60)
    capsys.readouterr()
    codes.append(cli.main(command))

    assert codes == [83, 83]
    assert "parts are missing: 4 of 5 were found" in capsys.readouterr().out
    assert len(bench.executions) == 1


def test_a_later_job_has_the_exit_code_of_the_first(bench: Bench, upload: Any) -> None:
    """Also if there was nothing to send, for which there is no Test Execution."""
    parts = [part.id for part in layout.list_parts(bench.bucket, "4711")]
    turn = Merge(bench.bucket, "4711").wait_for_turn(frozenset(parts), 0)
    assert isinstance(turn, Turn)
    turn.end(Outcome(is_delivered=True, parts=tuple(parts), number=3, exit_code=83))
    code, printed = upload()

    assert code == 83
    assert "there was nothing to send" in printed


def test_a_failed_job_leaves_the_parts_to_the_next(
    bench: Bench, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing arrived, so the next one need not wait."""
    with monkeypatch.context() as patched:
        patched.setenv("XRAY_URL", f"http://127.0.0.1:{scripted.unused_port()}")
        failed, printed = upload()
    code, _ = upload()

    assert failed == 80
    assert "NOT DELIVERED" in printed
    assert code == 0
    assert len(bench.executions) == 1


def test_a_job_that_cannot_begin_frees_the_parts(
    bench: Bench, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here one that is interrupted while it merges."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(upload_parts, "send_all", interrupt)
        interrupted, _ = upload()
    code, _ = upload()

    assert interrupted != 0
    assert code == 0
    assert len(bench.executions) == 1


def test_another_job_that_has_claimed_the_parts_is_named(
    bench: Bench, upload: Any
) -> None:
    """With the time after which the same command takes over."""
    turn = Merge(bench.bucket, "4711", "GitHub https://x/1").wait_for_turn(
        frozenset({"x"}), 0
    )
    assert isinstance(turn, Turn)
    turn.begin_sending(120)
    code, printed = upload("--deadline", "1")

    assert code == 81
    assert (
        "GitHub https://x/1 has claimed these parts, and has not delivered them yet"
    ) in printed
    assert "type the same command after" in printed
    assert printed.rstrip().endswith("[claimed]")
    assert bench.executions == []


def test_the_claim_of_a_dead_job_is_taken_over(
    bench: Bench, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next command, once the dead one's time is up."""
    monkeypatch.setattr(claims, "READS", 0.5)
    Merge(bench.bucket, "4711", "the dead").wait_for_turn(frozenset({"x"}), 0)
    code, _ = upload("--deadline", "20")

    assert code == 0
    assert bench.found == [["CALC-1", "CALC-2", "CALC-3"]]


def test_a_job_that_was_overtaken_sends_nothing(
    bench: Bench, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim was over before it began to send, and another job has it."""
    send = upload_parts.send_all

    def slowly(*arguments: Any) -> Any:
        found = bench.bucket.entries("4711/merge")
        bench.bucket.put_new(
            f"4711/merge/claim-{len(found) + 1:06}.json",
            b'{"token": "x", "by": "job b", "stage": "sending", "lasts": 60}',
        )
        return send(*arguments)

    monkeypatch.setattr(upload_parts, "send_all", slowly)
    code, printed = upload()

    assert code == 81
    assert "job b has taken over (nothing was sent by this job)" in printed
    assert bench.executions == []


def test_a_shard_that_was_put_twice_counts_once(bench: Bench, upload: Any) -> None:
    """Its content is its name."""
    parts = layout.list_parts(bench.bucket, "4711")
    shard = parts[0].id
    (path,) = (bench._folder / "shards").glob(f"*/.xray/runs/{shard}")
    put_run(run_directory.RunDirectory(path), bench.bucket, dry_run=False)
    code, printed = upload("--parts", "3")

    assert code == 0
    assert "did a job run twice?" not in printed


def test_shards_of_several_revisions_are_refused(bench: Bench, upload: Any) -> None:
    """Two CI runs have the same id; a person decides."""
    bench.put(4, ci={"revision": "abc"})
    code, printed = upload()
    given, _ = upload("--revision", "abc")

    assert code == 83
    assert "run id 4711 has parts of several revisions: none (3), abc (1)" in printed
    assert "give each CI run an id of its own" in printed
    assert given == 0


def test_shards_of_several_frameworks_are_refused(bench: Bench, upload: Any) -> None:
    """They become two Test Executions, which need two ids."""
    bench.put(4, framework="behave")
    code, printed = upload()

    assert code == 2
    assert "run id 4711 has parts of behave (1), pytest (3)" in printed
    assert bench.executions == []


def test_another_run_id_is_told_what_is_there(bench: Bench, upload: Any) -> None:
    """And nothing is sent."""
    code, printed = upload(run_id="4712")

    assert code == 2
    assert f"there is no part of run id 4712 in {bench.place}" in printed
    assert "found instead: 4711" in printed


def test_a_changed_part_stops_the_upload(bench: Bench, upload: Any) -> None:
    """And the next job may go on at once, when it was put again."""
    part = layout.list_parts(bench.bucket, "4711")[0]
    content = bench.bucket.read(part.entry.name) or b""
    path = bench._folder / "bucket" / part.entry.name
    path.write_bytes(content[:-1])
    code, printed = upload()
    path.write_bytes(content)
    again, _ = upload("--deadline", "1")

    assert code == 83
    assert "was cut or changed: its content has another digest" in printed
    assert again == 0
    assert bench.found == [["CALC-1", "CALC-2", "CALC-3"]]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["ftp://bucket/x", "--run-id", "1"], "ftp:// is not a known kind of bucket"),
        (["s3://me:hunter22@bucket", "--run-id", "1"], "must not contain a user name"),
        (["s3://bucket", "other", "--run-id", "1"], "together with other paths"),
        (["s3://bucket"], "the run id of the parts in the bucket is not known"),
        (["file:///no/such/folder", "--run-id", "1"], "is not there"),
    ],
)
def test_wrong_addresses_are_one_line(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Which shows no password."""
    monkeypatch.chdir(tmp_path)
    code = cli.main(["upload", *arguments])
    printed = capsys.readouterr().err

    assert code in {2, 80}
    assert line in printed
    assert printed.count("\n") == 1
    assert "hunter22" not in printed


def test_the_outcome_is_json_for_programs(bench: Bench, upload: Any) -> None:
    """Another tool can see in the bucket what was delivered, and by whom."""
    upload()
    names = [entry.name for entry in bench.bucket.entries("4711/merge")]
    outcome = json.loads(bench.bucket.read(names[-1]) or b"")

    assert names[-1].endswith("outcome-000002.json")
    assert outcome["executions"][0][0] == bench.executions[0].key
    assert len(outcome["parts"]) == 3


def test_a_page_is_written_by_the_job_that_sends(bench: Bench, upload: Any) -> None:
    """The others have no run directory of the results."""
    _, first = upload("--html", "page.html")
    code, second = upload("--html", "page.html")

    assert "Note: HTML report: page.html" in first
    assert "Note: no HTML report: there is no run directory" in second
    assert code == 0
    assert len(bench.executions) == 1
