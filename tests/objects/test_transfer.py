"""Parts on their way into a bucket and out of it."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
import stat
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from tests.builders import a_run, a_shard, attached, recorded
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Outcome
from xray_bridge.objects import layout, pack
from xray_bridge.objects.transfer import fetch_parts, put_run
from xray_bridge.runs import join, run_directory
from xray_bridge.runs.attempts import is_partial_rerun, runs_not_again
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.objects.bucket import Bucket

ID = "20260102T030405Z-0123abcd"


def a_part(tmp_path: Path, run_id: str = "4711") -> RunDirectory:
    """A collected run."""
    return recorded(tmp_path, a_run(Outcome.FAILED, keys=["CALC-1"]), run_id=run_id)


def fetch(bucket: Bucket, folder: Path, run_id: str = "4711") -> list[pack.PackedRun]:
    """Fetch all parts of a CI run."""
    folder.mkdir()
    return fetch_parts(bucket, layout.list_parts(bucket, run_id), folder, run_id)


def files(folder: Path) -> dict[str, bytes]:
    """The content of all files."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def content_of(part: RunDirectory, name: str) -> bytes:
    """The content of one of its files."""
    with part.open_file(name) as file:
        return file.read()


def put_zip(bucket: Bucket, entries: dict[str, bytes], mode: int = 0o100600) -> str:
    """Put a zip that anybody made in the place of a part; its address."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(info, content)
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    name = layout.part_name("4711", ID, digest)
    bucket.put_new(name, packed.getvalue())
    return bucket.where(name)


# Texts in the files of a part.
MARKED = {"run.json": "4711", "state.json": "sealed"}


def put_damaged(bucket: Bucket, tmp_path: Path, text: bytes) -> str:
    """Put a part in which one byte of a text is another one; its address."""
    part = recorded(tmp_path, a_run(name="test_one"), run_id="4711")
    attached(part, b"seen by a person", "a.txt")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files(part.path).items():
            if name != "lock":
                archive.writestr(name, content)
    content = packed.getvalue()
    at = content.index(text) + len(text) // 2
    content = content[:at] + b"#" + content[at + 1 :]
    name = layout.part_name("4711", part.id, hashlib.sha256(content).hexdigest())
    bucket.put_new(name, content)
    return bucket.where(name)


def test_a_part_comes_back_as_it_was(bucket: Bucket, tmp_path: Path) -> None:
    """Its results, its evidence and its description."""
    part = a_shard(tmp_path, {"evidence": {"a.png": b"\x89PNG" * 100}})
    part.info = replace(part.info, run_id="4711")
    before = files(part.path)

    put = put_run(part, bucket, dry_run=False)
    (found,) = fetch(bucket, tmp_path / "fetched")

    names = [*pack.FILES, *found.names_in("evidence")]
    after = {name: content_of(found, name) for name in names if found.has_file(name)}
    assert put.object.startswith(f"{bucket.address}/4711/parts/{part.id}-")
    assert found.info == part.info
    assert list(found.runs()) == list(part.runs())
    assert {k: v for k, v in after.items() if k != "state.json"} == {
        k: v for k, v in before.items() if k not in {"lock", "state.json"}
    }
    assert found.state == State(state=run_directory.SEALED)
    assert part.state.state == run_directory.KEPT
    assert part.state.message == f"put into {bucket.address}"


def test_a_part_that_is_put_again_is_the_same_object(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Its name is the digest of its content, which does not change."""
    part = a_part(tmp_path)
    puts = {put_run(part, bucket, dry_run=False) for _ in range(3)}

    assert len(puts) == 1
    assert len(layout.list_parts(bucket, "4711")) == 1


def test_a_dry_run_puts_nothing(bucket: Bucket, tmp_path: Path) -> None:
    """It says what would be put, and changes no file."""
    part = a_part(tmp_path)
    before = files(part.path)
    planned = put_run(part, bucket, dry_run=True)

    assert bucket.entries("4711") == []
    assert files(part.path) == before
    assert put_run(part, bucket, dry_run=False) == planned


def a_rerun_of(part: RunDirectory, folder: Path, later: float) -> RunDirectory:
    """The finished rerun of a run that was not delivered; its results are joined."""
    rerun = recorded(
        folder, a_run(keys=["CALC-1"]), run_id="4711", started=part.info.started + later
    )
    rerun.info = replace(rerun.info, parts=(part.id,))
    rerun.path.joinpath("earlier.jsonl").write_bytes(b"")
    return rerun


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)], ids=["in order", "backwards"])
def test_a_rerun_takes_the_place_of_its_part(
    bucket: Bucket, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """And the rerun of a rerun that of both; no result counts twice."""
    part = a_part(tmp_path)
    once = a_rerun_of(part, tmp_path / "once", 60)
    twice = a_rerun_of(part, tmp_path / "twice", 120)
    runs = [part, once, twice]
    for number in order:
        put_run(runs[number], bucket, dry_run=False)
    (found,) = fetch(bucket, tmp_path / "fetched")

    assert found.id == twice.id
    assert (found.info.replaces, found.info.parts) == (part.id, ())
    assert not is_partial_rerun(found)
    assert list(found.runs()) == list(twice.runs())


def put_replacing(bucket: Bucket, run: RunDirectory, other: str) -> str:
    """Put a run that says that another one is in it; its address."""
    run.info = replace(run.info, replaces=other)
    return put_run(run, bucket, dry_run=False).object


@pytest.mark.parametrize("is_there", [True, False], ids=["a part", "another rerun"])
def test_a_rerun_without_the_results_of_its_part_is_refused(
    bucket: Bucket, tmp_path: Path, is_there: bool
) -> None:
    """It would make a failure disappear."""
    part = a_part(tmp_path)
    place = part.id if is_there else ID
    loser = put_replacing(bucket, part, "" if is_there else ID)
    other = recorded(
        tmp_path / "other",
        a_run(name="test_other"),
        run_id="4711",
        started=part.info.started + 60,
    )
    winner = put_replacing(bucket, other, place)

    with pytest.raises(RunDirectoryError) as caught:
        fetch(bucket, tmp_path / "fetched")
    assert caught.value.message == f"{winner} replaces {loser}, but lacks 1 result"


def test_a_damaged_part_that_was_run_again_is_named(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Nobody can tell what the rerun lacks."""
    address = put_damaged(bucket, tmp_path, b"test_one")
    (part,) = layout.list_parts(bucket, "4711")
    put_replacing(bucket, a_part(tmp_path / "rerun"), part.id)

    with pytest.raises(RunDirectoryError, match="cannot be read: Bad CRC") as caught:
        fetch(bucket, tmp_path / "fetched")
    assert caught.value.message.startswith(address)


def test_parts_that_replace_each_other_or_themselves_are_kept(
    bucket: Bucket, tmp_path: Path
) -> None:
    """No rerun does that, and no result is lost."""
    one, two, three = (a_part(tmp_path / str(number)) for number in range(3))
    put_replacing(bucket, one, two.id)
    put_replacing(bucket, two, one.id)
    put_replacing(bucket, three, three.id)
    found = fetch(bucket, tmp_path / "fetched")

    assert sorted(part.id for part in found) == sorted({one.id, two.id, three.id})


def test_a_rerun_that_xray_has_the_rest_of_keeps_it(
    bucket: Bucket, tmp_path: Path
) -> None:
    """The gate of the merged run still knows failures that did not run again."""
    rerun = a_part(tmp_path)
    earlier = recorded(tmp_path / "earlier", a_run(Outcome.FAILED, name="test_other"))
    shutil.copy(earlier.journal, rerun.path / "earlier.jsonl")
    put_run(rerun, bucket, dry_run=False)
    whole = join.join_copies(fetch(bucket, tmp_path / "fetched"), tmp_path / "here")

    assert [run.test.name for run in runs_not_again(whole)] == ["test_other"]


def test_the_rerun_of_several_parts_is_not_put(bucket: Bucket, tmp_path: Path) -> None:
    """The number of parts would be wrong."""
    rerun = a_part(tmp_path)
    rerun.info = replace(rerun.info, parts=("one", "two"))

    with pytest.raises(RunDirectoryError, match="has the results of 2 parts") as caught:
        put_run(rerun, bucket, dry_run=False)
    assert caught.value.hint == f"upload it alone: xray-bridge upload {rerun.path}"


def test_a_killed_session_is_put_with_why_it_is_incomplete(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Nobody sees in a bucket whether it still runs."""
    part = a_part(tmp_path)
    (part.path / "state.json").unlink()
    put_run(part, bucket, dry_run=False)
    (found,) = fetch(bucket, tmp_path / "fetched")

    assert found.missing == (run_directory.KILLED,)


@pytest.mark.parametrize(
    "state",
    [
        State(state=run_directory.AMBIGUOUS),
        State(state=run_directory.DELIVERED, test_execution="CALC-7"),
        State(state=run_directory.KEPT, message="merged into x"),
    ],
)
def test_what_may_be_in_xray_is_not_put(
    bucket: Bucket, tmp_path: Path, state: State
) -> None:
    """It would be there twice."""
    part = a_part(tmp_path)
    part.state = state

    with pytest.raises(RunDirectoryError, match="already sent or merged, or may"):
        put_run(part, bucket, dry_run=False)
    assert bucket.entries("4711") == []


def test_evidence_like_a_zip_bomb_is_stored_uncompressed(
    bucket: Bucket, tmp_path: Path
) -> None:
    """It is a user's own, and what is packed can be unpacked."""
    part = a_part(tmp_path)
    part.path.joinpath("evidence").mkdir()
    content = bytes(4 << 20)
    name = f"evidence/{hashlib.sha256(content).hexdigest()}.bin"
    part.path.joinpath(name).write_bytes(content)
    put = put_run(part, bucket, dry_run=False)
    (found,) = fetch(bucket, tmp_path / "fetched")

    assert put.bytes > len(content)
    assert content_of(found, name) == content


@pytest.mark.parametrize("change", ["cut", "changed", "longer"])
def test_a_changed_part_is_refused(bucket: Bucket, tmp_path: Path, change: str) -> None:
    """Its digest is in its name."""
    put_run(a_part(tmp_path), bucket, dry_run=False)
    (part,) = layout.list_parts(bucket, "4711")
    content = bucket.read(part.entry.name) or b""
    changed = {
        "cut": content[:-10],
        "changed": content[:50] + b"X" + content[51:],
        "longer": content + b"x",
    }[change]
    bucket.put_file(part.entry.name, io.BytesIO(changed))

    with pytest.raises(RunDirectoryError, match="was cut or changed") as caught:
        fetch(bucket, tmp_path / "fetched")
    assert part.entry.name in caught.value.message
    assert "xray-bridge resend" in caught.value.hint


def test_a_part_with_two_contents_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """Nobody knows which is right."""
    first, second = put_zip(bucket, {"run.json": b"1"}), put_zip(bucket, {"x": b"2"})

    with pytest.raises(RunDirectoryError, match="twice, with different contents"):
        fetch(bucket, tmp_path / "fetched")
    assert first != second


def test_a_part_of_another_run_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """Somebody has copied it there."""
    put_run(a_part(tmp_path, "4710"), bucket, dry_run=False)
    (part,) = layout.list_parts(bucket, "4710")
    name = layout.part_name("4711", part.id, part.digest)
    bucket.put_new(name, bucket.read(part.entry.name) or b"")

    with pytest.raises(RunDirectoryError, match=r"belong here: it is .* run id 4710"):
        fetch(bucket, tmp_path / "fetched")


@pytest.mark.parametrize(
    ("entries", "mode", "reason"),
    [
        ({"../../run.json": b"{}"}, 0o100600, "has a relative part"),
        ({"/etc/passwd": b"x"}, 0o100600, "is absolute"),
        ({"run.json": b"/etc/passwd"}, stat.S_IFLNK | 0o777, "is a link or a device"),
        ({"setup.py": b"x"}, 0o100600, "is no file of a run directory"),
        ({"evidence/x.png": b"x"}, 0o100600, "is no file of a run directory"),
        ({"run.json": b"nonsense"}, 0o100600, "is refused: run.json cannot be read"),
        ({"journal.jsonl": b""}, 0o100600, "is refused: run.json cannot be read"),
        ({"run.json": bytes(30 << 20)}, 0o100600, "like a zip bomb"),
    ],
)
def test_hostile_parts_are_refused(
    bucket: Bucket, tmp_path: Path, entries: dict[str, bytes], mode: int, reason: str
) -> None:
    """Anybody who may write to the bucket can write such a part."""
    where = put_zip(bucket, entries, mode)

    with pytest.raises(RunDirectoryError, match=reason) as caught:
        fetch(bucket, tmp_path / "fetched")
    assert caught.value.message.startswith(where)
    assert str(tmp_path / "fetched") not in caught.value.message


@pytest.mark.parametrize("where", ["run.json", "state.json"])
def test_a_part_with_a_damaged_entry_is_refused(
    bucket: Bucket, tmp_path: Path, where: str
) -> None:
    """Its digest is right, but the checksum within the zip is not."""
    address = put_damaged(bucket, tmp_path, f'"{MARKED[where]}"'.encode())

    with pytest.raises(RunDirectoryError, match=r"is refused: .*Bad CRC-32") as caught:
        fetch(bucket, tmp_path / "fetched")
    assert caught.value.message.startswith(address)


@pytest.mark.parametrize(
    ("text", "what"),
    [(b"test_one", "be read"), (b"seen by a person", "be copied")],
    ids=["journal", "evidence"],
)
def test_a_damaged_file_of_a_part_stops_the_merge(
    bucket: Bucket, tmp_path: Path, text: bytes, what: str
) -> None:
    """Nothing is lost in silence, and the message names the object."""
    address = put_damaged(bucket, tmp_path, text)
    parts = fetch(bucket, tmp_path / "fetched")

    with pytest.raises(RunDirectoryError, match=f"cannot {what}: Bad CRC-32") as caught:
        join.join_copies(parts, tmp_path / "here")
    assert caught.value.message.startswith(address)


def test_parts_merge_like_their_run_directories(bucket: Bucket, tmp_path: Path) -> None:
    """The same results, the same evidence."""
    shards = [
        recorded(tmp_path / str(number), a_run(name=f"test_{number}"), run_id="4711")
        for number in range(3)
    ]
    for shard in shards:
        attached(shard, shard.id.encode(), "a.txt")
        put_run(shard, bucket, dry_run=False)
        shard.state = State(state=run_directory.SEALED)
    fetched = join.join_copies(fetch(bucket, tmp_path / "fetched"), tmp_path / "one")
    merged = join.join_parts(shards, tmp_path / "two")

    one, two = files(fetched.path), files(merged.path)
    assert one.keys() == two.keys()
    assert sorted(one["journal.jsonl"].splitlines()) == sorted(
        two["journal.jsonl"].splitlines()
    )
    assert {k: v for k, v in one.items() if k.startswith("evidence")} == {
        k: v for k, v in two.items() if k.startswith("evidence")
    }


def test_the_evidence_of_a_part_is_copied_in_one_go(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With thousands of files, the zip's directory takes longer to read than they."""
    part = a_part(tmp_path)
    for number in range(20):
        attached(part, str(number).encode(), "a.txt")
    put_run(part, bucket, dry_run=False)
    fetched = fetch(bucket, tmp_path / "fetched")
    opened = Mock(side_effect=zipfile.ZipFile)
    monkeypatch.setattr("xray_bridge.objects.pack.zipfile.ZipFile", opened)
    whole = join.join_copies(fetched, tmp_path / "here")

    assert len(whole.names_in("evidence")) == 20
    assert opened.call_count < 5


def test_a_part_with_a_huge_description_is_refused(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be read into memory."""
    monkeypatch.setattr(pack, "LARGEST", 3 << 20)
    where = put_zip(bucket, {"run.json": secrets.token_bytes((3 << 20) + 1)})

    with pytest.raises(RunDirectoryError) as caught:
        fetch(bucket, tmp_path / "fetched")
    assert caught.value.message == f"{where} is refused: run.json is larger than 3 MiB"


def test_a_run_with_a_huge_description_stays(bucket: Bucket, tmp_path: Path) -> None:
    """It is not put, because the merge job would refuse it."""
    part = a_part(tmp_path)
    part.info = replace(part.info, notices=(secrets.token_hex(pack.LARGEST // 2),))

    with pytest.raises(RunDirectoryError, match=r"run\.json is larger than 4 MiB"):
        put_run(part, bucket, dry_run=False)
    assert part.state.state == run_directory.SEALED


def test_a_part_that_is_no_zip_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """With the digest of what it is."""
    content = b"no zip"
    digest = hashlib.sha256(content).hexdigest()
    bucket.put_new(layout.part_name("4711", ID, digest), content)

    with pytest.raises(RunDirectoryError, match="is refused: the zip has no end"):
        fetch(bucket, tmp_path / "fetched")


@pytest.mark.parametrize(
    "odd",
    [
        {"state": run_directory.DELIVERED},
        {"message": "merged into x"},
        {"message": "put into s3://b"},
        {"test_execution": "CALC-7"},
        {"made": "CALC-7"},
    ],
    ids=["delivered", "merged", "put", "sent", "made"],
)
def test_a_part_that_seems_to_be_sent_is_refused(
    bucket: Bucket, tmp_path: Path, odd: dict[str, str]
) -> None:
    """Nobody puts it so; as it is, its results would be left out."""
    part = a_part(tmp_path)
    put_zip(
        bucket,
        {
            "run.json": part.path.joinpath("run.json")
            .read_bytes()
            .replace(part.id.encode(), ID.encode()),
            "state.json": json.dumps({"state": run_directory.SEALED, **odd}).encode(),
            "journal.jsonl": part.journal.read_bytes(),
        },
    )

    with pytest.raises(RunDirectoryError, match=r"belong here: it is .* run id 4711"):
        fetch(bucket, tmp_path / "fetched")


def test_a_part_that_is_larger_than_a_zip_is_not_fetched(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fill the disk."""
    put = put_run(a_part(tmp_path), bucket, dry_run=False)
    limits = replace(pack.LIMITS, total_bytes=put.bytes - 1)
    monkeypatch.setattr("xray_bridge.objects.transfer.LIMITS", limits)

    with pytest.raises(RunDirectoryError, match="is refused: it is larger than 4 GiB"):
        fetch(bucket, tmp_path / "fetched")
    assert not list((tmp_path / "fetched").iterdir())


def test_other_objects_are_no_parts(bucket: Bucket) -> None:
    """A bucket may hold anything."""
    for name in (
        "4711/parts/readme.txt",
        "4711/parts/x/y.zip",
        f"4711/parts/{ID}-x.zip",
        f"4711/parts/{ID}/{'0' * 64}.zip",
        f"4711/parts/..{ID}-{'0' * 64}.zip",
        f"47110/parts/{ID}-{'0' * 64}.zip",
    ):
        bucket.put_new(name, b"x")

    assert layout.list_parts(bucket, "4711") == []


def test_a_part_too_large_for_memory_is_fetched(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a file, in blocks."""
    monkeypatch.setattr("xray_bridge.objects.transfer.IN_MEMORY", 10)
    part = a_part(tmp_path)
    attached(part, b"seen", "a.png")
    put_run(part, bucket, dry_run=False)
    (found,) = fetch(bucket, tmp_path / "fetched")

    assert list(found.runs()) == list(part.runs())


def test_a_run_that_is_too_large_for_a_zip_stays(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the message says how else it can be uploaded."""
    limits = replace(pack.LIMITS, total_bytes=100)
    monkeypatch.setattr(pack, "LIMITS", limits)
    part = a_part(tmp_path)

    with pytest.raises(RunDirectoryError, match="cannot be packed: more than 100"):
        put_run(part, bucket, dry_run=False)
    assert part.state.state == run_directory.SEALED


@pytest.mark.parametrize(
    ("run_id", "folder"),
    [
        ("4711", "4711"),
        ("github-12-e2e", "github-12-e2e"),
        ("team/repo-12", "team-repo-12-"),
        ("../..", "-"),
        ("nightly build", "nightly-build-"),
        ("a" * 300, "a" * 80 + "-"),
    ],
)
def test_a_run_id_becomes_one_plain_folder(run_id: str, folder: str) -> None:
    """Two ids never share one."""
    found = layout.folder_of(run_id)

    assert found.startswith(folder.lstrip("-"))
    assert layout.PLAIN.fullmatch(found)
    assert found != layout.folder_of(run_id.replace("/", "-").replace(" ", "-") + "x")
