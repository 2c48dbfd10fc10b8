"""Find the run directories that are parts of one CI run."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_run, recorded, run_info
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import join, parts, run_directory
from xray_bridge.runs.run_directory import RunDirectory, State


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are those of a job's workspace."""
    monkeypatch.chdir(tmp_path)


REPORT_DIR = Path(".xray")


def a_part(folder: str, run_id: str = "4711", **info: Any) -> RunDirectory:
    """A part of a CI run, as the artifacts of a job have it."""
    return recorded(Path(folder), a_run(), run_id=run_id, **info)


def found_in(*paths: str, run_id: str = "") -> parts.Found:
    """The runs to send below some folders."""
    return parts.find_parts([Path(path) for path in paths], REPORT_DIR, run_id=run_id)


def ids(found: parts.Found) -> set[str]:
    """The ids of the runs to send."""
    return {each.id for each in found.shards}


def joined(found: parts.Found) -> RunDirectory:
    """The merged run that was found."""
    return join.join_parts([each.directory for each in found.shards], REPORT_DIR)


def test_parts_lie_anywhere() -> None:
    """Deep in folders, hidden ones among them, and beside what is not ours."""
    made = [a_part(folder) for folder in ("s/1", "s/.hidden/2", "s/3/deep/down")]
    (made[2].path / "state.json").unlink()
    Path("s/elsewhere").mkdir()
    Path("s/elsewhere/run.json").write_text("of another program")
    Path("s/.git").mkdir()
    shutil.copytree(made[0].path, "s/.git/copy")

    found = found_in("s")

    assert ids(found) == found.parts == {part.id for part in made}
    assert (found.sent, found.whole) == ((), None)


def test_links_are_not_followed() -> None:
    """They may lead round in circles."""
    part = a_part("s")
    Path("s/again").symlink_to(Path("s").absolute())

    assert ids(found_in("s")) == {part.id}


def test_folder_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts may be in it."""
    a_part("s")
    Path("s/closed").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(RunDirectoryError, match="s/closed cannot be read: Permission"):
        found_in("s")


def test_only_one_run_id() -> None:
    """Parts of other CI runs in a workspace are not sent."""
    part = a_part("s/new")
    a_part("s/old", "4710")
    a_part("s/local", "")

    found = found_in("s", run_id="4711")

    assert ids(found) == found.parts == {part.id}


def test_named_part_of_another_run_id() -> None:
    """It is not silently left out."""
    part = a_part("s", "4710")

    with pytest.raises(UsageError, match="does not belong to run id 4711, but to 4710"):
        found_in(str(part.path), run_id="4711")


def test_several_run_ids() -> None:
    """Never mixed: the error counts them, and has the command for one."""
    a_part("s/1")
    a_part("s/2", "4712")
    a_part("s/3", "")

    with pytest.raises(UsageError) as caught:
        found_in("s")

    assert "of several CI runs: 4711 (1), 4712 (1), no run id (1)" in str(caught.value)
    assert "xray-bridge upload --run-id 4711 s" in caught.value.hint


def test_a_run_id_from_elsewhere_is_one_word_of_the_printed_command() -> None:
    """A person may paste it."""
    a_part("s/1", "4711; touch pasted")
    a_part("s/2", "4712")

    with pytest.raises(UsageError) as caught:
        found_in("s")

    assert "--run-id '4711; touch pasted' s" in caught.value.hint


def test_several_frameworks() -> None:
    """They have different formats, and one Test Execution each."""
    a_part("s/1")
    a_part("s/2", framework="behave")

    with pytest.raises(
        UsageError, match=r"frameworks: behave \(1\), pytest \(1\)"
    ) as caught:
        found_in("s")

    assert caught.value.hint.endswith("give the folder of one")


def test_report_files_are_no_part() -> None:
    """They are skipped in a folder; a person who names them is told what to type."""
    part = a_part("s/1")
    files = a_part("s/2", framework=run_directory.REPORT_FILES)

    with pytest.raises(UsageError, match="cannot be merged") as caught:
        found_in(str(files.path))

    assert caught.value.hint == f"send it alone: xray-bridge resend {files.path}"
    assert ids(found_in("s")) == {part.id}


def test_runs_inside_of_a_part() -> None:
    """Evidence may be a copy of a run directory."""
    part = a_part("s/1")
    shutil.copytree(a_part("elsewhere").path, part.path / "evidence" / "run")

    assert ids(found_in("s")) == {part.id}


@pytest.mark.parametrize(
    ("run_id", "said"),
    [
        ("", "there is no run directory in empty .*hidden folders, such as .xray"),
        ("4711", "there is no run directory in empty"),
    ],
)
def test_nothing_there(run_id: str, said: str) -> None:
    """An artifact that is empty is no success."""
    Path("empty").mkdir()

    with pytest.raises(UsageError, match=said):
        found_in("empty", run_id=run_id)


def test_nothing_of_a_run_id() -> None:
    """The error says what there is."""
    a_part("s", "4710")
    a_part("s", "")

    with pytest.raises(UsageError) as caught:
        found_in("s", run_id="4711")

    assert "no run directory of run id 4711 in s" in caught.value.message
    assert caught.value.hint == "found instead: 4710 (1), no run id (1)"


def test_path_that_is_not_there() -> None:
    """It is named."""
    with pytest.raises(UsageError, match="nowhere is not a run directory"):
        found_in("nowhere")


@pytest.mark.fault("H12")
def test_other_version() -> None:
    """One line, before anything is sent."""
    a_part("s/1")
    path = a_part("s/2").path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))

    with pytest.raises(RunDirectoryError, match="written by another version"):
        found_in("s")


def test_copies_are_one() -> None:
    """An artifact that was unpacked twice; the one that is further counts."""
    part = a_part("s/1")
    shutil.copytree("s/1", "s/0")
    shutil.copytree("s/1", "s/2")
    (Path("s/0") / part.path.relative_to("s/1") / "state.json").unlink()
    part.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    found = found_in("s")

    assert found.shards == ()
    assert found.sent == ("1 part was already delivered, as CALC-7",)


def test_copy_without_a_journal_comes_last() -> None:
    """If two copies have the same state, the one with results counts."""
    part = a_part("s/1")
    shutil.copytree("s/1", "s/0")
    (Path("s/0") / part.path.relative_to("s/1") / "journal.jsonl").unlink()

    found = found_in("s")

    assert [each.directory.path for each in found.shards] == [part.path]


def test_part_that_was_sent_alone() -> None:
    """Left out with a note where it was found, refused where it was named."""
    rest, sent = a_part("s/1"), a_part("s/2")
    sent.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    found = found_in("s")

    assert (ids(found), len(found.parts)) == ({rest.id}, 2)
    assert found.sent == ("1 part was already delivered, as CALC-7",)
    with pytest.raises(RunDirectoryError, match="was already delivered, as CALC-7"):
        found_in(str(rest.path), str(sent.path))


def test_rehearsals() -> None:
    """Sent only where they are named; alone, they are no success."""
    rehearsed = a_part("s/1")
    rehearsed.state = State(state=run_directory.KEPT)

    with pytest.raises(
        UsageError, match="these runs are dry runs or have no results"
    ) as caught:
        found_in("s")
    named = found_in(str(rehearsed.path), run_id="4711")
    rest = a_part("s/2")
    found = found_in("s")

    assert ids(named) == {rehearsed.id}
    assert ids(found) == found.parts == {rest.id}
    assert found.sent == ("1 part was not sent: dry run, or no results",)
    assert caught.value.hint == "name the run directories to send them"


def test_whole_that_was_not_sent() -> None:
    """The merged run of a failed job is sent again, unchanged."""
    made = [a_part(f"s/{number}") for number in range(2)]
    whole = joined(found_in("s"))

    found = found_in("s")

    assert (ids(found), found.sent) == ({whole.id}, ())
    assert found.whole is not None
    assert found.whole.id == whole.id
    assert found.parts == {part.id for part in made}


def test_whole_of_other_parts() -> None:
    """Merged runs of another CI run are ignored."""
    a_part("other/1", run_id="4712")
    joined(found_in("other"))
    made = [a_part(f"s/{number}") for number in range(2)]

    found = found_in("s")

    assert ids(found) == found.parts == {part.id for part in made}


def test_parts_that_could_not_be_marked() -> None:
    """A merge job was killed, or artifacts were unpacked once more."""
    shutil.copytree(a_part("s/1").path.parents[1], "kept")
    whole = joined(found_in("s"))
    shutil.rmtree("s")

    found = found_in("kept")

    assert ids(found) == {whole.id}


def test_part_that_comes_late() -> None:
    """A new part joins an unsent merged run, or is sent alone after a sent one."""
    a_part("s/1")
    whole = joined(found_in("s"))
    late = a_part("s/2")

    before = found_in("s")
    whole.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")
    after = found_in("s")

    assert ids(before) == {whole.id, late.id}
    assert ids(after) == {late.id}
    assert after.sent == ("1 part was already delivered, as CALC-7",)
    assert len(before.parts) == len(after.parts) == 2


def test_all_was_delivered() -> None:
    """Nothing is left to send, and the notice names the Test Execution."""
    a_part("s/1")
    a_part("s/2")
    whole = joined(found_in("s"))
    whole.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    found = found_in("s", run_id="4711")

    assert (found.shards, found.whole) == ((), None)
    assert found.sent == ("2 parts were already delivered, as CALC-7",)
    assert [each.id for each in found.delivered] == [whole.id]


def test_whole_on_another_machine() -> None:
    """It is unknown whether the merged run was sent, so this is an error."""
    a_part("s/1")
    whole = joined(found_in("s"))
    shutil.rmtree(whole.path)

    with pytest.raises(
        RunDirectoryError, match=f"{whole.id}, which was not found here"
    ):
        found_in("s")
    late = a_part("s/2")

    assert ids(found_in("s")) == {late.id}
    (said,) = found_in("s").sent
    assert said == f"1 part was merged into {whole.id}, which was not found here"


def test_named_part_of_a_whole() -> None:
    """The error says where it is."""
    part = a_part("s/1")
    whole = joined(found_in("s"))

    with pytest.raises(RunDirectoryError, match=f"was merged into {whole.id}"):
        found_in(str(part.path), run_id="4711")


def test_whole_of_a_whole() -> None:
    """The last one has all."""
    a_part("s/1")
    first = joined(found_in("s"))
    a_part("s/2")
    last = joined(found_in("s"))
    first.state = State(state=run_directory.SEALED)

    assert ids(found_in("s")) == {last.id}
    assert ids(found_in(".")) == {last.id}
    runs = run_directory.find(REPORT_DIR)
    assert {run.id for run in runs} - parts.in_wholes(runs) == {last.id}

    last.state = State(state=run_directory.DELIVERED, test_execution="CALC-7")

    assert found_in("s").sent == ("2 parts were already delivered, as CALC-7",)


def test_damaged_neighbours_are_no_wholes() -> None:
    """Other runs in the report directory do not stop this CI run."""
    part = a_part("s")
    damaged = run_directory.create(REPORT_DIR, run_info())
    (damaged.path / "run.json").write_text("{")

    assert ids(found_in("s")) == {part.id}
    assert parts.in_wholes([damaged, part]) == frozenset()


def test_runs_in_wholes() -> None:
    """Merged runs name their parts; the state of a part may be older."""
    part = a_part("s")
    whole = joined(found_in("s"))

    assert parts.in_wholes([part, whole]) == {part.id}


def test_a_rerun_that_another_rerun_replaces_is_known_to_be_here() -> None:
    """Both have the same parts, and the last one is sent."""
    part = a_part("s")
    first, last = (a_part("s", parts=(part.id,)) for _ in range(2))
    join.mark_merged(part, first)
    join.mark_merged(first, last)

    found = found_in("s")

    assert ids(found) == {last.id}
    assert not any("not found here" in notice for notice in found.sent)
