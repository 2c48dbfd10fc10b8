"""
Put a run directory into a bucket, and fetch the parts of a CI run from one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError
from xray_bridge.objects import layout
from xray_bridge.objects.pack import INFO, LIMITS, STATE, PackedRun, pack_run
from xray_bridge.runs import attempts, run_directory, under_way
from xray_bridge.runs.run_directory import State
from xray_bridge.text import count, quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.objects.bucket import Bucket
    from xray_bridge.objects.layout import Part
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

THREADS = 16
# Smaller zips are made and fetched in memory.
IN_MEMORY = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A part in a bucket: its address, and its size in bytes."""

    object: str
    bytes: int


def put_run(directory: RunDirectory, bucket: Bucket, *, dry_run: bool) -> Put:
    """
    Put a run directory into a bucket as one object, and note that it is there.

    The run directory stays. ``dry_run``: only say what would be put. Raises
    RunDirectoryError and StoreError; then it can be put again.
    """
    with (
        directory.look() if dry_run else directory.claim(),
        _open_draft(_size_of(directory.path)) as packed,
    ):
        if not dry_run:
            if not directory.is_sealed:
                under_way.settle_run(directory)
            attempts.complete_rerun(directory)
        state, info = directory.state, directory.info
        _refuse_sent(directory, state)
        digest = pack_run(directory, _files_of_part(directory, info, state), packed)
        name = layout.part_name(info.run_id, directory.id, digest)
        put = Put(object=bucket.where(name), bytes=packed.seek(0, io.SEEK_END))
        if not dry_run:
            bucket.put_file(name, packed)
            note = f"{run_directory.PUT} {bucket.address}"
            directory.state = replace(state, state=run_directory.KEPT, message=note)
    return put


def _refuse_sent(directory: RunDirectory, state: State) -> None:
    """Raise RunDirectoryError for a run that may be in Xray, or in another run."""
    is_merged = state.message.startswith(run_directory.MERGED)
    if is_merged or state.state in run_directory.UNDER_WAY or state.test_execution:
        msg = f"{directory.path} was already sent or merged, or may have been"
        raise RunDirectoryError(msg, hint="resend only this run, without a bucket")


def _files_of_part(
    directory: RunDirectory, info: RunInfo, state: State
) -> dict[str, bytes]:
    """
    Return files of a part that are not those of its run directory.

    Its state is always the same, however often it is put. A rerun takes the place of
    the part that it ran again. Raises RunDirectoryError for the rerun of a merged run.
    """
    files = {STATE: json.dumps(asdict(_state_of_part(state))).encode()}
    if len(info.parts) > 1:
        msg = f"{directory.path} has the results of {len(info.parts)} parts"
        command = quote_command("xray-bridge", "upload", str(directory.path))
        raise RunDirectoryError(msg, hint=f"upload it alone: {command}")
    for part in info.parts:
        alone = replace(info, parts=(), replaces=part)
        content = {"version": run_directory.FORMAT_VERSION, **asdict(alone)}
        files[INFO] = json.dumps(content).encode()
    return files


def _state_of_part(state: State) -> State:
    """Return the state of a run that was not sent, and was not merged."""
    return State(
        state=run_directory.SEALED, incomplete=state.incomplete, ignored=state.ignored
    )


def fetch_parts(
    bucket: Bucket, parts: Sequence[Part], folder: Path, run_id: str
) -> list[PackedRun]:
    """
    Fetch parts in parallel into a folder, and check each; none is unpacked.

    Parts that were run again, and so are in others, are left out. Raises StoreError;
    RunDirectoryError for a part that was cut or changed, or belongs to another CI run,
    and for a rerun that lacks results of a part that it replaces.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [
            pool.submit(_fetch_part, bucket, part, folder, run_id) for part in parts
        ]
        try:
            fetched = [each.result() for each in waiting]
        finally:
            for each in waiting:
                each.cancel()
    return _leave_out_replaced(fetched)


def _leave_out_replaced(parts: Sequence[PackedRun]) -> list[PackedRun]:
    """Of a part and its reruns, keep the last, which has all results."""
    tries: dict[str, list[tuple[bool, float, PackedRun]]] = {}
    for part in parts:
        info = part.info
        place = tries.setdefault(info.replaces or info.id, [])
        place.append((bool(info.replaces), info.started, part))
    kept = []
    for found in tries.values():
        *earlier, last = (part for *_, part in sorted(found, key=itemgetter(0, 1)))
        for part in earlier:
            _refuse_loss(part, last)
        kept.append(last)
    return kept


def _refuse_loss(part: PackedRun, rerun: PackedRun) -> None:
    """Raise RunDirectoryError if a rerun lacks results of a part that it replaces."""
    lost = (_count_tests(part) - _count_tests(rerun)).total()
    if lost:
        msg = f"{rerun.where} replaces {part.where}, but lacks {count(lost, 'result')}"
        raise RunDirectoryError(msg, hint="remove one of them")


def _count_tests(part: PackedRun) -> Counter[attempts.Identity]:
    try:
        return Counter(map(attempts.identify, part.runs([])))
    except OSError as error:
        msg = f"{part.where} cannot be read: {error.strerror}"
        raise RunDirectoryError(msg) from None


def _fetch_part(bucket: Bucket, part: Part, folder: Path, run_id: str) -> PackedRun:
    where = bucket.where(part.entry.name)
    packed = folder / f"{part.id}.zip"
    _copy_object(bucket, part, packed)
    directory = PackedRun(packed, where)
    try:
        info = directory.info
        is_sealed = directory.state == _state_of_part(directory.state)
    except RunDirectoryError as error:
        why = error.message.replace(f"{packed}{os.sep}", "")
        msg = f"{where} is refused: {why}"
        raise RunDirectoryError(msg, hint=error.hint or "remove it") from None
    if info.run_id != run_id or info.id != part.id or info.parts or not is_sealed:
        own = f"run {info.id} of run id {info.run_id or '(none)'}"
        msg = f"{where} does not belong here: it is {own}"
        raise RunDirectoryError(msg, hint="remove it")
    return directory


def _copy_object(bucket: Bucket, part: Part, packed: Path) -> None:
    """Copy the object of a part into a file; raise RunDirectoryError if it changed."""
    where = bucket.where(part.entry.name)
    if part.entry.size > LIMITS.total_bytes:
        msg = f"{where} is refused: it is larger than 4 GiB"
        raise RunDirectoryError(msg, hint="remove it")
    digest = hashlib.sha256()
    size = 0
    try:
        with packed.open("xb") as file:
            for block in _blocks_of(bucket, part):
                size += len(block)
                if size > part.entry.size:
                    break
                digest.update(block)
                file.write(block)
    except FileNotFoundError:
        msg = f"{where} is gone since it was listed"
        raise RunDirectoryError(msg, hint="put the part again") from None
    if digest.hexdigest() != part.digest:
        msg = f"{where} was cut or changed: its content has another digest"
        raise RunDirectoryError(
            msg, hint="put the part again (xray-bridge resend), or remove it"
        )


def _blocks_of(bucket: Bucket, part: Part) -> Iterator[bytes]:
    if part.entry.size > IN_MEMORY:
        yield from bucket.blocks(part.entry.name)
    else:
        content = bucket.read(part.entry.name)
        if content is None:
            raise FileNotFoundError
        yield content


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _open_draft(size: int) -> BinaryIO | io.BytesIO:
    """Open a file for a zip: in memory if it is small."""
    return io.BytesIO() if size <= IN_MEMORY else tempfile.TemporaryFile()
