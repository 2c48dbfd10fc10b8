"""``xray-bridge upload`` for parts: which ones are meant, and what is said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import scripted
from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.ci import detect
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Do a dry run; return its exit code and receipt."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_URL", "https://jira.example.com")
    monkeypatch.setenv("XRAY_TOKEN", "a-token")
    monkeypatch.setenv("XRAY_PROJECT", "CALC")

    def run(*arguments: str, dry_run: bool = True) -> tuple[int, dict[str, Any]]:
        flag = ["--dry-run"] if dry_run else []
        code = cli.main(["upload", "--json", *flag, *arguments])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def fail(upload: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Upload without a server, which only merges; return exit code and receipt."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(first=0.001))
    url = f"http://127.0.0.1:{scripted.unused_port()}"

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("XRAY_URL", url)
            return upload(*arguments, dry_run=False)

    return run


def a_part(folder: str, run_id: str = "", **settings: str) -> RunDirectory:
    """A collected part."""
    given = {"collect": "true", "upload": "true", **settings}
    return recorded(Path(folder), a_run(), run_id=run_id, settings=given)


def tells(monkeypatch: pytest.MonkeyPatch, run_id: str) -> None:
    """Let CI tell a run id."""
    context = detect.Context(name="GitHub Actions", run_id=run_id)
    monkeypatch.setattr(detect, "detect", lambda _: context)


def test_run_id_of_ci_is_enough(
    upload: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts in the report directory, those of behavex included."""
    a_part(".", "4711")
    a_part(".xray/behavex-1", "4711")
    a_part(".", "4710")
    tells(monkeypatch, "4711")

    code, receipt = upload()

    assert (code, receipt["counts"]) == (0, {"passed": 2})


def test_run_id_of_ci_does_not_choose_among_what_is_named(
    upload: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Artifacts may be sent from a pipeline of their own."""
    a_part("shards", "4711")
    tells(monkeypatch, "9999")

    assert upload("shards")[0] == 0


@pytest.mark.parametrize("door", ["flag", "environment"])
def test_run_id_that_is_set_chooses(
    upload: Command, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """Wherever parts lie."""
    a_part("shards", "4711")
    a_part("shards", "4710")
    flag = ("--run-id", "4711") if door == "flag" else ()
    if not flag:
        monkeypatch.setenv("XRAY_RUN_ID", "4711")

    code, receipt = upload("shards", *flag)

    assert (code, receipt["counts"]) == (0, {"passed": 1})


def test_nothing_said(upload: Command) -> None:
    """Neither a path nor a run id is given."""
    code, said = upload()

    assert code == 2
    assert said["error"]["hint"] == "give a path, or --run-id ID"


def test_parts_without_a_run_id(upload: Command) -> None:
    """Named or found, they are one; nobody else can have sent them."""
    parts = [a_part("shards"), a_part("shards")]
    (parts[1].path / "journal.jsonl").write_bytes(b"")

    code, receipt = upload(*(str(part.path) for part in parts))

    assert (code, receipt["counts"]) == (0, {"passed": 1})
    assert re.search(r'"xray-bridge-\d{8}T\d{6}Z-\w+"', "".join(receipt["plan"]))


def test_label_of_the_run_id(upload: Command) -> None:
    """One part alone is merged, too, because another job may send it."""
    a_part("shards", "4711")

    _, found = upload("shards")

    assert "xray-bridge-CALC-pytest-4711" in "".join(found["plan"])
    assert found["run"] == ""


def test_whole_that_could_not_be_sent(upload: Command, fail: Command) -> None:
    """It is taken up again, by that name, and not its part."""
    part = a_part("shards", "4711")

    _, found = fail("shards")
    _, again = fail("shards")
    _, looked = upload("shards", "--parts", "2")
    code, _ = upload(str(part.path), "--run-id", "4711")

    assert found["run"] == again["run"] == looked["run"]
    assert "Incomplete: parts are missing: 1 of 2" in "".join(looked["plan"])
    assert code == 83


def test_variable_of_the_shards_does_not_keep_the_whole(
    upload: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is set for all jobs of a pipeline."""
    monkeypatch.setenv("XRAY_COLLECT", "yes")
    a_part("shards", "4711")
    alone = a_part(".", collect="false")

    assert upload("shards")[1]["status"] == "dry run"
    assert upload(str(alone.path))[1]["status"] == "dry run"


@pytest.mark.parametrize("flag", [(), ("--collect",)], ids=str)
def test_collected_run_that_is_named(upload: Command, flag: tuple[str, ...]) -> None:
    """It is sent now, but for the session's own call, which wants the report."""
    part = a_part(".")

    code, receipt = upload(str(part.path), *flag)

    assert (code, receipt["status"]) == (0, "kept" if flag else "dry run")
    assert part.state.state == run_directory.SEALED


def test_fewer_parts_than_there_are_to_be(upload: Command) -> None:
    """The existing parts are sent as incomplete, and the exit code is not 0."""
    a_part("shards", "4711")

    first, early = upload("shards", "--parts", "3")
    second, again = upload("shards", "--parts", "4")
    a_part("shards", "4711")
    third, late = upload("shards", "--parts", "2")

    assert (first, second, third) == (83, 83, 0)
    assert early["incomplete"] == ["parts are missing: 1 of 3 were found"]
    assert again["incomplete"][-1] == "parts are missing: 1 of 4 were found"
    assert late["incomplete"] == []


@pytest.mark.parametrize("number", ["0", "-1", "all"])
def test_numbers_of_parts_that_are_none(upload: Command, number: str) -> None:
    """argparse says so."""
    with pytest.raises(SystemExit):
        upload("shards", "--parts", number)


def test_resend_of_one_run_id(
    fail: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each unsent part alone; a merged run instead of its parts."""
    part = a_part(".", "4711")
    a_part(".", "4710")
    resend = ["resend", "--dry-run", "--json", "--run-id"]

    cli.main([*resend, "4711"])
    (alone,) = json.loads(capsys.readouterr().out)["runs"]
    _, whole = fail("--run-id", "4710")
    cli.main([*resend, "4710"])

    (again,) = json.loads(capsys.readouterr().out)["runs"]
    assert Path(alone["run"]).name == part.id
    assert (again["run"], again["status"]) == (whole["run"], "dry run")


def test_upload_that_fails_keeps_its_exit_code(
    upload: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says more than that parts are missing."""
    a_part("shards", "4711")
    monkeypatch.delenv("XRAY_TOKEN")

    assert upload("shards", "--parts", "3")[0] == 80


def test_what_was_delivered_without_a_receipt(upload: Command, fail: Command) -> None:
    """A few words, and no error."""
    a_part("shards", "4711")
    fail("shards")
    (whole,) = run_directory.find(Path(".xray"))
    (whole.path / "receipt.json").unlink()
    whole.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    code, receipt = upload("shards")

    assert (code, receipt["status"]) == (0, "empty")
    assert receipt["notices"] == ["1 part was already delivered, as CALC-7"]


def test_receipt_that_was_changed(upload: Command, fail: Command) -> None:
    """It may come from another machine; the error names it."""
    a_part("shards", "4711")
    fail("shards")
    (whole,) = run_directory.find(Path(".xray"))
    (whole.path / "receipt.json").write_text('{"status": "delivered", "refused": 5}')
    whole.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    code, receipt = upload("shards")

    assert code == RunDirectoryError.exit_code
    assert "receipt.json was damaged or changed" in receipt["error"]["message"]


def test_flag_settles_what_parts_differ_in(upload: Command) -> None:
    """As the error says."""
    a_part("shards", "4711", project="AA")
    a_part("shards", "4711", project="BB")

    refused, said = upload("shards")
    code, receipt = upload("shards", "--project", "CC")

    assert (refused, code) == (2, 0)
    assert "xray_project: " in said["error"]["message"]
    assert '"key": "CC"' in "".join(receipt["plan"])


def test_difference_is_said_at_each_attempt(upload: Command) -> None:
    """The incompleteness is noted in the merged run."""
    a_part("shards", "4711", summary="one")
    a_part("shards", "4711", summary="two")

    notices = [upload("shards")[1]["notices"] for _ in range(2)]

    assert notices[0] == notices[1]
    assert "the parts differ in xray_summary: " in notices[0][0]


def test_part_of_a_run_that_was_sent_alone(upload: Command) -> None:
    """Left out, and said."""
    a_part("shards", "4711")
    sent = a_part("shards", "4711")
    sent.state = replace(
        sent.state, state=run_directory.DELIVERED, test_execution="CALC-7"
    )

    code, receipt = upload("shards", "--parts", "2")

    assert (code, receipt["counts"]) == (0, {"passed": 1})
    assert "1 part was already delivered, as CALC-7" in receipt["notices"]


def test_json_has_the_receipts_of_all_merged_runs(
    upload: Command, fail: Command
) -> None:
    """Two were sent, because a part came late; the second may be printed first."""
    wholes: list[str] = []
    for number in (1, 2):
        a_part("shards", "4711")
        fail("shards")
        for path in Path(".xray/runs").iterdir():
            whole = RunDirectory(path)
            if whole.id not in wholes:
                wholes.append(whole.id)
                whole.state = State(
                    state=run_directory.DELIVERED, test_execution="CALC-7"
                )
        assert len(wholes) == number

    _, receipts = upload("shards")

    assert {each["run"] for each in receipts} == {f".xray/runs/{e}" for e in wholes}


@pytest.mark.parametrize("what", ["part", "files"])
def test_what_is_not_safe_is_said(upload: Command, what: str) -> None:
    """Once, though no preflight has told it before."""
    a_part(".", "4711")
    Path("a.xml").write_text('<testsuite><testcase name="a"/></testsuite>')
    path = ["a.xml"] if what == "files" else ["--run-id", "4711"]

    unsafe = ["--verify=false", "--url=http://jira.internal"]
    code, said = upload(*path, *unsafe)

    assert code == 0
    assert [each.partition(" (")[0].partition("; ")[0] for each in said["notices"]] == [
        "TLS certificates are not verified",
        "credentials are sent unencrypted to http://jira.internal",
    ]


SPLIT = ("shards", "--split-by", "environment")


def test_each_environment_is_a_test_execution(upload: Command) -> None:
    """The plan shows each of them, with its summary, its environments and its label."""
    for environments in ("chrome;linux", "firefox", "linux;chrome"):
        a_part("shards", "4711", environments=environments)

    code, found = upload(*SPLIT)

    plans = ["".join(each["plan"]) for each in found]
    assert (code, len(plans)) == (0, 2)
    assert "chrome" in plans[0]
    assert "firefox" not in plans[0]
    assert "firefox" in plans[1]
    labels = [re.findall(r"xray-bridge-CALC-[\w.-]+", plan)[0] for plan in plans]
    assert labels[0].startswith("xray-bridge-CALC-pytest-4711-chrome-linux-")
    assert labels[1] == "xray-bridge-CALC-pytest-4711-firefox"


def test_split_that_failed_is_sent_again_and_gets_late_parts(
    upload: Command, fail: Command
) -> None:
    """Merged runs of the first attempt are found; a late part joins its own."""
    for environments in ("chrome", "firefox"):
        a_part("shards", "4711", environments=environments)
    code, failed = fail(*SPLIT)
    late = a_part("shards", "4711", environments="firefox")

    _, again = upload(*SPLIT)

    assert (code, len(failed)) == (80, 2)
    assert len({each["run"] for each in failed}) == 2
    assert [each["counts"]["passed"] for each in again] == [1, 2]
    assert late.state.state == run_directory.SEALED


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--environments", "chrome"), "--environments is the same for all"),
        (("--test-execution", "CALC-9"), "--test-execution is the same for all"),
    ],
)
def test_flag_that_makes_all_groups_one(
    upload: Command, flags: tuple[str, str], said: str
) -> None:
    """Splitting by environments and giving one is a contradiction."""
    a_part("shards", "4711", environments="chrome")

    code, found = upload(*SPLIT, *flags)

    assert code == 2
    assert said in found["error"]["message"]


def test_parts_that_go_into_one_test_execution_are_not_split(upload: Command) -> None:
    """The second environment would replace the first."""
    a_part("shards", "4711", environments="chrome", test_execution="CALC-9")

    code, found = upload(*SPLIT)

    assert code == 2
    assert "goes into CALC-9" in found["error"]["message"]
    assert found["error"]["hint"] == "leave out --split-by environment"


@pytest.mark.parametrize(
    ("first", "then", "hint"),
    [
        (("shards",), SPLIT, "send all of them as one: xray-bridge resend "),
        (SPLIT, ("shards",), "add --split-by environment"),
    ],
)
def test_parts_that_an_earlier_attempt_merged_otherwise(
    upload: Command, fail: Command, first: tuple[str], then: tuple[str], hint: str
) -> None:
    """One way or the other: results would arrive twice."""
    for environments in ("chrome", "firefox"):
        a_part("shards", "4711", environments=environments)
    fail(*first)

    code, found = upload(*then)

    assert code == 2
    assert found["error"]["hint"].startswith(hint)


def test_missing_parts_make_all_groups_incomplete(upload: Command) -> None:
    """Nobody knows which environment the missing part had."""
    for environments in ("chrome", "firefox"):
        a_part("shards", "4711", environments=environments)

    code, found = upload(*SPLIT, "--parts", "3")

    assert code == 83
    assert all("2 of 3 were found" in str(each["incomplete"]) for each in found)


def test_an_empty_flag_keeps_a_part_out_of_a_test_execution(upload: Command) -> None:
    """A part of a fork may name any; the job that sends it decides."""
    a_part("shards", "4711", test_execution="CALC-20")
    _, named = upload("shards")
    _, found = upload("shards", "--test-execution", "")

    assert "CALC-20" in json.dumps(named["plan"])
    assert "CALC-20" not in json.dumps(found["plan"])


def test_parts_in_a_bucket_are_not_sent_from_here(upload: Command) -> None:
    """The bucket is named; a part that is not there is sent, with a note."""
    there = a_part("shards", "4711")
    there.state = State(state=run_directory.KEPT, message="put into s3://bucket/x")
    code, refused = upload("shards")
    a_part("shards", "4711")
    _, found = upload("shards")

    assert code == 2
    assert "the parts were put into s3://bucket/x" in refused["error"]["message"]
    assert refused["error"]["hint"] == "xray-bridge upload s3://bucket/x --run-id ID"
    assert "1 part was put into s3://bucket/x" in found["notices"]
