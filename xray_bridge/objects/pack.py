"""
Pack a run directory into one zip, and read one that anybody may have written.

The same run directory gives the same bytes, so that a part that is put again is the
same object. A zip from a bucket is checked like any zip from elsewhere, and has only
the files of a run directory.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import shutil
import zipfile
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from xray_bridge.errors import RunDirectoryError
from xray_bridge.features.download import BROKEN, Limits, UnsoundError
from xray_bridge.features.feature_zip import open_checked
from xray_bridge.runs import attempts, evidence
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

INFO, STATE = "run.json", "state.json"
SMALL = frozenset({INFO, STATE})
FILES = (STATE, INFO, "journal.jsonl", attempts.EARLIER, attempts.ELSEWHERE)
EVIDENCE = re.compile(rf"{evidence.FOLDER}/[0-9a-f]{{64}}(?:\.\w{{1,16}})?")
# A zip without 64-bit fields has at most 65,535 entries and 4 GiB.
LIMITS = Limits(files=65_000, file_bytes=2**32 - 1, total_bytes=2**32 - 1)
WHEN = (1980, 1, 1, 0, 0, 0)
# Bytes of a file that is kept in memory, of all parts. A line for each of 10,000 files
# that could not be collected is one MiB.
LARGEST = 4 << 20
BLOCK = 1 << 20
BUFFER = 1 << 16
PRIVATE_FILE = 0o100600 << 16


def pack_run(
    directory: RunDirectory, written: Mapping[str, bytes], target: IO[bytes]
) -> str:
    """
    Write a run directory into a file as a zip; return the SHA-256 of the zip.

    ``written`` are contents of files that take the place of its own. The caller holds
    the claim. Raises RunDirectoryError if it cannot be read, or is too large for a zip.
    """
    # What compresses like a zip bomb is stored as it is.
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        try:
            target.seek(0)
            target.truncate()
            _write_zip(directory, written, target, method)
            with open_checked(target, LIMITS) as (_, infos):
                _sizes_of(infos)
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


def _names_of(directory: RunDirectory) -> list[str]:
    """Return the names of the files to pack; not every run has all of them."""
    names = [name for name in FILES if directory.has_file(name)]
    if attempts.EARLIER in names and attempts.has_all_earlier(directory):
        # Its journal has all earlier results, too.
        names.remove(attempts.EARLIER)
    pieces = directory.names_in(evidence.FOLDER)
    return names + [name for name in pieces if EVIDENCE.fullmatch(name)]


def _write_zip(
    directory: RunDirectory,
    written: Mapping[str, bytes],
    target: IO[bytes],
    method: int,
) -> None:
    with zipfile.ZipFile(target, "w", method, allowZip64=False) as archive:
        for name, content in written.items():
            archive.writestr(_entry(name, method), content)
        for name in _names_of(directory):
            if name not in written:
                with (
                    directory.open_file(name) as source,
                    archive.open(_entry(name, method), "w") as entry,
                ):
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


class PackedRun(RunDirectory):
    """
    A run directory in a zip, which is read where it is: nothing is unpacked.

    It cannot be changed. ``where`` is the address of the zip in messages. Raises
    RunDirectoryError for a zip that is no packed run directory; reading raises OSError,
    with that address, for a damaged entry.
    """

    def __init__(self, path: Path, where: str) -> None:
        super().__init__(path)
        self.id = path.stem
        self.where = where
        try:
            with path.open("rb") as packed, open_checked(packed, LIMITS) as found:
                archive, infos = found
                self._sizes = _sizes_of(infos)
                self._small = {
                    name: archive.read(name) for name in SMALL & self._sizes.keys()
                }
        except (UnsoundError, OSError) as error:
            reason = getattr(error, "reason", None) or str(error)
            msg = f"{where} is refused: {reason}"
            raise RunDirectoryError(msg, hint="put the part again") from None

    def has_file(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        return name in self._sizes

    def names_in(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of the run, in order."""
        return sorted(name for name in self._sizes if name.startswith(f"{folder}/"))

    def open_file(self, name: str) -> BinaryIO:
        """Open a file of the run. Raises OSError."""
        with self._open_archive() as archive:
            return self._open_entry(archive, name)

    def open_files(self, names: Iterable[str]) -> Iterator[tuple[str, BinaryIO]]:
        """Yield names and open files; the directory of the zip is read only once."""
        with self._open_archive() as archive:
            for name in names:
                with self._open_entry(archive, name) as file:
                    yield name, file

    def _open_archive(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except BROKEN as error:
            raise OSError(errno.EIO, str(error), self.where) from None

    def _open_entry(self, archive: zipfile.ZipFile, name: str) -> BinaryIO:
        if not self.has_file(name):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        try:
            content = archive.open(name)
        except BROKEN as error:
            raise OSError(errno.EIO, str(error), self.where) from None
        entry = _Entry(content, self._sizes[name], self.where)
        return io.BufferedReader(entry, BUFFER)

    def read_file(self, name: str) -> bytes:
        """Return the description or the state of the run. Raises OSError."""
        if name not in self._small:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self._small[name]

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """Do nothing: no other process knows this copy."""
        yield


class _Entry(io.RawIOBase):
    """The content of an entry, whose faults become OSErrors."""

    def __init__(self, content: IO[bytes], size: int, where: str) -> None:
        self._content = content
        self._left = size
        self._where = where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._content.read(len(buffer))
        except BROKEN as error:
            raise OSError(errno.EIO, str(error), self._where) from None
        self._left -= len(content)
        if self._left and not content:
            why = "an entry does not have the length in its header"
            raise OSError(errno.EIO, why, self._where)
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._content.close()
        super().close()


def _sizes_of(infos: Iterable[zipfile.ZipInfo]) -> dict[str, int]:
    """Return the sizes of files by name; raise UnsoundError for what no part has."""
    sizes = {info.orig_filename: info.file_size for info in infos}
    for name, size in sizes.items():
        if name not in FILES and not EVIDENCE.fullmatch(name):
            msg = f"{name[:80]!a} is no file of a run directory"
            raise UnsoundError(msg)
        if name in SMALL and size > LARGEST:
            msg = f"{name} is larger than {LARGEST >> 20} MiB"
            raise UnsoundError(msg)
    return sizes
