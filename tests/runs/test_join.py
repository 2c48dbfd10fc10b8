"""Several run directories become one."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders import STARTED, a_run, a_shard, recorded
from xray_bridge.config.setting import JIRA
from xray_bridge.config.settings import TABLE, settings_in
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import attempts, codec, inside, join, run_directory
from xray_bridge.runs.evidence import FOLDER
from xray_bridge.runs.journal_lines import encode_line
from xray_bridge.runs.merge import Results
from xray_bridge.runs.run_directory import RunDirectory, State
from xray_bridge.runs.running_test import pack_note


def test_joined_shards(tmp_path: Path) -> None:
    """One run with all results, and why some may be missing; parts are marked."""
    parts = [recorded(tmp_path, a_run(name=name)) for name in ("test_a", "test_b")]
    parts[1].state = replace(parts[1].state, incomplete=("killed",))

    whole = join.join_parts(parts, tmp_path / ".xray")

    assert [run.test.name for run in whole.runs()] == ["test_a", "test_b"]
    assert whole.state == State(state=run_directory.SEALED, incomplete=("killed",))
    assert {part.state.state for part in parts} == {run_directory.KEPT}


def test_a_part_in_a_bucket_is_not_joined_here(tmp_path: Path) -> None:
    """It is sent from there, and would be sent twice."""
    part = recorded(tmp_path, a_run())
    part.state = State(state=run_directory.KEPT, message="put into s3://bucket")

    with pytest.raises(RunDirectoryError, match="put into s3://bucket") as caught:
        join.join_parts([part], tmp_path / ".xray")

    assert caught.value.hint == "upload it from there"


def test_copies_are_joined_without_marks(tmp_path: Path) -> None:
    """They are removed afterwards, so nothing in them changes."""
    part = recorded(tmp_path, a_run(name="test_a"))
    before = part.state

    whole = join.join_copies([part], tmp_path / "here")

    assert [run.test.name for run in whole.runs()] == ["test_a"]
    assert whole.path.parent == tmp_path / "here" / "runs"
    assert part.state == before


def test_part_of_a_session_that_was_killed(tmp_path: Path) -> None:
    """The whole says that tests may be missing."""
    parts = [recorded(tmp_path, a_run()), recorded(tmp_path, a_run())]
    (parts[1].path / "state.json").unlink()

    whole = join.join_parts(parts, tmp_path / ".xray")

    assert whole.state.incomplete == (run_directory.KILLED,)


def test_part_that_was_killed_during_a_test(tmp_path: Path) -> None:
    """The test is in the whole, as not finished."""
    part = recorded(tmp_path, a_run(name="test_a"))
    (part.path / "state.json").unlink()
    note = pack_note("tests/test_c.py::test_d", "CALC-2", STARTED)
    (part.path / "1.brief").write_bytes(note)

    whole = join.join_parts([part], tmp_path / ".xray")

    assert [run.test.name for run in whole.runs()] == ["test_a", "test_d"]


def test_parts_are_joined_once(tmp_path: Path) -> None:
    """A second time would send them twice; the error names the whole."""
    parts = [recorded(tmp_path, a_run()), recorded(tmp_path, a_run())]
    whole = join.join_parts(parts, tmp_path / ".xray")

    with pytest.raises(RunDirectoryError, match=f"merged into {whole.id}") as caught:
        join.join_parts(parts, tmp_path / ".xray")

    assert caught.value.hint == "resend that run"


def test_joining_what_another_process_holds(tmp_path: Path) -> None:
    """Nothing is marked and nothing half-made stays, where one part is in use."""
    parts = [recorded(tmp_path, a_run(name=name)) for name in ("test_a", "test_b")]

    with parts[1].claim(), pytest.raises(RunDirectoryError, match="in use"):
        join.join_parts(parts, tmp_path / ".xray")

    assert {part.state.state for part in parts} == {run_directory.SEALED}
    assert len(run_directory.find(tmp_path / ".xray")) == 2


def test_joining_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that could not be copied are still to be sent."""
    parts = [recorded(tmp_path, a_run())]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(RunDirectoryError, match="No space left"):
            join.join_parts(parts, tmp_path / ".xray")

    assert parts[0].state.state == run_directory.SEALED


def test_joined_shards_keep_their_evidence(tmp_path: Path) -> None:
    """Two shards with the same file are fine; drafts of the killed stay behind."""
    parts = [
        a_shard(tmp_path, {"evidence": {"x.bin": b"1", "y.bin": b"2"}}),
        a_shard(tmp_path, {"evidence": {"x.bin": b"1", "z.bin": b"3"}}),
        recorded(tmp_path, a_run()),
    ]
    (parts[0].path / FOLDER / ".1-draft").write_bytes(b"half")

    whole = join.join_parts(parts, tmp_path / ".xray")

    found = Results([whole])
    contents = [
        path.read_bytes()
        for run in found.runs()
        for piece in run.evidence
        if (path := found.path_of(piece))
    ]
    assert contents == [b"1", b"2", b"1", b"3"]
    assert len(list((whole.path / FOLDER).iterdir())) == 3


def test_joining_evidence_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts whose evidence could not be copied are still to be sent."""
    parts = [a_shard(tmp_path, {"evidence": {"x.bin": b"1"}})]

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        with pytest.raises(RunDirectoryError) as caught:
            join.join_parts(parts, tmp_path / ".xray")

    source = parts[0].path / FOLDER
    assert str(caught.value).startswith(f"{source} cannot be copied: No space left")
    assert caught.value.hint == "set xray_report_dir"
    assert parts[0].state.state == run_directory.SEALED
    assert list(parts[0].path.parent.iterdir()) == [parts[0].path]


def test_joining_where_nothing_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-made run does not hide the reason."""
    parts = [a_shard(tmp_path, {"evidence": {"x.bin": b"1"}})]

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rmdir", refuse)
        patched.setattr(shutil, "copyfileobj", refuse)
        with pytest.raises(RunDirectoryError, match="cannot be copied"):
            join.join_parts(parts, tmp_path / ".xray")


def test_joining_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that somebody else owns: nothing has changed."""
    parts = [recorded(tmp_path, a_run(name=name)) for name in ("test_a", "test_b")]
    real = inside.open_inside

    def refuse(folder: Path, name: str) -> Any:
        if folder / name == parts[1].journal:
            path = str(folder / name)
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(folder, name)

    with monkeypatch.context() as patched:
        patched.setattr(inside, "open_inside", refuse)
        with pytest.raises(RunDirectoryError, match="cannot be read: Permission"):
            join.join_parts(parts, tmp_path / ".xray")

    assert {part.state.state for part in parts} == {run_directory.SEALED}
    assert len(run_directory.find(tmp_path / ".xray")) == 2


@pytest.mark.parametrize(
    "state",
    [
        State(state=run_directory.SENDING),
        State(state=run_directory.DELIVERED),
        State(state=run_directory.AMBIGUOUS),
        State(state=run_directory.FAILED, test_execution="CALC-77"),
    ],
    ids=lambda state: state.state,
)
def test_joining_what_may_have_been_sent(tmp_path: Path, state: State) -> None:
    """It would be there twice."""
    parts = [recorded(tmp_path, a_run())]
    parts[0].state = state

    with pytest.raises(RunDirectoryError, match="or may have been") as caught:
        join.join_parts(parts, tmp_path / ".xray")

    assert caught.value.message == f"{parts[0].path} was already sent, or may have been"
    assert caught.value.hint == "leave it out, or resend only this run"
    assert parts[0].state == state


def test_joined_run_is_that_of_the_first_shard(tmp_path: Path) -> None:
    """By time: settings and CI context, and the parts say what became of them."""
    late = recorded(tmp_path, a_run(), started=STARTED + 5, ci={"system": "late"})
    early = recorded(tmp_path, a_run(), started=STARTED, ci={"system": "early"})

    whole = join.join_parts([late, early], tmp_path / ".xray")

    assert whole.info.started == STARTED
    assert whole.id.startswith("20260102T030405Z-")
    assert whole.info.ci == {"system": "early"}
    assert late.state.message == early.state.message == f"merged into {whole.id}"


def a_part(tmp_path: Path, **given: Any) -> RunDirectory:
    """A part of CI run 4711, with settings as given."""
    info = {name: given.pop(name) for name in ("started", "ci") if name in given}
    return recorded(tmp_path, a_run(), settings=given, run_id="4711", **info)


def settings_of_whole(tmp_path: Path, *parts: RunDirectory) -> dict[str, str]:
    """Those that the merged run has; whatever the parts were told, it is uploaded."""
    found = dict(join.join_parts(parts, tmp_path / ".xray").info.settings)
    assert found.pop("upload") == "true"
    assert found.pop("report_dir") == str(tmp_path / ".xray")
    return found


def test_whole_names_its_parts(tmp_path: Path) -> None:
    """Those of a whole that becomes a part are its own; the run id stays."""
    parts = [a_part(tmp_path) for _ in range(3)]
    first = join.join_parts(parts[:2], tmp_path / ".xray")

    whole = join.join_parts([first, parts[2]], tmp_path / ".xray")

    assert whole.info.parts == tuple(part.id for part in parts)
    assert whole.info.run_id == "4711"
    assert first.state.message == f"merged into {whole.id}"


def test_environments_of_all_parts(tmp_path: Path) -> None:
    """Chrome in one job and Firefox in the other is both, in order of time."""
    late = a_part(tmp_path, environments="linux;firefox", started=STARTED + 9)
    early = a_part(tmp_path, environments="chrome;linux")

    found = settings_of_whole(tmp_path, late, early)

    assert found == {"environments": "chrome;linux;firefox"}


def test_what_belongs_to_a_part_alone(tmp_path: Path) -> None:
    """Collecting, rehearsing and the path of its own report."""
    part = a_part(tmp_path, collect="true", dry_run="true", report="/ci-1/r.xml")

    assert settings_of_whole(tmp_path, part) == {}


def test_what_one_part_only_says(tmp_path: Path) -> None:
    """Nothing that was set is dropped, and it is said that not all have set it."""
    parts = [a_part(tmp_path), a_part(tmp_path, test_plan="CALC-15", summary="S" * 99)]

    whole = join.join_parts(parts, tmp_path / ".xray")

    assert whole.info.settings["test_plan"] == "CALC-15"
    first, second = whole.info.notices
    assert first == (
        f"the parts differ in xray_test_plan: not set ({parts[0].id}); "
        f"CALC-15 ({parts[1].id}); the merged run has CALC-15"
    )
    assert second.endswith(f"the merged run has {'S' * 60}...")


# Recorded as they were set; secrets never are.
OF_PARTS = [name for name, setting in TABLE.items() if not setting.secret]
# Parts may differ in these without a word: they are of a session or its machine.
MAY_DIFFER_IN = {
    *("upload", "verify", "client_cert", "proxy", "skip_proxy", "timeout", "deadline"),
    *("report_dir", "captures", "preflight", "export_keys", "export_filter"),
    *("features_dir", "select", "run_id", "compare", "quarantine", "gate", "otlp"),
    # They belong to the machine that sends the merged run.
    *(each.name for each in settings_in(JIRA)),
}


@pytest.mark.parametrize("name", [n for n in OF_PARTS if n not in MAY_DIFFER_IN])
def test_no_first_value_without_a_word(tmp_path: Path, name: str) -> None:
    """A new setting is refused, added up, dropped or noted; or it is listed here."""
    parts = [a_part(tmp_path, **{name: value}) for value in ("a", "b")]

    try:
        whole = join.join_parts(parts, tmp_path / ".xray").info
    except UsageError:
        return

    is_noted = any(f"differ in xray_{name}:" in each for each in whole.notices)
    assert is_noted or whole.settings.get(name) in {None, "a;b"}


@pytest.mark.parametrize(
    "name", [n for n in join.ONE_VALUE if n != "revision" and n in OF_PARTS]
)
def test_what_can_be_said_once(tmp_path: Path, name: str) -> None:
    """That of the part that began first."""
    late = [a_part(tmp_path, **{name: "b"}, started=STARTED + 9) for _ in range(2)]
    early = a_part(tmp_path, **{name: "a"})

    whole = join.join_parts([*late, early], tmp_path / ".xray")

    assert whole.info.settings[name] == "a"
    (notice,) = whole.info.notices
    assert notice == (
        f"the parts differ in xray_{name}: a ({early.id}); b (2 parts); "
        "the merged run has a"
    )


def test_commits_that_ci_tells(tmp_path: Path) -> None:
    """They count where nobody has set a revision."""
    told = [a_part(tmp_path, ci={"revision": name}) for name in ("abc", "def")]
    same = [a_part(tmp_path, ci={"revision": "abc"}) for _ in range(2)]

    differing = join.join_parts(told, tmp_path / ".xray").info.notices
    agreeing = join.join_parts(same, tmp_path / ".xray").info.notices

    assert len(differing) == 1
    assert "xray_revision: abc" in differing[0]
    assert agreeing == ()


@pytest.mark.parametrize("name", join.PLACES)
def test_parts_that_go_to_several_places(tmp_path: Path, name: str) -> None:
    """Results for different places are not merged into one."""
    parts = [a_part(tmp_path, **{name: value}) for value in ("a", "b")]

    with pytest.raises(UsageError, match=f"differ in xray_{name}: a .*; b "):
        join.join_parts(parts, tmp_path / ".xray")

    assert {part.state.state for part in parts} == {run_directory.SEALED}
    assert len(run_directory.find(tmp_path / ".xray")) == 2


def test_place_that_is_given_for_the_whole(tmp_path: Path) -> None:
    """Then nobody asks the parts; what they do not say, they do not deny."""
    parts = [a_part(tmp_path, project=value) for value in ("A", "B")]
    silent = [a_part(tmp_path), a_part(tmp_path, project="A")]

    join.join_parts(parts, tmp_path / ".xray", join.JoinOptions(given={"project"}))
    whole = join.join_parts(silent, tmp_path / ".xray")

    assert whole.info.settings["project"] == "A"


def test_missing_part_that_has_come(tmp_path: Path) -> None:
    """Parts that an earlier merged run lacked are reported only if still missing."""
    parts = [a_part(tmp_path) for _ in range(2)]
    missing = f"{run_directory.PARTS_MISSING}: 1 of 2 were found"
    first = join.join_parts(
        parts[:1],
        tmp_path / ".xray",
        join.JoinOptions(incomplete=(missing, "killed")),
    )

    whole = join.join_parts([first, parts[1]], tmp_path / ".xray")

    assert first.state.incomplete == (missing, "killed")
    assert whole.state.incomplete == ("killed",)


class KilledError(BaseException):
    """The process ends here."""


def test_killed_before_the_whole_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is found, so that nothing can be sent twice."""
    parts = [a_part(tmp_path) for _ in range(2)]

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr(join, "_copy_lines", killed)

    with pytest.raises(KilledError):
        join.join_parts(parts, tmp_path / ".xray")

    found = [each.id for each in run_directory.find(tmp_path / ".xray")]
    assert found == sorted(part.id for part in parts)
    assert {part.state.state for part in parts} == {run_directory.SEALED}


def test_a_merged_rerun_knows_what_did_not_run_again(tmp_path: Path) -> None:
    """Its results are those of the part, but its gate counts the others, too."""
    part = recorded(tmp_path, a_run(name="again"))
    lines = [encode_line(codec.encode(a_run(name=n))) for n in ("again", "fine")]
    (part.path / attempts.EARLIER).write_bytes(b"\n".join([*lines, b""]))

    whole = join.join_parts([part], tmp_path)

    assert [run.test.name for run in whole.runs()] == ["again"]
    assert [run.test.name for run in attempts.runs_not_again(whole)] == ["fine"]
    assert attempts.is_partial_rerun(whole)
