"""
Checks a zip without trusting or unpacking it.

The rules are those of APPNOTE.TXT 6.3 (PKWARE).
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from xray_bridge.features.download import (
    BROKEN,
    Export,
    refuse,
    refuse_nothing,
)
from xray_bridge.features.names import SUFFIX, fold_name, name_fault, show_name


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xray_bridge.features.download import Limits

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # plain, strong, masked headers (APPNOTE 4.4.4)
_END = struct.Struct("<4s4H2LH")  # end of central directory record, APPNOTE 4.3.16
_SEE_ZIP64 = (0xFFFF, 0xFFFFFFFF)  # in a short, in a long field: APPNOTE 4.4.1.4
_END_MAGIC = b"PK\x05\x06"
_LOCAL = struct.Struct("<4s5H3L2H")  # local file header, APPNOTE 4.3.7
# A path of 200 characters, its extra fields and the header fit well into this.
_DIRECTORY_BYTES_PER_FILE = 2048


@contextmanager
def open_zip(file: IO[bytes], limits: Limits) -> Iterator[Export]:
    """
    Open the export in a zip.

    Raises FeaturesError for an invalid zip.
    """
    end = _check_end(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        refuse(f"the zip is damaged: {error}", error)
    with archive:
        yield _check_archive(archive, file, end, limits)


def _check_archive(
    archive: zipfile.ZipFile, file: IO[bytes], end: int, limits: Limits
) -> Export:
    try:
        return _check_entries_and_names(archive, file, end, limits)
    except BROKEN as error:
        refuse(f"the zip is damaged: {error}", error)


def _has_odd_mode(info: zipfile.ZipInfo) -> bool:
    expected = stat.S_IFDIR if info.orig_filename.endswith("/") else stat.S_IFREG
    return stat.S_IFMT(info.external_attr >> 16) not in {0, expected}


def _is_bomb(info: zipfile.ZipInfo, limits: Limits) -> bool:
    size = info.file_size
    return size > limits.ratio_from_bytes and size > limits.ratio * info.compress_size


_ENTRY_CHECKS: tuple[tuple[Callable[[zipfile.ZipInfo, Limits], bool], str], ...] = (
    (lambda info, limits: len(info.orig_filename) > limits.path_chars, "is too long"),
    (lambda info, _: _has_odd_mode(info), "is a link or a device"),
    (lambda info, _: bool(info.flag_bits & _ENCRYPTED), "is encrypted"),
    (
        lambda info, _: info.compress_type not in _METHODS,
        "uses an unknown compression method",
    ),
    (lambda info, limits: info.file_size > limits.file_bytes, "is too large"),
    (_is_bomb, "unpacks to far more than its size, like a zip bomb"),
)


def _check_entries(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(infos) > limits.files:
        refuse(f"{len(infos)} entries, more than {limits.files}")
    for info in infos:
        name = info.orig_filename
        if fault := name_fault(name.removesuffix("/") or name):
            refuse(f"the name {show_name(name)} {fault}")
        for is_bad, reason in _ENTRY_CHECKS:
            if is_bad(info, limits):
                refuse(f"{show_name(name)} {reason}")
    if sum(info.file_size for info in infos) > limits.total_bytes:
        refuse(f"more than {limits.total_bytes} bytes in all")


def _check_collisions(names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        key = fold_name(name.rstrip("/"))
        if key in seen:
            both = f"{show_name(seen[key])} and {show_name(name)}"
            refuse(f"{both} are the same name on some file systems")
        seen[key] = name
    for key, name in seen.items():
        for parent in map(str, PurePosixPath(key).parents):
            if not seen.get(parent, "/").endswith("/"):
                refuse(
                    f"{show_name(name)} lies inside the file {show_name(seen[parent])}"
                )


def _check_end(file: IO[bytes], limits: Limits) -> int:
    """Check the end of the zip; return the position where the entries end."""
    size = file.seek(0, io.SEEK_END)
    start = file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    last = len(tail) - _END.size  # where the end record may begin
    found = tail.rfind(_END_MAGIC, 0, last + len(_END_MAGIC)) if last >= 0 else -1
    if found < 0:
        refuse("the zip has no end: it is truncated or not a zip")
    _, *disks, entries, length, offset, comment = _END.unpack_from(tail, found)
    most = limits.files * _DIRECTORY_BYTES_PER_FILE
    checks = (
        (_SEE_ZIP64[0] in (entries, *disks), "it is a zip64 archive"),
        (_SEE_ZIP64[1] in (length, offset), "it is a zip64 archive"),
        (any(disks[:2]) or disks[2] != entries, "it is one part of a split zip"),
        (found + _END.size + comment != len(tail), "there is something after the zip"),
        (offset + length != start + found, "there is something before or in the zip"),
        (length > most, f"its directory is too long for {limits.files} entries"),
    )
    for is_bad, reason in checks:
        if is_bad:
            refuse(reason)
    return int(offset)


def _check_overlaps(file: IO[bytes], infos: list[zipfile.ZipInfo], end: int) -> None:
    """Refuse entries that share bytes ("A better zip bomb", Fifield, WOOT 2019)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered[1:]), end]
    for info, following in zip(ordered, ends, strict=True):
        file.seek(info.header_offset)
        *_, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        length = _LOCAL.size + name + extra + info.compress_size
        if info.header_offset + length > following:
            refuse(f"{show_name(info.orig_filename)} overlaps with what follows it")


def _is_feature(name: str) -> bool:
    return PurePosixPath(name).suffix == SUFFIX


@contextmanager
def open_checked(
    file: IO[bytes], limits: Limits
) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """
    Open any zip from elsewhere, and yield it with its checked entries.

    Raises UnsoundError, whose ``reason`` says why the zip is refused.
    """
    try:
        end = _check_end(file, limits)
        with zipfile.ZipFile(file) as archive:
            yield archive, _checked_entries(archive, file, end, limits)
    except BROKEN as error:
        refuse(f"the zip is damaged: {error}", error)


def _checked_entries(
    archive: zipfile.ZipFile, file: IO[bytes], end: int, limits: Limits
) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if not infos:
        refuse_nothing("it is empty")
    _check_entries(infos, limits)
    _check_collisions([info.orig_filename for info in infos])
    _check_overlaps(file, infos, end)
    return infos


def _check_entries_and_names(
    archive: zipfile.ZipFile, file: IO[bytes], end: int, limits: Limits
) -> Export:
    infos = _checked_entries(archive, file, end, limits)
    files = [info for info in infos if not info.orig_filename.endswith("/")]
    named = {info.orig_filename: info for info in files}
    chosen = {name: named[name] for name in sorted(named) if _is_feature(name)}
    if not chosen:
        refuse_nothing("there is no feature file in it")
    skipped = sorted(named.keys() - chosen.keys())
    return Export(
        sizes={name: info.file_size for name, info in chosen.items()},
        skipped=tuple(f"{show_name(name)}: not a {SUFFIX} file" for name in skipped),
        _open=lambda name: archive.open(chosen[name]),
    )
