"""
Pack a run directory into one zip, and unpack one that anybody may have written.

The same run directory gives the same bytes, so that a part that is put again is the
same object. A zip from a bucket is checked like any zip from elsewhere, and has only
the files of a run directory.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from typing import IO, TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.features.download import BROKEN, Limits, UnsoundError
from xray_bridge.features.feature_zip import open_checked
from xray_bridge.runs import evidence, inside


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

STATE = "state.json"
FILES = ("run.json", STATE, "journal.jsonl")
EVIDENCE = re.compile(rf"{evidence.FOLDER}/[0-9a-f]{{64}}(?:\.\w{{1,16}})?")
# A zip without 64-bit fields has at most 65,535 entries and 4 GiB.
LIMITS = Limits(files=65_000, file_bytes=2**32 - 1, total_bytes=2**32 - 1)
WHEN = (1980, 1, 1, 0, 0, 0)
BLOCK = 1 << 20
PRIVATE_FILE = 0o100600 << 16


def pack_run(directory: RunDirectory, state: bytes, target: IO[bytes]) -> str:
    """
    Write a run directory into a file as a zip; return the SHA-256 of the zip.

    ``state`` takes the place of its state file. The caller holds the claim.
    Raises RunDirectoryError if it cannot be read, or is too large for a zip.
    """
    names = [*FILES, *_evidence_names(directory.path)]
    names.remove(STATE)
    # What compresses like a zip bomb is stored as it is.
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        try:
            target.seek(0)
            target.truncate()
            _write_zip(directory.path, names, state, target, method)
            with open_checked(target, LIMITS):
                break
        except UnsoundError as error:
            if method == zipfile.ZIP_STORED:
                msg = f"{directory.path} cannot be packed: {error.reason}"
                raise RunDirectoryError(
                    msg, hint="keep it as an artifact: xray-bridge upload DIR"
                ) from None
        except (OSError, zipfile.LargeZipFile, RuntimeError) as error:
            why = getattr(error, "strerror", None) or "it is larger than 4 GiB"
            msg = f"{directory.path} cannot be packed: {why}"
            raise RunDirectoryError(msg) from None
    return _hash_of(target)


def _evidence_names(folder: Path) -> Iterator[str]:
    if (folder / evidence.FOLDER).is_dir():
        names = sorted(path.name for path in (folder / evidence.FOLDER).iterdir())
        found = (f"{evidence.FOLDER}/{name}" for name in names)
        # Drafts of a killed process have other names.
        yield from (name for name in found if EVIDENCE.fullmatch(name))


def _write_zip(
    folder: Path, names: list[str], state: bytes, target: IO[bytes], method: int
) -> None:
    with zipfile.ZipFile(target, "w", method, allowZip64=False) as archive:
        archive.writestr(_entry(STATE, method), state)
        for name in names:
            within, _, plain = name.rpartition("/")
            try:
                source = inside.open_inside(folder / within, plain)
            except FileNotFoundError:
                # A session without a test has no journal.
                continue
            with source, archive.open(_entry(name, method), "w") as entry:
                shutil.copyfileobj(source, entry, BLOCK)


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, WHEN)
    info.compress_type, info.external_attr = method, PRIVATE_FILE
    return info


def _hash_of(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    file.seek(0)
    while block := file.read(BLOCK):
        found.update(block)
    return found.hexdigest()


def unpack_run(packed: IO[bytes], folder: Path, where: str) -> None:
    """
    Unpack a zip into a new folder; ``where`` is its address in messages.

    Raises RunDirectoryError for a zip that is no packed run directory; then nothing
    of it is left.
    """
    folder.mkdir(mode=inside.PRIVATE_FOLDER)
    try:
        with open_checked(packed, LIMITS) as (archive, infos):
            for info in infos:
                _unpack_file(archive, info, folder)
    except (UnsoundError, OSError, *BROKEN) as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = getattr(error, "reason", None) or str(error)
        msg = f"{where} is refused: {reason}"
        raise RunDirectoryError(msg, hint="put the part again") from None


def _unpack_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    name = info.orig_filename
    if name not in FILES and not EVIDENCE.fullmatch(name):
        msg = f"{name[:80]!a} is no file of a run directory"
        raise UnsoundError(msg)
    path = folder / name
    if path.parent != folder:
        path.parent.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
    left = info.file_size
    with archive.open(info) as source, path.open("xb") as target:
        while left >= 0 and (block := source.read(BLOCK)):
            left -= len(block)
            target.write(block)
    if left:
        msg = f"{name} does not have the length in its header"
        raise UnsoundError(msg)
