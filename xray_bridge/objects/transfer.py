"""
Put a run directory into a bucket, and fetch the parts of a CI run from one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError
from xray_bridge.objects import layout
from xray_bridge.objects.pack import PackedRun, pack_run
from xray_bridge.runs import run_directory, under_way
from xray_bridge.runs.run_directory import State


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.objects.bucket import Bucket
    from xray_bridge.objects.layout import Part
    from xray_bridge.runs.run_directory import RunDirectory

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
        if not (dry_run or directory.is_sealed):
            under_way.settle_run(directory)
        state = directory.state
        _refuse_sent(directory, state)
        digest = pack_run(directory, _state_of_part(state), packed)
        name = layout.part_name(directory.info.run_id, directory.id, digest)
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


def _state_of_part(state: State) -> bytes:
    """Return the state file of a part: always the same, however often it is put."""
    sealed = State(
        state=run_directory.SEALED, incomplete=state.incomplete, ignored=state.ignored
    )
    return json.dumps(asdict(sealed)).encode()


def fetch_parts(
    bucket: Bucket, parts: Sequence[Part], folder: Path, run_id: str
) -> list[RunDirectory]:
    """
    Fetch parts in parallel into a folder, and check each; none is unpacked.

    Raises StoreError; RunDirectoryError for a part that was cut or changed, or belongs
    to another CI run.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [
            pool.submit(_fetch_part, bucket, part, folder, run_id) for part in parts
        ]
        try:
            return [each.result() for each in waiting]
        finally:
            for each in waiting:
                each.cancel()


def _fetch_part(bucket: Bucket, part: Part, folder: Path, run_id: str) -> RunDirectory:
    where = bucket.where(part.entry.name)
    packed = folder / f"{part.id}.zip"
    _copy_object(bucket, part, packed)
    directory = PackedRun(packed, where)
    try:
        info = directory.info
        is_sealed = directory.state.state == run_directory.SEALED
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
